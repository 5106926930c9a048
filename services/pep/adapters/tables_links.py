"""Tables of personal links, of the browsers in which they are opened, of what guests write, and of mails to send."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_plan import plan
from shared.platform.db import UtcDateTime
from shared.platform.mail_queue import queue_columns

link = Table(
    "personal_link",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("child_id", String(36), nullable=False),
    Column("plan_id", String(36), ForeignKey(plan.c.id), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("name", String(200), nullable=False),
    Column("capacity", String(100), nullable=False),
    Column("email", String(254), nullable=False),
    Column("sent_by", String(36), nullable=False),
    Column("sent_by_name", String(200), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used_at", UtcDateTime),
    Column("handed_in_at", UtcDateTime),
    Column("taken_back_at", UtcDateTime),
    Column("taken_back_by", String(200), nullable=False),
    CheckConstraint("(person_id = '') = (purpose = 'contribution')", name="guests_contribute"),
)
Index(None, link.c.plan_id)
Index(None, link.c.child_id)

visit = Table(
    "link_visit",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("link_id", String(36), ForeignKey(link.c.id), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("entered_at", UtcDateTime),
)
Index(None, visit.c.link_id)

contribution = Table(
    "contribution",
    metadata,
    Column("link_id", String(36), ForeignKey(link.c.id), primary_key=True),
    Column("plan_id", String(36), ForeignKey(plan.c.id), nullable=False),
    Column("name", String(200), nullable=False),
    Column("capacity", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)
Index(None, contribution.c.plan_id)

# `act` says what a mail tells: link or code. What it says is gone once it was sent or given up.
mail_out = Table(
    "mail_out",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("link_id", String(36), ForeignKey(link.c.id), nullable=False),
    Column("act", String(20), nullable=False),
    *queue_columns(),
    CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state_known"),
)
Index(None, mail_out.c.state, mail_out.c.due_at)
Index(None, mail_out.c.link_id)
