"""The mails to send: stored with the change that they tell of, sent afterwards, tried again when that fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from services.scheduling.adapters.invitation_mail import Mail
from services.scheduling.adapters.invitation_words import subject
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.domain.itip import Act, Message, Method
from shared.kernel.ids import new_id

MAX_ATTEMPTS = 20
LEASE = timedelta(minutes=5)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail of ours and how its sending stands: queued, sent, failed or replaced. `act` says what it tells."""

    id: str
    meeting_id: str
    invitee_id: str
    act: str
    sender: str
    recipient: str
    subject: str
    raw: bytes
    state: str
    attempts: int
    queued_at: datetime
    due_at: datetime
    sent_at: datetime | None
    problem: str


def enqueue(connection: Connection, meeting_id: str, message: Message, mail: Mail, now: datetime) -> bool:
    """Store a mail to be sent and tell whether it is new.

    The same message to the same person is stored once. A mail of the same calendar entry that still waits is replaced:
    it would only say what is no longer so. A refused proposal does not say how the meeting stands, so it replaces none.
    """
    same = select(mail_out.c.id).where(
        mail_out.c.uid == message.uid,
        mail_out.c.sequence == message.sequence,
        mail_out.c.dtstamp == message.dtstamp,
        mail_out.c.recipient == mail.recipient,
    )
    if connection.execute(same).first() is not None:
        return False
    if message.method is not Method.DECLINECOUNTER:
        connection.execute(
            update(mail_out)
            .where(mail_out.c.uid == message.uid, mail_out.c.state == "queued")
            .values(state="replaced", raw="", problem="A later mail replaced it before it was sent.")
        )
    _insert(connection, meeting_id, message, mail, now, state="queued", problem="")
    return True


def unsent_act(connection: Connection, uid: str) -> Act | None:
    """Return the weightiest thing that the reader of a calendar entry has not been told, because no mail went out."""
    query = (
        select(mail_out.c.act, mail_out.c.state)
        .where(mail_out.c.uid == uid, mail_out.c.act != Act.PROPOSAL_REFUSED.value)
        .order_by(mail_out.c.sequence, mail_out.c.dtstamp)
    )
    unsent: set[str] = set()
    for act, state in connection.execute(query):
        unsent = set() if state == "sent" else unsent | {act}
    if Act.INVITED in unsent:
        return Act.INVITED
    return Act.MOVED if unsent & {Act.MOVED, Act.PROPOSAL_ACCEPTED} else None


def record_unmailable(connection: Connection, meeting_id: str, message: Message, now: datetime, problem: str) -> None:
    """Keep that somebody could not be written to, and why, where the worker sees it."""
    nothing = Mail("", message.organizer_email, message.attendee.email[:254], subject(message), b"")
    _insert(connection, meeting_id, message, nothing, now, state="failed", problem=problem)


def enqueue_notice(
    connection: Connection,
    meeting_id: str,
    person_id: str,
    notice_id: str,
    mail: Mail,
    now: datetime,
    *,
    told_by_mail: bool,
) -> None:
    """Store a notice that needs no answer to be sent; one that cannot be mailed is kept where the worker sees it."""
    problem = "" if told_by_mail else "There is no e-mail address. Tell the parent by letter or telephone."
    connection.execute(
        insert(mail_out).values(
            id=new_id(),
            meeting_id=meeting_id,
            invitee_id=person_id,
            act="told_after",
            uid=notice_id,
            sequence=0,
            dtstamp=now,
            message_id=mail.message_id,
            sender=mail.sender,
            recipient=mail.recipient if told_by_mail else "",
            subject=mail.subject,
            raw=mail.raw.decode("ascii") if told_by_mail else "",
            state="queued" if told_by_mail else "failed",
            attempts=0,
            queued_at=now,
            due_at=now,
            problem=problem,
        )
    )


def is_any_due(connection: Connection, now: datetime) -> bool:
    """Tell whether a mail waits whose turn it is."""
    due = select(mail_out.c.id).where(mail_out.c.state == "queued", _is_due(now)).limit(1)
    return connection.execute(due).first() is not None


def claim_due(connection: Connection, now: datetime, limit: int = 50) -> list[OutgoingMail]:
    """Return the mails whose turn it is, the oldest first, and keep them from other senders for five minutes.

    A sender that dies in between leaves them to be sent after that: a mail may go out twice, never not at all. Twice
    does no harm, for it is the same message of the same calendar entry.
    """
    due = (
        select(mail_out)
        .where(mail_out.c.state == "queued", _is_due(now))
        .order_by(mail_out.c.queued_at, mail_out.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [_outgoing(row) for row in connection.execute(due).mappings()]
    if found:
        connection.execute(
            update(mail_out).where(mail_out.c.id.in_([each.id for each in found])).values(due_at=now + LEASE)
        )
    return found


def mark_sent(connection: Connection, mail_id: str, now: datetime) -> None:
    """Note that a mail was handed to the mail server; its text, which holds a personal link, is not kept."""
    connection.execute(
        update(mail_out)
        .where(mail_out.c.id == mail_id)
        .values(state="sent", sent_at=now, raw="", problem="", attempts=mail_out.c.attempts + 1)
    )


def mark_trouble(connection: Connection, mail: OutgoingMail, problem: str, now: datetime, *, permanent: bool) -> None:
    """Note that sending failed: to be tried again later and later, or given up and shown to the worker."""
    attempts = mail.attempts + 1
    given_up = permanent or attempts >= MAX_ATTEMPTS
    wait = min(FIRST_WAIT * 2**mail.attempts, LONGEST_WAIT)
    connection.execute(
        update(mail_out)
        .where(mail_out.c.id == mail.id, mail_out.c.state == "queued")
        .values(
            state="failed" if given_up else "queued",
            attempts=attempts,
            due_at=now + wait,
            problem=problem[:500],
        )
    )


def retry(connection: Connection, mail_id: str, now: datetime) -> bool:
    """Put a mail that was given up back into the queue; tell whether there was one."""
    done = connection.execute(
        update(mail_out)
        .where(mail_out.c.id == mail_id, mail_out.c.state == "failed", mail_out.c.raw != "")
        .values(state="queued", attempts=0, due_at=now, problem="")
    )
    return done.rowcount == 1


def of_meeting(connection: Connection, meeting_id: str) -> list[OutgoingMail]:
    """Return the mails of a meeting, the newest first."""
    query = (
        select(mail_out)
        .where(mail_out.c.meeting_id == meeting_id)
        .order_by(mail_out.c.queued_at.desc(), mail_out.c.recipient)
    )
    return [_outgoing(row) for row in connection.execute(query).mappings()]


def _is_due(now: datetime) -> ColumnElement[bool]:
    """A time further ahead than any wait lasts is from before the clock was set back, and counts as come."""
    return or_(mail_out.c.due_at <= now, mail_out.c.due_at > now + LONGEST_WAIT)


def _insert(
    connection: Connection, meeting_id: str, message: Message, mail: Mail, now: datetime, *, state: str, problem: str
) -> None:
    connection.execute(
        insert(mail_out).values(
            id=new_id(),
            meeting_id=meeting_id,
            invitee_id=message.invitee_id,
            act=message.act.value,
            uid=message.uid,
            sequence=message.sequence,
            dtstamp=message.dtstamp,
            message_id=mail.message_id,
            sender=mail.sender,
            recipient=mail.recipient,
            subject=mail.subject,
            raw=mail.raw.decode("ascii"),
            state=state,
            attempts=0,
            queued_at=now,
            due_at=now,
            problem=problem,
        )
    )


def _outgoing(row: Mapping[Any, Any]) -> OutgoingMail:
    return OutgoingMail(
        id=row["id"],
        meeting_id=row["meeting_id"],
        invitee_id=row["invitee_id"],
        act=row["act"],
        sender=row["sender"],
        recipient=row["recipient"],
        subject=row["subject"],
        raw=row["raw"].encode("ascii"),
        state=row["state"],
        attempts=row["attempts"],
        queued_at=row["queued_at"],
        due_at=row["due_at"],
        sent_at=row["sent_at"],
        problem=row["problem"],
    )
