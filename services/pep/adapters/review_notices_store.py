"""The mails that say that there is something to read before a review: stored, sent afterwards."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from services.pep.adapters.reviews_store import review_of
from services.pep.adapters.tables_review import review as review_table
from services.pep.adapters.tables_review import review_notice as table
from services.pep.domain.reviews import Review, ReviewState
from shared.kernel.ids import new_id
from shared.platform.authorities import Authority
from shared.platform.mail_queue import MailQueue
from shared.platform.plain_mail import write_plain
from shared.platform.roster import Membership

QUEUE = MailQueue(table)


def enqueue(
    connection: Connection,
    authority: Authority,
    review: Review,
    reader: Membership,
    subject: str,
    text: str,
    now: datetime,
) -> None:
    """Store a notice to somebody who is invited to a review and has an address. It names nobody but its reader."""
    notice_id = new_id()
    mail = write_plain(
        notice_id,
        reader.name,
        reader.email or "",
        subject,
        text,
        authority.organizer_name,
        authority.organizer_address,
        now,
    )
    connection.execute(
        insert(table).values(
            id=notice_id,
            review_id=review.id,
            child_id=review.child_id,
            person_id=reader.person_id,
            message_id=mail.message_id,
            sender=mail.sender,
            recipient=mail.recipient,
            subject=mail.subject,
            raw=mail.raw.decode("ascii"),
            state="queued",
            attempts=0,
            queued_at=now,
            due_at=now,
            problem="",
        )
    )


def to_tell(connection: Connection, first: date, last: date) -> list[Review]:
    """Return the reviews with a meeting between two days whose people were not told yet, the earliest first."""
    query = (
        select(review_table)
        .where(
            review_table.c.state == ReviewState.DATED.value,
            review_table.c.meeting_on.between(first, last),
            review_table.c.told_on.is_(None),
        )
        .order_by(review_table.c.meeting_on, review_table.c.id)
    )
    return [review_of(row) for row in connection.execute(query).mappings()]


def of_child(connection: Connection, child_id: str) -> list[tuple[str, str, str, datetime]]:
    """Return for each notice its id, to whom it went, how it stands and since when, the oldest first."""
    query = (
        select(table.c.id, table.c.recipient, table.c.state, table.c.queued_at)
        .where(table.c.child_id == child_id)
        .order_by(table.c.queued_at, table.c.id)
    )
    return [(row.id, row.recipient, row.state, row.queued_at) for row in connection.execute(query)]
