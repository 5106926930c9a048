"""Tables of children, their reviews, and schools."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from services.pep.adapters.tables import metadata

child = Table(
    "child",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("reference", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("known_as", String(100), nullable=False),
    Column("born_on", Date, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("upn", String(13), nullable=False),
    Column("legal_status", String(2), nullable=False),
    Column("entered_care_on", Date, nullable=False),
    Column("placement_started_on", Date, nullable=False),
    Column("left_care_on", Date),
    Column("died_on", Date),
    Column("school_urn", String(20)),
    Column("school_since", Date),
    Column("no_school_since", Date),
    Column("phase", String(12), nullable=False),
    Column("year_group", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("authority", "reference"),
    CheckConstraint("reference <> ''", name="has_a_reference"),
    CheckConstraint("born_on <= entered_care_on", name="is_born_before_care"),
    CheckConstraint("entered_care_on <= placement_started_on", name="is_placed_once_in_care"),
    CheckConstraint("left_care_on IS NULL OR left_care_on >= entered_care_on", name="leaves_after_entering"),
    CheckConstraint("year_group BETWEEN -1 AND 13", name="has_a_year_group"),
    CheckConstraint("school_urn IS NULL OR no_school_since IS NULL", name="has_a_school_or_none"),
    CheckConstraint("phase IN ('early_years', 'primary', 'secondary', 'post_16')", name="has_a_phase"),
)
Index(None, child.c.authority, child.c.name)
Index(None, child.c.school_urn)

review_held = Table(
    "review_held",
    metadata,
    Column("child_id", String(36), ForeignKey(child.c.id), primary_key=True),
    Column("held_on", Date, primary_key=True),
)

school = Table(
    "school",
    metadata,
    Column("urn", String(20), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("phase", String(60), nullable=False),
    Column("kind", String(100), nullable=False),
    Column("town", String(100), nullable=False),
    Column("postcode", String(10), nullable=False),
    Column("local_authority", String(100), nullable=False),
    Column("status", String(60), nullable=False),
    Column("opened_on", Date),
    Column("closed_on", Date),
    Column("low_age", Integer),
    Column("high_age", Integer),
    CheckConstraint("name <> ''", name="has_a_name"),
)
Index(None, school.c.name)
