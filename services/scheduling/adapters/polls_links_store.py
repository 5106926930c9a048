"""Personal links to say which times suit, without an account. Only a hash of each secret is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables_polls import poll_link, poll_respondent
from shared.kernel.ids import hash_of, new_secret


@dataclass(frozen=True, slots=True)
class PollLinkHolder:
    """Whose link it is."""

    poll_id: str
    respondent_id: str


def issue(connection: Connection, respondent_id: str, expires_at: datetime) -> str:
    """Make a new link for somebody who is asked and return its secret; it cannot be read again later."""
    secret = new_secret()
    values = {"token_hash": hash_of(secret), "respondent_id": respondent_id, "expires_at": expires_at}
    connection.execute(insert(poll_link).values(values))
    return secret


def holder_of(connection: Connection, secret: str, now: datetime) -> PollLinkHolder | None:
    """Return whose link this secret is, or None when it is unknown or has expired."""
    query = (
        select(poll_respondent.c.poll_id, poll_respondent.c.id)
        .join(poll_link, poll_link.c.respondent_id == poll_respondent.c.id)
        .where(poll_link.c.token_hash == hash_of(secret), poll_link.c.expires_at > now)
    )
    row = connection.execute(query).first()
    return PollLinkHolder(row[0], row[1]) if row else None


def forget_expired(connection: Connection, now: datetime) -> int:
    """Delete the links that have expired; return how many."""
    return connection.execute(delete(poll_link).where(poll_link.c.expires_at <= now)).rowcount
