"""Invented children in pep, and the copies of them that the other services keep, as if taken in long ago."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Table, insert

from services.pep.adapters import children_store
from services.pep.domain.children import Child
from services.pep.domain.terms import phase_of, year_group
from services.scheduling.adapters.tables import child as scheduling_child
from services.virtual_school.adapters.tables import CHILD as VIRTUAL_SCHOOL_CHILD
from shared.platform.bus import Bus
from shared.platform.db import row_of
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES, Mode, Settings
from suite.composition import SPECS

BATCH = 5_000
AUTHORITY = "northmoor"


def make_runtime() -> Runtime:
    """Return the runtime that the environment describes (BENCH_PEP and the like, BENCH_BROKER)."""
    databases = {name: os.environ[f"BENCH_{name.upper()}"] for name in SERVICES}
    settings = Settings(
        mode=Mode.LOCAL,
        secret="benchmark",
        broker=os.environ["BENCH_BROKER"],
        databases=databases,
        origin="http://127.0.0.1",
        home=Path(os.environ["BENCH_HOME"]),
    )
    return Runtime(settings)


def make_bus(runtime: Runtime) -> Bus:
    """Return the bus, with queues of this run alone."""
    return Bus(runtime.settings.broker, services=SERVICES, namespace=os.environ["BENCH_QUEUE"] + ".")


def fill(runtime: Runtime, count: int) -> None:
    """Make every table, and `count` children who have been in care since before this term began."""
    today = runtime.clock.now().date()
    for spec in SPECS:
        spec.metadata.create_all(runtime.database(spec.name).engine)
    for first in range(0, count, BATCH):
        found = list(_children(today, first, min(first + BATCH, count)))
        with runtime.database("pep").writing() as connection:
            children_store.add(connection, found)
        with runtime.database("scheduling").writing() as connection:
            connection.execute(insert(scheduling_child), [_copy(child, scheduling_child) for child in found])
        with runtime.database("virtual_school").writing() as connection:
            connection.execute(insert(VIRTUAL_SCHOOL_CHILD), [_copy(child, VIRTUAL_SCHOOL_CHILD) for child in found])


def _children(today: date, first: int, end: int) -> Iterator[Child]:
    entered = today - timedelta(days=300)
    for number in range(first, end):
        born = today - timedelta(days=365 * (6 + number % 9) + number % 300)
        group = year_group(born, today)
        yield Child(
            id=f"{number:036}",
            authority=AUTHORITY,
            reference=f"{number}",
            born_on=born,
            legal_status="C2",
            entered_care_on=entered,
            placement_started_on=entered,
            phase=phase_of(group),
            year_group=group,
            name=f"Amara Bright {number}",
        )


def _copy(child: Child, table: Table) -> dict[str, object]:
    values = row_of(child) | {"name_folded": child.name.casefold(), "upn": None}
    return {column.name: values[column.name] for column in table.c}
