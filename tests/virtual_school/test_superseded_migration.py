"""Revision 0002, forward and back, with plans and ratings in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from services.virtual_school.app import SPEC
from shared.platform.db import Database
from shared.platform.migrations import configuration, upgrade

PLANS = {"unsent": ("open", 0), "waiting": ("submitted", 1), "back": ("returned", 2), "done": ("approved", 1)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of revision 0001 with a plan in each state, rated where it was decided."""
    address = f"sqlite:///{tmp_path / 'virtual_school.sqlite'}"
    if request.param == "postgresql":
        address = request.getfixturevalue("new_postgresql_database")()
    database = Database(address)
    move(database, "0001")
    with database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO child (id, authority, reference, name, name_folded, phase, year_group, entered_care_on)"
                " VALUES ('c1', 'northmoor', 'R-1', 'Amira Lindqvist', 'amira', 'secondary', 8, '2026-06-01')"
            )
        )
        for plan_id, (state, submission) in PLANS.items():
            connection.execute(
                text(
                    "INSERT INTO plan (id, child_id, kind, term, opened_on, meet_by, due_on, state, submission,"
                    " headings, answered, targets, pupil_premium_pence, views_given, version)"
                    " VALUES (:id, 'c1', 'termly', '2026-autumn', '2026-09-07', '2026-11-20', '2026-12-04', :state,"
                    " :submission, 5, 5, 3, 25000, true, 1)"
                ),
                {"id": plan_id, "state": state, "submission": submission},
            )
        rate(connection, "back", 1, "approve")
        rate(connection, "back", 2, "return")
        rate(connection, "done", 1, "approve")
    yield database
    database.close()


def rate(connection: Connection, plan_id: str, submission: int, decision: str) -> None:
    connection.execute(
        text(
            "INSERT INTO rating (id, plan_id, child_id, submission, rating, decision, reasons, feedback, policy_from,"
            " decided_at, decided_by, decided_by_name) VALUES (:id, :plan, 'c1', :submission, 'amber', :decision,"
            " '[]', '', '2026-09-01', '2026-11-23 12:00:00', 'cate', 'Cate Example')"
        ),
        {"id": f"{plan_id}-{submission}", "plan": plan_id, "submission": submission, "decision": decision},
    )


def move(database: Database, revision: str) -> None:
    config = configuration(SPEC)
    with database.writing() as connection:
        config.attributes["connection"] = connection
        config.attributes["metadata"] = SPEC.metadata
        go = command.downgrade if revision == "0001" and inspect(connection).has_table("plan") else command.upgrade
        go(config, revision)


def states(database: Database) -> dict[str, tuple[str, int]]:
    with database.reading() as connection:
        rows = connection.execute(text("SELECT id, state, submission FROM plan")).all()
    return {row.id: (row.state, row.submission) for row in rows}


def ratings(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM rating JOIN plan ON plan.id = plan_id")).scalar_one())


def refused(database: Database, statement: str) -> bool:
    try:
        with database.writing() as connection:
            connection.execute(text(statement))
    except IntegrityError:
        return True
    return False


def replace_all(database: Database, on: date) -> None:
    with database.writing() as connection:
        connection.execute(
            text("UPDATE plan SET state = 'superseded', superseded_on = :on, superseded_by = 'p9'"), {"on": on}
        )


def test_every_plan_and_rating_is_there_after_it_and_a_plan_may_be_replaced(before: Database) -> None:
    assert upgrade(before, SPEC)
    assert states(before) == PLANS
    assert ratings(before) == 3
    replace_all(before, date(2027, 2, 12))
    assert {state for state, _ in states(before).values()} == {"superseded"}
    assert refused(before, "DELETE FROM plan")  # the ratings still belong to their plans


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE plan SET state = 'lost'",
        "UPDATE plan SET state = 'superseded'",
        "UPDATE plan SET superseded_on = '2027-02-12'",
        "UPDATE plan SET submission = 0 WHERE id = 'done'",
    ],
)
def test_what_cannot_be_is_refused(before: Database, wrong: str) -> None:
    upgrade(before, SPEC)
    assert refused(before, wrong)


def test_going_back_a_replaced_plan_is_what_it_was(before: Database) -> None:
    upgrade(before, SPEC)
    replace_all(before, date(2027, 2, 12))
    move(before, "0001")
    assert states(before) == PLANS
    assert ratings(before) == 3
    assert refused(before, "UPDATE plan SET state = 'superseded'")
    assert refused(before, "DELETE FROM plan")
    assert upgrade(before, SPEC)
    assert states(before) == PLANS


def test_the_indexes_and_foreign_keys_are_kept(before: Database) -> None:
    def shape() -> tuple[Any, ...]:
        found = inspect(before.engine)
        return (
            {index["name"] for index in found.get_indexes("plan")},
            [key["referred_table"] for key in found.get_foreign_keys("plan")],
            [key["referred_table"] for key in found.get_foreign_keys("rating")],
        )

    old = shape()
    upgrade(before, SPEC)
    assert shape() == old == ({"ix_plan_child_id", "ix_plan_state"}, ["child"], ["plan"])
