"""Targets and the child's views, to and from the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from services.pep.adapters import placement_store
from services.pep.adapters.plans_store import insert_first, plan_of
from services.pep.adapters.tables_plan import child_views as views_table
from services.pep.adapters.tables_plan import plan as plan_table
from services.pep.adapters.tables_plan import target as target_table
from services.pep.domain.placement import Watch
from services.pep.domain.plan import Plan
from services.pep.domain.targets import Category, Outcome, Target
from services.pep.domain.views import ChildViews
from shared.kernel.errors import NoSuchRecord
from shared.platform import roster
from shared.platform.db import row_of
from shared.platform.roster import Membership
from shared.platform.round_trips import Saying, say


@dataclass(frozen=True, slots=True)
class TargetInPlan:
    """A target with its plan and everyone who is, was or will be on the child's team, as they were read.

    `watch` finds in a text where the child lives.
    """

    plan: Plan
    target: Target
    team: tuple[Membership, ...]
    watch: Watch


_IN_PLAN = Saying(
    select(
        *(column.label(f"its_plan_{column.name}") for column in plan_table.c),
        *target_table.c,
        roster.nested_team(plan_table.c.child_id).label("team"),
        placement_store.nested_traces(plan_table.c.child_id).label("traces"),
    )
    .join(plan_table, plan_table.c.id == target_table.c.plan_id)
    .where(target_table.c.id == bindparam("target_id"), target_table.c.removed.is_(False))
)
_SAVE = Saying(
    update(target_table)
    .where(
        target_table.c.id == bindparam("target_id"),
        target_table.c.version == bindparam("seen"),
        target_table.c.removed.is_(False),
    )
    .returning(target_table.c.version),
    [column.name for column in target_table.c],
)


def targets_of(connection: Connection, plan_ids: Collection[str]) -> dict[str, tuple[Target, ...]]:
    """Return the targets of some plans, in their order; one query."""
    found: dict[str, list[Target]] = {plan_id: [] for plan_id in plan_ids}
    query = (
        select(target_table)
        .where(target_table.c.plan_id.in_(plan_ids), target_table.c.removed.is_(False))
        .order_by(target_table.c.position, target_table.c.id)
    )
    for row in connection.execute(query).mappings():
        found[row["plan_id"]].append(target_of(row))
    return {plan_id: tuple(targets) for plan_id, targets in found.items()}


def load_target(connection: Connection, target_id: str) -> Target:
    """Return a target that was not taken out; raises `NotFound`."""
    return load_in_plan(connection, target_id).target


def load_in_plan(connection: Connection, target_id: str) -> TargetInPlan:
    """Return a target that was not taken out, with its plan and the team; one query. Raises `NotFound`."""
    (rows,) = say(connection, _IN_PLAN.of(target_id=target_id))
    if not rows:
        raise NoSuchRecord
    row = rows[0]._asdict()
    plan = {column.name: row[f"its_plan_{column.name}"] for column in plan_table.c}
    target = target_of({column.name: row[column.name] for column in target_table.c})
    team, watch = tuple(roster.nested_members(row["team"])), placement_store.watch_from(row["traces"])
    return TargetInPlan(plan_of(plan), target, team, watch)


def add_target(connection: Connection, target: Target) -> Target:
    """Store a new target after the others of its plan and return it as stored."""
    last = connection.execute(
        select(func.max(target_table.c.position)).where(target_table.c.plan_id == target.plan_id)
    ).scalar()
    placed = replace(target, position=(last or 0) + 1)
    connection.execute(insert(target_table), row_of(placed) | {"removed": False})
    return placed


def save_target(connection: Connection, target: Target, *, removed: bool = False) -> Target | None:
    """Store a changed target and return it with its new version; None when somebody else changed it first."""
    saved = replace(target, version=target.version + 1)
    values = row_of(saved) | {"removed": removed, "target_id": target.id, "seen": target.version}
    (changed,) = say(connection, _SAVE.of(**values))
    return saved if changed else None


def views_of(connection: Connection, plan_ids: Collection[str]) -> dict[str, ChildViews]:
    """Return the child's views of some plans, where there are any; one query."""
    query = select(views_table).where(views_table.c.plan_id.in_(plan_ids))
    return {row["plan_id"]: ChildViews(**row) for row in connection.execute(query).mappings()}


def save_views(connection: Connection, views: ChildViews) -> bool:
    """Store views whose `version` is the new one; False when somebody else saved that version first."""
    values = row_of(views)
    if views.version == 1:
        return insert_first(connection, views_table, values)
    return bool(
        connection.execute(
            update(views_table)
            .where(views_table.c.plan_id == views.plan_id, views_table.c.version == views.version - 1)
            .values(values)
        ).rowcount
    )


def target_of(row: Mapping[Any, Any]) -> Target:
    """Return a row of the table as a target."""
    values = {name: value for name, value in row.items() if name != "removed"}
    values["category"] = Category(values["category"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    return Target(**values)
