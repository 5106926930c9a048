"""The reviewing officer's caseload: each child with the next review, the plan, what is late and what is disputed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.pep.adapters import children_store, disagreements_store, plans_store, reviews_store
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.disagreements import days_left
from services.pep.application.reviews import newest_plan
from services.pep.application.visits import visits_due
from services.pep.domain import reviews as steps
from services.pep.domain.children import Child
from services.pep.domain.disagreements import Disagreement
from services.pep.domain.plan import Plan
from services.pep.domain.review_record import late
from services.pep.domain.reviews import Review, ReviewState
from services.pep.domain.visits import VisitDue
from shared.contracts.permissions import PERMISSIONS
from shared.platform import roster
from shared.platform.access import may, note_children, permit
from shared.platform.roster import Membership
from shared.platform.work import Work

SOON = timedelta(days=28)


class Show(StrEnum):
    """What the table is narrowed to."""

    OVERDUE = "overdue"
    SOON = "soon"
    TO_ARRANGE = "to_arrange"
    TO_RECORD = "to_record"
    PLAN_NOT_READY = "plan_not_ready"
    ACTIONS_LATE = "actions_late"
    DISAGREEMENT = "disagreement"
    VISIT_LATE = "visit_late"

    @property
    def words(self) -> str:
        """Return the filter as the page names it."""
        return {
            "overdue": "Review overdue",
            "soon": "Review within four weeks",
            "to_arrange": "Review to be arranged",
            "to_record": "Record to be written",
            "plan_not_ready": "Plan not ready for the review",
            "actions_late": "Actions late",
            "disagreement": "Disagreement open",
            "visit_late": "Visit late",
        }[self]


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One child. `review_by` is the last day for the next review, None where none is due by law."""

    child: Child
    officer: str
    review_by: date | None
    review: Review | None
    to_record: Review | None
    plan: Plan | None
    plan_ready: bool | None
    actions_open: int
    actions_late: int
    disagreement: Disagreement | None
    days_left: int
    visit: VisitDue | None

    def is_overdue(self, today: date) -> bool:
        """Tell whether the last day for the review has passed."""
        return self.review_by is not None and self.review_by < today

    def is_shown(self, show: Show, today: date) -> bool:
        """Tell whether the row is among those asked for."""
        by = self.review_by
        return {
            Show.OVERDUE: self.is_overdue(today),
            Show.SOON: by is not None and today <= by <= today + SOON,
            Show.TO_ARRANGE: self.review is not None and self.review.state is ReviewState.DUE,
            Show.TO_RECORD: self.to_record is not None,
            Show.PLAN_NOT_READY: self.review is not None and self.plan_ready is False,
            Show.ACTIONS_LATE: self.actions_late > 0,
            Show.DISAGREEMENT: self.disagreement is not None,
            Show.VISIT_LATE: self.visit is not None and self.visit.on < today,
        }[show]


def caseload_rows(work: Work, *, search: str = "", show: Show | None = None) -> list[CaseloadRow]:
    """Return the children in care whose reviews one may read, the most pressing first; ten queries at most."""
    permit(work, "pep.reviews.list")
    children = _children(work)
    ids = list(children)
    reviews = reviews_store.of_children(work.connection, ids)
    plans = plans_store.plans_of_children(work.connection, ids)
    actions = reviews_store.actions_of(work.connection, ids)
    disputes = disagreements_store.of_children(work.connection, ids)
    visits = visits_due(work, list(children.values()))
    teams = roster.teams(work.connection, ids, work.today)
    rows = [
        _row(
            work,
            child,
            reviews[child.id],
            newest_plan(plans.get(child.id, [])),
            late(actions[child.id], work.today),
            sum(action.state.value == "open" for action in actions[child.id]),
            next((one for one in disputes[child.id] if one.is_open), None),
            visits.get(child.id),
            teams[child.id],
        )
        for child in children.values()
        if search.lower() in f"{child.shown_name} {child.reference}".lower()
    ]
    wanted = [row for row in rows if show is None or row.is_shown(show, work.today)]
    return sorted(wanted, key=lambda row: (row.review_by is None, row.review_by or date.max, row.child.shown_name))


def export_rows(work: Work, *, search: str = "", show: Show | None = None) -> list[CaseloadRow]:
    """Return the same to be taken away; whose records it reaches is noted."""
    permit(work, "pep.reviews.export")
    rows = caseload_rows(work, search=search, show=show)
    note_children(work, "pep.reviews.export", [row.child.id for row in rows])
    return rows


def _children(work: Work) -> dict[str, Child]:
    if may(work, "pep.review.read"):
        ids: Iterable[str] = children_store.ids_in_care(work.connection, work.actor.authority)
    else:
        mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
        ids = [child_id for child_id, roles in mine.items() if roles & PERMISSIONS["pep.review.read"].team]
    found = children_store.load_many(work.connection, ids)
    return {child.id: child for child in found.values() if child.in_care and not child.on_short_breaks}


def _row(
    work: Work,
    child: Child,
    reviews: list[Review],
    plan: Plan | None,
    actions_late: int,
    actions_open: int,
    dispute: Disagreement | None,
    visit: VisitDue | None,
    team: list[Membership],
) -> CaseloadRow:
    review = next((one for one in reviews if one.state.is_open), None)
    deadline = steps.next_review(child, load_calendar(child.authority))
    makes_plans = load_policy(child.authority).plans_for(child.year_group)
    return CaseloadRow(
        child=child,
        officer=", ".join(member.name for member in team if member.role.value == "iro"),
        review_by=review.meet_by if review else deadline.on if deadline else None,
        review=review,
        to_record=next((one for one in reviews if one.waits_for_record), None),
        plan=plan,
        plan_ready=steps.plan_is_ready(plan) if makes_plans else None,
        actions_open=actions_open,
        actions_late=actions_late,
        disagreement=dispute,
        days_left=days_left(dispute, work.today, child.authority) if dispute else 0,
        visit=visit,
    )
