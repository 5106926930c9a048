"""Giving a service back the copies it lost: those who own the facts say again how things stand.

What is announced are ordinary new facts with the next numbers, through outbox, broker and inbox. A service that lost
nothing hears what it knows. One whose positions are lost too, or older than its copies of the world, finds gaps before
the new numbers; once everything has arrived, what is still missing can never come, and is skipped: the announcement
stands for it. What the service itself owned (plans, meetings, ratings, marks) no other can give back; that is a
backup's work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from sqlalchemy import Connection, and_, func, insert, select

from shared.platform.access import system_actor
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.gate import Key, set_positions
from shared.platform.health import pressure
from shared.platform.inbox_tables import EVENT, POSITION, Held
from shared.platform.mending import Hand
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.single import turn_to_send
from shared.platform.watch_tables import MENDING
from shared.platform.work import reading_work, writing_work

CHUNK = 200
SETTLED_ROUNDS = 3
WHY = "Rebuilt: the owners said again how things stand"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: how many subjects were announced, how many gaps skipped, how many facts still are held."""

    announced: int
    gaps: int
    held: int


def announce_everything(
    spec: ServiceSpec, runtime: Runtime, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> int:
    """Let a service say again how everything stands, a chunk in each transaction; returns how many subjects."""
    if spec.announcer is None:
        return 0
    actor = system_actor()
    with reading_work(runtime, spec, actor) as work:
        subjects = spec.announcer.subjects(work)
    for start in range(0, len(subjects), CHUNK):
        with writing_work(runtime, spec, actor) as work:
            spec.announcer.announce(work, subjects[start : start + CHUNK])
        progress(min(start + CHUNK, len(subjects)), len(subjects))
    return len(subjects)


def rebuild(
    spec: ServiceSpec,
    owners: Sequence[ServiceSpec],
    runtime: Runtime,
    bus: Bus,
    hand: Hand,
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    patience: float = 600.0,
) -> Rebuilt:
    """Give a service its copies back; works beside running workers, and without them. Raises `TimeoutError`.

    `owners` are the services whose facts it keeps, those first on which the others build.
    """
    consumer = Consumer(spec, runtime, bus)
    announced = gaps = 0
    try:
        # One after another: what the later ones say is about what the earlier ones own.
        for owner in owners:
            announced += announce_everything(owner, runtime, progress)
            _carry(spec, owners, runtime, bus, consumer, patience)
            with runtime.database(spec.name).writing() as connection:
                skipped = skip_gaps(connection, hand)
            if skipped:
                gaps += skipped
                _carry(spec, owners, runtime, bus, consumer, patience)
    finally:
        consumer.close()
    with runtime.database(spec.name).reading() as connection:
        held = pressure(connection, spec.metadata).held
    left = sum(count for state, count in held.items() if state != Held.DISCARDED)
    return Rebuilt(announced, gaps, left)


def skip_gaps(connection: Connection, hand: Hand) -> int:
    """Skip every gap before a held fact; returns how many. Only when nothing is on its way any more."""
    same = and_(POSITION.c.source == EVENT.c.source, POSITION.c.subject == EVENT.c.subject)
    first = func.min(EVENT.c.version).label("first")
    query = (
        select(EVENT.c.source, EVENT.c.subject, first, func.min(EVENT.c.id).label("event_id"))
        .select_from(EVENT.outerjoin(POSITION, same))
        .where(EVENT.c.version > func.coalesce(POSITION.c.version, 0), EVENT.c.state != Held.DISCARDED)
        .group_by(EVENT.c.source, EVENT.c.subject, POSITION.c.version)
        .having(first > func.coalesce(POSITION.c.version, 0) + 1)
    )
    gaps = connection.execute(query).all()
    set_positions(connection, {Key(gap.source, gap.subject): gap.first - 1 for gap in gaps})
    if gaps:
        noted = {"at": hand.now, "by": hand.by, "done": "gap_skipped", "type": "", "why": WHY}
        rows = [noted | {"event_id": gap.event_id, "subject": gap.subject, "version": gap.first} for gap in gaps]
        connection.execute(insert(MENDING), rows)
    return len(gaps)


def _carry(
    spec: ServiceSpec, owners: Sequence[ServiceSpec], runtime: Runtime, bus: Bus, consumer: Consumer, patience: float
) -> None:
    """Send and take in until nothing is on its way to the service."""
    give_up = monotonic() + patience
    settled = 0
    while settled < SETTLED_ROUNDS:
        for owner in owners:
            _send(owner, runtime, bus)
        taken = consumer.take_in(0.2)
        quiet = not taken and not any(_unsent(owner, runtime) for owner in owners) and not bus.depths()[spec.name][0]
        settled = settled + 1 if quiet else 0
        if monotonic() > give_up:
            raise TimeoutError(f"Facts were still on their way to {spec.name} after {patience:.0f} seconds.")
        if quiet:
            sleep(0.2)


def _send(owner: ServiceSpec, runtime: Runtime, bus: Bus) -> None:
    """Send what an owner has to say, or leave it to a worker's relay."""
    with turn_to_send(runtime.database(owner.name)) as ours:
        if ours:
            relay = Relay(owner, runtime, bus)
            try:
                relay.send_pending()
            finally:
                relay.close()


def _unsent(owner: ServiceSpec, runtime: Runtime) -> int:
    with runtime.database(owner.name).reading() as connection:
        return pressure(connection, owner.metadata).unsent
