"""What happened to a meeting, in order: who, when, what. Lines are added and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

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


def load(connection: Connection, meeting_id: str) -> list[Happening]:
    """Return the lines of a meeting, the latest first."""
    rows = connection.execute(
        select(meeting_history).where(meeting_history.c.meeting_id == meeting_id).order_by(meeting_history.c.id.desc())
    ).mappings()
    return [
        Happening(row["at"], row["actor_id"], row["actor_name"], row["acting_as"], row["what"], row["facts"])
        for row in rows
    ]
