"""Rating submitted plans: the queue, the page of one plan, and the decision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.virtual_school.adapters import plans_queries, plans_store
from services.virtual_school.adapters.policy_files import policy_for
from services.virtual_school.application.monitoring import monitor
from services.virtual_school.application.visibility import child_for, scope
from services.virtual_school.domain.children import Child
from services.virtual_school.domain.plans import Plan, PlanMeeting, PlanState, check_ratable
from services.virtual_school.domain.ratings import STATE_AFTER, RatedPlan
from services.virtual_school.domain.rubric import Decision, Rating, Rubric, judge
from shared.contracts.virtual_school import PlanQualityApproved, PlanQualityReturned
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord
from shared.kernel.ids import new_id
from shared.platform.access import may, permit
from shared.platform.work import Work

LONGEST_FEEDBACK = 4000


@dataclass(frozen=True, slots=True)
class PlanView:
    """All there is to see of one plan: `rubric` is the one in force today, `may_rate` whether this actor may decide."""

    plan: Plan
    child: Child
    meeting: PlanMeeting | None
    ratings: tuple[RatedPlan, ...]
    rubric: Rubric
    may_rate: bool


def plans_in(work: Work, state: PlanState | None, *, page: int = 1) -> plans_queries.PlanPage:
    """Return a page of the plans the actor may see, oldest submission and earliest due date first."""
    return plans_queries.plans_in(work.connection, scope(work, "virtual_school.plan.read"), state, page)


def view_plan(work: Work, plan_id: str, action: str = "virtual_school.plan.read") -> PlanView:
    """Return a plan with its counts, meeting and decisions to somebody who may do `action` to it.

    Raises `NotFound` or `Denied`.
    """
    plan = plans_store.load(work.connection, plan_id)
    if plan is None:
        raise NoSuchRecord
    child = child_for(work, action, plan.child_id)
    return PlanView(
        plan=plan,
        child=child,
        meeting=plans_store.load_meeting(work.connection, plan_id),
        ratings=tuple(plans_store.ratings_of(work.connection, plan_id=plan_id)),
        rubric=policy_for(child.authority, work.today).rubric,
        may_rate=may(work, "virtual_school.plan.rate", plan.child_id),
    )


def rate_plan(
    work: Work,
    plan_id: str,
    *,
    submission: int,
    rating: Rating,
    reasons: tuple[str, ...],
    decision: Decision,
    feedback: str = "",
    seen_version: int | None = None,
) -> RatedPlan:
    """Rate a submission, and approve or return it; the feedback note stays in this service.

    Raises `InvalidInput` (the rubric), `Conflict` (not submitted, already decided, submitted again), `Stale`
    (`seen_version` is not the version held), `NotFound` or `Denied`.
    """
    view = view_plan(work, plan_id)
    permit(work, "virtual_school.plan.rate", view.child.id)
    check_ratable(view.plan, submission)
    if seen_version is not None and seen_version != view.plan.version:
        raise Conflict("plan_changed", "This plan changed since you opened the page. Look at it again.")
    policy = policy_for(view.child.authority, work.today)
    judge(policy.rubric, rating, reasons, decision)
    if len(feedback) > LONGEST_FEEDBACK:
        raise InvalidInput({"feedback": [f"The note must be {LONGEST_FEEDBACK:,} characters or fewer."]})
    rated = RatedPlan(
        id=new_id(),
        plan_id=plan_id,
        child_id=view.child.id,
        submission=submission,
        rating=rating,
        decision=decision,
        reasons=tuple(code for code in policy.rubric.reasons if code in reasons),
        feedback=feedback.strip(),
        policy_from=policy.valid_from,
        decided_at=work.now,
        decided_by=work.actor.person_id,
        decided_by_name=work.actor.name,
    )
    plans_store.add_rating(work.connection, rated)
    plans_store.save(work.connection, replace(view.plan, state=STATE_AFTER[decision], decided_on=work.today))
    work.publish(f"child/{rated.child_id}", decided(rated, policy.rubric))
    monitor(work, [view.child.id])
    return rated


def decided(rated: RatedPlan, rubric: Rubric) -> PlanQualityApproved | PlanQualityReturned:
    """Return a decision as the others are told; `rubric` is the one it was made by."""
    if rated.decision is Decision.APPROVE:
        return PlanQualityApproved(
            child_id=rated.child_id,
            plan_id=rated.plan_id,
            submission=rated.submission,
            rating=rated.rating.value,
            reasons=rated.reasons,
            decided_on=london_date(rated.decided_at),
        )
    return PlanQualityReturned(
        child_id=rated.child_id,
        plan_id=rated.plan_id,
        submission=rated.submission,
        rating=rated.rating.value,
        mend=rated.reasons,
        decided_on=london_date(rated.decided_at),
        mend_words=tuple(f"{reason.label}. {reason.mend}" for reason in rubric.labels(rated.reasons)),
    )
