"""From the bus into a service: each fact takes effect once and in order, whatever arrives twice, early or late.

A fact is known by its source, its subject and its number. The number of the last one dealt with is kept for each
subject, in the same transaction as the effect. A number at or below it is a duplicate; the next one is applied; one
beyond the next is held until the gap is filled. Facts of different subjects do not wait for each other.

What arrives is applied together in one transaction. If that fails, or if the messages were handed out before and not
finished (their consumer may have died of one of them), they are first stored and then tried one by one: a failing fact
is tried again with growing pauses, then parked for a person to look at, and only its own subject waits behind it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from shared.contracts.envelope import Envelope, UnreadableEnvelope
from shared.contracts.registry import UnknownEvent, UnreadableEvent, event_class, from_data
from shared.platform.access import system_actor
from shared.platform.crashpoints import crashpoint
from shared.platform.gate import Gate, Key, lock_positions, set_positions
from shared.platform.inbox_tables import EVENT, POSITION, SUBJECT_LENGTH, TYPE_LENGTH, Held
from shared.platform.logs import describe, where
from shared.platform.metrics import APPLIED, PARKED, RETRIED, count_by_type
from shared.platform.runtime import Runtime
from shared.platform.service import InBulk, Reaction, ServiceSpec
from shared.platform.trace import tracing
from shared.platform.work import Work

MAX_ATTEMPTS = 5
LONGEST_PAUSE = timedelta(minutes=5)
TRY_AT_ONCE = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no fact, and why."""

    body: bytes
    reason: str


class Inbox:
    """One service's inbox. `sources` are the services it believes."""

    def __init__(self, spec: ServiceSpec, runtime: Runtime, sources: Iterable[str]) -> None:
        self._spec = spec
        self._runtime = runtime
        self._sources = frozenset(sources) - {spec.name}
        self._database = runtime.database(spec.name)

    def receive(self, bodies: Sequence[bytes], *, carefully: bool = False) -> None:
        """Apply or store messages in their order; when it returns, all of them are dealt with durably.

        `carefully` stores them before anything is tried. Raises the database's errors, and then nothing is done.
        """
        envelopes, unreadable = self._read(bodies)
        if not carefully:
            try:
                self._apply_together(envelopes, unreadable)
            except Exception:
                log.warning("%s: %s facts are to be tried one by one", self._spec.name, len(bodies), exc_info=True)
            else:
                return
        self._store(envelopes, unreadable)

    def try_held(self) -> int:
        """Try what is held and due, until nothing more is; returns how many facts took effect."""
        applied = 0
        while due := self._due():
            applied += sum(self._try(event_id, attempts) for event_id, attempts in due)
        return applied

    def _read(self, bodies: Sequence[bytes]) -> tuple[list[Envelope], list[Unreadable]]:
        envelopes, unreadable = [], []
        for body in bodies:
            try:
                envelope = Envelope.from_bytes(body)
                self._believe(envelope)
                envelopes.append(envelope)
            except UnreadableEnvelope as error:
                unreadable.append(Unreadable(body, str(error)))
        return envelopes, unreadable

    def _believe(self, envelope: Envelope) -> None:
        if envelope.source not in self._sources or not envelope.type.startswith(f"{envelope.source}."):
            raise UnreadableEnvelope(f"{envelope.source!r} may not say {envelope.type!r} here")
        if len(envelope.subject) > SUBJECT_LENGTH or len(envelope.type) > TYPE_LENGTH:
            raise UnreadableEnvelope("the subject or the type is too long")

    def _apply_together(self, envelopes: Sequence[Envelope], unreadable: Sequence[Unreadable]) -> None:
        now = self._runtime.clock.now()
        with self._database.writing() as connection:
            gate = Gate.open(connection, envelopes)
            ready = [each for envelope in envelopes for each in gate.admit(envelope)]
            for group in _alike(ready):
                self._apply_alike(connection, group, now)
            gate.save(connection, now)
            _store_unreadable(connection, unreadable, now)
            crashpoint("before_effect_commit")
        self._database.wake_relay()
        count_by_type(APPLIED, self._spec.name, [each.type for each in ready])
        count_by_type(PARKED, self._spec.name, [""] * len(unreadable))

    def _store(self, envelopes: Sequence[Envelope], unreadable: Sequence[Unreadable]) -> None:
        now = self._runtime.clock.now()
        with self._database.writing() as connection:
            gate = Gate.open(connection, envelopes)
            for envelope in envelopes:
                gate.hold(envelope)
            gate.save(connection, now)
            _store_unreadable(connection, unreadable, now)
        count_by_type(PARKED, self._spec.name, [""] * len(unreadable))

    def _apply_alike(self, connection: Connection, envelopes: Sequence[Envelope], now: datetime) -> None:
        """Let the service react to facts of one type about different subjects: in bulk where it can."""
        reaction = self._reaction(envelopes[0].type)
        if isinstance(reaction, InBulk) and len(envelopes) > 1:
            work = self._work(connection, now)
            reaction.many(work, [from_data(envelope.type, envelope.data) for envelope in envelopes])
            return
        for envelope in envelopes:
            self._apply(connection, envelope, now)

    def _apply(self, connection: Connection, envelope: Envelope, now: datetime) -> None:
        """Let the service react; a type it does not know or does not care about has no effect."""
        reaction = self._reaction(envelope.type)
        if reaction is None:
            return
        work = self._work(connection, now)
        work.actor = replace(work.actor, person_id=envelope.actor)
        work.correlation_id = envelope.correlation_id
        work.cause = envelope
        work.may_write = True
        with tracing(self._spec.name, envelope.correlation_id, envelope.traceparent) as trace:
            work.traceparent = trace.traceparent
            reaction(work, from_data(envelope.type, envelope.data))
            work.flush()

    def _reaction(self, event_type: str) -> Reaction | None:
        try:
            return self._spec.subscriptions.get(event_class(event_type))
        except UnknownEvent:
            return None

    def _work(self, connection: Connection, now: datetime) -> Work:
        """Return a unit of work of the suite itself that publishes nothing."""
        settings = self._runtime.settings
        return Work(
            connection=connection,
            service=self._spec.name,
            metadata=self._spec.metadata,
            settings=settings,
            actor=system_actor(settings.authority),
            now=now,
            may_write=False,
        )

    def _due(self) -> list[tuple[int, int]]:
        """Return (id, attempts) of the held facts whose turn and time it is.

        A time further ahead than any pause lasts is from before the clock was set back, and counts as come.
        """
        now = self._runtime.clock.now()
        joined = EVENT.outerjoin(
            POSITION, and_(POSITION.c.source == EVENT.c.source, POSITION.c.subject == EVENT.c.subject)
        )
        query = (
            select(EVENT.c.id, EVENT.c.attempts)
            .select_from(joined)
            .where(
                EVENT.c.state == Held.WAITING,
                or_(
                    EVENT.c.next_attempt_at.is_(None),
                    EVENT.c.next_attempt_at <= now,
                    EVENT.c.next_attempt_at > now + LONGEST_PAUSE,
                ),
                EVENT.c.version == func.coalesce(POSITION.c.version, 0) + 1,
            )
            .order_by(EVENT.c.id)
            .limit(TRY_AT_ONCE)
        )
        with self._database.reading() as connection:
            return [(row.id, row.attempts) for row in connection.execute(query)]

    def _try(self, event_id: int, attempts: int) -> bool:
        """Try one held fact. That it is tried is committed first, so that a fact which kills us is counted too."""
        if not self._note_attempt(event_id, attempts):
            return False
        crashpoint("before_held_effect")
        try:
            return self._apply_held(event_id)
        except Exception as error:
            log.warning("%s: held fact %s failed", self._spec.name, event_id, exc_info=True)
            hopeless = isinstance(error, UnreadableEvent) or attempts + 1 >= MAX_ATTEMPTS
            self._note_failure(event_id, f"{describe(error)}, at {where(error)}", parked=hopeless)
            return False

    def _note_attempt(self, event_id: int, attempts: int) -> bool:
        now = self._runtime.clock.now()
        pause = min(timedelta(seconds=2**attempts), LONGEST_PAUSE)
        values = {"attempts": attempts + 1, "next_attempt_at": now + pause}
        if attempts >= MAX_ATTEMPTS:
            # Earlier attempts never came to an end: the process died of each.
            values = {"state": Held.PARKED, "reason": f"The process stopped during each of {attempts} attempts."}
        seen = and_(EVENT.c.id == event_id, EVENT.c.attempts == attempts, EVENT.c.state == Held.WAITING)
        with self._database.writing() as connection:
            claimed = connection.execute(update(EVENT).where(seen).values(values)).rowcount == 1
        return claimed and attempts < MAX_ATTEMPTS

    def _apply_held(self, event_id: int) -> bool:
        now = self._runtime.clock.now()
        applied: list[str] = []
        with self._database.writing() as connection:
            row = connection.execute(select(EVENT.c.payload).where(EVENT.c.id == event_id)).first()
            if row is None:
                return False
            envelope = Envelope.from_bytes(row.payload)
            key = Key(envelope.source, envelope.subject)
            position = lock_positions(connection, [key])[key]
            if envelope.subject_version > position + 1:
                return False
            if envelope.subject_version == position + 1:
                self._apply(connection, envelope, now)
                applied.append(envelope.type)
                set_positions(connection, {key: envelope.subject_version})
            connection.execute(delete(EVENT).where(EVENT.c.id == event_id))
        count_by_type(APPLIED, self._spec.name, applied)
        return True

    def _note_failure(self, event_id: int, reason: str, *, parked: bool) -> None:
        values = {"reason": reason[:2000], **({"state": Held.PARKED} if parked else {})}
        with self._database.writing() as connection:
            connection.execute(update(EVENT).where(EVENT.c.id == event_id).values(values))
            kind = connection.execute(select(EVENT.c.type).where(EVENT.c.id == event_id)).scalar()
        count_by_type(PARKED if parked else RETRIED, self._spec.name, [kind or ""])


def _alike(envelopes: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    """Part facts into groups of one type, no two about one subject, so that each subject's order is kept."""
    waves: list[dict[str, list[Envelope]]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for envelope in envelopes:
        key = (envelope.source, envelope.subject)
        if seen[key] == len(waves):
            waves.append({})
        waves[seen[key]].setdefault(envelope.type, []).append(envelope)
        seen[key] += 1
    for wave in waves:
        yield from wave.values()


def _store_unreadable(connection: Connection, unreadable: Sequence[Unreadable], now: datetime) -> None:
    if unreadable:
        rows = [
            {
                "type": "",
                "payload": each.body,
                "state": Held.UNREADABLE,
                "attempts": 0,
                "reason": each.reason[:2000],
                "received_at": now,
            }
            for each in unreadable
        ]
        connection.execute(insert(EVENT), rows)
