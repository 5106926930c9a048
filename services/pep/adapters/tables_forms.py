"""The tables of authorities' own forms: what they say, and from when new plans are made with them."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table, Text

from services.pep.adapters.tables import metadata
from shared.platform.db import UtcDateTime

# A form is never changed: its version is made of what it says, so that a plan's form is what it was made with.
own_form = Table(
    "own_form",
    metadata,
    Column("version", String(20), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("title", String(200), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    Column("kept_by", String(36), nullable=False),
    Column("kept_by_name", String(200), nullable=False),
)

# From which day new plans of a phase are made with which form: one of the authority's own, or one of the suite's.
form_in_force = Table(
    "form_in_force",
    metadata,
    Column("authority", String(40), primary_key=True),
    Column("phase", String(12), primary_key=True),
    Column("from_date", Date, primary_key=True),
    Column("version", String(20), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("decided_by", String(36), nullable=False),
    Column("decided_by_name", String(200), nullable=False),
)
