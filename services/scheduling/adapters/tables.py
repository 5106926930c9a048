"""The tables of the scheduling service; `tables_mail` adds those of the mail, `tables_times` what times must suit."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
    text,
)

from shared.platform.db import Json, UtcDateTime
from shared.platform.tables import service_metadata

metadata = service_metadata()

child = Table(
    "child",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("school_urn", String(20)),
    Column("left_care_on", Date),
)

school = Table(
    "school",
    metadata,
    Column("urn", String(20), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("town", String(100), nullable=False),
)

term_calendar = Table(
    "term_calendar",
    metadata,
    Column("school_urn", String(20), primary_key=True),
    Column("source", String(500), nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    Column("imported_by", String(200), nullable=False),
)

term_date = Table(
    "term_date",
    metadata,
    Column("school_urn", String(20), ForeignKey(term_calendar.c.school_urn, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("summary", String(200), nullable=False),
    CheckConstraint("first <= last", name="ends_after_it_starts"),
    CheckConstraint("kind IN ('first_day', 'last_day', 'term', 'closed', 'holiday')", name="kind_known"),
)

diary = Table(
    "diary",
    metadata,
    Column("person_id", String(36), primary_key=True),
    Column("address", Text, nullable=False),
    Column("tried_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("problem", String(400), nullable=False),
    Column("account", String(254), nullable=False, server_default=text("''")),
    Column("sealed_password", Text, nullable=False, server_default=text("''")),
)
Index(None, diary.c.tried_at)

diary_busy = Table(
    "diary_busy",
    metadata,
    Column("person_id", String(36), ForeignKey(diary.c.person_id, ondelete="CASCADE"), primary_key=True),
    Column("starts_at", UtcDateTime, primary_key=True),
    Column("ends_at", UtcDateTime, nullable=False),
    CheckConstraint("starts_at < ends_at", name="ends_after_it_starts"),
)

meeting = Table(
    "meeting",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("request_id", String(36), nullable=False, unique=True),
    Column("reason", String(20), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("term", String(20), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("meet_by", Date, nullable=False),
    Column("state", String(12), nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("mode", String(10)),
    Column("place", String(500), nullable=False),
    Column("joining_link", String(1000), nullable=False),
    Column("place_sealed", Boolean, nullable=False, server_default=false()),
    Column("room_id", String(36)),
    Column("attended", Json, nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("kind", String(10), nullable=False, server_default="pep"),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('to_arrange', 'arranged', 'put_back', 'held', 'cancelled')", name="state_known"),
    CheckConstraint(
        "(starts_at IS NULL) = (ends_at IS NULL) AND (starts_at IS NULL) = (mode IS NULL)", name="booked_whole"
    ),
    CheckConstraint("state NOT IN ('arranged', 'put_back', 'held') OR starts_at IS NOT NULL", name="has_a_time"),
    CheckConstraint("state <> 'to_arrange' OR starts_at IS NULL", name="has_no_time_yet"),
    CheckConstraint("starts_at < ends_at", name="ends_after_it_starts"),
    CheckConstraint("version >= 1", name="version_counts_up"),
)
Index(None, meeting.c.child_id)
Index(None, meeting.c.plan_id)
Index(None, meeting.c.state, meeting.c.meet_by)
Index(None, meeting.c.authority, meeting.c.starts_at)

invitee = Table(
    "invitee",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("role", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("required", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("answer", String(12), nullable=False),
    Column("answered_at", UtcDateTime),
    Column("answered_by", String(10), nullable=False),
    Column("comment", Text, nullable=False),
    Column("stands_in_for", String(36), nullable=False, server_default=text("''")),
    Column("joins", String(10), nullable=False, server_default=text("''")),
    UniqueConstraint("meeting_id", "person_id"),
    CheckConstraint("answer IN ('needs_action', 'accepted', 'declined', 'tentative')", name="answer_known"),
    CheckConstraint("answered_by IN ('', 'mail', 'link', 'worker')", name="answered_by_known"),
)
Index(None, invitee.c.person_id)

# One row for each quarter of an hour somebody must be at a meeting: nobody can be booked twice, whoever books first.
claim = Table(
    "claim",
    metadata,
    Column("person_id", String(36), primary_key=True),
    Column("cell", Integer, primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
)
Index(None, claim.c.meeting_id)

# A personal link holds a secret of which only the hash is kept.
answer_link = Table(
    "answer_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
    Column("invitee_id", String(36), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
Index(None, answer_link.c.invitee_id)

meeting_history = Table(
    "meeting_history",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", String(36), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("acting_as", String(40), nullable=False),
    Column("what", String(40), nullable=False),
    Column("facts", Json, nullable=False),
)
Index(None, meeting_history.c.meeting_id)
