"""Targets and the child's views, to and from the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from services.pep.adapters.plans_store import insert_first
from services.pep.adapters.tables_plan import child_views as views_table
from services.pep.adapters.tables_plan import target as target_table
from services.pep.domain.targets import Category, Outcome, Target
from services.pep.domain.views import ChildViews
from shared.kernel.errors import NotFound


def targets_of(connection: Connection, plan_ids: Collection[str]) -> dict[str, tuple[Target, ...]]:
    """Return the targets of some plans, in their order; one query."""
    found: dict[str, list[Target]] = {plan_id: [] for plan_id in plan_ids}
    query = (
        select(target_table)
        .where(target_table.c.plan_id.in_(plan_ids), target_table.c.removed.is_(False))
        .order_by(target_table.c.position, target_table.c.id)
    )
    for row in connection.execute(query).mappings():
        found[row["plan_id"]].append(_target(row))
    return {plan_id: tuple(targets) for plan_id, targets in found.items()}


def load_target(connection: Connection, target_id: str) -> Target:
    """Return a target that was not taken out; raises `NotFound`."""
    query = select(target_table).where(target_table.c.id == target_id, target_table.c.removed.is_(False))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("target_not_found", "There is no such target, or it was taken out of the plan.")
    return _target(row)


def add_target(connection: Connection, target: Target) -> Target:
    """Store a new target after the others of its plan and return it as stored."""
    last = connection.execute(
        select(func.max(target_table.c.position)).where(target_table.c.plan_id == target.plan_id)
    ).scalar()
    placed = replace(target, position=(last or 0) + 1)
    connection.execute(insert(target_table).values(asdict(placed) | {"removed": False}))
    return placed


def save_target(connection: Connection, target: Target, *, removed: bool = False) -> Target | None:
    """Store a changed target and return it with its new version; None when somebody else changed it first."""
    values = asdict(target) | {"version": target.version + 1, "removed": removed}
    changed = connection.execute(
        update(target_table)
        .where(
            target_table.c.id == target.id,
            target_table.c.version == target.version,
            target_table.c.removed.is_(False),
        )
        .values(values)
    ).rowcount
    return replace(target, version=target.version + 1) if changed else None


def views_of(connection: Connection, plan_ids: Collection[str]) -> dict[str, ChildViews]:
    """Return the child's views of some plans, where there are any; one query."""
    query = select(views_table).where(views_table.c.plan_id.in_(plan_ids))
    return {row["plan_id"]: ChildViews(**row) for row in connection.execute(query).mappings()}


def save_views(connection: Connection, views: ChildViews) -> bool:
    """Store views whose `version` is the new one; False when somebody else saved that version first."""
    values = asdict(views)
    if views.version == 1:
        return insert_first(connection, views_table, values)
    return bool(
        connection.execute(
            update(views_table)
            .where(views_table.c.plan_id == views.plan_id, views_table.c.version == views.version - 1)
            .values(values)
        ).rowcount
    )


def _target(row: Mapping[Any, Any]) -> Target:
    values = {name: value for name, value in row.items() if name != "removed"}
    values["category"] = Category(values["category"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    return Target(**values)
