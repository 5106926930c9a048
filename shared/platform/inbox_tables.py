"""What a service remembers of the facts it hears.

`inbox_position` holds, for each subject of each publishing service, the number of the last fact that was dealt with.
One row tells a duplicate of any age from news, so no list of ids is kept. `inbox_event` holds the few facts that cannot
be applied now: early ones that wait for an earlier one, ones being tried again, and ones that wait for a person.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

from shared.platform.db import UtcDateTime, new_metadata

SOURCE_LENGTH = 40
SUBJECT_LENGTH = 80
TYPE_LENGTH = 120
THE_END = 2**31 - 1
"""A position behind every number: nothing about that subject is heard any more (`shared.platform.erasure`)."""


class Held(StrEnum):
    """Why a fact is held: `waiting` (for its turn or its next try), `parked` or `unreadable` (for a person)."""

    WAITING = "waiting"
    PARKED = "parked"
    UNREADABLE = "unreadable"
    DISCARDED = "discarded"


def _define(metadata: MetaData) -> tuple[Table, Table]:
    position = Table(
        "inbox_position",
        metadata,
        Column("source", String(SOURCE_LENGTH), primary_key=True),
        Column("subject", String(SUBJECT_LENGTH), primary_key=True),
        Column("version", Integer, nullable=False),
    )
    event = Table(
        "inbox_event",
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        # Empty for bytes that could not be read.
        Column("source", String(SOURCE_LENGTH)),
        Column("subject", String(SUBJECT_LENGTH)),
        Column("version", Integer),
        Column("type", String(TYPE_LENGTH), nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("state", String(12), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_attempt_at", UtcDateTime),
        Column("reason", Text, nullable=False),
        Column("received_at", UtcDateTime, nullable=False),
        UniqueConstraint("source", "subject", "version"),
        sqlite_autoincrement=True,
    )
    Index(None, event.c.state, event.c.next_attempt_at)
    return position, event


def add_tables(metadata: MetaData) -> None:
    """Add `inbox_position` and `inbox_event` to a service's tables."""
    _define(metadata)


# The same two tables in every service: statements built on this pair run on any of the databases.
POSITION, EVENT = _define(new_metadata())
