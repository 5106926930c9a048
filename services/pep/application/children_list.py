"""The list of children with what a person looks for in it: the plan's state, the school, the social worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.pep.adapters import plans_store
from services.pep.adapters.children_store import ChildFilter
from services.pep.application.children import list_children
from services.pep.application.schools import school_names
from services.pep.domain.children import Child
from services.pep.domain.plan import Plan, PlanState
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.access import may
from shared.platform.work import Work

PLANS_EACH = 40
"""More plans than a child can have in thirteen years of school."""


@dataclass(frozen=True, slots=True)
class ChildRow:
    """One row; `plan` is the newest plan, None where there is none or the reader may not see it."""

    child: Child
    school_name: str
    social_worker: str
    plan: Plan | None


def list_rows(work: Work, chosen: ChildFilter, *, offset: int, limit: int) -> tuple[list[ChildRow], int]:
    """Return one page of the children whom the reader may see, and how many there are; as many queries for any page."""
    found, total = list_children(work, chosen, offset=offset, limit=limit)
    names = school_names(work, [child.school_urn for child in found])
    teams = roster.teams(work.connection, [child.id for child in found], work.today)
    newest = _newest_plans(work, found)
    rows = [
        ChildRow(
            child,
            names.get(child.school_urn or "", ""),
            next((one.name for one in teams[child.id] if one.role is Role.SOCIAL_WORKER), ""),
            newest.get(child.id),
        )
        for child in found
    ]
    return rows, total


def _newest_plans(work: Work, children: Iterable[Child]) -> dict[str, Plan]:
    permission = PERMISSIONS["pep.plan.read"]
    ids = {child.id for child in children}
    if not may(work, "pep.plan.read"):
        mine = roster.children_of(work.connection, work.actor.person_id, work.today)
        ids = {child_id for child_id in ids if mine.get(child_id, frozenset()) & permission.team}
    if not ids:
        return {}
    rows, _ = plans_store.list_plans(work.connection, child_ids=ids, limit=PLANS_EACH * len(ids))
    # In the order of the due dates, so the newest of each child is the last.
    return {row.plan.child_id: row.plan for row in rows if row.plan.state is not PlanState.SUPERSEDED}
