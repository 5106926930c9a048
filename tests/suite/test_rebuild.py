"""A service that lost its copies gets them back from their owners; one that lost nothing is not changed by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import func, inspect, select, text

from shared.platform.bus import Bus
from shared.platform.mending import Hand, mended
from shared.platform.migrations import upgrade
from shared.platform.rebuilding import Rebuilt, rebuild
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.testing.bus import check_nothing_held, deliver_everything
from shared.testing.servers import new_postgresql_database
from suite.composition import SPECS, runtime_for
from suite.home import Home
from suite.preparing import prepare

__all__ = ["new_postgresql_database"]

PEP, SCHEDULING, VIRTUAL_SCHOOL = SPECS
MACHINERY = {
    "outbox", "subject_version", "published", "inbox_position", "inbox_event", "sign_of_life", "event_mending",
}  # fmt: skip
COPIES = {
    "pep": ("plan_meeting", "care_plan_concern"),
    "scheduling": ("child", "school", "person", "membership"),
    "virtual_school": ("child", "school", "person", "membership", "plan", "plan_meeting"),
}
"""What each service keeps of the others' facts; a concern in pep is a copy until it is answered there."""

ANSWER = ("state", "answer", "action", "owner_id", "owner_name", "by_date", "plan_id", "answered_by",
          "answered_by_name", "answered_on", "done_on")  # fmt: skip
NOT_TOLD = {"virtual_school.plan": ("version",), "pep.care_plan_concern": ("version", *ANSWER)}
"""What no other service can give back: how often a row was saved, and how a concern was answered."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("rebuild"))
    home.make()
    home.remember(port=8600, smtp_port=8601)
    prepare(home, empty=False)
    return home


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def filled(home: Home, request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """The invented authority on one engine; on PostgreSQL a copy of it."""
    runtime = runtime_for(home)
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_postgresql_database")
        broker = f"embedded:///{request.getfixturevalue('tmp_path')}/queue.sqlite"
        moved = replace(runtime.settings, broker=broker, databases={spec.name: make() for spec in SPECS})
        runtime, embedded = Runtime(moved, runtime.clock), runtime
        for spec in SPECS:
            upgrade(runtime.database(spec.name), spec)
            copy(embedded, runtime, spec)
        embedded.close()
    yield runtime
    runtime.close()


def copy(source: Runtime, target: Runtime, spec: ServiceSpec) -> None:
    with source.database(spec.name).reading() as old, target.database(spec.name).writing() as new:
        for table in spec.metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(table.select()).mappings()]
            if rows:
                new.execute(table.insert(), rows)
            if (column := table.autoincrement_column) is not None:
                last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
                sequence = func.pg_get_serial_sequence(f'"{table.name}"', column.name)
                new.execute(select(func.setval(sequence, last, False)))


def rows(runtime: Runtime, spec: ServiceSpec, *, told: bool = False) -> dict[str, list[str]]:
    """Every row of what a service knows, as text; `told` leaves out what no other service tells it."""
    found = {}
    with runtime.database(spec.name).reading() as connection:
        for table in spec.metadata.sorted_tables:
            left_out = NOT_TOLD.get(f"{spec.name}.{table.name}", ()) if told else ()
            columns = [column for column in table.columns if column.name not in left_out]
            if table.name not in MACHINERY:
                found[table.name] = sorted(str(tuple(row)) for row in connection.execute(select(*columns)))
    return found


def lose(runtime: Runtime, spec: ServiceSpec, tables: tuple[str, ...]) -> None:
    """Lose tables as damage does it, without regard to foreign keys."""
    engine = runtime.database(spec.name).engine
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(engine.url.database or "", isolation_level=None)) as file:
            for table in tables:
                file.execute(f"DELETE FROM {table}")
        return
    with engine.begin() as connection:
        for (_, name), keys in inspect(connection).get_multi_foreign_keys().items():
            for key in keys:
                connection.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT {key['name']}"))
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))


def give_back(runtime: Runtime, spec: ServiceSpec) -> Rebuilt:
    owners = [each for each in SPECS if each is not spec]
    done = rebuild(spec, owners, runtime, Bus(runtime.settings.broker), Hand("operator", runtime.clock.now()))
    deliver_everything(runtime, SPECS)
    for each in SPECS:
        check_nothing_held(runtime, each)
    assert done.held == 0
    return done


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_copies_come_back_and_what_was_not_lost_stays_as_it_is(filled: Runtime) -> None:
    deliver_everything(filled, SPECS)
    before = {spec.name: rows(filled, spec) for spec in SPECS}
    told = {spec.name: rows(filled, spec, told=True) for spec in SPECS}
    for spec in SPECS:
        for table in COPIES[spec.name]:
            assert before[spec.name][table], f"{spec.name}.{table} is to have something to lose"

    for spec in SPECS:
        # Where the positions are lost as well, everything new seems to come early.
        lose(filled, spec, (*COPIES[spec.name], "inbox_position") if spec is SCHEDULING else COPIES[spec.name])
        done = give_back(filled, spec)
        assert done.gaps > 40 if spec is SCHEDULING else done.gaps == 0
        assert rows(filled, spec, told=True) == told[spec.name]
        for other in SPECS:
            if other is not spec:
                assert rows(filled, other, told=True) == told[other.name], f"{other.name} lost nothing of late"
    assert rows(filled, SCHEDULING) == before["scheduling"]
    with filled.database(SCHEDULING.name).reading() as connection:
        assert {(step.done, step.by) for step in mended(connection)} == {("gap_skipped", "operator")}
