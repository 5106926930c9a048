"""Plans on SQLite and on PostgreSQL: the whole way, and two people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.pep.application import care_plan, plan_page, plans, sections, views
from services.pep.domain.children import Child
from services.pep.domain.plan import PlanKind, PlanState
from shared.contracts.pep import PlanOpened, PlanSubmitted
from shared.kernel.errors import Conflict, DomainError, Stale
from tests.pep.plan_world import TODAY, World


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest, tmp_path: Path, make_child: Callable[..., Child]) -> Iterator[World]:
    database = ""
    if request.param == "postgresql":
        database = request.getfixturevalue("new_postgresql_database")()
    made = World(tmp_path, make_child(), database)
    yield made
    made.runtime.close()


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment; return what each gave, or the refusal it met."""
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def test_the_whole_way_to_the_care_plan(world: World) -> None:
    plan = world.approved()
    with world.acting("dee") as work:
        views.save_views(work, plan.id, {"hopes": "To be a vet"}, 0, "talked")
    with world.looking("ira") as work:
        page = plan_page.read_plan(work, plan.id)
        part = care_plan.read_care_plan(work, plan.child_id).current
        listed, total = plans.list_plans(work, states=[PlanState.APPROVED])
    assert page.plan.state is PlanState.APPROVED
    assert page.parts.views is not None
    assert part is not None
    assert part.targets[0].cost_pence == 25_000
    assert (total, listed[0].plan) == (1, page.plan)


def test_of_two_who_save_a_section_at_once_one_is_told(world: World) -> None:
    plan = world.open()

    def save(words: str, seen: int) -> Any:
        with world.acting("sam") as work:
            return sections.save_section(work, plan.id, "leisure", {"interests": words}, seen)

    for seen in (0, 1):
        found = at_once(lambda seen=seen: save(f"Chess {seen}", seen), lambda seen=seen: save(f"Drums {seen}", seen))
        assert sorted(isinstance(one, Stale) for one in found) == [False, True]
    with world.looking("sam") as work:
        assert len(sections.read_section(work, plan.id, "leisure").versions) == 2


def test_of_two_who_submit_at_once_one_submits(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    found = at_once(*[lambda: world.submit(plan, "Flood")] * 2)
    assert sorted(isinstance(one, DomainError) for one in found) == [False, True]
    assert len(world.told(PlanSubmitted)) == 1


def test_of_two_who_open_a_plan_at_once_one_opens_it(world: World) -> None:
    def open_it() -> Any:
        with world.acting("sam") as work:
            return plans.open_plan(work, world.child, PlanKind.FIRST, "first_pep", TODAY, TODAY)

    found = at_once(open_it, open_it)
    assert sorted(isinstance(one, Conflict) for one in found) == [False, True]
    assert len(world.told(PlanOpened)) == 1
