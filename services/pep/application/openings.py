"""Opening the plan that each child should have: when care begins, by an import, and on the first day of a term."""

from __future__ import annotations

from collections.abc import Sequence

from services.pep.adapters import plans_store
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application import plans
from services.pep.application.plans import PlanToOpen
from services.pep.domain.children import Child
from services.pep.domain.opening import plan_now
from shared.platform.work import Work


def open_plans(work: Work, children: Sequence[Child]) -> int:
    """Open the plan that each child should have today, and return how many were opened.

    A child who has a plan for that term already gets no other.
    """
    wanted: list[PlanToOpen] = []
    taken = plans_store.taken_places(work.connection, {child.id for child in children})
    planned = {(child_id, term) for child_id, term, _kind in taken}
    for child in children:
        policy, calendar = load_policy(child.authority), load_calendar(child.authority)
        dates = plan_now(child, work.today, policy, calendar)
        if dates is not None and (child.id, calendar.terms.term_of(dates.due_on).key) not in planned:
            wanted.append(PlanToOpen(child, dates.kind, dates.rule, dates.meet_by, dates.due_on))
    return len(plans.open_many(work, wanted)) if wanted else 0
