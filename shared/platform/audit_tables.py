"""What a service keeps of who looked at, changed or was refused what: ids only, never what a record says.

An entry is written once. Afterwards a job gives it its `number` in the authority's chain, the seal of the entry before
it (`previous`) and its own `seal`; nothing in it is changed again. `audit_head` says how far each chain reaches.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from shared.platform.db import UtcDateTime, new_metadata

SEAL_LENGTH = 64


def _define(metadata: MetaData) -> tuple[Table, Table]:
    entry = Table(
        "audit_entry",
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("authority", String(40), nullable=False),
        Column("at", UtcDateTime, nullable=False),
        Column("person_id", String(36), nullable=False),
        Column("acting_as", String(40), nullable=False),
        Column("organisation", String(200), nullable=False),
        Column("kind", String(12), nullable=False),
        Column("action", String(80), nullable=False),
        Column("child_id", String(36), nullable=False),
        Column("way", String(8), nullable=False),
        Column("why", Text, nullable=False),
        Column("correlation_id", String(64), nullable=False),
        Column("number", BigInteger),
        Column("previous", String(SEAL_LENGTH)),
        Column("seal", String(SEAL_LENGTH)),
        UniqueConstraint("authority", "number"),
        sqlite_autoincrement=True,
    )
    Index(None, entry.c.child_id)
    not_sealed = entry.c.number.is_(None)
    Index("ix_audit_entry_not_sealed", entry.c.authority, entry.c.id,
          postgresql_where=not_sealed, sqlite_where=not_sealed)  # fmt: skip
    head = Table(
        "audit_head",
        metadata,
        Column("authority", String(40), primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("seal", String(SEAL_LENGTH), nullable=False),
    )
    return entry, head


def add_tables(metadata: MetaData) -> None:
    """Add `audit_entry` and `audit_head` to a service's tables."""
    _define(metadata)


# The same two tables in every service: statements built on this pair run on any of the databases.
ENTRY, HEAD = _define(new_metadata())
