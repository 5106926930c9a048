"""What is brought together for a review, for those who are asked to read it: to each what the policy lets them see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.adapters import (
    care_plan_store,
    children_store,
    history_store,
    plans_store,
    reviews_store,
    targets_store,
)
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.care_plan import CARE_PLAN_STEPS
from services.pep.application.reviews import newest_plan, permitted_review
from services.pep.domain import reviews as steps
from services.pep.domain.children import Child
from services.pep.domain.concerns import Concern, ConcernState
from services.pep.domain.forms import VIEWS
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan
from services.pep.domain.review_record import ReviewAction, ReviewRecord
from services.pep.domain.reviews import Review
from services.pep.domain.targets import Target
from services.pep.domain.views import QUESTIONS
from shared.kernel.clock import london_date
from shared.platform.access import may
from shared.platform.work import Work

PACK = "pep.review_pack.read"
MOVES = frozenset({"school_changed", "school_ended", "member_joined", "member_left", "review_recorded", "review_held"})


@dataclass(frozen=True, slots=True)
class ReviewPack:
    """What to read before a review. What the reader may not see is empty; `reads_care` tells whether they see it all.

    `since` is the day of the review before, or the day care began. `plan_ready` is None where no plan is made.
    """

    review: Review
    child: Child
    since: date
    ready_by: date
    reads_care: bool
    last_review: Review | None
    last_record: ReviewRecord | None
    actions: tuple[ReviewAction, ...]
    plan: Plan | None
    plan_ready: bool | None
    targets: tuple[Target, ...]
    concerns: tuple[Concern, ...]
    views: tuple[tuple[str, str], ...]
    views_on: date | None
    reads_views: bool
    changes: tuple[HistoryEntry, ...]


def read_review_pack(work: Work, review_id: str) -> ReviewPack:
    """Return what to read before a review; raises `NotFound` or `Denied`."""
    review = permitted_review(work, review_id, PACK)
    child = children_store.load(work.connection, review.child_id)
    policy, calendar = load_policy(child.authority), load_calendar(child.authority)
    reads_care = may(work, PACK, child.id, "care")
    reviews = reviews_store.of_child(work.connection, child.id)
    before = [one for one in reviews if one.held_on and one.held_on < review.day and one.id != review.id]
    last = max(before, key=lambda one: one.day, default=None)
    records = reviews_store.records_of(work.connection, [last.id] if last else [])
    since = (last.held_on if last else None) or child.entered_care_on
    plan = newest_plan(plans_store.plans_of(work.connection, child.id))
    reads_plan = plan is not None and may(work, "pep.plan.read", child.id)
    actions = [
        one
        for one in reviews_store.actions_of(work.connection, [child.id])[child.id]
        if one.review_id != review.id and (reads_care or one.for_plan)
    ]
    reads_views = plan is not None and may(work, "pep.views.read", child.id, VIEWS)
    views = targets_store.views_of(work.connection, [plan.id]).get(plan.id) if plan and reads_views else None
    told = views.answers if views and views.given else {}
    return ReviewPack(
        review=review,
        child=child,
        since=since,
        ready_by=steps.pack_ready_by(review, policy, calendar),
        reads_care=reads_care,
        last_review=last if reads_care else None,
        last_record=records[last.id][0] if reads_care and last and records[last.id] else None,
        actions=tuple(actions),
        plan=plan if reads_plan else None,
        plan_ready=steps.plan_is_ready(plan) if policy.plans_for(child.year_group) else None,
        targets=tuple(targets_store.targets_of(work.connection, [plan.id])[plan.id]) if plan and reads_plan else (),
        concerns=_concerns(work, child.id, since) if reads_care else (),
        views=tuple((question, told[key]) for key, question, _hint in QUESTIONS if told.get(key, "").strip()),
        views_on=london_date(views.saved_at) if views and views.saved_at and told else None,
        reads_views=reads_views,
        changes=_changes(work, child.id, since) if reads_care else (),
    )


def _concerns(work: Work, child_id: str, since: date) -> tuple[Concern, ...]:
    """Return the concerns that are open, or were raised since the last review."""
    concerns = care_plan_store.concerns_of(work.connection, child_id)
    return tuple(one for one in concerns if one.state is not ConcernState.CLOSED or one.raised_on >= since)


def _changes(work: Work, child_id: str, since: date) -> tuple[HistoryEntry, ...]:
    """Return what happened since the last review, the newest first."""
    history = history_store.history_of(work.connection, child_id)
    wanted = CARE_PLAN_STEPS | MOVES
    return tuple(one for one in history if one.code in wanted and london_date(one.at) >= since)
