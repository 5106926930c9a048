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
    """One row; `plan` is the newest plan, None where there is none or the reader may not read it (`reads_plan`)."""

    child: Child
    school_name: str
    social_worker: str
    plan: Plan | None
    reads_plan: bool


def list_rows(work: Work, chosen: ChildFilter, *, offset: int, limit: int) -> tuple[list[ChildRow], int]:
    """Return one page of the children whom the reader may see, and how many there are; as many queries for any page."""
    found, total = list_children(work, chosen, offset=offset, limit=limit)
    names = school_names(work, [child.school_urn for child in found])
    teams = roster.teams(work.connection, [child.id for child in found], work.today)
    readable = _readable(work, found)
    newest = _newest_plans(work, readable)
    rows = [
        ChildRow(
            child,
            names.get(child.school_urn or "", ""),
            next((one.name for one in teams[child.id] if one.role is Role.SOCIAL_WORKER), ""),
            newest.get(child.id),
            child.id in readable,
        )
        for child in found
    ]
    return rows, total


def _readable(work: Work, children: Iterable[Child]) -> set[str]:
    """Return the ids of the children whose plans the reader may read."""
    ids = {child.id for child in children}
    if may(work, "pep.plan.read"):
        return ids
    permission = PERMISSIONS["pep.plan.read"]
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    return {child_id for child_id in ids if mine.get(child_id, frozenset()) & permission.team}


def _newest_plans(work: Work, ids: set[str]) -> dict[str, Plan]:
    if not ids:
        return {}
    rows, _ = plans_store.list_plans(
        work.connection, work.actor.authorities, child_ids=ids, limit=PLANS_EACH * len(ids)
    )
    # In the order of the due dates, so the newest of each child is the last.
    return {row.plan.child_id: row.plan for row in rows if row.plan.state is not PlanState.SUPERSEDED}
