"""Lists of plans with the child they are for; a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, func, select

from services.virtual_school.adapters.plans_store import read_plan
from services.virtual_school.adapters.tables import CHILD, PLAN, SCHOOL
from services.virtual_school.domain.plans import Plan, PlanState

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class ListedPlan:
    """A plan in a list, with the child's name and school."""

    plan: Plan
    child_name: str
    school: str


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A page of plans, of `total`."""

    plans: tuple[ListedPlan, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))


def plans_in(connection: Connection, condition: ColumnElement[bool], state: PlanState | None, page: int) -> PlanPage:
    """Return plans in a state (None: any) of the children in a condition, oldest submission first; two queries."""
    query = _listing(condition)
    if state is not None:
        query = query.where(PLAN.c.state == state.value)
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    page = max(1, min(page, -(-total // PAGE_SIZE)))
    ordered = query.order_by(PLAN.c.submitted_on, PLAN.c.due_on, CHILD.c.name_folded, PLAN.c.id)
    rows = connection.execute(ordered.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    return PlanPage(tuple(ListedPlan(read_plan(row), row.child_name, row.school) for row in rows), total, page)


def _listing(condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return (
        select(
            PLAN,
            CHILD.c.name.label("child_name"),
            func.coalesce(SCHOOL.c.name, CHILD.c.school_urn, "").label("school"),
        )
        .join(CHILD, CHILD.c.id == PLAN.c.child_id)
        .outerjoin(SCHOOL, SCHOOL.c.urn == CHILD.c.school_urn)
        .where(condition, CHILD.c.left_care_on.is_(None))
    )
