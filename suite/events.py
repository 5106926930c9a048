"""How the events fare, in words: what each service published, what it applied, what is held and why."""

from __future__ import annotations

from collections.abc import Iterator

from shared.kernel.clock import LONDON
from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.desk import HeldEvent, held_events, overview_of
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from suite.composition import SPECS


def told(runtime: Runtime) -> str:
    """Return the state of the events of all services, as text for a terminal."""
    lines: list[str] = []
    for spec in SPECS:
        lines += [*_service(runtime, spec), ""]
    return "\n".join([*lines, *_queues(runtime)])


def _service(runtime: Runtime, spec: ServiceSpec) -> Iterator[str]:
    seen = overview_of(runtime, spec)
    yield f"{spec.name}"
    yield f"  published {sum(seen.published.values()):,}, waiting to be sent {seen.unsent:,}" + (
        f" (the oldest since {seen.oldest_unsent.astimezone(LONDON):%d %b %Y %H:%M})" if seen.oldest_unsent else ""
    )
    for name, count in seen.published.items():
        yield f"    {count:>8,}  {name}"
    heard = ", ".join(f"{count:,} from {source}" for source, count in seen.applied.items()) or "none yet"
    yield f"  applied   {heard}"
    yield f"  held      {seen.waiting:,} waiting, {seen.parked:,} parked, {seen.unreadable:,} unreadable"
    if seen.discarded:
        yield f"  discarded {seen.discarded:,}"
    with runtime.database(spec.name).reading() as connection:
        for held in held_events(connection):
            yield _held(held)


def _held(held: HeldEvent) -> str:
    what = f"{held.type or 'unreadable'} {held.subject} {held.version or ''}".rstrip()
    tries = f"; tried {held.attempts} times" if held.attempts else ""
    return f"    {held.state}: {what}: {held.reason}{tries}"


def _queues(runtime: Runtime) -> Iterator[str]:
    try:
        depths = Bus(runtime.settings.broker).depths()
    except BrokerUnavailable as error:
        yield f"queue: cannot be reached ({error})"
        return
    yield "queue"
    for service, (waiting, dead) in depths.items():
        yield f"  {waiting:,} on their way to {service}" + (f", {dead:,} given up" if dead else "")
