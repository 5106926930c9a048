"""Forms that came after their person was signed out, kept until that person signs in again and decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, select

from shared.kernel.ids import new_id
from shared.platform.db import Json, UtcDateTime, new_metadata

KEPT_FOR = timedelta(hours=12)
LONGEST = 200_000
LONGEST_PATH = 500
MOST = 5

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What was typed, as the names and values of a form, and the path it was to be sent to."""

    id: str
    path: str
    fields: Pairs


def _define(metadata: MetaData) -> Table:
    return Table(
        "kept_form",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("person_id", String(36), nullable=False),
        Column("path", String(LONGEST_PATH), nullable=False),
        Column("fields", Json, nullable=False),
        Column("kept_at", UtcDateTime, nullable=False),
    )


def add_tables(metadata: MetaData) -> None:
    """Add `kept_form` to a service's tables."""
    _define(metadata)


KEPT = _define(new_metadata())


def keep(connection: Connection, person_id: str, path: str, fields: Pairs, now: datetime) -> str:
    """Keep a form, the last five of each person; return its id, empty where the form holds nothing or too much."""
    connection.execute(delete(KEPT).where(KEPT.c.kept_at < now - KEPT_FOR))
    length = len(path) + sum(len(name) + len(value) for name, value in fields)
    if not any(value.strip() for _, value in fields) or length > LONGEST or len(path) > LONGEST_PATH:
        return ""
    kept_id = new_id()
    values = {"path": path, "fields": [list(pair) for pair in fields], "kept_at": now}
    connection.execute(insert(KEPT).values(id=kept_id, person_id=person_id, **values))
    newest = select(KEPT.c.id).where(KEPT.c.person_id == person_id).order_by(KEPT.c.kept_at.desc(), KEPT.c.id)
    too_many = connection.execute(newest.offset(MOST)).scalars().all()
    connection.execute(delete(KEPT).where(KEPT.c.id.in_(too_many)))
    return kept_id


def find(connection: Connection, kept_id: str, person_id: str, now: datetime) -> KeptForm | None:
    """Return a form kept for a person."""
    query = select(KEPT.c.path, KEPT.c.fields).where(
        KEPT.c.id == kept_id, KEPT.c.person_id == person_id, KEPT.c.kept_at >= now - KEPT_FOR
    )
    row = connection.execute(query).first()
    return KeptForm(kept_id, row.path, [(name, value) for name, value in row.fields]) if row else None


def forget(connection: Connection, kept_id: str, person_id: str) -> None:
    """Delete a form that was sent or thrown away."""
    connection.execute(delete(KEPT).where(KEPT.c.id == kept_id, KEPT.c.person_id == person_id))
