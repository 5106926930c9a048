"""Whom children do not want at their meetings, and why somebody was invited nevertheless."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables_together import invited_nevertheless, unwanted_person
from services.scheduling.domain.unwanted import Unwanted


def of_children(connection: Connection, child_ids: Collection[str]) -> dict[str, list[Unwanted]]:
    """Return by child whom they do not want there, the oldest wish first."""
    found: dict[str, list[Unwanted]] = {child_id: [] for child_id in child_ids}
    asked = list(found)
    for at in range(0, len(asked), 500):
        this = unwanted_person.c.child_id.in_(asked[at : at + 500])
        query = select(unwanted_person).where(this).order_by(unwanted_person.c.said_at, unwanted_person.c.id)
        for row in connection.execute(query).mappings():
            found[row["child_id"]].append(Unwanted(**row))
    return found


def add(connection: Connection, wish: Unwanted) -> None:
    """Store a wish."""
    connection.execute(insert(unwanted_person).values(**{name: getattr(wish, name) for name in Unwanted.__slots__}))


def take_back(connection: Connection, wish_id: str) -> None:
    """Take a wish back."""
    connection.execute(delete(unwanted_person).where(unwanted_person.c.id == wish_id))


def add_reason(connection: Connection, meeting_id: str, person_id: str, why: str, by: str, at: datetime) -> None:
    """Store why somebody was invited nevertheless; the last reason counts."""
    known = (invited_nevertheless.c.meeting_id == meeting_id, invited_nevertheless.c.person_id == person_id)
    connection.execute(delete(invited_nevertheless).where(*known))
    connection.execute(
        insert(invited_nevertheless).values(meeting_id=meeting_id, person_id=person_id, why=why, decided_by=by, at=at)
    )


def reasons_of(connection: Connection, meeting_id: str) -> dict[str, tuple[str, str, datetime]]:
    """Return by person why they were invited nevertheless, who decided it and when."""
    query = select(invited_nevertheless).where(invited_nevertheless.c.meeting_id == meeting_id)
    rows = connection.execute(query).mappings()
    return {row["person_id"]: (row["why"], row["decided_by"], row["at"]) for row in rows}
