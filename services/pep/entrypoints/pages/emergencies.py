"""Opening a child's record in an emergency, closing it again, and reviewing what others opened."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from marshmallow import Schema, validate
from werkzeug.wrappers import Response

from services.pep.application import children, emergencies
from services.pep.domain.emergencies import LONGEST, Outcome
from shared.contracts.emergency import EmergencyReason
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.fields import Day, Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.limits import Use, count
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, signed_in, writing

pages = Blueprint("emergencies", __name__)


class OpeningSchema(Schema):
    """Whose record, and why it cannot wait."""

    identifier = Text(required=True, longest=40, metadata={"label": "the child’s reference or UPN"})
    born_on = Day(required=True, metadata={"label": "Date of birth"})
    reason = Text(
        required=True,
        validate=validate.OneOf(list(EmergencyReason)),
        metadata={"label": "what kind of emergency it is", "select": True},
    )
    happened = Text(required=True, longest=LONGEST, metadata={"label": "What happened"})


class ReviewSchema(Schema):
    """What a review found."""

    outcome = Text(
        required=True, validate=validate.OneOf(list(Outcome)), metadata={"label": "what you found", "select": True}
    )
    remarks = Text(load_default="", longest=LONGEST, metadata={"label": "What was found, and what is done about it"})


@pages.get("/emergency")
@allowed("pep.emergency.open")
def ask() -> Response:
    """Ask whose record it is, and why it cannot wait."""
    return _form(FormState.saved())


@pages.post("/emergency")
@allowed("pep.emergency.open")
def open_record() -> Response:
    """Open a record for an hour."""
    count(Use.EMERGENCY, signed_in().person_id)
    values, errors = read_form(OpeningSchema())
    if errors:
        return _form(FormState.typed(errors), 422)
    try:
        with writing() as work:
            child, opening = emergencies.open_record(
                work,
                values["identifier"],
                values["born_on"],
                EmergencyReason(values["reason"]),
                values["happened"],
            )
    except InvalidInput as refusal:
        return _form(FormState.typed(refusal.errors), 422)
    if opening is None:
        flash("You may read this record already. Nothing was opened.")
    return redirect(url_for("children.show", child_id=child.id), 303)


@pages.post("/emergency/<opening_id>/end")
@allowed("pep.emergency.close")
def close(opening_id: str) -> Response:
    """Close a record again."""
    with writing() as work:
        emergencies.close_record(work, opening_id)
    flash("The record is closed again.", "success")
    return redirect(url_for("worklist.show"), 303)


@pages.get("/emergencies")
@allowed("pep.emergency.list")
def index() -> Response:
    """List the openings that wait for the reader's review."""
    with reading() as work:
        found = emergencies.waiting_for_review(work)
    return render_page("pep/emergencies.html", title="Records opened in an emergency", found=found, wide=True)


@pages.get("/children/<child_id>/emergencies")
@allowed("pep.emergency.read")
def of_child(child_id: str) -> Response:
    """Show who opened a child's record in an emergency, and why."""
    return _of_child(child_id, FormState.saved())


@pages.post("/children/<child_id>/emergencies/<opening_id>/review")
@allowed("pep.emergency.review")
def review(child_id: str, opening_id: str) -> Response:
    """Say whether an opening was right."""
    values, errors = read_form(ReviewSchema())
    if not errors:
        try:
            with writing() as work:
                emergencies.review(work, child_id, opening_id, Outcome(values["outcome"]), values["remarks"])
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            return _of_child(child_id, FormState.typed({"": [refusal.message]}), refusal.status)
        else:
            flash("The review is recorded.", "success")
            return redirect(url_for(".of_child", child_id=child_id), 303)
    return _of_child(child_id, FormState.typed(errors), 422, asked=opening_id)


def _form(form: FormState, status: int = 200) -> Response:
    return render_page(
        "pep/emergency.html",
        title="Open a record in an emergency",
        status=status,
        form=form,
        reasons=[{"value": one.value, "text": one.words} for one in EmergencyReason],
        longest=LONGEST,
    )


def _of_child(child_id: str, form: FormState, status: int = 200, *, asked: str = "") -> Response:
    with reading() as work:
        child = children.child_record(work, child_id)
        found = emergencies.openings_of(work, child_id)
        now = work.now
    return render_page(
        "pep/child_emergencies.html",
        title=f"Who opened {child.short_name}’s record in an emergency",
        status=status,
        child=child,
        found=found,
        now=now,
        form=form,
        asked=asked or next((one.account.opening.id for one in found if one.may_review), ""),
        outcomes=[{"value": one.value, "text": one.words} for one in Outcome],
        longest=LONGEST,
    )
