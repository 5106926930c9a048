"""What applies to a child while their plan is open: followed from the record, or said by those who write the plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from services.pep.adapters import plans_store
from services.pep.application.history import record
from services.pep.domain.children import Child
from services.pep.domain.circumstances import SAID, Circumstance, from_record, with_record, with_said
from services.pep.domain.plan import Plan, PlanKind
from shared.kernel.errors import InvalidInput, Stale
from shared.platform.access import permit
from shared.platform.work import Work

SAY = "pep.plan.say_circumstances"


def record_of(child: Child, kind: PlanKind) -> frozenset[Circumstance]:
    """Return what the record of a child says of a plan of this kind."""
    return from_record(
        first_plan=kind is PlanKind.FIRST, has_school=child.school_urn is not None, year_group=child.year_group
    )


def follow_record(work: Work, children: Collection[Child]) -> None:
    """Let the open plans of children have what their records say now; the sections of a plan follow."""
    by_id = {child.id: child for child in children}
    changed = {}
    for plan in plans_store.open_plans_of_children(work.connection, by_id):
        now = with_record(plan.circumstances, record_of(by_id[plan.child_id], plan.kind))
        if now != plan.circumstances:
            changed[plan.id] = now
    plans_store.set_circumstances(work.connection, changed)


def say_circumstances(work: Work, plan_id: str, said: Collection[str], seen_version: int) -> Plan:
    """Say which circumstances apply that no record tells; raises `InvalidInput`, `Stale`, `NotFound`, `Denied`."""
    plan = plans_store.load_plan(work.connection, plan_id)
    permit(work, SAY, plan.child_id, plan_id=plan.id)
    if set(said) - SAID:
        raise InvalidInput({"circumstances": ["Choose from the list."]})
    now = with_said(plan.circumstances, said)
    if now == plan.circumstances:
        return plan
    if not plan.is_open:
        raise InvalidInput(
            {"circumstances": ["The plan is with the Virtual School or approved; this stays as it was."]}
        )
    if plan.version != seen_version:
        raise Stale(
            "plan_changed", "The plan changed since you opened the page. Look at it again, then say what applies."
        )
    saved = plans_store.save_plan(work.connection, replace(plan, circumstances=now))
    words = ", ".join(Circumstance(one).words for one in now if one in SAID) or "nothing special"
    record(work, plan.child_id, plan.id, "circumstances_said", circumstances=words)
    return saved
