"""The table of calendar feeds: addresses that a calendar program asks every so often."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, String, Table

from services.scheduling.adapters.tables import metadata
from shared.platform.db import Json, UtcDateTime

# A feed's address holds a secret of which only the hash is kept. `records` are the ids under which authorities have
# recorded the person: several for a designated teacher whom several have.
feed = Table(
    "feed",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("person_id", String(36), nullable=False),
    Column("records", Json, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('mine', 'school', 'busy')", name="kind_known"),
)
Index(None, feed.c.person_id)
