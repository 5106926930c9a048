"""The way of a review on SQLite and on PostgreSQL: opened, held, recorded, agreed, done; and two who write at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from services.pep.application import disagreements, review_caseload, review_packs, review_records, visits
from services.pep.application.visits import VisitWords
from services.pep.domain.children import Child
from shared.kernel.errors import Stale
from tests.pep.plan_world import TODAY, World
from tests.pep.review_world import WRITTEN, agreed, recorded
from tests.pep.test_plans_on_both_databases import at_once


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest, tmp_path: Path, make_child: Callable[..., Child]) -> Iterator[World]:
    database = ""
    if request.param == "postgresql":
        database = request.getfixturevalue("new_postgresql_database")()
    made = World(tmp_path, make_child(), database)
    yield made
    made.runtime.close()


def test_a_review_is_held_recorded_and_followed(world: World) -> None:
    world.open()
    review = recorded(world)
    action = agreed(world, review)
    with world.acting("ira") as work:
        disagreements.raise_disagreement(work, world.child.id, "The move was not reviewed first.", TODAY)
    with world.acting("sam") as work:
        visits.record_visit(work, world.child.id, VisitWords(date(2026, 12, 1), seen=True, alone=True))
    with world.acting("dee") as work:
        review_records.settle_action(work, action.id, done=True, outcome="", seen_version=action.version)
    with world.looking("ira") as work:
        (row,) = review_caseload.caseload_rows(work)
        pack = review_packs.read_review_pack(work, review.id)
    assert (row.actions_open, row.disagreement is not None, row.visit and row.visit.on) == (0, True, date(2027, 1, 12))
    assert pack.plan is not None


def test_two_who_amend_a_record_at_once_do_not_overwrite_one_another(world: World) -> None:
    review = recorded(world)

    def amend() -> str:
        try:
            with world.acting("ira") as work:
                review_records.write_record(work, review.id, replace(WRITTEN, seen_alone=True), review.version)
        except Stale as stale:
            return stale.code
        return "saved"

    assert sorted(at_once(amend, amend)) == ["review_changed", "saved"]
