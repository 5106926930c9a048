"""The mails to send: stored with the change that they tell of; the queue they stand in sends them afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.scheduling.adapters.invitation_words import subject
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.domain.itip import Act, Message, Method
from shared.kernel.ids import new_id
from shared.platform.mail_queue import MailQueue
from shared.platform.plain_mail import Mail

QUEUE = MailQueue(mail_out, keeps_failed=True)


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
    # Asked by the entry alone: by its state too, a database may look through every mail of a term that waits.
    entry = select(
        mail_out.c.id, mail_out.c.state, mail_out.c.sequence, mail_out.c.dtstamp, mail_out.c.recipient
    ).where(mail_out.c.uid == message.uid)
    known = connection.execute(entry).all()
    this = (message.sequence, message.dtstamp, mail.recipient)
    if any((one.sequence, one.dtstamp, one.recipient) == this for one in known):
        return False
    waiting = [one.id for one in known if one.state == "queued"]
    if waiting and message.method is not Method.DECLINECOUNTER:
        replaced = {"state": "replaced", "raw": "", "problem": "A later mail replaced it before it was sent."}
        these = update(mail_out).where(mail_out.c.id.in_(waiting), mail_out.c.state == "queued")
        connection.execute(these.values(replaced))
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
    act: str = "told_after",
    unmailable: str = "There is no e-mail address. Tell the parent by letter or telephone.",
) -> None:
    """Store a notice that needs no answer to be sent; one that cannot be mailed is kept where the worker sees it.

    `meeting_id` is empty for a notice that is about no meeting. `unmailable` says what to do where there is no address.
    """
    problem = "" if told_by_mail else unmailable
    connection.execute(
        insert(mail_out).values(
            id=new_id(),
            meeting_id=meeting_id,
            invitee_id=person_id,
            act=act,
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


def withdraw_notices(connection: Connection, notice_ids: Collection[str]) -> None:
    """Do not send those of these notices that still wait: what they say is no longer so."""
    waiting = (mail_out.c.uid.in_(sorted(notice_ids)), mail_out.c.state == "queued")
    gone = {"state": "replaced", "raw": "", "problem": "It was taken back before it was sent."}
    connection.execute(update(mail_out).where(*waiting).values(gone))


def of_meeting(connection: Connection, meeting_id: str) -> list[OutgoingMail]:
    """Return the mails of a meeting, the newest first."""
    query = (
        select(mail_out)
        .where(mail_out.c.meeting_id == meeting_id)
        .order_by(mail_out.c.queued_at.desc(), mail_out.c.recipient)
    )
    return [_outgoing(row) for row in connection.execute(query).mappings()]


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
