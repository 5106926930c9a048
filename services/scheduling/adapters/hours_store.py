"""Keeps at which hours of the week people can come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables_times import working_hours
from services.scheduling.domain.working_hours import Stretch, WorkingHours


def of_people(connection: Connection, person_ids: Iterable[str]) -> dict[str, tuple[WorkingHours, ...]]:
    """Return the hours of people, the oldest first; one query."""
    found: dict[str, list[WorkingHours]] = {}
    query = (
        select(working_hours)
        .where(working_hours.c.person_id.in_(sorted(set(person_ids))))
        .order_by(working_hours.c.person_id, working_hours.c.from_date)
    )
    for row in connection.execute(query):
        stretches = tuple(Stretch(*one) for one in row.hours)
        one = WorkingHours(row.person_id, row.from_date, stretches, row.recorded_at, row.recorded_by)
        found.setdefault(row.person_id, []).append(one)
    return {person_id: tuple(patterns) for person_id, patterns in found.items()}


def keep(connection: Connection, hours: WorkingHours) -> None:
    """Keep a person's hours from a day on, in the place of those from the same day."""
    forget(connection, hours.person_id, hours.from_date)
    connection.execute(
        insert(working_hours).values(
            person_id=hours.person_id,
            from_date=hours.from_date,
            hours=[[one.weekday, one.starts, one.ends] for one in hours.stretches],
            recorded_at=hours.recorded_at,
            recorded_by=hours.recorded_by,
        )
    )


def forget(connection: Connection, person_id: str, from_date: date) -> bool:
    """Forget a person's hours from a day on; return whether there were any."""
    these = (working_hours.c.person_id == person_id, working_hours.c.from_date == from_date)
    return bool(connection.execute(delete(working_hours).where(*these)).rowcount)
