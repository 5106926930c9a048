"""What each invitee was last told: loads it as an arrangement, saves it when a plan of messages is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from services.scheduling.adapters.tables import meeting
from services.scheduling.adapters.tables_mail import mail_out, told_invitee, told_meeting
from services.scheduling.domain.itip import Arrangement, Invitation, Plan
from services.scheduling.domain.mailboxes import mailbox
from services.scheduling.domain.replies import Entry, uid_forms


def load(connection: Connection, meeting_id: str) -> Arrangement | None:
    """Return how things stand for the invitees of a meeting, or None when nobody was ever told of it."""
    query = select(told_meeting).where(told_meeting.c.meeting_id == meeting_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    live = (
        select(told_invitee)
        .where(told_invitee.c.meeting_id == meeting_id, told_invitee.c.withdrawn.is_(False))
        .order_by(told_invitee.c.position)
    )
    invitations = tuple(
        Invitation(
            invitee_id=each["invitee_id"],
            name=each["name"],
            email=each["email"],
            required=each["required"],
            place=each["place"],
            language=each["language"] or "",
            joins=each["joins"],
            uid=each["uid"],
            sequence=each["sequence"],
            dtstamp=each["dtstamp"],
        )
        for each in connection.execute(live).mappings()
    )
    return Arrangement(
        meeting_id=meeting_id,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        mode=row["mode"],
        place=row["place"],
        joining_link=row["joining_link"],
        summary=row["summary"],
        organizer_name=row["organizer_name"],
        organizer_email=row["organizer_email"],
        invitations=invitations,
        cancelled=row["cancelled"],
    )


def save(connection: Connection, arrangement: Arrangement, plan: Plan) -> None:
    """Store how things stand once a plan is carried out; what invitees answered is kept."""
    connection.execute(delete(told_meeting).where(told_meeting.c.meeting_id == arrangement.meeting_id))
    connection.execute(
        insert(told_meeting).values(
            meeting_id=arrangement.meeting_id,
            starts_at=arrangement.starts_at,
            ends_at=arrangement.ends_at,
            mode=arrangement.mode,
            place=arrangement.place,
            joining_link=arrangement.joining_link,
            summary=arrangement.summary,
            organizer_name=arrangement.organizer_name,
            organizer_email=arrangement.organizer_email,
            cancelled=not plan.invitations,
        )
    )
    query = select(told_invitee.c.uid).where(told_invitee.c.meeting_id == arrangement.meeting_id)
    known = set(connection.execute(query).scalars())
    for position, each in enumerate([*plan.invitations, *plan.withdrawn]):
        values = {
            "name": each.name,
            "email": each.email.strip(),
            "required": each.required,
            "place": each.place,
            "language": each.language or None,
            "joins": each.joins,
            "position": position,
            "sequence": each.sequence,
            "dtstamp": each.dtstamp,
            "withdrawn": position >= len(plan.invitations),
        }
        if each.uid in known:
            connection.execute(update(told_invitee).where(told_invitee.c.uid == each.uid).values(**values))
        else:
            ids = {"uid": each.uid, "meeting_id": arrangement.meeting_id, "invitee_id": each.invitee_id}
            connection.execute(insert(told_invitee).values(**ids, **values))


def entry(connection: Connection, authority: str, uid: str) -> Entry | None:
    """Return the calendar entry of an authority's meeting that a UID names, in any form that clients send back."""
    for form in uid_forms(uid):
        found = _entries(connection, authority, told_invitee.c.uid == form)
        if found:
            return found[0]
    return None


def only_entry_of(connection: Connection, authority: str, address: str, now: datetime) -> Entry | None:
    """Return a mailbox's entry of an authority's one coming meeting; None when it has none or several."""
    found = _coming(connection, authority, address, now)
    return found[0] if len(found) == 1 else None


def next_entry_of(connection: Connection, authority: str, address: str, now: datetime) -> Entry | None:
    """Return a mailbox's entry of an authority's next meeting to come; None when it has none."""
    return next(iter(_coming(connection, authority, address, now)), None)


def _coming(connection: Connection, authority: str, address: str, now: datetime) -> list[Entry]:
    if not address:
        return []
    return _entries(
        connection,
        authority,
        func.lower(told_invitee.c.email) == mailbox(address),
        told_invitee.c.withdrawn.is_(False),
        told_meeting.c.starts_at > now,
    )


def _entries(connection: Connection, authority: str, *conditions: ColumnElement[bool]) -> list[Entry]:
    first_asked = (
        select(func.min(mail_out.c.dtstamp))
        .where(mail_out.c.uid == told_invitee.c.uid, mail_out.c.sequence == told_invitee.c.sequence)
        .scalar_subquery()
    )
    query = (
        select(told_invitee, told_meeting.c.starts_at, meeting.c.meet_by, first_asked.label("first_asked"))
        .join(told_meeting, told_meeting.c.meeting_id == told_invitee.c.meeting_id)
        .join(meeting, meeting.c.id == told_invitee.c.meeting_id)
        .where(meeting.c.authority == authority, *conditions)
        .order_by(told_meeting.c.starts_at)
        .limit(2)
    )
    return [_entry(row) for row in connection.execute(query).mappings()]


def _entry(row: Mapping[Any, Any]) -> Entry:
    answered = None
    if row["answered_sequence"] is not None:
        answered = (row["answered_sequence"], row["answered_dtstamp"])
    return Entry(
        uid=row["uid"],
        meeting_id=row["meeting_id"],
        invitee_id=row["invitee_id"],
        email=row["email"],
        sequence=row["sequence"],
        dtstamp=row["dtstamp"],
        start=row["starts_at"],
        withdrawn=row["withdrawn"],
        answered=answered,
        first_asked=row["first_asked"],
        meet_by=row["meet_by"],
    )


def note_answer(connection: Connection, uid: str, sequence: int, at: datetime) -> None:
    """Remember which answer to a calendar entry is the newest (RFC 5546 section 2.1.5): a late mail changes nothing."""
    connection.execute(
        update(told_invitee).where(told_invitee.c.uid == uid).values(answered_sequence=sequence, answered_dtstamp=at)
    )
