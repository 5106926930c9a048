"""How the events fare, in words: what each service published, what it applied, what is held and why."""

from __future__ import annotations

import getpass
from collections.abc import Iterator

from shared.kernel.clock import LONDON
from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.desk import HeldEvent, find_held, held_events, held_payload, overview_of
from shared.platform.inbox_tables import Held
from shared.platform.mending import Hand, discard, mended, replay, replay_parked, skip_gap
from shared.platform.rebuilding import rebuild
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.stuck import what_it_says
from suite.composition import SPECS
from suite.home import Refusal


def told(runtime: Runtime) -> str:
    """Return the state of the events of all services, as text for a terminal."""
    lines: list[str] = []
    for spec in SPECS:
        lines += [*_service(runtime, spec), ""]
    return "\n".join([*lines, *_queues(runtime)])


def replayed(runtime: Runtime, wanted: str) -> str:
    """Let a parked event (or `all`) be tried again; returns what to tell. Raises `NotFound`, `Conflict`, `Refusal`."""
    if wanted == "all":
        count = 0
        for spec in SPECS:
            with runtime.database(spec.name).writing() as connection:
                count += replay_parked(connection, _hand(runtime))
        return f"{count} parked events are tried again by the worker within a second or two."
    service, number = _named(wanted)
    with runtime.database(service).writing() as connection:
        replay(connection, number, _hand(runtime))
    return f"{wanted} is tried again by the worker within a second or two."


def discarded(runtime: Runtime, wanted: str, why: str) -> str:
    """Give up a held event for good; returns what to tell. Raises `NotFound`, `Conflict`, `Refusal`."""
    service, number = _named(wanted)
    with runtime.database(service).writing() as connection:
        discard(connection, number, _hand(runtime), _reason(why))
    return f"{wanted} is discarded; what waited for it goes on."


def gap_skipped(runtime: Runtime, wanted: str, why: str) -> str:
    """Let an event go on without an earlier one that never came. Raises `NotFound`, `Conflict`, `Refusal`."""
    service, number = _named(wanted)
    with runtime.database(service).writing() as connection:
        skip_gap(connection, number, _hand(runtime), _reason(why))
    return f"{wanted} no longer waits for an earlier one."


def parked_listed(runtime: Runtime) -> str:
    """Return what is parked or unreadable in all services, and what was done about such events lately."""
    lines = []
    for spec in SPECS:
        with runtime.database(spec.name).reading() as connection:
            stuck = held_events(connection, states=frozenset({Held.PARKED, Held.UNREADABLE}))
            steps = mended(connection, limit=5)
        lines += [_held(spec.name, held).strip() for held in stuck]
        for step in steps:
            why = f": {step.why}" if step.why else ""
            when = step.at.astimezone(LONDON)
            lines.append(f"  done {when:%d %b %Y %H:%M}: {spec.name}:{step.event_id} {step.done} by {step.by}{why}")
    return "\n".join(lines) or "Nothing is parked."


def parked_shown(runtime: Runtime, wanted: str) -> str:
    """Return all that may be told of one held event, without personal data. Raises `NotFound`, `Refusal`."""
    service, number = _named(wanted)
    with runtime.database(service).reading() as connection:
        held = find_held(connection, number)
        says = what_it_says(held_payload(connection, number))
    lines = [_held(service, held).strip(), f"  came {held.received_at.astimezone(LONDON):%d %b %Y %H:%M}"]
    return "\n".join([*lines, *(f"  {key}: {value}" for key, value in says.items())])


def rebuilt(runtime: Runtime, service: str) -> str:
    """Give a service its copies back from their owners; returns what to tell. Raises `Refusal`."""
    spec = next(spec for spec in SPECS if spec.name == service)
    owners = [each for each in SPECS if each.announcer is not None and each.name != service]
    try:
        done = rebuild(spec, owners, runtime, Bus(runtime.settings.broker), _hand(runtime))
    except (BrokerUnavailable, TimeoutError) as error:
        raise Refusal(f"Not rebuilt: {error}") from error
    told = f"{service} heard again how {done.announced:,} people, schools and children stand"
    gaps = f"; {done.gaps:,} gaps that nothing can fill any more were skipped" if done.gaps else ""
    held = f". {done.held:,} events are still held: see ./run events" if done.held else ""
    return f"{told}{gaps}{held}."


def _hand(runtime: Runtime) -> Hand:
    return Hand(getpass.getuser(), runtime.clock.now())


def _named(wanted: str) -> tuple[str, int]:
    service, _, number = wanted.partition(":")
    if service not in {spec.name for spec in SPECS} or not (number.isascii() and number.isdigit()):
        raise Refusal(f"{wanted!r} is not an event: give its service and number as ./run events shows them (pep:12).")
    return service, int(number)


def _reason(why: str) -> str:
    if not why.strip():
        raise Refusal("Say why, with --why TEXT; it is kept.")
    return why.strip()


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
            yield _held(spec.name, held)


def _held(service: str, held: HeldEvent) -> str:
    what = f"{held.type or 'unreadable'} {held.subject} {held.version or ''}".rstrip()
    tries = f"; tried {held.attempts} times" if held.attempts else ""
    return f"    {service}:{held.id} {held.state}: {what}: {held.reason}{tries}"


def _queues(runtime: Runtime) -> Iterator[str]:
    try:
        depths = Bus(runtime.settings.broker).depths()
    except BrokerUnavailable as error:
        yield f"queue: cannot be reached ({error})"
        return
    yield "queue"
    for service, (waiting, dead) in depths.items():
        yield f"  {waiting:,} on their way to {service}" + (f", {dead:,} given up" if dead else "")
