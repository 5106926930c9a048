"""The tables of polls: the times that people are asked about before a meeting is arranged, and what they said."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from services.scheduling.adapters.tables import meeting, metadata
from shared.platform.db import Json, UtcDateTime

poll = Table(
    "poll",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
    Column("state", String(10), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("opened_by", String(36), nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("shows_counts", Boolean, nullable=False, server_default=false()),
    Column("ended_at", UtcDateTime),
    Column("chosen", String(36), nullable=False),
    Column("told_answered_at", UtcDateTime),
    CheckConstraint("state IN ('open', 'closed', 'decided', 'withdrawn')", name="state_known"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_when_not_open"),
)
Index(None, poll.c.meeting_id)
Index(None, poll.c.state, poll.c.closes_on)
_LIVE = poll.c.state.in_(["open", "closed"])
Index("ix_poll_one_live", poll.c.meeting_id, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)

poll_proposal = Table(
    "poll_proposal",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("poll_id", String(36), ForeignKey(poll.c.id), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    UniqueConstraint("poll_id", "starts_at", "ends_at"),
    CheckConstraint("starts_at < ends_at", name="ends_after_it_starts"),
)

# `choices` is what somebody said of each proposal, by its id: of all or, before they answered, of none.
poll_respondent = Table(
    "poll_respondent",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("poll_id", String(36), ForeignKey(poll.c.id), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("role", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("required", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("choices", Json, nullable=False),
    Column("comment", Text, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("answered_by", String(10), nullable=False),
    Column("reminded_at", UtcDateTime),
    UniqueConstraint("poll_id", "person_id"),
    CheckConstraint("answered_by IN ('', 'link', 'page', 'worker')", name="answered_by_known"),
)
Index(None, poll_respondent.c.person_id)

# A personal link holds a secret of which only the hash is kept.
poll_link = Table(
    "poll_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("respondent_id", String(36), ForeignKey(poll_respondent.c.id), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
Index(None, poll_link.c.respondent_id)
Index(None, poll_link.c.expires_at)
