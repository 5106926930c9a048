"""Pages of the reviews of a child's care plan: what there was, what is due, and asking for one early."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import reviews
from services.pep.application.children import child_record
from services.pep.domain.periods import long_date
from services.pep.domain.reviews import EarlyReason
from services.pep.entrypoints.review_schemas import EarlyReviewSchema, WithdrawalSchema
from shared.contracts.participation import CODE_WORDS
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import may, permit
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("reviews", __name__)


@pages.get("/children/<child_id>/reviews")
@allowed("pep.review.read")
def of_child(child_id: str) -> Response:
    """Show the reviews of a child, what they agreed and what became of it, and what is disputed."""
    with reading() as work:
        page = reviews.read_reviews(work, child_id)
        today = work.today
    return render_page(
        "pep/reviews.html",
        title=f"Reviews of {page.child.shown_name}’s care plan",
        wide=True,
        page=page,
        child=page.child,
        today=today,
        codes=CODE_WORDS,
    )


@pages.get("/children/<child_id>/reviews/early")
@allowed("pep.review.ask")
def ask(child_id: str) -> Response:
    """Ask why, and by when, a review is to be held early."""
    return _early_form(child_id, FormState())


@pages.post("/children/<child_id>/reviews/early")
@allowed("pep.review.ask")
def save_ask(child_id: str) -> Response:
    """Ask for an early review; it goes onto the list of those who arrange it."""
    values, errors = read_form(EarlyReviewSchema())
    if errors:
        return _early_form(child_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            asked = reviews.ask_early(work, child_id, EarlyReason(values["reason"]), values["meet_by"])
            reads = may(work, "pep.review.read", child_id)
    except InvalidInput as refusal:
        return _early_form(child_id, FormState.typed(refusal.errors), 422)
    except Conflict as refusal:
        return _early_form(child_id, FormState.typed({"": [refusal.message]}), refusal.status)
    flash(f"The review is asked for, to be held by {long_date(asked.meet_by)}.", "success")
    return redirect(url_for(".of_child" if reads else "children.show", child_id=child_id), 303)


@pages.get("/reviews/<review_id>")
@allowed("pep.review.read")
def show(review_id: str) -> Response:
    """Show one review: when it is, whether the plan is ready, the record and what was agreed."""
    return _page(review_id, FormState())


@pages.post("/reviews/<review_id>/withdrawal")
@allowed("pep.review.withdraw")
def withdraw(review_id: str) -> Response:
    """Say that a review somebody asked for is not needed."""
    values, errors = read_form(WithdrawalSchema())
    if errors:
        return _withdrawal_refused(review_id, errors, 422)
    try:
        with writing() as work:
            reviews.withdraw_review(work, review_id, values["why"], values["version"])
    except InvalidInput as refusal:
        return _withdrawal_refused(review_id, refusal.errors, 422)
    except (Conflict, Stale) as refusal:
        return _withdrawal_refused(review_id, {"": [refusal.message]}, refusal.status)
    flash("The review is taken off the lists, and its meeting is called off.", "success")
    return redirect(url_for(".show", review_id=review_id), 303)


def _withdrawal_refused(review_id: str, errors: dict[str, list[str]], status: int) -> Response:
    with reading() as work:
        reviews.permitted_review(work, review_id, "pep.review.withdraw")
    return _page(review_id, FormState.typed(errors), status)


def _page(review_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = reviews.read_review(work, review_id)
        today = work.today
    return render_page(
        "pep/review.html",
        title=f"{page.review.title}, {page.child.shown_name}",
        status=status,
        page=page,
        review=page.review,
        child=page.child,
        form=form,
        today=today,
        codes=CODE_WORDS,
        reason=EarlyReason(page.review.reason) if page.review.reason else None,
    )


def _early_form(child_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        permit(work, "pep.review.ask", child_id)
        child = child_record(work, child_id)
        reasons = reviews.reasons_to_ask(work, child_id)
    return render_page(
        "pep/review_early.html",
        title=f"Ask for an early review of {child.shown_name}’s care plan",
        status=status,
        child=child,
        form=form,
        reasons=[
            {
                "value": reason.value,
                "text": reason.words,
                "hint": f"Regulation {reason.citation}: the review must be held." if reason.citation else "",
            }
            for reason in reasons
        ],
    )
