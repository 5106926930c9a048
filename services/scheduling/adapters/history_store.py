"""What happened to a meeting, in order: who, when, what. Lines are added and never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from services.scheduling.adapters.tables import meeting_history


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a meeting's history; `what` is a code and `facts` what its wording needs."""

    at: datetime
    actor_id: str
    actor_name: str
    acting_as: str
    what: str
    facts: Mapping[str, Any]


def add(connection: Connection, meeting_id: str, happening: Happening) -> None:
    """Add a line."""
    connection.execute(
        insert(meeting_history).values(
            meeting_id=meeting_id,
            at=happening.at,
            actor_id=happening.actor_id,
            actor_name=happening.actor_name,
            acting_as=happening.acting_as,
            what=happening.what,
            facts=dict(happening.facts),
        )
    )


def last_lines(connection: Connection, meeting_ids: Sequence[str], kinds: Collection[str]) -> dict[str, int]:
    """Return for each meeting the number of its last line of some kinds; the numbers are in the order of events."""
    found: dict[str, int] = {}
    for at in range(0, len(meeting_ids), 500):
        query = (
            select(meeting_history.c.meeting_id, func.max(meeting_history.c.id))
            .where(meeting_history.c.meeting_id.in_(meeting_ids[at : at + 500]), meeting_history.c.what.in_(kinds))
            .group_by(meeting_history.c.meeting_id)
        )
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def last_changes(connection: Connection, meeting_ids: Sequence[str], kinds: Collection[str]) -> dict[str, datetime]:
    """Return for each meeting when its last line of some kinds was added."""
    found: dict[str, datetime] = {}
    for at in range(0, len(meeting_ids), 500):
        query = (
            select(meeting_history.c.meeting_id, func.max(meeting_history.c.at))
            .where(meeting_history.c.meeting_id.in_(meeting_ids[at : at + 500]), meeting_history.c.what.in_(kinds))
            .group_by(meeting_history.c.meeting_id)
        )
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def last_times(
    connection: Connection, meeting_ids: Sequence[str], kinds: Collection[str]
) -> dict[str, tuple[int, datetime]]:
    """Return for each meeting the number of its last line of some kinds, and when that was."""
    last = list(last_lines(connection, meeting_ids, kinds).values())
    found: dict[str, tuple[int, datetime]] = {}
    for at in range(0, len(last), 500):
        query = select(meeting_history.c.meeting_id, meeting_history.c.id, meeting_history.c.at)
        for row in connection.execute(query.where(meeting_history.c.id.in_(last[at : at + 500]))):
            found[row[0]] = (row[1], row[2])
    return found


def load(connection: Connection, meeting_id: str) -> list[Happening]:
    """Return the lines of a meeting, the latest first."""
    rows = connection.execute(
        select(meeting_history).where(meeting_history.c.meeting_id == meeting_id).order_by(meeting_history.c.id.desc())
    ).mappings()
    return [
        Happening(row["at"], row["actor_id"], row["actor_name"], row["acting_as"], row["what"], row["facts"])
        for row in rows
    ]
