"""Facts that a service cannot apply: one for good, one that kills its reader, and one that works the third time."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from faults.ground import Ground, Place, open_place, settle
from faults.kills import KILLED, outcome
from faults.load import Load, end, start, start_load, wait_for, workers
from faults.outcome import Outcome
from shared.contracts.pep import ChildDetailsChanged
from shared.kernel.clock import SystemClock
from shared.platform.desk import HeldEvent, held_events
from shared.platform.inbox_tables import Held
from shared.platform.mending import Hand, replay_parked
from shared.platform.runtime import Runtime
from shared.platform.work import Work
from shared.platform.worker import run_worker
from shared.testing.crash_trial import PEP, Installation
from shared.testing.ledger import effects, listener, write_down

CHILDREN, COMMITS = 50, 20
FIRST_BAD = 3
_SICK = {"a-7": "raises", "a-9": "kills"}


class Indigestible(Exception):
    """What the poisonous fact does to its reader."""


def poison_among_good(ground: Ground) -> Outcome:
    """Put a fact that always fails, and one that kills the process, among a thousand good ones; then mend the code.

    Meanwhile only the two children's own later facts wait. Shortly, there is no time for the pauses between attempts,
    so that only the neighbours are looked at before the code is mended.
    """
    healthy = {f"a-{n}" for n in range(CHILDREN)} - _SICK.keys()
    with open_place(ground) as place:
        _tell_all(place)
        runtime = place.installation.runtime()
        process = _start(place.installation, "sick")
        deaths = 0
        deadline = time.monotonic() + ground.times(120, 60)
        neighbours_done = parked = 0
        while time.monotonic() < deadline and not (neighbours_done and (parked == len(_SICK) or not ground.is_long)):
            if not process.is_alive():
                # As the supervisor does.
                deaths += process.exitcode == KILLED
                process = _start(place.installation, "sick")
            neighbours_done = neighbours_done or _complete(runtime, healthy)
            parked = len(_parked(runtime))
            time.sleep(0.05)
        end(process)
        with workers(place.installation):
            # Now that the code is mended, somebody lets what was parked be tried again, until nothing is.
            wait_for(lambda: _nothing_held_after_replay(runtime), 90)
            verdict = settle(place.installation, 30)
        runtime.close()
    broken: tuple[str, ...] = () if neighbours_done else ("other children's facts waited",)
    if ground.is_long and parked != len(_SICK):
        broken += (f"{parked} facts were parked instead of {len(_SICK)}",)
    note = f"the process died of it {deaths} times; {parked} parked, and applied once the code was mended"
    return outcome("poison among a thousand good", ground, verdict, len(_SICK), kills=deaths, note=note, broken=broken)


def works_the_third_time(ground: Ground) -> Outcome:
    """Let the reaction to one fact in each of ten children fail twice and then work."""
    with open_place(ground) as place:
        _tell_all(place)
        process = _start(place.installation, "moody")
        verdict = settle(place.installation, 60)
        end(process)
        failures = len(list(place.installation.home.glob("failure-*")))
    broken: tuple[str, ...] = () if failures == 20 else (f"it failed {failures} times instead of 20",)
    return outcome("a handler that fails twice and then works", ground, verdict, failures, broken=broken)


def _tell_all(place: Place) -> None:
    process = start_load(place.installation, Load(children=CHILDREN, per_commit=CHILDREN, commits=COMMITS, pause=0))
    process.join(60)


def _start(installation: Installation, way: str) -> ForkServerProcess:
    return start(partial(_work, installation, way))


def _work(installation: Installation, way: str) -> None:
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    reaction = _sick if way == "sick" else partial(_moody, installation.home)
    run_worker([PEP, listener(reaction)], installation.runtime(), asked, bus=installation.bus())


def _sick(work: Work, heard: ChildDetailsChanged) -> None:
    if heard.year_group >= FIRST_BAD and (way := _SICK.get(heard.child_id)):
        if way == "kills":
            os.kill(os.getpid(), signal.SIGKILL)
        raise Indigestible("This fact cannot be applied.")
    write_down(work, heard)


def _moody(home: Path, work: Work, heard: ChildDetailsChanged) -> None:
    number = int(heard.child_id.rpartition("-")[2])
    if number < 10 and heard.year_group == FIRST_BAD:
        # What failed is rolled back, so that it failed is kept outside.
        failures = len(list(home.glob(f"failure-{number}-*")))
        if failures < 2:
            (home / f"failure-{number}-{failures}").touch()
            raise Indigestible("Not yet.")
    write_down(work, heard)


def _parked(runtime: Runtime) -> list[HeldEvent]:
    with runtime.database("scheduling").reading() as connection:
        return held_events(connection, states=frozenset({Held.PARKED}))


def _complete(runtime: Runtime, children: set[str]) -> bool:
    with runtime.database("scheduling").reading() as connection:
        heard = effects(connection, listener())
    return all(heard.get(child, []) == list(range(1, COMMITS + 1)) for child in children)


def _nothing_held_after_replay(runtime: Runtime) -> bool:
    with runtime.database("scheduling").writing() as connection:
        replay_parked(connection, Hand("faults", SystemClock().now()))
        return not held_events(connection)
