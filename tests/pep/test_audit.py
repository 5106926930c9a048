"""What the pages and the API of pep leave in the audit: for every route by itself, and never what a record says."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.exc import OperationalError

from services.pep.app import SPEC
from services.pep.domain.plan import Plan
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform import audit
from shared.platform.audit import Keeper
from shared.platform.audit_tables import ENTRY
from shared.platform.db import Database
from shared.platform.web import who_looked
from shared.testing.pages import check_page
from shared.testing.runtimes import add_person
from tests.pep.child_world import Pep
from tests.pep.plan_world import World

Told = tuple[str, str, str, str, str, str]


@pytest.fixture
def plan(world: World) -> Plan:
    plan = world.open()
    entries(world)
    return plan


def entries(world: World) -> list[Told]:
    """Return who did what since the last time: person, acting as, kind, action, child, way."""
    columns = [ENTRY.c[name] for name in ("person_id", "acting_as", "kind", "action", "child_id", "way")]
    with world.runtime.database("pep").writing() as connection:
        found = [tuple(row) for row in connection.execute(select(*columns).order_by(ENTRY.c.id))]
        connection.execute(delete(ENTRY))
    return found  # type: ignore[return-value]


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect the statements that run on pep's database."""
    engine, seen = world.runtime.database("pep").engine, []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("who", "role"), [("sam", "social_worker"), ("cal", "carer"), ("ira", "iro")])
def test_reading_a_plan_leaves_who_as_what_and_of_which_child(world: World, plan: Plan, who: str, role: str) -> None:
    assert world.client(who).get(f"/plans/{plan.id}").status_code == 200
    assert entries(world) == [(who, role, "view", "pep.plan.read", "c1", "page")]
    assert world.client(who).get(f"/api/plans/{plan.id}").status_code == 200
    assert entries(world) == [(who, role, "view", "pep.plan.read", "c1", "api")]


def test_a_list_leaves_one_entry_without_a_child(world: World, plan: Plan) -> None:
    assert world.client("sam").get("/children").status_code == 200
    assert entries(world) == [("sam", "social_worker", "view", "pep.children.list", "", "page")]


def test_a_change_leaves_the_action_that_allowed_it_and_no_view_beside_it(world: World, plan: Plan) -> None:
    target = {"category": "academic", "what": "Read", "measure": "Pages", "who": "Dee", "by_date": "2027-03-26",
              "how_often": "Daily", "cost_pence": 0}  # fmt: skip
    assert world.client("dee").post(f"/api/plans/{plan.id}/targets", json=target).status_code == 201
    assert entries(world) == [("dee", "designated_teacher", "change", "pep.plan.edit_targets", "c1", "api")]


def test_a_change_that_named_no_child_reaches_those_that_others_were_told_of(pep: Pep) -> None:
    new = {"reference": "100123", "name": "Leo Marsh", "born_on": "2015-03-09", "legal_status": "C2",
           "entered_care_on": "2026-11-20", "school_urn": "900001", "social_worker": "worker"}  # fmt: skip
    answer = pep.client("worker").post("/api/children", json=new)
    assert answer.status_code == 201, answer.text
    with pep.runtime.database("pep").reading() as connection:
        rows = connection.execute(select(ENTRY.c.kind, ENTRY.c.action, ENTRY.c.child_id)).all()
    assert ("change", "pep.child.enter_care", answer.get_json()["id"]) in rows


def test_what_is_refused_leaves_a_denial_whether_it_shows_as_403_or_404(world: World, plan: Plan) -> None:
    assert world.client("new").get(f"/plans/{plan.id}").status_code == 404
    assert entries(world) == [("new", "social_worker", "denial", "pep.plan.read", "c1", "page")]
    assert world.client("cal").get("/api/children/c1/care-plan").status_code == 403
    assert entries(world) == [("cal", "carer", "denial", "pep.care_plan.read", "c1", "api")]
    assert world.client("pat").get("/people").status_code == 403
    assert entries(world) == [("pat", "parent", "denial", "pep.people.read", "", "page")]


def test_what_is_typed_into_an_address_is_kept_only_if_it_can_be_an_id(world: World) -> None:
    assert world.client("new").get("/children/Amara%20Bright").status_code == 404
    assert entries(world) == [("new", "social_worker", "denial", "pep.child.read", "", "page")]


def test_nobody_and_nothing_leave_no_entry(world: World, plan: Plan) -> None:
    client = world.app.test_client()
    assert client.get(f"/plans/{plan.id}").status_code == 303
    assert client.get(f"/api/plans/{plan.id}").status_code == 401
    assert client.get("/health/live").status_code == 200
    assert world.client("sam").get("/plans/none").status_code == 404
    assert world.client("sam").options(f"/plans/{plan.id}").status_code == 200
    assert entries(world) == []


def test_an_entry_is_tied_to_the_click_and_holds_nothing_that_a_record_says(world: World, plan: Plan) -> None:
    answer = world.client("sam").get(f"/plans/{plan.id}", headers={"X-Correlation-Id": "click-1"})
    assert answer.headers["X-Correlation-Id"] == "click-1"
    with world.runtime.database("pep").reading() as connection:
        row = connection.execute(select(ENTRY)).mappings().one()
    assert row["correlation_id"] == "click-1"
    assert row["at"] == world.runtime.clock.now()
    assert "Amara" not in str(dict(row))
    assert "Osei" not in str(dict(row))


def test_reading_costs_one_statement_more_which_is_its_own_transaction(world: World, plan: Plan) -> None:
    world.client("sam").get(f"/api/plans/{plan.id}")
    for path in (f"/api/plans/{plan.id}", f"/plans/{plan.id}", "/children"):
        with statements(world) as seen:
            assert world.client("sam").get(path).status_code == 200
        (kept,) = [one for one in seen if not one.startswith(("SELECT", "BEGIN"))]
        assert kept.startswith("INSERT INTO audit_entry"), path
        assert seen.count("BEGIN IMMEDIATE") == 0, "one statement is a transaction of its own"


def test_what_cannot_be_put_on_record_is_not_shown(world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(audit, "keep", full)
    for path in (f"/plans/{plan.id}", f"/api/plans/{plan.id}"):
        answer = world.client("sam").get(path)
        assert answer.status_code == 503
        assert "Amara" not in answer.text


def test_a_change_that_is_rolled_back_leaves_no_entry(world: World, plan: Plan) -> None:
    answer = world.client("sam").post(f"/api/plans/{plan.id}/submission", json={"version": 1})
    assert answer.status_code == 422
    assert [told[2] for told in entries(world)] == ["view"]


def test_what_comes_at_once_is_written_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    database = world.runtime.database("pep")
    keeper, entered, go_on = Keeper(database), threading.Event(), threading.Event()
    transactions = []
    real = Database.noting

    @contextmanager
    def slowly(self: Database, *, one_row: bool = False) -> Iterator[Any]:
        transactions.append(one_row)
        entered.set()
        go_on.wait(10)
        with real(self, one_row=one_row) as connection:
            yield connection

    monkeypatch.setattr(Database, "noting", slowly)
    row = {"authority": "northmoor", "at": world.runtime.clock.now(), "acting_as": "", "organisation": "",
           "kind": "view", "action": "x", "child_id": "c1", "way": "page", "why": "", "correlation_id": ""}  # fmt: skip
    threads = [threading.Thread(target=keeper.keep, args=([{**row, "person_id": f"p{n}"}],)) for n in range(6)]
    threads[0].start()
    assert entered.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(keeper._brought) < 5:
        pass
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert transactions == [True, False], "the first alone, the five that waited together"
    assert sorted(told[0] for told in entries(world)) == [f"p{n}" for n in range(6)]


def test_who_has_looked_is_told_in_words_to_those_who_answer_for_the_record(world: World, plan: Plan) -> None:
    world.client("cal").get(f"/plans/{plan.id}")
    world.client("ira").get(f"/api/plans/{plan.id}")
    world.client("new").get(f"/plans/{plan.id}")
    words = check_page(world.client("sam").get("/children/c1/who-looked"))
    assert "Who has looked at the record of Amara Bright" in words
    assert "3 entries" in words
    assert "23 Nov 2026 9am Cal Winter Carer for Northmoor Council Looked: Read a child's plan" in words
    assert "Ira Novak Independent Reviewing Officer" in words
    assert "(by a program)" in words
    assert "Nia Stranger Social worker for Northmoor Council Was refused: Read a child's plan" in words
    assert [told[:4] for told in entries(world)][-1] == ("sam", "social_worker", "view", "pep.audit.read")


def test_who_has_looked_is_narrowed_by_person_and_period_and_goes_page_by_page(
    world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(who_looked, "PAGE_SIZE", 2)
    for who in ("cal", "ira", "dee", "cal", "cal"):
        world.client(who).get(f"/plans/{plan.id}")
    of_one = check_page(world.client("sam").get("/children/c1/who-looked?person=cal"))
    assert "3 entries" in of_one
    assert "Page 1 of 2" in of_one
    assert "Take away the filter Cal Winter" in of_one
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + timedelta(days=8))
    world.client("dee").get(f"/plans/{plan.id}")
    lately = check_page(world.client("sam").get("/children/c1/who-looked?period=week"))
    assert "Dee Larkin" in lately
    assert "1 entry" in lately


def test_the_list_can_be_taken_away_and_that_is_on_record_too(world: World, plan: Plan) -> None:
    world.client("cal").get(f"/plans/{plan.id}")
    answer = world.client("sam").get("/children/c1/who-looked.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["When"], row["Who"], row["Did"], row["By"]) == ("2026-11-23T09:00:00Z", "Cal Winter", "Looked", "Page")
    assert entries(world)[-1] == ("sam", "social_worker", "export", "pep.audit.export", "c1", "page")


@pytest.mark.parametrize(("who", "status"), [("cal", 403), ("kid", 403), ("dee", 403), ("val", 403), ("new", 404)])
def test_nobody_else_learns_who_has_looked(world: World, who: str, status: int) -> None:
    for path in ("/children/c1/who-looked", "/children/c1/who-looked.csv"):
        assert world.client(who).get(path).status_code == status
    assert "Who has looked" not in world.client("dee").get("/children/c1").text


def test_a_child_that_there_is_not_has_no_list(world: World) -> None:
    add_person(world.runtime, SPEC, "hed", Role.VIRTUAL_SCHOOL_HEAD)
    assert world.client("hed").get("/children/none/who-looked").status_code == 404
    assert world.client("hed").get("/children/c1/who-looked").status_code == 200
