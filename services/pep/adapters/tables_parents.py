"""The table of what was decided about parents, in the order of the numbers; nothing is ever taken out of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import UtcDateTime

decision = Table(
    "parent_decision",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("matter", String(20), nullable=False),
    Column("standing", String(20), nullable=False),
    Column("ground", String(20), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("until", Date),
    Column("decided_by", String(36), nullable=False),
    Column("decided_by_name", String(200), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("state", String(12), nullable=False),
    Column("second", String(36), nullable=False),
    Column("second_name", String(200), nullable=False),
    Column("settled_at", UtcDateTime),
    CheckConstraint("state IN ('waiting', 'confirmed', 'refused', 'replaced')", name="state_known"),
    CheckConstraint("second <> decided_by", name="two_people"),
    sqlite_autoincrement=True,
)
Index(None, decision.c.child_id)
