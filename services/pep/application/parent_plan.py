"""The approved plan as a parent reads it, signed in or by a personal link; staff see the same before they send one."""

from __future__ import annotations

from dataclasses import dataclass

from services.pep.adapters import children_store, placement_store, plans_store, schools_store
from services.pep.application.plans import load_permitted, parts_of
from services.pep.domain.parent_plan import (
    ReadSection,
    ReadTarget,
    Sieve,
    names_to_keep_back,
    sections_for_parent,
    targets_for_parent,
)
from services.pep.domain.plan import Plan, PlanState
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict
from shared.platform import roster
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class ParentPlan:
    """What a parent reads of a plan."""

    plan: Plan
    short_name: str
    sections: tuple[ReadSection, ...]
    targets: tuple[ReadTarget, ...]


def read_parent_plan(work: Work, plan_id: str) -> ParentPlan:
    """Return an approved plan as a parent reads it; raises `Conflict` before its approval, `NotFound` and `Denied`."""
    plan = load_permitted(work, plan_id, "pep.parent_plan.read")
    if plan.state is not PlanState.APPROVED:
        raise Conflict("plan_not_approved", "A parent reads the plan once it is approved.")
    parts = parts_of(work, plan)
    sieve = _sieve(work, plan)
    watch = placement_store.watch_over(work.connection, plan.child_id)
    sections = [
        ReadSection(one.title, tuple(row for row in one.rows if not watch.finds(row[1])))
        for one in sections_for_parent(parts.form, parts.answers, sieve)
    ]
    targets = targets_for_parent(parts.targets, sieve)
    return ParentPlan(
        plan=plan,
        short_name=plans_store.child_names(work.connection, [plan.child_id])[plan.child_id][1],
        sections=tuple(one for one in sections if one.rows),
        targets=tuple(one for one in targets if not watch.finds(f"{one.what}\n{one.measure}")),
    )


def _sieve(work: Work, plan: Plan) -> Sieve:
    team = roster.whole_team(work.connection, plan.child_id)
    carers = [member.name for member in team if member.role is Role.CARER]
    urn = children_store.load(work.connection, plan.child_id).school_urn
    school = schools_store.find_many(work.connection, {urn}).get(urn) if urn else None
    return Sieve(names_to_keep_back(carers, [school.name] if school else []))
