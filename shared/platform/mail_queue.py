"""The mails of a service that wait: stored with the change that they tell of, sent afterwards, tried again.

A service gives its table the columns of `queue_columns`, beside its own of what a mail is about, and a job that calls
`postman.send_due`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Integer, String, Table, Text, or_, select, update

from shared.platform.db import UtcDateTime
from shared.platform.mail import MailNotSent

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
        """Return the mails whose turn it is, the longest due first, and keep them from other senders for five minutes.

        A sender that dies in between leaves them to be sent after that: a mail may go out twice, never not at all.
        Twice does no harm, for it is the same message with the same Message-ID.
        """
        mail = self.table.c
        due = (
            select(mail.id, mail.sender, mail.recipient, mail.raw, mail.attempts)
            .where(mail.state == "queued", self._is_due(now))
            .order_by(mail.due_at, mail.id)
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

    def put_back(self, connection: Connection, mail_ids: Collection[str], due_at: datetime, problem: str = "") -> None:
        """Let mails that were claimed wait until `due_at`; it does not count as an attempt."""
        these = update(self.table).where(self.table.c.id.in_(mail_ids), self.table.c.state == "queued")
        connection.execute(these.values(due_at=due_at, **({"problem": problem[:500]} if problem else {})))

    def retry(self, connection: Connection, mail_id: str, now: datetime) -> bool:
        """Put a mail that was given up back into the queue; tell whether there was one."""
        given_up = (self.table.c.id == mail_id, self.table.c.state == "failed", self.table.c.raw != "")
        back = {"state": "queued", "attempts": 0, "due_at": now, "problem": ""}
        return connection.execute(update(self.table).where(*given_up).values(back)).rowcount == 1

    def _is_due(self, now: datetime) -> ColumnElement[bool]:
        """A time further ahead than any wait lasts is from before the clock was set back, and counts as come."""
        return or_(self.table.c.due_at <= now, self.table.c.due_at > now + LONGEST_WAIT)
