"""Keeps the schools' term calendars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables import term_calendar, term_date
from services.scheduling.domain.term_calendar import TermDate, TermDateKind


@dataclass(frozen=True, slots=True)
class StoredCalendar:
    """A school's term dates with where they came from, when, and who brought them."""

    school_urn: str
    source: str
    imported_at: datetime
    imported_by: str
    entries: tuple[TermDate, ...]


def store(connection: Connection, calendar: StoredCalendar) -> None:
    """Put a school's calendar in the place of the one that was there."""
    connection.execute(delete(term_date).where(term_date.c.school_urn == calendar.school_urn))
    connection.execute(delete(term_calendar).where(term_calendar.c.school_urn == calendar.school_urn))
    connection.execute(
        insert(term_calendar).values(
            school_urn=calendar.school_urn,
            source=calendar.source,
            imported_at=calendar.imported_at,
            imported_by=calendar.imported_by,
        )
    )
    connection.execute(insert(term_date), _rows(calendar.school_urn, calendar.entries))


def load(connection: Connection, school_urn: str) -> StoredCalendar | None:
    """Return a school's calendar, or None where none was imported."""
    return load_many(connection, [school_urn]).get(school_urn)


def load_many(connection: Connection, urns: Iterable[str]) -> dict[str, StoredCalendar]:
    """Return the calendars of schools that brought one in; two queries, however many there are."""
    wanted = sorted(set(urns))
    heads = connection.execute(select(term_calendar).where(term_calendar.c.school_urn.in_(wanted))).all()
    if not heads:
        return {}
    entries: dict[str, list[TermDate]] = {head.school_urn: [] for head in heads}
    query = select(term_date).where(term_date.c.school_urn.in_(sorted(entries)))
    for row in connection.execute(query.order_by(term_date.c.school_urn, term_date.c.position)):
        entries[row.school_urn].append(TermDate(TermDateKind(row.kind), row.first, row.last, row.summary))
    return {
        head.school_urn: StoredCalendar(
            head.school_urn, head.source, head.imported_at, head.imported_by, tuple(entries[head.school_urn])
        )
        for head in heads
    }


def _rows(school_urn: str, entries: Sequence[TermDate]) -> list[dict[str, object]]:
    return [
        {
            "school_urn": school_urn,
            "position": position,
            "kind": entry.kind.value,
            "first": entry.first,
            "last": entry.last,
            "summary": entry.summary,
        }
        for position, entry in enumerate(entries)
    ]
