"""The broker stopped, frozen, or cut off from its worker, while facts are told all the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from faults.ground import Ground, NotHere, Place, open_place, settle
from faults.kills import outcome
from faults.load import Load, told_so_far, under_load, wait_for, workers
from faults.outcome import Outcome
from faults.servers import OwnRabbitmq, own_rabbitmq
from shared.platform.runtime import Runtime
from shared.testing.crash_trial import SCHEDULING
from shared.testing.ledger import effects

LOAD = Load(children=30, per_commit=10, pause=0.05)


def broker_out_of_reach(ground: Ground) -> Outcome:
    """Let RabbitMQ be out of reach for a while; what is written meanwhile is committed, and arrives afterwards."""
    away = ground.times(10, 2)
    with open_place(ground, proxied=True) as place:
        proxy = place.network
        return _interrupted(ground, place, f"broker out of reach for {away} s", away, proxy.go_away, proxy.come_back)


def broker_frozen(ground: Ground) -> Outcome:
    """Let RabbitMQ say nothing more without closing anything; it must be noticed by itself."""
    frozen = ground.times(20, 3)
    with open_place(ground, proxied=True) as place:
        proxy = place.network
        return _interrupted(ground, place, f"broker frozen for {frozen} s", frozen, proxy.freeze, proxy.thaw)


def broker_stopped(ground: Ground) -> Outcome:
    """Stop a RabbitMQ of our own in good order for a minute."""
    away = ground.times(60, 2)
    with _own_broker(ground) as (place, broker):
        return _interrupted(ground, place, f"RabbitMQ stopped for {away} s", away, broker.stop, broker.start)


def broker_killed(ground: Ground) -> Outcome:
    """Kill a RabbitMQ of our own, again and again, and start it again."""
    times, recovered = ground.times(5, 1), 0
    with _own_broker(ground) as (place, broker), workers(place.installation), _opened(place) as runtime:
        with under_load(place.installation, LOAD):
            for _ in range(times):
                reached = _heard(runtime)
                recovered += wait_for(lambda reached=reached: _heard(runtime) > reached, 45)  # type: ignore[misc]
                time.sleep(ground.chance.uniform(0.1, 1.0))
                broker.crash()
                broker.start()
        verdict = settle(place.installation)
    broken = () if recovered == times else (f"{times - recovered} times nothing was heard within 45 s",)
    return outcome("RabbitMQ: kill -9", ground, verdict, times, kills=times, broken=broken)


def network_cut(ground: Ground) -> Outcome:
    """Cut the connections between worker and broker again and again, at any moment."""
    cuts = ground.times(40, 4)
    with open_place(ground, proxied=True) as place, workers(place.installation):
        proxy = place.network
        with under_load(place.installation, LOAD):
            for _ in range(cuts):
                time.sleep(ground.chance.uniform(0.05, 1.0))
                proxy.cut()
        verdict = settle(place.installation)
    return outcome("network cut between worker and broker", ground, verdict, cuts)


def network_slow(ground: Ground) -> Outcome:
    """Let every piece that travels between worker and broker take its time."""
    with open_place(ground, proxied=True) as place, workers(place.installation):
        place.network.delay_seconds = 0.05
        with under_load(place.installation, LOAD):
            time.sleep(ground.times(10, 1))
        verdict = settle(place.installation)
    return outcome("every packet 50 ms late", ground, verdict, 1)


def _interrupted(
    ground: Ground, place: Place, name: str, seconds: float, stop: Callable[[], object], start: Callable[[], object]
) -> Outcome:
    with workers(place.installation), _opened(place) as runtime:
        with under_load(place.installation, LOAD):
            heard = wait_for(lambda: _heard(runtime), 15)
            before = told_so_far(runtime)
            stop()
            try:
                time.sleep(seconds)
                meanwhile = told_so_far(runtime) - before
            finally:
                start()
            back = time.monotonic()
            reached = _heard(runtime)
            recovered = wait_for(lambda: _heard(runtime) > reached, 45)
            pause = time.monotonic() - back
        verdict = settle(place.installation)
    broken: tuple[str, ...] = () if heard and meanwhile else ("nothing could be written meanwhile",)
    broken += () if recovered else ("nothing was heard within 45 s of its return",)
    note = f"{meanwhile} facts committed meanwhile; heard again {pause:.1f} s after its return"
    return outcome(name, ground, verdict, 1, note=note, broken=broken)


@contextmanager
def _own_broker(ground: Ground) -> Iterator[tuple[Place, OwnRabbitmq]]:
    if ground.form == "embedded":
        raise NotHere("the embedded queue has no server")
    with own_rabbitmq() as broker, open_place(ground, rabbitmq=broker.address) as place:
        yield place, broker


@contextmanager
def _opened(place: Place) -> Iterator[Runtime]:
    runtime = place.installation.runtime()
    try:
        yield runtime
    finally:
        runtime.close()


def _heard(runtime: Runtime) -> int:
    with runtime.database("scheduling").reading() as connection:
        return sum(map(len, effects(connection, SCHEDULING).values()))
