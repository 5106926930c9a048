"""The mails that pep writes: stored with the change that they tell of, sent afterwards."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from services.pep.adapters.tables_links import mail_out
from services.pep.domain.links import PersonalLink
from shared.kernel.ids import new_id
from shared.platform.authorities import Authority
from shared.platform.mail_queue import MailQueue
from shared.platform.plain_mail import write_plain

QUEUE = MailQueue(mail_out)


class Act(StrEnum):
    """What a mail brings."""

    LINK = "link"
    CODE = "code"


def enqueue(
    connection: Connection, authority: Authority, link: PersonalLink, act: Act, subject: str, text: str, now: datetime
) -> None:
    """Store a mail to the holder of a link. It names nobody, not even its reader: whose it is, its address tells."""
    mail_id = new_id()
    mail = write_plain(
        mail_id, "", link.email, subject, text, authority.organizer_name, authority.organizer_address, now
    )
    connection.execute(
        insert(mail_out).values(
            id=mail_id,
            link_id=link.id,
            act=act,
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


def states_of(connection: Connection, link_ids: Collection[str]) -> dict[str, str]:
    """Return how the mail that brings each link stands: queued, sent or failed; one query."""
    query = select(mail_out.c.link_id, mail_out.c.state).where(
        mail_out.c.link_id.in_(link_ids), mail_out.c.act == Act.LINK
    )
    return {row.link_id: row.state for row in connection.execute(query)}
