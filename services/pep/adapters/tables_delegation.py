"""The tables of delegations, and of the places on teams that follow from each."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, String, Table

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import Json, UtcDateTime

delegation = Table(
    "delegation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("accountable_id", String(36), nullable=False),
    Column("delegate_id", String(36), nullable=False),
    Column("every_pupil", Boolean, nullable=False),
    Column("parts", Json, nullable=False),
    Column("from_date", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    CheckConstraint("from_date <= until", name="ends_after_it_starts"),
    CheckConstraint("accountable_id <> delegate_id", name="two_people"),
)
Index(None, delegation.c.accountable_id)

delegated_place = Table(
    "delegated_place",
    metadata,
    Column("membership_id", String(36), primary_key=True),
    Column("delegation_id", String(36), ForeignKey(delegation.c.id), nullable=False),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
)
Index(None, delegated_place.c.delegation_id)
Index(None, delegated_place.c.child_id)
