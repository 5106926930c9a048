"""The tables of the mail: what each invitee was last told, mails to send, mails that came in."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.scheduling.adapters.tables import metadata
from shared.platform.db import UtcDateTime
from shared.platform.mail_queue import queue_columns

told_meeting = Table(
    "told_meeting",
    metadata,
    Column("meeting_id", String(36), primary_key=True),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("mode", String(20), nullable=False),
    Column("place", String(500), nullable=False),
    Column("joining_link", String(1000), nullable=False),
    Column("summary", String(200), nullable=False),
    Column("organizer_name", String(200), nullable=False),
    Column("organizer_email", String(254), nullable=False),
    Column("cancelled", Boolean, nullable=False),
)

# One row for each calendar entry; an invitee whose address changed has two, of which one is withdrawn.
told_invitee = Table(
    "told_invitee",
    metadata,
    Column("uid", String(36), primary_key=True),
    Column("meeting_id", String(36), nullable=False),
    Column("invitee_id", String(36), nullable=False),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("required", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("dtstamp", UtcDateTime, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("place", String(500)),
    Column("language", String(10)),
    Column("joins", String(10), nullable=False, server_default=text("''")),
    Column("answered_sequence", Integer),
    Column("answered_dtstamp", UtcDateTime),
    CheckConstraint("sequence >= 0", name="sequence_counts_up"),
)
Index(None, told_invitee.c.meeting_id)
Index(None, told_invitee.c.invitee_id)

# Mails to send. The same message to the same person is one row, however often it is asked for.
mail_out = Table(
    "mail_out",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("meeting_id", String(36), nullable=False),
    Column("invitee_id", String(36), nullable=False),
    Column("act", String(20), nullable=False),
    Column("uid", String(36), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("dtstamp", UtcDateTime, nullable=False),
    *queue_columns(),
    UniqueConstraint("uid", "sequence", "dtstamp", "recipient"),
    CheckConstraint("state IN ('queued', 'sent', 'failed', 'replaced')", name="state_known"),
)
Index(None, mail_out.c.state, mail_out.c.due_at)
Index(None, mail_out.c.meeting_id)

# Every mail that came in, with what became of it; `raw` is kept while somebody still has to look at it.
mail_in = Table(
    "mail_in",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40)),
    Column("receipt", String(64), nullable=False, unique=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("sender", String(254), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("meeting_id", String(36)),
    Column("invitee_id", String(36)),
    Column("answer", String(20)),
    Column("sequence", Integer),
    Column("dtstamp", UtcDateTime),
    Column("comment", Text, nullable=False),
    Column("proposed_start", UtcDateTime),
    Column("proposed_end", UtcDateTime),
    Column("raw", LargeBinary),
    Column("settled_at", UtcDateTime),
    Column("settled_by", String(36)),
    CheckConstraint("outcome IN ('applied', 'held', 'ignored')", name="outcome_known"),
)
Index(None, mail_in.c.meeting_id)

# Addresses (in the form in which two are compared) that mail has come back from, until somebody writes from them.
failing_address = Table(
    "failing_address",
    metadata,
    Column("address", String(254), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("diagnosis", String(400), nullable=False),
)
Index(None, mail_in.c.outcome, mail_in.c.settled_at)
