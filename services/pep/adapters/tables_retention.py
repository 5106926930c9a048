"""Tables of what stops a record from being erased, and of who asked for it to be erased."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import UtcDateTime

hold = Table(
    "legal_hold",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("child_id", String(36), ForeignKey(child.c.id)),
    Column("reason", Text, nullable=False),
    Column("placed_by", String(36), nullable=False),
    Column("placed_by_name", String(200), nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("lifted_by", String(36), nullable=False),
    Column("lifted_by_name", String(200), nullable=False),
    Column("lifted_at", UtcDateTime),
    Column("lifted_why", Text, nullable=False),
)
Index(None, hold.c.child_id)

request = Table(
    "erasure_request",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("asked_by", String(36), nullable=False),
    Column("asked_by_name", String(200), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("state", String(12), nullable=False),
    Column("second", String(36), nullable=False),
    Column("second_name", String(200), nullable=False),
    Column("settled_at", UtcDateTime),
    CheckConstraint("state IN ('waiting', 'refused', 'withdrawn')", name="state_known"),
)
Index(None, request.c.child_id)
