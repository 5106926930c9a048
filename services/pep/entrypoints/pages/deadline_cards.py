"""A child's clocks as the cards of a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from services.pep.domain.clocks import Deadline, Kind
from services.pep.domain.plan import Plan, PlanKind

SOON = timedelta(days=7)


def deadline_cards(deadlines: Iterable[Deadline], plans: Iterable[Plan], today: date) -> list[dict[str, object]]:
    """Return each deadline as the deadline macro takes it; what a plan has met already is shown as done."""
    known = list(plans)
    return [
        {
            "title": deadline.kind.words,
            "date": deadline.on,
            "rule": deadline.length[:1].upper() + deadline.length[1:],
            "why": f"{deadline.why}.",
            "source": deadline.citation,
            "state": _state(deadline, known, today),
            "start": None,
        }
        for deadline in deadlines
    ]


def _state(deadline: Deadline, plans: list[Plan], today: date) -> str:
    if any(_is_met_by(deadline, plan) for plan in plans):
        return "done"
    if deadline.on < today:
        return "overdue"
    return "due_soon" if deadline.on <= today + SOON else ""


def _is_met_by(deadline: Deadline, plan: Plan) -> bool:
    match deadline.kind:
        case Kind.FIRST_PEP:
            return plan.kind is PlanKind.FIRST and plan.due_on == deadline.on and plan.submission > 0
        case Kind.FIRST_MEETING:
            return plan.kind is PlanKind.FIRST and plan.held_on is not None and plan.rule == Kind.FIRST_PEP
        case Kind.TERMLY_PEP:
            return plan.due_on == deadline.on and plan.submission > 0
        case _:
            return False
