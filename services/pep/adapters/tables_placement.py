"""The table of where children live: apart from everything else, nothing is ever changed in it or taken out."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import UtcDateTime

placement = Table(
    "placement",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("since", Date, nullable=False),
    Column("address", String(400), nullable=False),
    Column("postcode", String(10), nullable=False),
    Column("carer_id", String(36), nullable=False),
    Column("carer_name", String(200), nullable=False),
    Column("carer_phone", String(40), nullable=False),
    Column("recorded_by", String(36), nullable=False),
    Column("recorded_by_name", String(200), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    CheckConstraint("address <> ''", name="has_an_address"),
    sqlite_autoincrement=True,
)
Index(None, placement.c.child_id)
