"""Writing the record of a review, the list of what was agreed, and saying what became of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import review_records, reviews
from services.pep.domain.periods import long_date
from services.pep.domain.review_record import CONVEYED_WORDS, decisions_of
from services.pep.entrypoints.review_schemas import AgreedActionSchema, RecordSchema, SettledSchema
from shared.contracts.participation import Conveyed
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import permit
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("review_records", __name__)

WRITE = "pep.review.write_record"


@pages.get("/reviews/<review_id>/record")
@allowed(WRITE)
def edit(review_id: str) -> Response:
    """Show the form of a review's record."""
    return _record_form(review_id, None)


@pages.post("/reviews/<review_id>/record")
@allowed(WRITE)
def save(review_id: str) -> Response:
    """Write or amend the record."""
    values, errors = read_form(RecordSchema())
    if errors:
        return _record_form(review_id, FormState.typed(errors), 422)
    written = review_records.Written(
        values["child_there"],
        Conveyed(values["how"]),
        values["seen_alone"],
        values["not_alone_why"],
        decisions_of(values["decisions"]),
    )
    try:
        with writing() as work:
            review_records.write_record(work, review_id, written, values["version"])
    except InvalidInput as refusal:
        return _record_form(review_id, FormState.typed(refusal.errors), 422)
    except (Conflict, Stale) as refusal:
        return _record_form(review_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash("The record is saved. Now put on the list what was agreed, each with who does it and by when.", "success")
    return redirect(url_for("reviews.show", review_id=review_id), 303)


@pages.get("/reviews/<review_id>/actions/new")
@allowed(WRITE)
def new_action(review_id: str) -> Response:
    """Ask what was agreed, who does it and by when."""
    return _action_form(review_id, FormState())


@pages.post("/reviews/<review_id>/actions/new")
@allowed(WRITE)
def add_action(review_id: str) -> Response:
    """Put on the list what was agreed."""
    values, errors = read_form(AgreedActionSchema())
    if errors:
        return _action_form(review_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            added = review_records.add_action(work, review_id, **values)
    except InvalidInput as refusal:
        return _action_form(review_id, FormState.typed(refusal.errors), 422)
    except Conflict as refusal:
        return _action_form(review_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash(f"It is on {added.owner_name}’s list, to be done by {long_date(added.by_date)}.", "success")
    return redirect(url_for("reviews.show", review_id=review_id), 303)


@pages.get("/review-actions/<action_id>")
@allowed("pep.review.settle_action")
def show_action(action_id: str) -> Response:
    """Show something that was agreed, and ask what became of it."""
    return _action_page(action_id, FormState())


@pages.post("/review-actions/<action_id>")
@allowed("pep.review.settle_action")
def settle(action_id: str) -> Response:
    """Say that it is done, or why not."""
    values, errors = read_form(SettledSchema())
    if errors:
        return _action_page(action_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            review_records.settle_action(
                work, action_id, done=values["done"], outcome=values["outcome"], seen_version=values["version"]
            )
    except InvalidInput as refusal:
        return _action_page(action_id, FormState.typed(refusal.errors), 422)
    except (Conflict, Stale) as refusal:
        return _action_page(action_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash("Thank you. The reviewing officer sees it.", "success")
    return redirect(url_for(".show_action", action_id=action_id), 303)


def _record_form(review_id: str, form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        reviews.permitted_review(work, review_id, WRITE)
        page = reviews.read_review(work, review_id)
    known = page.record
    review = page.review
    saved: dict[str, object] = {}
    if known is None and review.child_there is not None:
        saved = {"child_there": review.child_there, "how": review.conveyed}
    if known is not None:
        saved = {
            "child_there": known.child_there,
            "how": known.how.value,
            "seen_alone": known.seen_alone,
            "not_alone_why": known.not_alone_why,
            "decisions": "\n".join(known.decisions),
        }
    return render_page(
        "pep/review_record.html",
        title=f"Record of the review of {page.child.shown_name}’s care plan",
        status=status,
        page=page,
        review=page.review,
        child=page.child,
        form=form or FormState.saved(saved),
        ways=[{"value": how.value, "text": words} for how, words in CONVEYED_WORDS.items()],
    )


def _action_form(review_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        review = reviews.permitted_review(work, review_id, WRITE)
        page = reviews.read_review(work, review_id)
        owners = review_records.possible_owners(work, review.child_id)
    return render_page(
        "pep/review_action_new.html",
        title=f"What was agreed for {page.child.shown_name}",
        status=status,
        review=review,
        child=page.child,
        form=form,
        owners=[{"value": one.person_id, "text": f"{one.name}, {one.role.title}"} for one in owners],
    )


def _action_page(action_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = review_records.read_action(work, action_id)
        if status != 200:
            permit(work, "pep.review.settle_action", page.action.child_id)
        today = work.today
    return render_page(
        "pep/review_action.html",
        title=f"Agreed at the review, {page.child_name}",
        status=status,
        page=page,
        action=page.action,
        form=form,
        today=today,
    )
