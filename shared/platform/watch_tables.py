"""What a service keeps so that its operation can be watched and accounted for.

`sign_of_life` holds when each part of a worker last did its round: the consumer's row says that the broker answered.
`event_mending` is the history of what people did about facts that got stuck; nothing in it is ever changed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

from shared.platform.db import UtcDateTime, new_metadata


def _define(metadata: MetaData) -> tuple[Table, Table]:
    sign = Table(
        "sign_of_life",
        metadata,
        Column("part", String(20), primary_key=True),
        Column("at", UtcDateTime, nullable=False),
    )
    mending = Table(
        "event_mending",
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("at", UtcDateTime, nullable=False),
        Column("by", String(200), nullable=False),
        Column("done", String(20), nullable=False),
        Column("event_id", BigInteger, nullable=False),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("version", Integer),
        Column("why", Text, nullable=False),
        sqlite_autoincrement=True,
    )
    return sign, mending


def add_tables(metadata: MetaData) -> None:
    """Add `sign_of_life` and `event_mending` to a service's tables."""
    _define(metadata)


# The same two tables in every service: statements built on this pair run on any of the databases.
SIGN_OF_LIFE, MENDING = _define(new_metadata())
