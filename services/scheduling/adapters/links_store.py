"""Personal links to answer without an account. Only a hash of each secret is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables import answer_link
from shared.kernel.ids import hash_of, new_secret


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Whose link it is."""

    meeting_id: str
    invitee_id: str


def issue(connection: Connection, holder: LinkHolder, expires_at: datetime) -> str:
    """Make a new link for an invitee and return its secret; it cannot be read again later."""
    secret = new_secret()
    connection.execute(
        insert(answer_link).values(
            token_hash=hash_of(secret),
            meeting_id=holder.meeting_id,
            invitee_id=holder.invitee_id,
            expires_at=expires_at,
        )
    )
    return secret


def holder_of(connection: Connection, secret: str, now: datetime) -> LinkHolder | None:
    """Return whose link this secret is, or None when it is unknown or has expired."""
    query = select(answer_link).where(answer_link.c.token_hash == hash_of(secret), answer_link.c.expires_at > now)
    row = connection.execute(query).mappings().first()
    return LinkHolder(row["meeting_id"], row["invitee_id"]) if row else None


def withdraw(connection: Connection, invitee_id: str) -> None:
    """Make every link of an invitee useless."""
    connection.execute(delete(answer_link).where(answer_link.c.invitee_id == invitee_id))


def forget_expired(connection: Connection, now: datetime) -> int:
    """Delete the links that have expired; return how many."""
    return connection.execute(delete(answer_link).where(answer_link.c.expires_at <= now)).rowcount
