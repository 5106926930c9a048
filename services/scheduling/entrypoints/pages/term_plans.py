"""Drafts of a term: the list, starting one, how it comes on, and what to do with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.adapters.cp_sat import is_installed
from services.scheduling.application import term_plans
from services.scheduling.application.term_plan_views import count_lines, list_drafts, look_at_draft, people_in
from services.scheduling.application.term_plans import DRAFT, READ, usual_options
from services.scheduling.application.term_sending import SEND, look_at_sending, send_invitations
from services.scheduling.domain.term_draft import PlacementState, PlanState
from services.scheduling.domain.term_question import DayOff
from services.scheduling.entrypoints import term_words, wording
from services.scheduling.entrypoints.term_schemas import (
    DayOffSchema,
    NewDraftSchema,
    OptionsSchema,
    VersionSchema,
    options_from,
)
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

REFRESH = 5
"""Seconds after which the page of a draft that is being made is shown again, unless the reader says not to."""
SHOWN = 100
pages = Blueprint("term_plans", __name__, url_prefix="/term-plans")


@pages.get("")
@allowed(READ)
def index() -> Response:
    """List the drafts there are."""
    with reading() as work:
        drafts = list_drafts(work)
        may_draft = may(work, DRAFT)
    return _page("term_plans", "Drafts of a term", drafts=drafts, may_draft=may_draft, wide=True)


@pages.get("/new")
@allowed(DRAFT)
def new() -> Response:
    """Ask for which days, by which rules and for how long."""
    with reading() as work:
        first = work.today + timedelta(days=1)
        usual = usual_options(work)
    return _new_page(FormState.saved({"first": first, "last": _end_of_term(first), **_values(usual)}))


@pages.post("")
@allowed(DRAFT)
def start() -> BaseResponse:
    """Start a draft."""
    values, errors = read_form(NewDraftSchema())
    if errors:
        return _new_page(FormState.typed(errors), 422)
    try:
        with writing() as work:
            options = options_from(values, usual_options(work))
            plan = term_plans.start_draft(work, values["first"], values["last"], options)
    except InvalidInput as refused:
        return _new_page(FormState.typed(refused.errors), 422)
    return _to(plan.id)


@pages.get("/<term_plan_id>")
@allowed(READ)
def show(term_plan_id: str) -> Response:
    """Show how a draft comes on, and what to do with it."""
    return _show(term_plan_id, FormState())


@pages.post("/<term_plan_id>/again")
@allowed(DRAFT)
def again(term_plan_id: str) -> BaseResponse:
    """Draft the term again from where it is."""
    _only_for_those_in_charge(term_plan_id)
    values, errors = read_form(OptionsSchema())
    seen, more = read_form(VersionSchema())
    if errors or more:
        return _show(term_plan_id, FormState.typed({**errors, **more}), 422)
    try:
        with writing() as work:
            usual = term_plans.find_draft(work, term_plan_id).options
            term_plans.draft_again(work, term_plan_id, seen["version"], options_from(values, usual))
    except (Stale, Conflict) as refused:
        return _show(term_plan_id, FormState.typed({"": [refused.message]}), refused.status)
    return _to(term_plan_id)


@pages.post("/<term_plan_id>/days-off")
@allowed(DRAFT)
def add_day_off(term_plan_id: str) -> BaseResponse:
    """Try what it would mean if somebody was away."""
    _only_for_those_in_charge(term_plan_id)
    values, errors = read_form(DayOffSchema())
    seen, more = read_form(VersionSchema())
    if errors or more:
        return _show(term_plan_id, FormState.typed({**errors, **more}), 422)
    off = DayOff(values["person_id"], values["first"], values["last"])
    try:
        with writing() as work:
            term_plans.add_day_off(work, term_plan_id, off, seen["version"])
    except InvalidInput as refused:
        return _show(term_plan_id, FormState.typed(refused.errors), 422)
    except (Stale, Conflict) as refused:
        return _show(term_plan_id, FormState.typed({"": [refused.message]}), refused.status)
    return _to(term_plan_id)


@pages.post("/<term_plan_id>/days-off/<int:day_off>/removal")
@allowed(DRAFT)
def remove_day_off(term_plan_id: str, day_off: int) -> BaseResponse:
    """Take back that somebody is away."""
    _only_for_those_in_charge(term_plan_id)
    values, errors = read_form(VersionSchema())
    if errors:
        return _show(term_plan_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            term_plans.remove_day_off(work, term_plan_id, day_off, values["version"])
    except (Stale, Conflict) as refused:
        return _show(term_plan_id, FormState.typed({"": [refused.message]}), refused.status)
    return _to(term_plan_id)


@pages.post("/<term_plan_id>/stop")
@allowed(DRAFT)
def stop(term_plan_id: str) -> BaseResponse:
    """Be content with the draft that there is by now."""
    with writing() as work:
        term_plans.stop(work, term_plan_id)
    return _to(term_plan_id)


@pages.post("/<term_plan_id>/discard")
@allowed(DRAFT)
def discard(term_plan_id: str) -> BaseResponse:
    """Give a draft up."""
    _only_for_those_in_charge(term_plan_id)
    values, errors = read_form(VersionSchema())
    if errors:
        return _show(term_plan_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            term_plans.discard(work, term_plan_id, values["version"])
    except (Stale, Conflict) as refused:
        return _show(term_plan_id, FormState.typed({"": [refused.message]}), refused.status)
    flash("The draft is discarded. Nothing was sent from it that was not sent before.", "success")
    return redirect(url_for("term_plans.index"), 303)


@pages.get("/<term_plan_id>/send")
@allowed(SEND)
def check(term_plan_id: str) -> Response:
    """Show what would go out, with names and numbers, before anything does."""
    return _check_page(term_plan_id, FormState())


@pages.post("/<term_plan_id>/send")
@allowed(SEND)
def send(term_plan_id: str) -> BaseResponse:
    """Let the invitations go out."""
    values, errors = read_form(VersionSchema())
    if errors:
        return _check_page(term_plan_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            send_invitations(work, term_plan_id, values["version"])
    except (Stale, Conflict) as refused:
        return _check_page(term_plan_id, FormState.typed({"": [refused.message]}), refused.status)
    flash("The invitations are going out, one meeting after the other. You can leave this page.", "success")
    return _to(term_plan_id)


def _only_for_those_in_charge(term_plan_id: str) -> None:
    """Refuse others before what they typed is looked at."""
    with reading() as work:
        term_plans.find_own_draft(work, term_plan_id)


def _show(term_plan_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        plan = term_plans.find_draft(work, term_plan_id)
        counts = count_lines(work, term_plan_id)
        view = look_at_draft(work, term_plan_id, states=[PlacementState.UNPLACED, PlacementState.REFUSED])
        adjustable = view.directs and plan.state is PlanState.READY
        people = people_in(work, plan) if adjustable else []
    shown = replace(form, values={**_values(plan.options), **form.values})
    answer = _page(
        "term_plan",
        f"Draft of the term, {term_words.span(plan)}",
        status=status,
        form=shown,
        plan=plan,
        counts=counts,
        total=sum(counts.values()),
        view=view,
        unplaced=[row for row in view.rows if row.line.state is PlacementState.UNPLACED][:SHOWN],
        refused=[row for row in view.rows if row.line.state is PlacementState.REFUSED][:SHOWN],
        adjustable=adjustable,
        people=[{"value": key, "text": name} for key, name in people],
        seconds=_seconds(),
        still="still" in request.args,
        wide=True,
    )
    if plan.state.is_running and "still" not in request.args and request.method == "GET":
        answer.headers["Refresh"] = str(REFRESH)
    return answer


def _new_page(form: FormState, status: int = 200) -> Response:
    with reading() as work:
        whole = term_plans.drafts_everybody(work)
    choices = {"seconds": _seconds(), "whole": whole, "solver": is_installed()}
    return _page("term_plan_new", "Draft a term", status=status, form=form, **choices)


def _check_page(term_plan_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        told = look_at_sending(work, term_plan_id)
    return _page("term_plan_send", "Send the invitations", status=status, form=form, told=told, plan=told.plan)


def _page(template: str, title: str, **context: Any) -> Response:
    return render_page(
        f"scheduling/{template}.html", title=title, heading=title, words=wording, terms=term_words, **context
    )


def _to(term_plan_id: str) -> BaseResponse:
    return redirect(url_for("term_plans.show", term_plan_id=term_plan_id), 303)


def _values(options: Any) -> dict[str, str]:
    return {name: str(getattr(options, name)) for name in ("a_day", "a_week", "fair_a_week", "seconds")}


def _seconds() -> list[dict[str, str]]:
    return [{"value": str(seconds), "text": text} for seconds, text in term_words.SECONDS.items()]


def _end_of_term(day: date) -> date:
    """Return the usual last day of the school term that a day is in: Christmas, Easter or the summer."""
    for month, last in ((4, 4), (7, 21), (12, 19)):
        if day <= date(day.year, month, last) - timedelta(days=14):
            return date(day.year, month, last)
    return date(day.year + 1, 4, 4)
