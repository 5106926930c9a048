"""A service that lost its copies gets them back from their owners; one that lost nothing is not changed by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from shared.platform.bus import Bus
from shared.platform.mending import Hand, mended
from shared.platform.rebuilding import Rebuilt, rebuild
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.testing.bus import check_nothing_held, deliver_everything
from suite.composition import SPECS, runtime_for
from suite.home import Home
from suite.preparing import prepare

PEP, SCHEDULING, VIRTUAL_SCHOOL = SPECS
MACHINERY = {
    "outbox", "subject_version", "published", "inbox_position", "inbox_event", "sign_of_life", "event_mending",
}  # fmt: skip
COPIES = ("child", "school", "person", "membership")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    home = Home(tmp_path_factory.mktemp("rebuild"))
    home.make()
    home.remember(port=8600, smtp_port=8601)
    prepare(home, empty=False)
    runtime = runtime_for(home)
    yield runtime
    runtime.close()


def contents(runtime: Runtime, spec: ServiceSpec) -> dict[str, list[str]]:
    """Every row of what a service knows, as text; the machinery's own tables go on counting."""
    with runtime.database(spec.name).reading() as connection:
        return {
            table.name: sorted(str(tuple(row)) for row in connection.execute(table.select()))
            for table in spec.metadata.sorted_tables
            if table.name not in MACHINERY
        }


def give_back(runtime: Runtime, spec: ServiceSpec) -> Rebuilt:
    done = rebuild(spec, [PEP], runtime, Bus(runtime.settings.broker), Hand("operator", runtime.clock.now()))
    deliver_everything(runtime, SPECS)
    for each in SPECS:
        check_nothing_held(runtime, each)
    return done


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_copies_come_back_and_what_was_not_lost_stays_as_it_is(filled: Runtime) -> None:
    before = {spec.name: contents(filled, spec) for spec in SPECS}
    states = {row.split("'")[-2] for row in before["pep"]["plan"]}
    assert len(before["pep"]["plan"]) > 30, states

    done = give_back(filled, VIRTUAL_SCHOOL)
    assert (done.gaps, done.held) == (0, 0)
    assert done.announced >= sum(len(before["pep"][table]) for table in ("child", "person"))
    assert {spec.name: contents(filled, spec) for spec in SPECS} == before

    for spec in (SCHEDULING, VIRTUAL_SCHOOL):
        # As damage does it: without regard to foreign keys.
        with closing(sqlite3.connect(filled.settings.home / f"{spec.name}.sqlite", isolation_level=None)) as connection:
            for table in COPIES:
                connection.execute(f"DELETE FROM {table}")
            if spec is SCHEDULING:
                # The positions are lost as well, so everything new seems to come early.
                connection.execute("DELETE FROM inbox_position")
        assert contents(filled, spec) != before[spec.name]
    done = give_back(filled, SCHEDULING)
    assert done.gaps > 40
    assert done.held == 0
    assert {spec.name: contents(filled, spec) for spec in SPECS} == before
    with filled.database(SCHEDULING.name).reading() as connection:
        assert {(step.done, step.by) for step in mended(connection)} == {("gap_skipped", "operator")}
