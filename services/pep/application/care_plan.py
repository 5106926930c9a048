"""The education part of the care plan: written when a plan is approved, read by the social worker and the IRO."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.adapters import care_plan_store, children_store, history_store, plans_store
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.history import record
from services.pep.application.plans import parts_of
from services.pep.domain import clocks
from services.pep.domain.care_plan import EducationPart, write_education_part
from services.pep.domain.clocks import Deadline
from services.pep.domain.concerns import Concern
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan, PlanState
from shared.kernel.ids import new_id
from shared.platform.access import may, permit
from shared.platform.work import Work

CARE_PLAN_STEPS = frozenset(
    {
        "plan_opened",
        "meeting_held",
        "plan_submitted",
        "plan_submitted_without_meeting",
        "plan_returned",
        "plan_approved",
        "plan_superseded",
        "care_plan_written",
        "section_amended",
        "meeting_requested",
        "concern_raised",
        "concern_answered_action",
        "concern_answered_meeting",
        "concern_action_done",
        "concern_closed",
    }
)
"""What of a child's history matters at a review; the plan's page shows every step."""


@dataclass(frozen=True, slots=True)
class CarePlanPage:
    """The education part of one child's care plan, for the next review."""

    child_id: str
    child_name: str
    short_name: str
    current: EducationPart | None
    earlier: tuple[EducationPart, ...]
    concerns: tuple[Concern, ...]
    next_review: Deadline | None
    plan_to_iro: Deadline | None
    open_plan: Plan | None
    history: tuple[HistoryEntry, ...]
    may_answer: bool


def read_care_plan(work: Work, child_id: str) -> CarePlanPage:
    """Return the education part of a child's care plan; raises `NotFound` or `Denied`."""
    permit(work, "pep.care_plan.read", child_id)
    child = children_store.load(work.connection, child_id)
    parts = care_plan_store.education_parts_of(work.connection, child_id)
    calendar = load_calendar(child.authority)
    reviewed = child.in_care and not child.on_short_breaks
    review = clocks.next_review(child, calendar) if reviewed else None
    plans = plans_store.plans_of(work.connection, child_id)
    return CarePlanPage(
        child_id=child_id,
        child_name=child.shown_name,
        short_name=child.short_name,
        current=parts[0] if parts else None,
        earlier=tuple(parts[1:]),
        concerns=tuple(care_plan_store.concerns_of(work.connection, child_id)),
        next_review=review,
        plan_to_iro=clocks.plan_to_iro(review.on, load_policy(child.authority), calendar) if review else None,
        open_plan=next((plan for plan in plans if plan.is_open or plan.state is PlanState.SUBMITTED), None),
        history=tuple(
            step for step in history_store.history_of(work.connection, child_id) if step.code in CARE_PLAN_STEPS
        ),
        may_answer=may(work, "pep.concern.answer", child_id),
    )


def write_from_approved(work: Work, plan: Plan) -> EducationPart:
    """Write the education part from a plan that was just approved; earlier parts stay readable."""
    parts = parts_of(work, plan)
    written = write_education_part(new_id(), plan, parts.form, parts.answers, parts.targets, next_due_on(plan))
    care_plan_store.add_education_part(work.connection, written, work.now)
    record(work, plan.child_id, plan.id, "care_plan_written")
    return written


def next_due_on(plan: Plan) -> date:
    """Return the day by which the next term's plan must be complete."""
    calendar = load_calendar(plan.authority)
    following = calendar.terms.next_term(calendar.terms.term(plan.term))
    return clocks.termly_pep(following, load_policy(plan.authority), calendar).on
