"""The suite with every promise kept: outbox, confirms, quorum queue, gate, effect and position in one commit.

As a program: `fill COUNT` commits that many facts, `pace COUNT RATE` commits them at a steady rate and prints the times
of the commits, `relay`, `consume` and `both` do the work of a worker until they are told to stop.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Column, Float, Integer, Table, delete, func, insert, select

from shared.contracts.pep import ChildLeftCare
from shared.platform.access import system_actor
from shared.platform.bus import Bus
from shared.platform.runtime import Runtime
from shared.platform.service import InBulk, ServiceSpec
from shared.platform.settings import Mode, Settings
from shared.platform.tables import service_metadata
from shared.platform.work import Work, writing_work
from shared.platform.worker import run_worker, settle

SUBJECTS = 500
LEFT = date(2026, 11, 20)
_told = service_metadata()
_heard = service_metadata()
STATE = Table("state", _told, Column("number", Integer, primary_key=True), Column("at", Float, nullable=False))
EFFECT = Table("effect", _heard, Column("number", Integer, primary_key=True), Column("at", Float, nullable=False))


def _take_effect(work: Work, facts: Sequence[ChildLeftCare]) -> None:
    now = time.time()
    work.connection.execute(insert(EFFECT), [{"number": int(fact.child_id), "at": now} for fact in facts])


def _spec(name: str, metadata: object, subscriptions: dict[type, object]) -> ServiceSpec:
    return ServiceSpec(
        name=name,
        title=name,
        metadata=metadata,  # type: ignore[arg-type]
        register_pages=lambda app: None,
        register_api=lambda api: None,
        subscriptions=subscriptions,  # type: ignore[arg-type]
        migrations=Path(),
        templates=Path(),
    )


TELLS = _spec("pep", _told, {})
HEARS = _spec("virtual_school", _heard, {ChildLeftCare: InBulk(_take_effect)})


def make_runtime() -> Runtime:
    """Return the runtime that the environment describes (BENCH_PEP, BENCH_VIRTUAL_SCHOOL, BENCH_BROKER)."""
    settings = Settings(
        mode=Mode.LOCAL,
        secret="benchmark",
        broker=os.environ["BENCH_BROKER"],
        databases={"pep": os.environ["BENCH_PEP"], "virtual_school": os.environ["BENCH_VIRTUAL_SCHOOL"]},
        origin="http://127.0.0.1",
        home=Path(),
    )
    return Runtime(settings)


def make_bus(runtime: Runtime) -> Bus:
    """Return the bus of this benchmark, with only the two services it needs."""
    return Bus(runtime.settings.broker, services=("pep", "virtual_school"), namespace=os.environ["BENCH_QUEUE"] + ".")


def fill(runtime: Runtime, count: int) -> None:
    """Commit facts, each with a row of state, in transactions of 100."""
    actor = system_actor()
    for first in range(0, count, 100):
        with writing_work(runtime, TELLS, actor) as work:
            for number in range(first, min(first + 100, count)):
                _commit_one(work, number)


def pace(runtime: Runtime, count: int, rate: float) -> list[float]:
    """Commit facts one by one at `rate` a second; return the times at which each commit was done."""
    actor = system_actor()
    done = []
    started = time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, started + number / rate - time.perf_counter()))
        with writing_work(runtime, TELLS, actor) as work:
            _commit_one(work, number)
        done.append(time.time())
    return done


def count_effects(runtime: Runtime) -> int:
    """Return how many facts took effect."""
    with runtime.database(HEARS.name).reading() as connection:
        return connection.execute(select(func.count()).select_from(EFFECT)).scalar_one()


def effects(runtime: Runtime) -> list[tuple[int, float]]:
    """Return the number of each fact that took effect, and when it did."""
    with runtime.database(HEARS.name).reading() as connection:
        return [(row.number, row.at) for row in connection.execute(select(EFFECT).order_by(EFFECT.c.number))]


def clear(runtime: Runtime) -> None:
    """Forget what was told and what took effect."""
    for spec, table in ((TELLS, STATE), (HEARS, EFFECT)):
        with runtime.database(spec.name).writing() as connection:
            connection.execute(delete(table))


def _commit_one(work: Work, number: int) -> None:
    work.connection.execute(insert(STATE).values(number=number, at=time.time()))
    work.publish(f"child/{number % SUBJECTS}", ChildLeftCare(str(number), LEFT))


def main(verb: str, *numbers: str) -> None:
    """Do what the command line says."""
    runtime = make_runtime()
    if verb == "fill":
        fill(runtime, int(numbers[0]))
    elif verb == "pace":
        json.dump(pace(runtime, int(numbers[0]), float(numbers[1])), sys.stdout)
    else:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        settle()
        specs = {"relay": [TELLS], "consume": [HEARS], "both": [TELLS, HEARS]}[verb]
        run_worker(specs, runtime, stop, bus=make_bus(runtime))
    runtime.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
