"""From the bus into a service: each fact takes effect once and in order, whatever arrives twice, early or late.

A fact is known by its source, its subject and its number. The number of the last one dealt with is kept for each
subject, in the same transaction as the effect. A number at or below it is a duplicate; the next one is applied; one
beyond the next is held until the gap is filled. Facts of different subjects do not wait for each other.

What arrives is applied together in one transaction. If that fails, they are stored and then tried one by one: a failing
fact is tried again with growing pauses, then parked for a person to look at, and only its own subject waits behind it.
Messages that were handed out before and not finished (their consumer may have died of one of them) are stored first and
then tried (`shared.platform.held_facts`), so that attempts are counted which nobody survives.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert

from shared.contracts.envelope import Envelope, UnreadableEnvelope
from shared.contracts.registry import UnknownEvent, event_class, from_data
from shared.platform.access import system_actor
from shared.platform.crashpoints import crashpoint
from shared.platform.erasure import RECORD
from shared.platform.gate import Gate
from shared.platform.held_facts import HeldFacts
from shared.platform.inbox_tables import EVENT, SUBJECT_LENGTH, TYPE_LENGTH, Held
from shared.platform.metrics import APPLIED, PARKED, RETRIED, count_by_type
from shared.platform.runtime import Runtime
from shared.platform.service import InBulk, Reaction, ServiceSpec
from shared.platform.trace import tracing
from shared.platform.work import Work

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
        self._held = HeldFacts(spec.name, runtime, self._react)

    def receive(self, bodies: Sequence[bytes], *, carefully: bool = False) -> bool:
        """Apply or store messages in their order; when it returns, all of them are dealt with durably.

        `carefully` stores them before anything is tried. Returns whether facts of the same subjects are held, which
        may be due now. Raises the database's errors, and then nothing is done.
        """
        envelopes, unreadable = self._read(bodies)
        if carefully:
            self._store(envelopes, unreadable)
            return True
        try:
            return self._apply_together(envelopes, unreadable)
        except Exception:
            log.warning("%s: %s facts are to be tried one by one", self._spec.name, len(bodies), exc_info=True)
            self._store(envelopes, unreadable, attempts=1)
            count_by_type(RETRIED, self._spec.name, [each.type for each in envelopes])
            return True

    def try_held(self) -> int:
        """Try what is held and due, until nothing more is; returns how many facts took effect."""
        return self._held.try_due()

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

    def _apply_together(self, envelopes: Sequence[Envelope], unreadable: Sequence[Unreadable]) -> bool:
        now = self._runtime.clock.now()
        with self._database.writing() as connection:
            gate = Gate.open(connection, envelopes)
            ready = [each for envelope in envelopes for each in gate.admit(envelope)]
            published = self._react(connection, ready, now)
            gate.save(connection, now)
            _store_unreadable(connection, unreadable, now)
            crashpoint("before_effect_commit")
        if published:
            self._database.wake_relay()
        count_by_type(APPLIED, self._spec.name, [each.type for each in ready])
        count_by_type(PARKED, self._spec.name, [""] * len(unreadable))
        return gate.holds_something

    def _store(self, envelopes: Sequence[Envelope], unreadable: Sequence[Unreadable], *, attempts: int = 0) -> None:
        now = self._runtime.clock.now()
        with self._database.writing() as connection:
            gate = Gate.open(connection, envelopes)
            for envelope in envelopes:
                gate.hold(envelope)
            gate.save(connection, now, attempts=attempts)
            _store_unreadable(connection, unreadable, now)
        count_by_type(PARKED, self._spec.name, [""] * len(unreadable))

    def _react(self, connection: Connection, envelopes: Sequence[Envelope], now: datetime) -> bool:
        # What became of a record as a whole comes last: nothing of the same batch may bring an erased one back.
        ordered = sorted(envelopes, key=lambda envelope: envelope.subject.startswith(RECORD))
        published = [self._apply_alike(connection, group, now) for group in _alike(ordered)]
        return any(published)

    def _apply_alike(self, connection: Connection, envelopes: Sequence[Envelope], now: datetime) -> bool:
        """Let the service react to facts of one type about different subjects: in bulk where it can.

        Returns whether it published facts itself.
        """
        reaction = self._reaction(envelopes[0].type)
        if isinstance(reaction, InBulk) and len(envelopes) > 1:
            work = self._work(connection, now)
            reaction.many(work, [from_data(envelope.type, envelope.data) for envelope in envelopes])
            return False
        published = [self._apply(connection, envelope, now) for envelope in envelopes]
        return any(published)

    def _apply(self, connection: Connection, envelope: Envelope, now: datetime) -> bool:
        """Let the service react; a type it does not know or does not care about has no effect."""
        reaction = self._reaction(envelope.type)
        if reaction is None:
            return False
        work = self._work(connection, now)
        work.actor = replace(work.actor, person_id=envelope.actor)
        work.correlation_id = envelope.correlation_id
        work.cause = envelope
        work.may_write = True
        with tracing(self._spec.name, envelope.correlation_id, envelope.traceparent) as trace:
            work.traceparent = trace.traceparent
            reaction(work, from_data(envelope.type, envelope.data))
            return work.flush()

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
            actor=system_actor(),
            now=now,
            may_write=False,
        )


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
