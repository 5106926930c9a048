"""A unit of work: one transaction, one actor, one moment; what every application function is handed.

Application code never commits. Facts it publishes are numbered and stored at the end of the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData

from shared.contracts.envelope import Envelope
from shared.contracts.registry import event_name, to_data
from shared.kernel.clock import london_date
from shared.kernel.ids import new_id
from shared.platform import outbox
from shared.platform.access import Actor, acting_as
from shared.platform.crashpoints import crashpoint
from shared.platform.settings import Settings
from shared.platform.trace import current_trace, next_span

if TYPE_CHECKING:
    from shared.platform.runtime import Runtime
    from shared.platform.service import ServiceSpec


@dataclass
class Work:
    """One unit of work. `now` is an aware UTC instant; `cause` the event being reacted to, if any."""

    connection: Connection
    service: str
    metadata: MetaData
    settings: Settings
    actor: Actor
    now: datetime
    correlation_id: str = field(default_factory=new_id)
    traceparent: str = ""
    cause: Envelope | None = None
    may_write: bool = True
    _facts: list[Envelope] = field(default_factory=list, repr=False)
    _role_by_subject: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def today(self) -> date:
        """The calendar day in England."""
        return london_date(self.now)

    def publish(self, subject: str, fact: object) -> None:
        """Tell the other services a fact about `subject` (`child/<id>`, `person/<id>`, `school/<urn>`).

        It is stored with this transaction and sent once that is committed; it is never sent if it is rolled back.
        """
        if not self.may_write:
            raise RuntimeError("A reading unit of work publishes nothing.")
        self._facts.append(
            Envelope(
                id=new_id(),
                source=self.service,
                type=event_name(type(fact)),
                subject=subject,
                subject_version=0,
                time=self.now,
                data=to_data(fact),
                correlation_id=self.correlation_id,
                traceparent=self.traceparent,
                actor=self.actor.person_id,
                acting_as=self._role_towards(subject),
            )
        )

    def flush(self) -> None:
        """Store what was published so far; the opener of the unit calls it before the commit."""
        facts, self._facts = self._facts, []
        outbox.append(self.connection, self.metadata, facts)

    def _role_towards(self, subject: str) -> str:
        if self.cause is not None:
            return self.cause.acting_as
        kind, _, identity = subject.partition("/")
        if kind != "child" or self.actor.system:
            return ""
        if subject not in self._role_by_subject:
            self._role_by_subject[subject] = acting_as(self, identity)
        return self._role_by_subject[subject]


@contextmanager
def writing_work(
    runtime: Runtime, spec: ServiceSpec, actor: Actor, *, correlation_id: str = "", traceparent: str = ""
) -> Iterator[Work]:
    """Open a unit of work that may write; committed at the end, rolled back when an error leaves it."""
    with runtime.database(spec.name).writing() as connection:
        work = _work(runtime, spec, actor, connection, correlation_id, traceparent)
        yield work
        work.flush()
        crashpoint("before_commit")
    crashpoint("after_commit")
    runtime.database(spec.name).wake_relay()


@contextmanager
def reading_work(
    runtime: Runtime, spec: ServiceSpec, actor: Actor, *, correlation_id: str = "", traceparent: str = ""
) -> Iterator[Work]:
    """Open a unit of work that only reads."""
    with runtime.database(spec.name).reading() as connection:
        work = _work(runtime, spec, actor, connection, correlation_id, traceparent)
        work.may_write = False
        yield work


def _work(
    runtime: Runtime,
    spec: ServiceSpec,
    actor: Actor,
    connection: Connection,
    correlation_id: str,
    traceparent: str,
) -> Work:
    trace = current_trace()
    return Work(
        connection=connection,
        service=spec.name,
        metadata=spec.metadata,
        settings=runtime.settings,
        actor=actor,
        now=runtime.clock.now(),
        correlation_id=correlation_id or trace.correlation_id or new_id(),
        traceparent=traceparent or trace.traceparent or next_span(),
    )
