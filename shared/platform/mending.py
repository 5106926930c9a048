"""What a person can do about facts that got stuck: each step is kept in `event_mending`, with who, when and why."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from shared.kernel.errors import Conflict
from shared.platform.desk import HeldEvent, find_held, held_events
from shared.platform.gate import Key, lock_positions, set_positions
from shared.platform.inbox_tables import EVENT, Held
from shared.platform.watch_tables import MENDING

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does something, and when: the id of a person, or the login of whoever gives a command; an aware instant."""

    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Mended:
    """One step that somebody took: `done` is replayed, discarded or gap_skipped."""

    at: datetime
    by: str
    done: str
    event_id: int
    type: str
    subject: str
    version: int | None
    why: str


def replay(connection: Connection, event_id: int, hand: Hand) -> None:
    """Let a parked or waiting fact be tried again at once; the worker does it within a second or two.

    Raises `NotFound`, and `Conflict` for bytes that cannot be read (mend the sender, or discard them).
    """
    held = find_held(connection, event_id)
    if held.state not in (Held.PARKED, Held.WAITING):
        raise Conflict("event_cannot_be_replayed", f"Event {event_id} is {held.state}; it cannot be tried again.")
    connection.execute(
        update(EVENT).where(EVENT.c.id == event_id).values(state=Held.WAITING, attempts=0, next_attempt_at=hand.now)
    )
    _note(connection, held, hand, "replayed")


def replay_parked(connection: Connection, hand: Hand) -> int:
    """Let every parked fact be tried again; returns how many there are."""
    parked = held_events(connection, states=frozenset({Held.PARKED}))
    for held in parked:
        replay(connection, held.id, hand)
    return len(parked)


def discard(connection: Connection, event_id: int, hand: Hand, why: str) -> None:
    """Give up a held fact for good, so that later ones of its subject go on; its content is deleted.

    Raises `NotFound`, and `Conflict` for a fact that waits for an earlier one (deal with that one first).
    """
    held = find_held(connection, event_id)
    if held.state == Held.DISCARDED:
        raise Conflict("event_already_discarded", f"Event {event_id} was discarded already.")
    if held.version is not None:
        key = Key(held.source, held.subject)
        position = lock_positions(connection, [key])[key]
        if held.version > position + 1:
            raise Conflict(
                "event_waits_for_another", f"Event {event_id} waits for number {position + 1} of {held.subject}."
            )
        set_positions(connection, {key: max(position, held.version)})
    connection.execute(
        update(EVENT)
        .where(EVENT.c.id == event_id)
        .values(state=Held.DISCARDED, payload=b"", next_attempt_at=None, reason=f"Discarded by {hand.by}: {why}"[:2000])
    )
    _note(connection, held, hand, "discarded", why)


def skip_gap(connection: Connection, event_id: int, hand: Hand, why: str) -> None:
    """Let a waiting fact be applied although an earlier one never came (it was lost with a restored backup, say).

    Raises `NotFound`, and `Conflict` for a fact that waits for nothing.
    """
    held = find_held(connection, event_id)
    if held.version is None or held.state != Held.WAITING:
        raise Conflict("event_waits_for_nothing", f"Event {event_id} waits for no other.")
    key = Key(held.source, held.subject)
    position = lock_positions(connection, [key])[key]
    earlier = select(func.count()).where(
        EVENT.c.source == held.source,
        EVENT.c.subject == held.subject,
        EVENT.c.version < held.version,
        EVENT.c.version > position,
    )
    if held.version <= position + 1 or connection.execute(earlier).scalar_one():
        raise Conflict("event_waits_for_nothing", f"Event {event_id} is not the first behind a gap.")
    set_positions(connection, {key: held.version - 1})
    _note(connection, held, hand, "gap_skipped", why)


def mended(connection: Connection, limit: int = 50) -> list[Mended]:
    """Return what was done about stuck facts, the latest first."""
    columns = [column for column in MENDING.c if column.name != "id"]
    rows = connection.execute(select(*columns).order_by(MENDING.c.id.desc()).limit(limit)).mappings()
    return [Mended(**row) for row in rows]


def _note(connection: Connection, held: HeldEvent, hand: Hand, done: str, why: str = "") -> None:
    connection.execute(
        insert(MENDING).values(
            at=hand.now,
            by=hand.by,
            done=done,
            event_id=held.id,
            type=held.type,
            subject=held.subject,
            version=held.version,
            why=why[:2000],
        )
    )
    log.warning("Event %s (%s) was %s", held.id, held.type or "unreadable", done)
