"""A unit of work: one transaction, one actor, one moment; what every application function is handed.

Application code never commits. Facts it publishes are numbered and stored at the end of the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData

from shared.contracts.envelope import Envelope
from shared.contracts.registry import event_name, to_data
from shared.kernel.clock import london_date
from shared.kernel.ids import new_id
from shared.platform import audit, outbox
from shared.platform.access import Actor, Standing, role_for, standing
from shared.platform.crashpoints import crashpoint
from shared.platform.settings import Settings
from shared.platform.trace import current_trace, next_span
from shared.platform.trail import Trail

if TYPE_CHECKING:
    from shared.platform.runtime import Runtime
    from shared.platform.service import ServiceSpec


@dataclass
class Work:
    """One unit of work. `now` is an aware UTC instant; `cause` the event being reacted to, if any.

    `trail` is what the policy was asked; where several units serve one request they share it.
    """

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
    trail: Trail = field(default_factory=Trail)
    _facts: list[Envelope] = field(default_factory=list, repr=False)
    standings: dict[tuple[str, str], Standing] = field(default_factory=dict, repr=False)
    """By person and child: how they stand to each other, as far as this unit asked; emptied when a team changes."""

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
        actor, acting_as = self._acts_towards(subject)
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
                actor=actor,
                acting_as=acting_as,
            )
        )

    def flush(self) -> bool:
        """Store what was published so far, and tell whether it was anything; the opener calls it before the commit."""
        facts, self._facts = self._facts, []
        return bool(outbox.append(self.connection, self.metadata, facts))

    def keep_changes(self) -> None:
        """Write into the audit what this unit changed; the opener calls it before `flush`, in the same transaction."""
        if self.trail.route and not self.trail.granted:
            self.trail.note(self.actor, role_for(self.actor, self.trail.route), self.trail.route, allowed=True)
        steps = self.trail.changes(fact.subject for fact in self._facts)
        if self.actor.elsewhere:
            steps = [
                replace(step, actor=standing(self, step.child_id).actor) if step.child_id else step for step in steps
            ]
        audit.keep(self.connection, audit.rows(steps, self.trail, self.now, self.correlation_id))

    def _acts_towards(self, subject: str) -> tuple[str, str]:
        """Return who acts on a subject, as its authority has recorded them, and in which role."""
        kind, _, identity = subject.partition("/")
        if self.cause is not None:
            return self.actor.person_id, self.cause.acting_as
        if kind != "child" or self.actor.system:
            return self.actor.person_id, ""
        found = standing(self, identity)
        return found.actor.person_id, found.acting_as


@contextmanager
def writing_work(
    runtime: Runtime,
    spec: ServiceSpec,
    actor: Actor,
    *,
    correlation_id: str = "",
    traceparent: str = "",
    trail: Trail | None = None,
) -> Iterator[Work]:
    """Open a unit of work that may write; committed at the end, rolled back when an error leaves it.

    What it changed is in the audit by the same transaction. What was refused or only looked at is left in `trail`, for
    whoever answers the request.
    """
    with runtime.database(spec.name).writing() as connection:
        work = _work(runtime, spec, actor, connection, correlation_id, traceparent, trail)
        yield work
        work.keep_changes()
        told = work.flush()
        crashpoint("before_commit")
    crashpoint("after_commit")
    if told:
        runtime.database(spec.name).wake_relay()


@contextmanager
def reading_work(
    runtime: Runtime,
    spec: ServiceSpec,
    actor: Actor,
    *,
    correlation_id: str = "",
    traceparent: str = "",
    trail: Trail | None = None,
) -> Iterator[Work]:
    """Open a unit of work that only reads; what it looked at is left in `trail`."""
    with runtime.database(spec.name).reading() as connection:
        work = _work(runtime, spec, actor, connection, correlation_id, traceparent, trail)
        work.may_write = False
        yield work


def _work(
    runtime: Runtime,
    spec: ServiceSpec,
    actor: Actor,
    connection: Connection,
    correlation_id: str,
    traceparent: str,
    trail: Trail | None,
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
        trail=Trail() if trail is None else trail,
    )
