"""Which plan a child should have now, and its dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.domain import clocks
from services.pep.domain.children import Child
from services.pep.domain.periods import Calendar, before
from services.pep.domain.plan import PlanKind
from services.pep.domain.policy import Policy, Rule


@dataclass(frozen=True, slots=True)
class PlanDates:
    """A plan to open: `meet_by` is the latest date for its meeting, `due_on` the day it must be complete by."""

    kind: PlanKind
    rule: str
    meet_by: date
    due_on: date


def plan_now(child: Child, today: date, policy: Policy, calendar: Calendar) -> PlanDates | None:
    """Return the plan that a child should have on `today`, or None for whom no plan is made.

    The first plan while the first PEP falls in this term (regulation 4(2) of SI 2010/959), else the term's plan.
    None out of care, on short breaks (regulation 48) and outside the authority's year groups.
    """
    if not child.in_care or child.on_short_breaks or not policy.plans_for(child.year_group):
        return None
    if clocks.needs_first_plan(child, today, calendar):
        due = clocks.first_pep(child.placement_started_on, calendar)
        meeting = clocks.first_meeting(child.placement_started_on, policy, calendar)
        return PlanDates(PlanKind.FIRST, due.rule, min(meeting.on, due.on), due.on)
    due = clocks.termly_pep(calendar.terms.term_of(today), policy, calendar)
    margin = policy.at(Rule.COMPLETE_AFTER_MEETING, today)
    return PlanDates(PlanKind.TERMLY, due.rule, before(due.on, margin.period, calendar), due.on)
