"""The table of what was said of each emergency opening, beside the openings that every service keeps."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import UtcDateTime

account = Table(
    "emergency_account",
    metadata,
    Column("opening_id", String(36), ForeignKey(metadata.tables["emergency_opening"].c.id), primary_key=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("opened_by", String(36), nullable=False),
    Column("person_name", String(200), nullable=False),
    Column("happened", Text, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("remarks", Text, nullable=False),
    Column("reviewed_by", String(36), nullable=False),
    Column("reviewed_by_name", String(200), nullable=False),
    Column("reviewed_at", UtcDateTime),
    CheckConstraint("outcome IN ('', 'right', 'right_with_lesson', 'not_needed', 'breach')", name="outcome_known"),
    CheckConstraint("(outcome = '') = (reviewed_at IS NULL)", name="reviewed_whole"),
    CheckConstraint("reviewed_by <> opened_by", name="two_people"),
)
Index(None, account.c.child_id)
Index(None, account.c.outcome)
