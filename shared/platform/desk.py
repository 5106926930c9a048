"""What a person can see of the facts under way; what they can do about those that got stuck is in `mending`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, MetaData, func, select

from shared.contracts.envelope import Envelope
from shared.kernel.errors import NotFound
from shared.platform.bus import Bus
from shared.platform.inbox_tables import EVENT, POSITION, THE_END, Held
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """A fact that a service has and could not apply; an unreadable one has no `source`, `subject` and `version`."""

    id: int
    state: Held
    type: str
    source: str
    subject: str
    version: int | None
    attempts: int
    next_attempt_at: datetime | None
    reason: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """How one service's facts fare.

    `published` counts those the broker took, by type; `unsent` those in the outbox, the oldest from `oldest_unsent`.
    `applied` counts those heard and dealt with, by source; `waiting`, `parked` and `unreadable` those that are held.
    """

    service: str
    published: Mapping[str, int]
    unsent: int
    oldest_unsent: datetime | None
    applied: Mapping[str, int]
    waiting: int
    parked: int
    unreadable: int
    discarded: int


def overview(connection: Connection, service: str, metadata: MetaData) -> Overview:
    """Return how a service's facts fare; four queries."""
    published = metadata.tables["published"]
    outbox = metadata.tables["outbox"]
    unsent, oldest = connection.execute(select(func.count(), func.min(outbox.c.at)).select_from(outbox)).one()
    by_state = select(EVENT.c.state, func.count()).group_by(EVENT.c.state)
    held: dict[str, int] = {row[0]: row[1] for row in connection.execute(by_state)}
    heard = select(POSITION.c.source, func.sum(POSITION.c.version)).where(POSITION.c.version < THE_END)
    heard = heard.group_by(POSITION.c.source)
    sent = select(published.c.type, published.c["count"]).order_by(published.c.type)
    return Overview(
        service=service,
        published={row[0]: row[1] for row in connection.execute(sent)},
        unsent=unsent,
        oldest_unsent=oldest,
        applied={row[0]: int(row[1]) for row in connection.execute(heard.order_by(POSITION.c.source))},
        waiting=held.get(Held.WAITING, 0),
        parked=held.get(Held.PARKED, 0),
        unreadable=held.get(Held.UNREADABLE, 0),
        discarded=held.get(Held.DISCARDED, 0),
    )


def overview_of(runtime: Runtime, spec: ServiceSpec) -> Overview:
    """Return how a service's facts fare, from its database."""
    with runtime.database(spec.name).reading() as connection:
        return overview(connection, spec.name, spec.metadata)


def held_events(connection: Connection, *, states: frozenset[Held] | None = None) -> list[HeldEvent]:
    """Return what a service holds, oldest first: everything but what was discarded, or only those `states`."""
    wanted = states or frozenset({Held.WAITING, Held.PARKED, Held.UNREADABLE})
    rows = connection.execute(select(EVENT).where(EVENT.c.state.in_(sorted(wanted))).order_by(EVENT.c.id)).mappings()
    return [_held(row) for row in rows]


def not_held(event_id: int) -> NotFound:
    """Return the refusal for an event that there is not."""
    return NotFound("event_not_held", f"No event {event_id} is held.")


def held_payload(connection: Connection, event_id: int) -> bytes:
    """Return the bytes of a held fact; raises `NotFound`."""
    row = connection.execute(select(EVENT.c.payload).where(EVENT.c.id == event_id)).first()
    if row is None:
        raise not_held(event_id)
    return bytes(row.payload)


def unsent_events(connection: Connection, metadata: MetaData, limit: int = 100) -> list[Envelope]:
    """Return the facts that wait in a service's outbox, oldest first."""
    outbox = metadata.tables["outbox"]
    rows = connection.execute(select(outbox.c.payload).order_by(outbox.c.id).limit(limit))
    return [Envelope.from_bytes(row.payload) for row in rows]


def queue_depths(bus: Bus) -> Mapping[str, tuple[int, int]]:
    """Return for each service how many messages are in its queue and in its dead letters."""
    return bus.depths()


def find_held(connection: Connection, event_id: int) -> HeldEvent:
    """Return a held fact; raises `NotFound`."""
    row = connection.execute(select(EVENT).where(EVENT.c.id == event_id)).mappings().first()
    if row is None:
        raise not_held(event_id)
    return _held(row)


def _held(row: Any) -> HeldEvent:
    return HeldEvent(
        id=row["id"],
        state=Held(row["state"]),
        type=row["type"],
        source=row["source"] or "",
        subject=row["subject"] or "",
        version=row["version"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        reason=row["reason"],
        received_at=row["received_at"],
    )
