"""Keeps the days of schools, where they are not as the policy takes them to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables_times import school_day
from services.scheduling.domain.cells import minute_of
from services.scheduling.domain.school_hours import SchoolHours


def of_schools(connection: Connection, urns: Iterable[str]) -> dict[str, SchoolHours]:
    """Return the days of schools; one query."""
    query = select(school_day).where(school_day.c.school_urn.in_(sorted(set(urns))))
    return {
        row.school_urn: SchoolHours(
            row.school_urn,
            _time(row.starts),
            _time(row.ends),
            _time(row.lunch_starts),
            _time(row.lunch_ends),
            row.recorded_at,
            row.recorded_by,
        )
        for row in connection.execute(query)
    }


def keep(connection: Connection, hours: SchoolHours) -> None:
    """Keep the day of a school, in the place of what was known."""
    forget(connection, hours.school_urn)
    minutes = {name: minute_of(getattr(hours, name)) for name in ("starts", "ends", "lunch_starts", "lunch_ends")}
    by = {"recorded_at": hours.recorded_at, "recorded_by": hours.recorded_by}
    connection.execute(insert(school_day).values(school_urn=hours.school_urn, **minutes, **by))


def forget(connection: Connection, urn: str) -> bool:
    """Forget the day of a school; return whether it was known."""
    return bool(connection.execute(delete(school_day).where(school_day.c.school_urn == urn)).rowcount)


def _time(minute: int) -> time:
    return time(*divmod(minute, 60))
