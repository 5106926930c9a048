"""Keeps who has which calendar feed; of the secret in its address only the hash."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables_feeds import feed
from services.scheduling.domain.feeds import Feed, FeedKind
from shared.kernel.ids import hash_of


def add(connection: Connection, new: Feed, secret: str) -> None:
    """Store a new feed."""
    values = {
        "id": new.id,
        "secret_hash": hash_of(secret),
        "person_id": new.person_id,
        "records": list(new.records),
        "kind": new.kind.value,
        "made_at": new.made_at,
    }
    connection.execute(insert(feed).values(values))


def with_secret(connection: Connection, secret: str) -> Feed | None:
    """Return the feed of this secret, or None."""
    row = connection.execute(select(feed).where(feed.c.secret_hash == hash_of(secret))).mappings().first()
    return _feed(row) if row else None


def of_person(connection: Connection, person_id: str) -> list[Feed]:
    """Return a person's feeds, the oldest first."""
    query = select(feed).where(feed.c.person_id == person_id).order_by(feed.c.made_at, feed.c.id)
    return [_feed(row) for row in connection.execute(query).mappings()]


def forget(connection: Connection, person_id: str, feed_id: str) -> bool:
    """Delete one of a person's feeds; return whether there was such a one."""
    done = connection.execute(delete(feed).where(feed.c.id == feed_id, feed.c.person_id == person_id))
    return done.rowcount == 1


def _feed(row: Any) -> Feed:
    return Feed(row["id"], row["person_id"], tuple(row["records"]), FeedKind(row["kind"]), row["made_at"])
