"""Processes that keep an installation busy: one tells facts, others hear them."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerProcess

from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from shared.platform import crashpoints
from shared.platform.access import system_actor
from shared.platform.runtime import Runtime
from shared.platform.work import Work, writing_work
from shared.testing.crash_trial import PEP, PRELOADED, Installation
from shared.testing.ledger import fact

_EFFECT = PEP.metadata.tables["effect"]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*PRELOADED, "faults.all_faults"])


@dataclass(frozen=True)
class Load:
    """How much is told: each commit tells `per_commit` facts of `children` children in turn.

    It ends after `commits` (0: when it is asked to stop), with a pause of `pause` seconds after each. `lane` keeps the
    children of several tellers apart. `crash` is where the teller dies, if it does.
    """

    children: int = 20
    per_commit: int = 20
    commits: int = 0
    pause: float = 0.02
    lane: str = "a"
    crash: str = ""


def start(target: Callable[[], None]) -> ForkServerProcess:
    """Start a process that calls `target`, which must be small enough to hand over."""
    process = _processes.Process(target=target, daemon=True)
    process.start()
    return process


def start_load(installation: Installation, load: Load) -> ForkServerProcess:
    """Start a process that tells facts; where the database fails it goes on when that is back."""
    return start(partial(_tell, installation, load))


@contextmanager
def under_load(installation: Installation, load: Load) -> Iterator[ForkServerProcess]:
    """Keep telling while inside."""
    process = start_load(installation, load)
    try:
        yield process
    finally:
        end(process)


@contextmanager
def workers(installation: Installation, count: int = 1) -> Iterator[list[ForkServerProcess]]:
    """Keep workers going while inside."""
    started = [installation.start_worker() for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            end(process)


def end(process: ForkServerProcess, seconds: float = 40) -> None:
    """Ask a process to stop, and wait until it has; one that does not is killed."""
    process.terminate()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until something is so; tell whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def told_so_far(runtime: Runtime) -> int:
    """Return how many facts are committed."""
    with runtime.database("pep").reading() as connection:
        return connection.execute(select(func.count()).select_from(_EFFECT)).scalar_one()


def _tell(installation: Installation, load: Load) -> None:
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    crashpoints.arm(load.crash)
    runtime = installation.runtime()
    numbers: dict[str, int] = {}
    done = turn = 0
    while not asked.is_set() and not (load.commits and done >= load.commits):
        try:
            # After an error nobody knows whether the last commit went through: look.
            numbers = numbers or _last_numbers(runtime, load)
            with writing_work(runtime, PEP, system_actor("northmoor")) as work:
                for n in range(load.per_commit):
                    tell_next(work, numbers, f"{load.lane}-{(turn + n) % load.children}")
        except DBAPIError:
            numbers = {}
            asked.wait(0.05)
            continue
        done += 1
        turn += load.per_commit
        if load.pause:
            asked.wait(load.pause)
    runtime.close()


def tell_next(work: Work, numbers: dict[str, int], child_id: str) -> None:
    """Tell the next fact about a child; `numbers` holds the last of each."""
    number = numbers[child_id] = numbers.get(child_id, 0) + 1
    work.connection.execute(insert(_EFFECT).values(child_id=child_id, number=number))
    work.publish(f"child/{child_id}", fact(child_id, number))


def _last_numbers(runtime: Runtime, load: Load) -> dict[str, int]:
    query = select(_EFFECT.c.child_id, func.max(_EFFECT.c.number)).group_by(_EFFECT.c.child_id)
    with runtime.database("pep").reading() as connection:
        known = {row[0]: row[1] for row in connection.execute(query)}
    return {f"{load.lane}-{n}": known.get(f"{load.lane}-{n}", 0) for n in range(load.children)}
