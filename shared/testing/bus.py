"""Carry facts between services in a test, at once and without threads, over the real queue, relay and inbox."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.envelope import Envelope
from shared.contracts.registry import event_name, to_data
from shared.kernel.ids import new_id
from shared.platform.access import system_actor
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.desk import held_events
from shared.platform.gate import Key, lock_positions
from shared.platform.inbox import Inbox
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES
from shared.platform.work import writing_work


def deliver_everything(runtime: Runtime, specs: Iterable[ServiceSpec], *, held_is_fine: bool = False) -> int:
    """Send and apply all that was published, and what follows from it, until nothing moves; returns the messages moved.

    Fails if a service could not apply a fact, unless `held_is_fine`. A service whose spec is not given hears nothing
    now; its queue keeps the facts for it.
    """
    services = list(specs)
    bus = Bus(runtime.settings.broker)
    relays = [Relay(spec, runtime, bus) for spec in services]
    consumers = [Consumer(spec, runtime, bus) for spec in services]
    moved = 0
    try:
        while step := sum(relay.send_pending() for relay in relays) + _take_in_all(consumers):
            moved += step
    finally:
        for relay in relays:
            relay.close()
        for consumer in consumers:
            consumer.close()
    if not held_is_fine:
        for spec in services:
            check_nothing_held(runtime, spec)
    return moved


def tell(runtime: Runtime, spec: ServiceSpec, subject: str, *facts: object, source: str = "", actor: str = "") -> None:
    """Let one service hear facts about a subject, as if the service they belong to had just published them.

    Fails if the service cannot apply one. `source` is taken from the facts' names.
    """
    teller = source or event_name(type(facts[0])).partition(".")[0]
    with runtime.database(spec.name).writing() as connection:
        key = Key(teller, subject)
        last = lock_positions(connection, [key])[key]
    bodies = [
        Envelope(
            id=new_id(),
            source=teller,
            type=event_name(type(fact)),
            subject=subject,
            subject_version=last + 1 + n,
            time=runtime.clock.now(),
            data=to_data(fact),
            correlation_id=new_id(),
            actor=actor,
        ).to_bytes()
        for n, fact in enumerate(facts)
    ]
    inbox = Inbox(spec, runtime, SERVICES)
    inbox.receive(bodies)
    inbox.try_held()
    check_nothing_held(runtime, spec)


def publish(runtime: Runtime, spec: ServiceSpec, subject: str, *facts: object) -> None:
    """Let a service publish facts in a unit of work of its own; they wait in its outbox."""
    with writing_work(runtime, spec, system_actor()) as work:
        for fact in facts:
            work.publish(subject, fact)


def check_nothing_held(runtime: Runtime, spec: ServiceSpec) -> None:
    """Fail, with the reasons, if a service holds facts that it could not apply."""
    with runtime.database(spec.name).reading() as connection:
        held = held_events(connection)
    if held:
        reasons = "\n".join(
            f"  {each.type} {each.subject} {each.version}: {each.state}, {each.reason}" for each in held
        )
        raise AssertionError(f"{spec.name} could not apply:\n{reasons}")


def _take_in_all(consumers: Iterable[Consumer]) -> int:
    taken = 0
    for consumer in consumers:
        while count := consumer.take_in(timeout=0):
            taken += count
    return taken
