"""The broker stopped, frozen, or cut off from its worker, while facts are told all the time."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from faults.ground import Ground, NotHere, Place, open_place, settle
from faults.kills import outcome
from faults.load import Load, told_so_far, under_load, wait_for, workers
from faults.outcome import Outcome
from shared.platform.runtime import Runtime
from shared.testing.crash_trial import SCHEDULING
from shared.testing.ledger import effects

LOAD = Load(children=30, per_commit=10, pause=0.05)


def broker_stopped(ground: Ground) -> Outcome:
    """Take RabbitMQ away for a minute; what is written meanwhile is committed, and arrives afterwards."""
    away = ground.times(60, 2)
    with open_place(ground, proxied=True) as place:
        proxy = place.network
        return _interrupted(ground, place, f"broker stopped for {away} s", away, proxy.go_away, proxy.come_back)


def broker_frozen(ground: Ground) -> Outcome:
    """Let RabbitMQ say nothing more without closing anything; it must be noticed by itself."""
    frozen = ground.times(20, 3)
    with open_place(ground, proxied=True) as place:
        proxy = place.network
        return _interrupted(ground, place, f"broker frozen for {frozen} s", frozen, proxy.freeze, proxy.thaw)


def broker_really_stopped(ground: Ground) -> Outcome:
    """Stop RabbitMQ itself; only where that was asked for, because it stops it for everybody."""
    if not ground.may_stop_rabbitmq or ground.form == "embedded":
        raise NotHere("only with --stop-rabbitmq")
    with open_place(ground) as place:
        return _interrupted(ground, place, "RabbitMQ itself stopped", 10, _ctl("stop_app"), _ctl("start_app"))


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
def _opened(place: Place) -> Iterator[Runtime]:
    runtime = place.installation.runtime()
    try:
        yield runtime
    finally:
        runtime.close()


def _heard(runtime: Runtime) -> int:
    with runtime.database("scheduling").reading() as connection:
        return sum(map(len, effects(connection, SCHEDULING).values()))


def _ctl(word: str) -> Callable[[], object]:
    return lambda: subprocess.run(["rabbitmqctl", "-q", word], check=True, timeout=60)  # noqa: S603, S607 - our words
