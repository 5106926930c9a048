"""Pages that change what is recorded of a child: details, school, reviews, leaving care."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import children, schools
from services.pep.domain.children import LEGAL_STATUSES, SEXES, Child
from services.pep.domain.periods import long_date
from services.pep.entrypoints.child_schemas import DetailsSchema, LeaveCareSchema, ReviewSchema, SchoolChangeFormSchema
from services.pep.entrypoints.pages.child_choices import chosen_school, details_choices, matching_schools
from services.pep.entrypoints.pages.posted import posted_version
from shared.kernel.errors import InvalidInput, Stale
from shared.platform.access import may, may_know_of
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("child_changes", __name__)

DETAIL_LABELS = {
    "name": "Full name",
    "known_as": "Likes to be called",
    "born_on": "Date of birth",
    "sex": "Sex",
    "upn": "UPN",
    "legal_status": "Legal status",
    "entered_care_on": "Became looked after",
    "placement_started_on": "First placement started",
}


@pages.get("/children/<child_id>/details")
@allowed("pep.child.edit")
def details(child_id: str) -> Response:
    """Show a child's details to be corrected."""
    with reading() as work:
        child = children.child_record(work, child_id)
    return _details_page(child, FormState.saved(_details_of(child)))


@pages.post("/children/<child_id>/details")
@allowed("pep.child.edit")
def change_details(child_id: str) -> Response:
    """Correct a child's details."""
    values, errors = read_form(DetailsSchema())
    if not errors:
        try:
            with writing() as work:
                child = children.change_details(work, child_id, posted_version(), values)
        except InvalidInput as refusal:
            errors = refusal.errors
        except Stale:
            return _stale_details(child_id, values)
        else:
            flash(f"{child.shown_name}’s details are saved.", "success")
            return redirect(url_for("children.show", child_id=child_id), 303)
    with reading() as work:
        return _details_page(
            children.child_record(work, child_id), FormState.typed(errors), status=422, seen=posted_version()
        )


@pages.get("/children/<child_id>/school")
@allowed("pep.child.change_school")
def school(child_id: str) -> Response:
    """Ask for a change of school."""
    with reading() as work:
        return _school_page(work, child_id, FormState.saved({"has_school": "yes"}))


@pages.post("/children/<child_id>/school")
@allowed("pep.child.change_school")
def change_school(child_id: str) -> Response:
    """Record a change of school."""
    values, errors = read_form(SchoolChangeFormSchema())
    if not errors:
        try:
            with writing() as work:
                urn = chosen_school(work, values) if values["has_school"] == "yes" else None
                if values["has_school"] == "yes" and urn is None:
                    raise InvalidInput({"school": ["Enter the school’s name or URN."]})
                child = children.change_school(work, child_id, posted_version(), urn, values["since"])
        except InvalidInput as refusal:
            errors = {("school" if key == "school_urn" else key): words for key, words in refusal.errors.items()}
        else:
            flash(f"{child.shown_name}’s school is saved. Check the team: the designated teacher follows the school.")
            return redirect(url_for("children.show", child_id=child_id), 303)
    with reading() as work:
        return _school_page(work, child_id, FormState.typed(errors), status=422)


@pages.get("/children/<child_id>/reviews/add")
@allowed("pep.review.record")
def review(child_id: str) -> Response:
    """Ask when a review of the care plan was held."""
    return _day_page(child_id, "review", FormState.saved())


@pages.post("/children/<child_id>/reviews/add")
@allowed("pep.review.record")
def record_review(child_id: str) -> Response:
    """Record a review of the care plan."""
    values, errors = read_form(ReviewSchema())
    if not errors:
        try:
            with writing() as work:
                children.record_review(work, child_id, posted_version(), values["held_on"])
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash("The review is recorded, and the clock of the next one has started.", "success")
            return redirect(url_for("children.show", child_id=child_id), 303)
    return _day_page(child_id, "review", FormState.typed(errors), status=422)


@pages.get("/children/<child_id>/leave")
@allowed("pep.child.leave_care")
def leave(child_id: str) -> Response:
    """Ask for the last day in care."""
    return _day_page(child_id, "leave", FormState.saved())


@pages.post("/children/<child_id>/leave")
@allowed("pep.child.leave_care")
def leave_care(child_id: str) -> Response:
    """Record that a child left care."""
    values, errors = read_form(LeaveCareSchema())
    if not errors:
        try:
            with writing() as work:
                child = children.leave_care(work, child_id, posted_version(), values["left_on"])
                still_seen = may_know_of(work, child_id)
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash(f"{child.shown_name} is recorded as having left care. Every clock has stopped.", "success")
            seen_next = url_for("children.show", child_id=child_id) if still_seen else url_for("children.index")
            return redirect(seen_next, 303)
    return _day_page(child_id, "leave", FormState.typed(errors), status=422)


def _details_page(
    child: Child,
    form: FormState,
    *,
    status: int = 200,
    seen: int | None = None,
    differences: list[dict[str, str]] | None = None,
) -> Response:
    return render_page(
        "pep/child_details.html",
        title=f"Details of {child.shown_name}",
        status=status,
        child=child,
        form=form,
        version=seen or child.version,
        differences=differences or [],
        **details_choices(),
    )


def _details_of(child: Child) -> dict[str, Any]:
    return {name: getattr(child, name) for name in children.DETAILS}


def _stale_details(child_id: str, yours: dict[str, Any]) -> Response:
    """Show what somebody else saved beside what was typed; nothing is lost, and saving again is a choice."""
    with reading() as work:
        child = children.child_record(work, child_id)
    theirs = _details_of(child)
    differences = [
        {"label": DETAIL_LABELS[name], "theirs": _in_words(name, theirs[name]), "yours": _in_words(name, yours[name])}
        for name in children.DETAILS
        if theirs[name] != yours[name]
    ]
    return _details_page(child, FormState.typed(), status=412, differences=differences)


def _in_words(name: str, value: Any) -> str:
    if name == "legal_status":
        return LEGAL_STATUSES.get(value, str(value))
    if name == "sex":
        return SEXES.get(value, str(value))
    if name == "placement_started_on" and value is None:
        return "The day the child became looked after"
    return long_date(value) if name.endswith("_on") else str(value)


def _school_page(work: Work, child_id: str, form: FormState, status: int = 200) -> Response:
    child = children.child_record(work, child_id)
    return render_page(
        "pep/child_school.html",
        title=f"Change {child.shown_name}’s school",
        status=status,
        child=child,
        form=form,
        today=work.today,
        school=schools.school_named(work, child.school_urn),
        matching_schools=matching_schools(work, form),
        may_add_school=may(work, "pep.school.record"),
    )


def _day_page(child_id: str, what: str, form: FormState, status: int = 200) -> Response:
    """Show a page that asks for one date: a review's, or the last day in care."""
    with reading() as work:
        child = children.child_record(work, child_id)
    title = {"review": f"Record a review of {child.shown_name}’s care plan", "leave": f"{child.shown_name} left care"}[
        what
    ]
    return render_page(f"pep/child_{what}.html", title=title, status=status, child=child, form=form)
