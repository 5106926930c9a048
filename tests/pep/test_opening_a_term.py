"""Opening a term for many children: batch by batch, to be stopped anywhere, and twice to the same end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from services.pep.adapters import children_store
from services.pep.adapters.tables_plan import plan as plan_table
from services.pep.app import SPEC
from services.pep.application import children
from services.pep.domain.children import Child
from services.pep.entrypoints import jobs
from shared.contracts.pep import ChildDetailsChanged, PlanOpened
from shared.kernel.errors import Denied, Stale
from tests.pep.child_world import Pep, make_pep, make_pep_on

COUNT = 23


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def pep(
    request: pytest.FixtureRequest, tmp_path: Path, pep_home: Path, make_child: Callable[..., Child]
) -> Iterator[Pep]:
    if request.param == "postgresql":
        made = make_pep_on(request.getfixturevalue("new_postgresql_database")(), tmp_path)
    else:
        made = make_pep(pep_home, tmp_path)
    born, entered = date(2015, 3, 9), date(2025, 11, 11)
    with made.as_("system") as work:
        children_store.add(
            work.connection,
            [
                make_child(id=f"c{number:02}", reference=str(number), born_on=born, entered_care_on=entered)
                for number in range(COUNT)
            ],
        )
    yield made
    made.runtime.close()


def plans_in(pep: Pep) -> int:
    with pep.runtime.database("pep").reading() as connection:
        return int(connection.execute(select(func.count()).select_from(plan_table)).scalar_one())


def test_a_term_is_opened_once_for_everybody_in_batches_of_their_own(pep: Pep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 5)
    commits: list[Any] = []
    event.listen(pep.runtime.database("pep").engine, "commit", commits.append)
    jobs.keep_up_with_the_date(pep.runtime, SPEC)
    assert len(commits) == 6
    jobs.keep_up_with_the_date(pep.runtime, SPEC)
    assert plans_in(pep) == COUNT
    assert sorted(fact.child_id for fact in pep.facts(PlanOpened)) == [f"c{number:02}" for number in range(COUNT)]


def test_stopped_half_way_it_goes_on(pep: Pep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 5)
    real, calls = children.open_plans, []

    def fails_at_the_third(work: Any, found: Any) -> int:
        calls.append(len(found))
        if len(calls) == 3:
            raise RuntimeError("stopped")
        return real(work, found)

    monkeypatch.setattr(children, "open_plans", fails_at_the_third)
    with pytest.raises(RuntimeError, match="stopped"):
        jobs.keep_up_with_the_date(pep.runtime, SPEC)
    assert plans_in(pep) == len(pep.facts(PlanOpened)) == 10
    jobs.keep_up_with_the_date(pep.runtime, SPEC)
    assert plans_in(pep) == len(pep.facts(PlanOpened)) == COUNT


def test_in_september_all_move_up_together_in_a_constant_number_of_statements(pep: Pep) -> None:
    jobs.keep_up_with_the_date(pep.runtime, SPEC)
    pep.set_clock(datetime(2027, 9, 1, 9, tzinfo=UTC))
    counts = []
    for after, limit in (("", 3), ("c02", 20)):
        statements: list[str] = []
        with pep.as_("system") as work:
            event.listen(work.connection, "before_cursor_execute", lambda *call, to=statements: to.append(call[2]))
            children.keep_up_with_the_date(work, after, limit)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 16
    moved = pep.facts(ChildDetailsChanged)
    assert {(fact.year_group, fact.phase) for fact in moved} == {(8, "secondary")}
    assert len(moved) == COUNT
    with pep.reading_as("system") as work:
        child = children_store.load(work.connection, "c07")
    assert (child.year_group, child.phase.value, child.version) == (8, "secondary", 2)


def test_a_child_whom_somebody_else_changed_is_not_overwritten(pep: Pep) -> None:
    with pep.as_("system") as work:
        child = children_store.load(work.connection, "c03")
        children_store.save(work.connection, child)
    with pep.as_("system") as work, pytest.raises(Stale):
        children_store.save_ages(work.connection, [child])


def test_only_the_suite_and_the_head_open_a_term(pep: Pep) -> None:
    with pep.as_("worker") as work, pytest.raises(Denied):
        children.keep_up_with_the_date(work, "", 5)
    with pep.as_("head") as work:
        assert children.keep_up_with_the_date(work, "", 5) == "c04"
