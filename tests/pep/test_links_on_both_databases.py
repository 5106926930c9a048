"""Personal links on SQLite and on PostgreSQL: from sending one to what was handed in, and one code twice at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.pep.app import SPEC
from services.pep.application import link_visits, plan_page
from services.pep.domain.children import Child
from services.pep.domain.links import Purpose, Tried
from shared.platform.access import system_actor
from shared.platform.work import writing_work
from tests.pep.link_world import Mailbox, at_new_link, send
from tests.pep.plan_world import World
from tests.pep.test_plans_on_both_databases import at_once


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest, tmp_path: Path, make_child: Callable[..., Child]) -> Iterator[World]:
    database = ""
    if request.param == "postgresql":
        database = request.getfixturevalue("new_postgresql_database")()
    made = World(tmp_path, make_child(), database)
    yield made
    made.runtime.close()


def test_a_code_that_is_entered_twice_at_once_lets_in_once_and_what_is_written_is_kept(world: World) -> None:
    plan = world.open()
    send(world, plan, Purpose.CARER_PART, "cal")
    secret = at_new_link(world, []).path.removeprefix("/link/")
    with writing_work(world.runtime, SPEC, system_actor()) as work:
        held = link_visits.send_code(work, secret)
    (code,) = Mailbox(world).codes()

    def enter() -> tuple[Tried, str]:
        with writing_work(world.runtime, SPEC, system_actor()) as work:
            return link_visits.enter_code(work, secret, held, code)

    outcomes = at_once(enter, enter)
    assert sorted(tried for tried, _ in outcomes) == [Tried.LET_IN, Tried.NO_CODE]
    inside = next(one for tried, one in outcomes if tried is Tried.LET_IN)
    with writing_work(world.runtime, SPEC, system_actor()) as work:
        opened = link_visits.act_as_holder(work, secret, inside)
        link_visits.save_own_part(work, opened, "carer_contribution", {"going_well": "Reads every night"}, 0)
    with world.looking("sam") as work:
        saved = plan_page.read_plan(work, plan.id).whole.sections["carer_contribution"]
    assert (saved.answers["going_well"], saved.saved_by_name) == ("Reads every night", "Cal Winter")
