"""Pages of a disagreement about a care plan: what it is about, its stages, the days that are left."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from services.pep.application import disagreements
from services.pep.application.children import child_record
from services.pep.domain.disagreements import Stage
from services.pep.entrypoints.review_schemas import DisagreementSchema, StageSchema
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import permit
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("disagreements", __name__)

RECORD = "pep.disagreement.record"


@pages.get("/children/<child_id>/disagreements/new")
@allowed(RECORD)
def new(child_id: str) -> Response:
    """Ask what the officer does not agree with."""
    with reading() as work:
        today = work.today
    return _new_form(child_id, FormState.saved({"raised_on": today}))


@pages.post("/children/<child_id>/disagreements/new")
@allowed(RECORD)
def add(child_id: str) -> Response:
    """Record a disagreement."""
    values, errors = read_form(DisagreementSchema())
    if errors:
        return _new_form(child_id, FormState.typed(errors), 422)
    review_id = request.form.get("review_id", "")[:36]
    try:
        with writing() as work:
            made = disagreements.raise_disagreement(work, child_id, values["about"], values["raised_on"], review_id)
    except InvalidInput as refusal:
        return _new_form(child_id, FormState.typed(refusal.errors), 422)
    except Conflict as refusal:
        return _new_form(child_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash("The disagreement is recorded. All its stages together have 20 working days.", "success")
    return redirect(url_for(".show", disagreement_id=made.id), 303)


@pages.get("/disagreements/<disagreement_id>")
@allowed("pep.review.read")
def show(disagreement_id: str) -> Response:
    """Show a disagreement and its stages."""
    return _page(disagreement_id, FormState())


@pages.post("/disagreements/<disagreement_id>")
@allowed(RECORD)
def take_further(disagreement_id: str) -> Response:
    """Record the next stage."""
    values, errors = read_form(StageSchema())
    if errors:
        return _refused(disagreement_id, errors, 422)
    try:
        with writing() as work:
            disagreements.take_further(
                work, disagreement_id, Stage(values["stage"]), values["on"], values["note"], values["version"]
            )
    except InvalidInput as refusal:
        return _refused(disagreement_id, refusal.errors, 422)
    except (Conflict, Stale) as refusal:
        return _refused(disagreement_id, {"": [refusal.message]}, refusal.status)
    flash("It is recorded.", "success")
    return redirect(url_for(".show", disagreement_id=disagreement_id), 303)


def _refused(disagreement_id: str, errors: dict[str, list[str]], status: int) -> Response:
    with reading() as work:
        permit(work, RECORD, disagreements.read_disagreement(work, disagreement_id).child.id)
    return _page(disagreement_id, FormState.typed(errors), status)


def _page(disagreement_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = disagreements.read_disagreement(work, disagreement_id)
    return render_page(
        "pep/disagreement.html",
        title=f"Disagreement about {page.child.shown_name}’s care plan",
        status=status,
        page=page,
        dispute=page.dispute,
        child=page.child,
        form=form,
        stages=[{"value": stage.value, "text": stage.words} for stage in page.dispute.next_stages],
    )


def _new_form(child_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        permit(work, RECORD, child_id)
        child = child_record(work, child_id)
    return render_page(
        "pep/disagreement_new.html",
        title=f"You do not agree: {child.shown_name}’s care plan",
        status=status,
        child=child,
        form=form,
    )
