"""The mails of a service that wait: stored with the change that they tell of, sent afterwards, tried again.

A service gives its table the columns of `queue_columns`, beside its own of what a mail is about, and a job that calls
`send_due`. Each mail is marked in a unit of work of its own, and none is open while the mail server answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Integer, String, Table, Text, or_, select, update

from shared.platform.access import system_actor
from shared.platform.crashpoints import crashpoint
from shared.platform.db import UtcDateTime
from shared.platform.mail import MailNotSent, Post, post_of
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import reading_work, writing_work

MAX_ATTEMPTS = 20
LEASE = timedelta(minutes=5)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail whose turn it is; `attempts` is how often it was tried before."""

    id: str
    sender: str
    recipient: str
    raw: bytes
    attempts: int


def queue_columns() -> list[Column[Any]]:
    """Return what every mail that waits has, as columns of a new table."""
    return [
        Column("message_id", String(200), nullable=False),
        Column("sender", String(254), nullable=False),
        Column("recipient", String(254), nullable=False),
        Column("subject", String(500), nullable=False),
        Column("raw", Text, nullable=False),
        Column("state", String(10), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("queued_at", UtcDateTime, nullable=False),
        Column("due_at", UtcDateTime, nullable=False),
        Column("sent_at", UtcDateTime),
        Column("problem", String(500), nullable=False),
    ]


@dataclass(frozen=True)
class MailQueue:
    """The waiting mails of one table; `state` is queued, sent, failed or what else the service marks them with.

    `keeps_failed`: the text of a mail that was given up stays, so that somebody may have it tried again.
    """

    table: Table
    keeps_failed: bool = False

    def is_any_due(self, connection: Connection, now: datetime) -> bool:
        """Tell whether a mail waits whose turn it is."""
        query = select(self.table.c.id).where(self.table.c.state == "queued", self._is_due(now)).limit(1)
        return connection.execute(query).first() is not None

    def claim_due(self, connection: Connection, now: datetime, limit: int = 50) -> list[Waiting]:
        """Return the mails whose turn it is, the oldest first, and keep them from other senders for five minutes.

        A sender that dies in between leaves them to be sent after that: a mail may go out twice, never not at all.
        Twice does no harm, for it is the same message with the same Message-ID.
        """
        mail = self.table.c
        due = (
            select(mail.id, mail.sender, mail.recipient, mail.raw, mail.attempts)
            .where(mail.state == "queued", self._is_due(now))
            .order_by(mail.queued_at, mail.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = connection.execute(due).all()
        if rows:
            claimed = update(self.table).where(mail.id.in_([row.id for row in rows]))
            connection.execute(claimed.values(due_at=now + LEASE))
        return [Waiting(row.id, row.sender, row.recipient, row.raw.encode("ascii"), row.attempts) for row in rows]

    def mark_sent(self, connection: Connection, mail: Waiting, now: datetime) -> None:
        """Note that a mail was handed to the mail server; its text, which may hold a personal link, is not kept."""
        values = {"state": "sent", "sent_at": now, "raw": "", "problem": "", "attempts": self.table.c.attempts + 1}
        connection.execute(update(self.table).where(self.table.c.id == mail.id).values(values))

    def mark_trouble(self, connection: Connection, mail: Waiting, trouble: MailNotSent, now: datetime) -> None:
        """Note that sending failed: to be tried again later and later, or given up where somebody sees it."""
        attempts = mail.attempts + 1
        given_up = trouble.permanent or attempts >= MAX_ATTEMPTS
        values: dict[str, Any] = {
            "state": "failed" if given_up else "queued",
            "attempts": attempts,
            "due_at": now + min(FIRST_WAIT * 2**mail.attempts, LONGEST_WAIT),
            "problem": str(trouble)[:500],
        }
        if given_up and not self.keeps_failed:
            values["raw"] = ""
        this = update(self.table).where(self.table.c.id == mail.id, self.table.c.state == "queued")
        connection.execute(this.values(values))

    def retry(self, connection: Connection, mail_id: str, now: datetime) -> bool:
        """Put a mail that was given up back into the queue; tell whether there was one."""
        given_up = (self.table.c.id == mail_id, self.table.c.state == "failed", self.table.c.raw != "")
        back = {"state": "queued", "attempts": 0, "due_at": now, "problem": ""}
        return connection.execute(update(self.table).where(*given_up).values(back)).rowcount == 1

    def _is_due(self, now: datetime) -> ColumnElement[bool]:
        """A time further ahead than any wait lasts is from before the clock was set back, and counts as come."""
        return or_(self.table.c.due_at <= now, self.table.c.due_at > now + LONGEST_WAIT)


def send_due(queue: MailQueue, runtime: Runtime, spec: ServiceSpec) -> int:
    """Send the mails whose turn it is through the SMTP server of the settings; return how many went out.

    Without an SMTP server (port 0) nothing is sent and everything keeps waiting.
    """
    settings = runtime.settings
    if not settings.smtp_port:
        return 0
    with reading_work(runtime, spec, system_actor()) as work:
        if not queue.is_any_due(work.connection, work.now):
            return 0
    with post_of(settings) as post:
        return send_through(queue, runtime, spec, post)


def send_through(queue: MailQueue, runtime: Runtime, spec: ServiceSpec, post: Post) -> int:
    """Send the mails whose turn it is through `post`; when the server is not there, all wait for their next turn."""
    actor = system_actor()
    with writing_work(runtime, spec, actor) as work:
        due = queue.claim_due(work.connection, work.now)
    sent = 0
    gone: MailNotSent | None = None
    for mail in due:
        trouble = gone or _hand_over(mail, post)
        if trouble is not None and trouble.unreachable:
            gone = trouble
        crashpoint("after_mail_taken")
        with writing_work(runtime, spec, actor) as work:
            if trouble is None:
                queue.mark_sent(work.connection, mail, work.now)
            else:
                queue.mark_trouble(work.connection, mail, trouble, work.now)
        sent += trouble is None
    return sent


def _hand_over(mail: Waiting, post: Post) -> MailNotSent | None:
    """Hand one mail to the mail server, outside any transaction; return what went wrong, if anything did."""
    try:
        post.send(mail.sender, mail.recipient, mail.raw)
    except MailNotSent as trouble:
        return trouble
    return None
