"""Answering a concern: with an action, or with an early PEP meeting."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import concerns
from services.pep.domain.periods import long_date
from services.pep.entrypoints.concern_words import evidence_rows, story_of, what_happened
from services.pep.entrypoints.plan_schemas import ActionSchema, VersionSchema
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import permit
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("concerns", __name__)


@pages.get("/concerns/<concern_id>")
@allowed("pep.concern.finish_action")
def show(concern_id: str) -> Response:
    """Show a concern: what happened and why, and what was or can be answered."""
    return _page(concern_id, FormState())


@pages.post("/concerns/<concern_id>/action")
@allowed("pep.concern.answer")
def answer_by_action(concern_id: str) -> Response:
    """Answer with an action that has an owner and a date."""
    values, errors = read_form(ActionSchema())
    if errors:
        return _unanswered(concern_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            answered = concerns.answer_by_action(
                work,
                concern_id,
                action=values["action"],
                owner_id=values["owner_id"],
                by_date=values["by_date"],
                seen_version=values["version"],
            )
    except InvalidInput as refusal:
        return _unanswered(concern_id, FormState.typed(refusal.errors), 422)
    except (Stale, Conflict) as refusal:
        return _unanswered(concern_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash(f"The concern is answered. It is on {answered.owner_name}’s list.", "success")
    return redirect(url_for(".show", concern_id=concern_id), 303)


@pages.post("/concerns/<concern_id>/early-meeting")
@allowed("pep.concern.answer")
def answer_by_early_meeting(concern_id: str) -> Response:
    """Answer with an early PEP meeting, which scheduling is asked to arrange."""
    values, errors = read_form(VersionSchema())
    if errors:
        return _unanswered(concern_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            answered = concerns.answer_by_early_meeting(work, concern_id, values["version"])
    except (Stale, Conflict) as refusal:
        return _unanswered(concern_id, FormState.typed({"": [refusal.message]}), refusal.status)
    by = long_date(answered.by_date) if answered.by_date else ""
    flash(f"The concern is answered. An early meeting by {by} is on the list of meetings to arrange.", "success")
    return redirect(url_for(".show", concern_id=concern_id), 303)


@pages.post("/concerns/<concern_id>/done")
@allowed("pep.concern.finish_action")
def finish(concern_id: str) -> Response:
    """Say that the promised action is done."""
    values, errors = read_form(VersionSchema())
    if errors:
        return _page(concern_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            concerns.finish_promised_action(work, concern_id, values["version"])
    except (Stale, Conflict) as refusal:
        return _page(concern_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash("Thank you. It is marked as done.", "success")
    return redirect(url_for(".show", concern_id=concern_id), 303)


def _unanswered(concern_id: str, form: FormState, status: int) -> Response:
    """Show the concern again to somebody who may answer it, with what is wrong."""
    with reading() as work:
        permit(work, "pep.concern.answer", concerns.read_concern(work, concern_id).concern.child_id)
    return _page(concern_id, form, status)


def _page(concern_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = concerns.read_concern(work, concern_id)
        today = work.today
    return render_page(
        "pep/concern.html",
        status=status,
        title=f"{page.concern.title}, {page.child_name}",
        page=page,
        concern=page.concern,
        form=form,
        today=today,
        evidence=evidence_rows(page.concern),
        story=story_of(page.concern),
        happened=what_happened(page.concern),
        owners={
            "key": "owner_id",
            "label": "Who will do it?",
            "type": "select",
            "options": [
                {"value": owner.person_id, "text": f"{owner.name}, {owner.role.title}"} for owner in page.owners
            ],
        },
    )
