"""Loads and saves suspensions and permanent exclusions. One recorded by mistake is withdrawn, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from services.virtual_school.adapters.tables import SUSPENSION
from services.virtual_school.domain.suspensions import Suspension
from shared.kernel.errors import Stale


def load(connection: Connection, suspension_id: str) -> Suspension | None:
    """Return a suspension that was not withdrawn, or None."""
    query = select(SUSPENSION).where(SUSPENSION.c.id == suspension_id, SUSPENSION.c.withdrawn_at.is_(None))
    row = connection.execute(query).first()
    return _suspension(row) if row else None


def of_children(connection: Connection, child_ids: Sequence[str]) -> dict[str, list[Suspension]]:
    """Return the suspensions of children, newest first; one query."""
    found: dict[str, list[Suspension]] = {child_id: [] for child_id in child_ids}
    query = (
        select(SUSPENSION)
        .where(SUSPENSION.c.child_id.in_(child_ids), SUSPENSION.c.withdrawn_at.is_(None))
        .order_by(SUSPENSION.c.starts_on.desc(), SUSPENSION.c.id)
    )
    for row in connection.execute(query):
        found[row.child_id].append(_suspension(row))
    return found


def begin_days(connection: Connection, child_ids: Sequence[str]) -> set[tuple[str, date]]:
    """Return (child, first day) of every suspension of children: what a file must not record twice."""
    query = select(SUSPENSION.c.child_id, SUSPENSION.c.starts_on).where(
        SUSPENSION.c.child_id.in_(child_ids), SUSPENSION.c.withdrawn_at.is_(None)
    )
    return {(child_id, starts_on) for child_id, starts_on in connection.execute(query)}


def add(connection: Connection, suspensions: Sequence[Suspension]) -> None:
    """Add suspensions."""
    if suspensions:
        connection.execute(
            insert(SUSPENSION),
            [
                {
                    "id": each.id,
                    "child_id": each.child_id,
                    "starts_on": each.starts_on,
                    "ends_on": each.ends_on,
                    "sessions": each.sessions,
                    "permanent": each.permanent,
                    "reasons": list(each.reasons),
                    "recorded_at": each.recorded_at,
                    "recorded_by": each.recorded_by,
                    "version": each.version,
                }
                for each in suspensions
            ],
        )


def withdraw(connection: Connection, suspension: Suspension, at: datetime) -> None:
    """Withdraw a suspension that was recorded by mistake; raises `Stale` when it changed meanwhile."""
    statement = (
        update(SUSPENSION)
        .where(
            SUSPENSION.c.id == suspension.id,
            SUSPENSION.c.version == suspension.version,
            SUSPENSION.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at, version=suspension.version + 1)
    )
    if not connection.execute(statement).rowcount:
        raise Stale("suspension_changed", "This record changed since you opened the page. Look at it again.")


def _suspension(row: Row[Any]) -> Suspension:
    return Suspension(
        id=row.id,
        child_id=row.child_id,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        sessions=row.sessions,
        permanent=row.permanent,
        reasons=tuple(row.reasons),
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        version=row.version,
    )
