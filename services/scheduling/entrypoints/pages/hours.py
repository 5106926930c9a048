"""The hours of the week that suit somebody: one's own, and those of people whose hours one keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.hours import (
    PersonsHours,
    forget_hours,
    forget_own_hours,
    hours_of,
    keep_hours,
    keep_own_hours,
    own_hours,
)
from services.scheduling.domain.working_hours import (
    WEEKDAYS,
    Stretch,
    UnreadableHours,
    WorkingHours,
    hours_in_words,
    read_hours,
)
from services.scheduling.entrypoints.times_schemas import DAY_KEYS, HoursFormSchema
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.forms import Errors, FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

OWN, KEEP = "scheduling.hours.keep_own", "scheduling.hours.keep"
pages = Blueprint("hours", __name__)


@pages.get("/hours")
@allowed(OWN)
def show_own() -> Response:
    """Show the hours of the week that suit oneself."""
    return _page(own_hours, None)


@pages.post("/hours")
@allowed(OWN)
def save_own() -> BaseResponse:
    """Say at which hours of the week meetings suit oneself."""
    return _save(keep_own_hours, own_hours, url_for("hours.show_own"))


@pages.post("/hours/remove")
@allowed(OWN)
def remove_own() -> BaseResponse:
    """Take one's own hours back."""
    return _remove(forget_own_hours, own_hours, url_for("hours.show_own"))


@pages.get("/people/<person_id>/hours")
@allowed(KEEP)
def show(person_id: str) -> Response:
    """Show the hours of the week that suit somebody."""
    return _page(lambda work: hours_of(work, person_id), None)


@pages.post("/people/<person_id>/hours")
@allowed(KEEP)
def save(person_id: str) -> BaseResponse:
    """Say at which hours of the week meetings suit somebody."""
    return _save(
        lambda work, from_date, stretches: keep_hours(work, person_id, from_date, stretches),
        lambda work: hours_of(work, person_id),
        url_for("hours.show", person_id=person_id),
    )


@pages.post("/people/<person_id>/hours/remove")
@allowed(KEEP)
def remove(person_id: str) -> BaseResponse:
    """Take somebody's hours back."""
    return _remove(
        lambda work, from_date: forget_hours(work, person_id, from_date),
        lambda work: hours_of(work, person_id),
        url_for("hours.show", person_id=person_id),
    )


def _save(
    keep: Callable[[Work, date, list[Stretch]], PersonsHours], look: Callable[[Work], PersonsHours], back: str
) -> BaseResponse:
    values, errors = read_form(HoursFormSchema())
    stretches: list[Stretch] = []
    for weekday, key in enumerate(DAY_KEYS):
        try:
            stretches += read_hours(weekday, values.get(key, ""))
        except UnreadableHours as problem:
            errors[key] = [str(problem).removesuffix(".")]
    if not errors:
        try:
            with writing() as work:
                keep(work, values["from_date"], stretches)
        except InvalidInput as refused:
            errors = {key: list(messages) for key, messages in refused.errors.items()}
        else:
            flash("The hours are kept. Times outside them are not offered to somebody who must be there.", "success")
            return redirect(back, 303)
    return _page(look, errors, 422)


def _remove(forget: Callable[[Work, date], None], look: Callable[[Work], PersonsHours], back: str) -> BaseResponse:
    try:
        from_date = date.fromisoformat(request.form.get("from_date", ""))
    except ValueError:
        return _page(look, {"": ["Choose which hours to forget"]}, 422)
    with writing() as work:
        forget(work, from_date)
    flash("These hours are forgotten.", "success")
    return redirect(back, 303)


def _page(look: Callable[[Work], PersonsHours], errors: Errors | None, status: int = 200) -> Response:
    with reading() as work:
        hours = look(work)
        is_own = hours.person_id in work.actor.person_ids
        today = work.today
    form = FormState.saved(_values(hours.now) | {"from_date": today}) if errors is None else FormState.typed(errors)
    person_id = "" if is_own else hours.person_id
    return render_page(
        "scheduling/hours.html",
        title="Hours that suit you" if is_own else f"Hours that suit {hours.name}",
        status=status,
        form=form,
        hours=hours,
        is_own=is_own,
        kept=[(one, _lines(one)) for one in ((hours.now,) if hours.now else ()) + hours.later],
        today=today,
        days=list(zip(DAY_KEYS, WEEKDAYS, strict=True)),
        save_at=url_for("hours.save", person_id=person_id) if person_id else url_for("hours.save_own"),
        remove_at=url_for("hours.remove", person_id=person_id) if person_id else url_for("hours.remove_own"),
    )


def _values(hours: WorkingHours | None) -> dict[str, Any]:
    return {key: hours_in_words(hours.on(weekday)) if hours else "" for weekday, key in enumerate(DAY_KEYS)}


def _lines(hours: WorkingHours) -> list[tuple[str, str]]:
    return [(name, hours_in_words(hours.on(weekday)) or "Not at all") for weekday, name in enumerate(WEEKDAYS)]
