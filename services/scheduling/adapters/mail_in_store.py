"""Every mail that came in, with what became of it; those held wait here for somebody to look at them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.scheduling.adapters.tables_mail import mail_in
from services.scheduling.domain.replies import PROPOSALS, Decision, Entry, IncomingMail, Kind, Outcome
from shared.kernel.ids import new_id

HEAD_OCTETS = 64 * 1024
_WAITS = (mail_in.c.outcome == Outcome.HELD.value, mail_in.c.settled_at.is_(None))


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail that came in. `answer` is what its sender says, whether or not it was counted."""

    id: str
    received_at: datetime
    sender: str
    subject: str
    outcome: str
    reason: str
    meeting_id: str | None
    invitee_id: str | None
    answer: str | None
    sequence: int | None
    comment: str
    proposed_start: datetime | None
    proposed_end: datetime | None
    settled_at: datetime | None

    @property
    def is_proposal(self) -> bool:
        """Tell whether its sender, who is proved to be the invitee, proposes another time."""
        return self.reason in PROPOSALS

    @property
    def minutes_proposed(self) -> int:
        """Return how long the proposed time is, where somebody could take it; else 0."""
        if self.reason == "proposes_past_time" or self.proposed_start is None or self.proposed_end is None:
            return 0
        lasts = self.proposed_end - self.proposed_start
        return lasts // timedelta(minutes=1) if timedelta(0) < lasts <= timedelta(days=1) else 0


def receipt(mail: IncomingMail, raw: bytes) -> str:
    """Return what tells one mail from another: Message-ID, sender and what it says; else the whole mail.

    The headers that mail servers add on the way do not count, so a mail that comes twice is recognised.
    """
    said = (mail.kind, mail.uid.lower(), mail.participants, mail.sequence, mail.dtstamp, mail.proposed_start)
    named = f"{mail.message_id}\n{mail.sender}\n{said!r}".encode("utf-8", "replace")
    return hashlib.sha256(named if mail.message_id else raw).hexdigest()


def seen(connection: Connection, key: str) -> ReceivedMail | None:
    """Return the mail with this receipt when it came in before."""
    row = connection.execute(select(mail_in).where(mail_in.c.receipt == key)).mappings().first()
    return _received(row) if row else None


def add(
    connection: Connection,
    mail: IncomingMail,
    decision: Decision,
    entry: Entry | None,
    raw: bytes,
    now: datetime,
    key: str,
    authority: str,
) -> str | None:
    """Store a mail and return its id, or None when another process stored it in the meantime.

    Of a mail too large to be read only the beginning is kept.
    """
    held = decision.outcome is Outcome.HELD
    kept = raw[:HEAD_OCTETS] if mail.kind is Kind.TOO_LARGE else raw
    mail_id = new_id()
    try:
        with connection.begin_nested():
            connection.execute(
                insert(mail_in).values(
                    id=mail_id,
                    authority=authority,
                    receipt=key,
                    received_at=now,
                    sender=mail.sender,
                    subject=mail.subject,
                    outcome=decision.outcome.value,
                    reason=decision.reason,
                    meeting_id=entry.meeting_id if entry else None,
                    invitee_id=entry.invitee_id if entry else None,
                    answer=decision.answer,
                    sequence=mail.sequence,
                    dtstamp=mail.dtstamp,
                    comment=mail.comment if held or decision.outcome is Outcome.APPLIED else "",
                    proposed_start=mail.proposed_start,
                    proposed_end=mail.proposed_end,
                    raw=kept if held else None,
                )
            )
    except IntegrityError:
        return None
    return mail_id


def get(connection: Connection, mail_id: str) -> ReceivedMail | None:
    """Return a mail that came in, or None."""
    found = _select(connection, mail_in.c.id == mail_id)
    return found[0] if found else None


def raw_of(connection: Connection, mail_id: str) -> bytes | None:
    """Return a held mail as it came, or None."""
    raw = connection.execute(select(mail_in.c.raw).where(mail_in.c.id == mail_id)).scalar()
    return bytes(raw) if raw is not None else None


def of_meeting(connection: Connection, meeting_id: str) -> list[ReceivedMail]:
    """Return every mail about a meeting, the newest first."""
    return _select(connection, mail_in.c.meeting_id == meeting_id)


def waiting(connection: Connection, meeting_id: str) -> list[ReceivedMail]:
    """Return the mails about a meeting that are held and wait to be looked at."""
    return _select(connection, mail_in.c.meeting_id == meeting_id, *_WAITS)


def waiting_unknown(connection: Connection, authority: str, *, first: bool) -> list[ReceivedMail]:
    """Return the mails to an authority that belong to no known meeting, are held and wait to be looked at.

    A version that knew one authority only kept none with a mail: such mails are those of the `first` one served.
    """
    its_own = mail_in.c.authority == authority
    if first:
        its_own = or_(its_own, mail_in.c.authority.is_(None))
    return _select(connection, mail_in.c.meeting_id.is_(None), its_own, *_WAITS)


def waiting_counts(connection: Connection) -> dict[str, int]:
    """Return how many held mails wait, by meeting; one query."""
    query = select(mail_in.c.meeting_id).where(
        mail_in.c.outcome == Outcome.HELD.value, mail_in.c.settled_at.is_(None), mail_in.c.meeting_id.is_not(None)
    )
    counts: dict[str, int] = {}
    for meeting_id in connection.execute(query).scalars():
        counts[meeting_id] = counts.get(meeting_id, 0) + 1
    return counts


def settle(connection: Connection, mail_id: str, person_id: str, now: datetime) -> bool:
    """Note that somebody dealt with a held mail, and let its bytes go; tell whether it was still waiting."""
    done = connection.execute(
        update(mail_in)
        .where(mail_in.c.id == mail_id, mail_in.c.outcome == Outcome.HELD.value, mail_in.c.settled_at.is_(None))
        .values(settled_at=now, settled_by=person_id, raw=None)
    )
    return done.rowcount == 1


def _select(connection: Connection, *conditions: ColumnElement[bool]) -> list[ReceivedMail]:
    query = select(mail_in).where(*conditions).order_by(mail_in.c.received_at.desc(), mail_in.c.id)
    return [_received(row) for row in connection.execute(query).mappings()]


def _received(row: Mapping[Any, Any]) -> ReceivedMail:
    return ReceivedMail(**{name: row[name] for name in ReceivedMail.__slots__})


def erase_from(connection: Connection, senders: Sequence[str]) -> int:
    """Erase the mails from these addresses that belong to no known meeting; return how many."""
    written = func.lower(mail_in.c.sender).in_([address.strip().lower() for address in senders])
    return connection.execute(delete(mail_in).where(mail_in.c.meeting_id.is_(None), written)).rowcount
