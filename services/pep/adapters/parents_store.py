"""What was decided about parents, as stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.pep.adapters.tables_parents import decision as table
from services.pep.domain.parents import Decision, Ground, State
from shared.contracts.parents import Matter, ParentStanding


def add(connection: Connection, decision: Decision) -> None:
    """Store a new decision."""
    connection.execute(insert(table).values(asdict(decision)))


def settle(connection: Connection, decisions: Iterable[Decision]) -> None:
    """Store how decisions were settled."""
    for one in decisions:
        values = {name: getattr(one, name) for name in ("state", "second", "second_name", "settled_at")}
        connection.execute(update(table).where(table.c.id == one.id).values(values))


def find(connection: Connection, decision_id: str) -> Decision | None:
    """Return a decision, or None."""
    row = connection.execute(select(table).where(table.c.id == decision_id)).mappings().first()
    return _decision(row) if row else None


def of_children(connection: Connection, child_ids: Iterable[str], *, waiting_only: bool = False) -> list[Decision]:
    """Return what was decided about the parents of children, the oldest first."""
    query = select(table).where(table.c.child_id.in_(set(child_ids))).order_by(table.c.number)
    if waiting_only:
        query = query.where(table.c.state == State.WAITING)
    return [_decision(row) for row in connection.execute(query).mappings()]


def _decision(row: Mapping[Any, Any]) -> Decision:
    named: dict[str, Any] = {
        "matter": Matter(row["matter"]),
        "standing": ParentStanding(row["standing"]),
        "ground": Ground(row["ground"]),
        "state": State(row["state"]),
    }
    kept = {name: value for name, value in row.items() if name != "number"}
    return Decision(**{**kept, **named})
