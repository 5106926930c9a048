"""Reviews of the care plan: opened when they are due, asked for early, withdrawn, and held."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.pep.adapters import children_store, disagreements_store, plans_store, reviews_store
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.history import record
from services.pep.domain import reviews as steps
from services.pep.domain.children import Child
from services.pep.domain.clocks import Deadline
from services.pep.domain.disagreements import Disagreement
from services.pep.domain.periods import long_date
from services.pep.domain.plan import Plan
from services.pep.domain.review_record import ReviewAction, ReviewRecord
from services.pep.domain.reviews import EarlyReason, Review, ReviewKind, ReviewState
from shared.contracts.pep import ReviewDue, ReviewWithdrawn
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.kernel.ids import new_id
from shared.platform.access import acting_as, may, permit
from shared.platform.work import Work

ASKS_AS = {
    Role.CHILD: (EarlyReason.CHILD,),
    Role.PARENT: (EarlyReason.PARENT,),
    Role.CARER: (EarlyReason.PARENT,),
    Role.ADVOCATE: (EarlyReason.CHILD, EarlyReason.OTHER),
}
"""Why somebody of the family asks; staff may say any reason."""


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """What there is about the reviews of one child."""

    child: Child
    next_review: Deadline | None
    reviews: tuple[Review, ...]
    records: dict[str, list[ReviewRecord]]
    actions: tuple[ReviewAction, ...]
    disagreements: tuple[Disagreement, ...]
    may_ask: bool
    may_disagree: bool


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One review with its record and what it agreed."""

    review: Review
    child: Child
    record: ReviewRecord | None
    earlier: tuple[ReviewRecord, ...]
    actions: tuple[ReviewAction, ...]
    plan: Plan | None
    plan_ready: bool | None
    pack_by: date
    may_write: bool
    may_withdraw: bool
    may_arrange: bool


def open_reviews(work: Work, children: Sequence[Child]) -> int:
    """Open the review that is to be arranged for each child today, and return how many were opened; one query.

    One that was to be held is closed where another service, or an import, tells that it was.
    """
    waiting = reviews_store.to_hold(work.connection, {child.id for child in children})
    opened = []
    for child in children:
        policy, calendar = load_policy(child.authority), load_calendar(child.authority)
        known = waiting.get(child.id)
        if known is not None and not steps.was_met(known, child, calendar):
            continue
        if known is not None:
            _hold_without_meeting(work, known, max(child.reviews_held))
        dates = steps.review_now(child, work.today, policy, calendar)
        if dates is not None:
            opened.append(
                Review(new_id(), child.id, child.authority, dates.kind, dates.rule, work.today, dates.meet_by)
            )
    _open(work, opened)
    return len(opened)


def ask_early(work: Work, child_id: str, reason: EarlyReason, meet_by: date) -> Review:
    """Ask for a review before its time; raises `InvalidInput`, `Conflict` where one is to be arranged already."""
    permit(work, "pep.review.ask", child_id)
    child = children_store.load(work.connection, child_id)
    deadline = steps.next_review(child, load_calendar(child.authority))
    if deadline is None:
        raise Conflict("not_reviewed", "This child’s care plan is not reviewed: no clock runs.")
    if reason not in reasons_to_ask(work, child_id):
        raise InvalidInput({"reason": ["Choose why the review is asked for."]})
    open_one = next((one for one in reviews_store.of_child(work.connection, child_id) if one.state.is_open), None)
    if open_one is not None:
        day = long_date(open_one.meet_by)
        message = f"A review is to be held by {day} already. If that is too late, tell the reviewing officer."
        raise Conflict("review_open", message, review_id=open_one.id)
    review = Review(
        new_id(),
        child_id,
        child.authority,
        ReviewKind.EARLY,
        "early_review",
        work.today,
        steps.early_by(deadline, meet_by, work.today),
        reason=reason.value,
        asked_by=work.actor.person_id,
        asked_by_name=work.actor.name,
    )
    _open(work, [review])
    record(work, child_id, "", "review_asked", meet_by=long_date(review.meet_by))
    return review


def reasons_to_ask(work: Work, child_id: str) -> tuple[EarlyReason, ...]:
    """Return the reasons for which the actor may ask for an early review."""
    return ASKS_AS.get(Role(acting_as(work, child_id) or Role.SOCIAL_WORKER), tuple(EarlyReason))


def withdraw_review(work: Work, review_id: str, why: str, seen_version: int) -> Review:
    """Say that a review somebody asked for is not needed; raises `InvalidInput`, `Conflict`, `Stale`."""
    review = unchanged_review(work, review_id, seen_version, "pep.review.withdraw")
    saved = reviews_store.save(work.connection, steps.withdraw(review, why))
    record(work, review.child_id, "", "review_withdrawn", why=saved.why)
    work.publish(f"child/{review.child_id}", ReviewWithdrawn(review.child_id, review.id, "not_needed"))
    return saved


def held_elsewhere(work: Work, child: Child, held_on: date) -> None:
    """Take a review as held that took place without a meeting of the suite: the one that was to be held, or another."""
    known = reviews_store.to_hold(work.connection, [child.id]).get(child.id)
    if known is not None and steps.was_met(known, child, load_calendar(child.authority)):
        _hold_without_meeting(work, known, held_on)
        return
    before = sum(day < held_on for day in child.reviews_held)
    kind = (ReviewKind.FIRST, ReviewKind.SECOND, ReviewKind.LATER)[min(before, 2)]
    review = Review(new_id(), child.id, child.authority, kind, "recorded", work.today, held_on)
    reviews_store.add_many(work.connection, [steps.hold(review, held_on)])


def close_reviews(work: Work, child: Child, why: str) -> None:
    """Close the reviews that were to be held of a child whose care plan is not reviewed any more."""
    for review in reviews_store.of_child(work.connection, child.id):
        if review.state.is_open:
            reviews_store.save(work.connection, replace(review, state=ReviewState.WITHDRAWN, why=why))
            work.publish(f"child/{child.id}", ReviewWithdrawn(child.id, review.id, "not_needed"))


def read_reviews(work: Work, child_id: str) -> ReviewsPage:
    """Return what there is about the reviews of a child; raises `NotFound` or `Denied`."""
    permit(work, "pep.review.read", child_id)
    child = children_store.load(work.connection, child_id)
    reviews = reviews_store.of_child(work.connection, child_id)
    return ReviewsPage(
        child=child,
        next_review=steps.next_review(child, load_calendar(child.authority)),
        reviews=tuple(reviews),
        records=reviews_store.records_of(work.connection, [one.id for one in reviews]),
        actions=tuple(reviews_store.actions_of(work.connection, [child_id])[child_id]),
        disagreements=tuple(disagreements_store.of_children(work.connection, [child_id])[child_id]),
        may_ask=may(work, "pep.review.ask", child_id) and child.in_care,
        may_disagree=may(work, "pep.disagreement.record", child_id),
    )


def read_review(work: Work, review_id: str) -> ReviewPage:
    """Return one review with its record and what it agreed; raises `NotFound` or `Denied`."""
    review = permitted_review(work, review_id, "pep.review.read")
    child = children_store.load(work.connection, review.child_id)
    records = reviews_store.records_of(work.connection, [review.id])[review.id]
    actions = reviews_store.actions_of(work.connection, [child.id])[child.id]
    plan = plan_for_review(work, child.id)
    policy, calendar = load_policy(child.authority), load_calendar(child.authority)
    return ReviewPage(
        review=review,
        child=child,
        record=records[0] if records else None,
        earlier=tuple(records[1:]),
        actions=tuple(action for action in actions if action.review_id == review.id),
        plan=plan,
        plan_ready=steps.plan_is_ready(plan) if policy.plans_for(child.year_group) else None,
        pack_by=steps.pack_ready_by(review, policy, calendar),
        may_write=may(work, "pep.review.write_record", child.id),
        may_withdraw=may(work, "pep.review.withdraw", child.id) and _may_be_withdrawn(review),
        may_arrange=may(work, "scheduling.meeting.arrange", child.id, "review"),
    )


def plan_for_review(work: Work, child_id: str) -> Plan | None:
    """Return the plan that a review considers: the newest."""
    return newest_plan(plans_store.plans_of(work.connection, child_id))


def newest_plan(plans: Collection[Plan]) -> Plan | None:
    """Return the plan that is due last; None where there is none."""
    return max(plans, key=lambda plan: (plan.due_on, plan.opened_on), default=None)


def permitted_review(work: Work, review_id: str, action: str) -> Review:
    """Return a review to somebody who may do `action` to it; raises `NotFound` or `Denied`."""
    review = reviews_store.load(work.connection, review_id)
    permit(work, action, review.child_id)
    return review


def unchanged_review(work: Work, review_id: str, seen_version: int, action: str) -> Review:
    """Return a review that is still as the actor last saw it; raises `Stale`, `NotFound` or `Denied`."""
    review = permitted_review(work, review_id, action)
    if review.version != seen_version:
        raise Stale("review_changed", "Somebody changed this review in the meantime. Look at it again.")
    return review


def review_due(review: Review) -> ReviewDue:
    """Return a review as the others are told of it."""
    return ReviewDue(review.child_id, review.id, review.kind.value, review.opened_on, review.meet_by, review.rule)


def _open(work: Work, opened: Sequence[Review]) -> None:
    reviews_store.add_many(work.connection, opened)
    for review in opened:
        work.publish(f"child/{review.child_id}", review_due(review))


def _may_be_withdrawn(review: Review) -> bool:
    early = review.kind is ReviewKind.EARLY and review.state.is_open
    return early and not EarlyReason(review.reason).citation


def _hold_without_meeting(work: Work, review: Review, held_on: date) -> None:
    reviews_store.save(work.connection, replace(steps.hold(review, held_on), meeting_id=""))
    work.publish(f"child/{review.child_id}", ReviewWithdrawn(review.child_id, review.id, "held_elsewhere"))
