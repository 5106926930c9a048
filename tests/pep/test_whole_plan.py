"""A plan with all that belongs to it: few statements however much it holds, and always as it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from marshmallow import Schema
from sqlalchemy import event, func, select

from services.pep.application import children, plan_page, targets
from services.pep.application.team import end_membership, store_person
from services.pep.entrypoints.api import plan_answers
from services.pep.entrypoints.api import plans as plans_api
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.kernel.errors import NotFound
from shared.platform import roster
from shared.platform.access import may
from shared.platform.audit_tables import ENTRY
from shared.platform.auth import issue_token
from tests.pep.plan_world import TODAY, WHOLE, World


def statements_of(world: World, act: Callable[[], Any]) -> list[str]:
    """Return what an act asked the database, without the transactions."""
    found: list[str] = []
    engine = world.runtime.database("pep").engine

    def note(*call: Any) -> None:
        found.append(call[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [one for one in found if not one.startswith("BEGIN")]


def test_a_plan_costs_the_same_statements_with_two_targets_and_with_forty(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    client = world.client("ira")
    counts = []
    for wanted in (2, 40):
        with world.acting("dee") as work:
            for number in range(len(targets.list_targets(work, plan.id)), wanted):
                targets.add_target(work, plan.id, replace(WHOLE, what=f"Read {number} books alone"))
        counts.append(len(statements_of(world, lambda: client.get(f"/api/plans/{plan.id}"))))
        assert len(client.get(f"/api/plans/{plan.id}").json["targets"]) == wanted
    assert counts == [3, 3]  # who is asking, the plan, the audit


def test_reviewing_a_target_costs_six_statements(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    client = world.client("dee")
    path = f"/api/targets/{client.get(f'/api/plans/{plan.id}').json['targets'][0]['id']}"
    asked = {
        "json": {"outcome": "met", "outcome_why": "Two books"},
        "headers": {"If-Match": client.get(path).headers["ETag"]},
    }
    said = statements_of(world, lambda: client.put(f"{path}/review", **asked))
    assert [one.split()[0] for one in said] == ["SELECT", "SELECT", "UPDATE", "INSERT", "INSERT", "INSERT"]


def test_everything_shown_follows_every_change(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    client = world.client("sam")

    def shown() -> dict[str, Any]:
        body: dict[str, Any] = client.get(f"/api/plans/{plan.id}").json
        return body

    first = shown()
    assert [one["name"] for one in first["meeting"]["attendees"]] == ["Sam Osei", "Dee Larkin", "Advocate"]
    with world.acting("dee") as work:
        target = targets.add_target(work, plan.id, WHOLE)
    assert [one["what"] for one in shown()["targets"]] == [WHOLE.what]
    assert shown()["history"][0]["words"] == f"Added a target: {WHOLE.what}"
    with world.acting("dee") as work:
        targets.remove_target(work, targets.read_target(work, target.id), target.version)
    assert shown()["targets"] == []
    with world.acting("sam") as work:
        dee = roster.person(work.connection, "dee")
        assert dee is not None
        store_person(work, replace(dee, name="Dee Larkin-Moss"))
        children.change_details(work, plan.child_id, world.child.version, {"name": "Amara Brighton"})
    after = shown()
    assert after["child_name"] == "Amara Brighton"
    assert after["meeting"]["attendees"][1]["name"] == "Dee Larkin-Moss"
    assert "Waiting for Dee Larkin-Moss" in {one["status"] for one in after["sections"]}


def test_an_answer_given_again_is_asked_of_the_policy_and_put_on_record_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = world.open()
    client, path = world.client("ira"), f"/api/plans/{plan.id}"

    def entries() -> int:
        with world.runtime.database("pep").reading() as connection:
            return connection.execute(select(func.count()).where(ENTRY.c.kind == "view")).scalar_one()

    first = client.get(path)
    with monkeypatch.context() as changed:
        changed.setattr(plans_api._WHOLE, "dump", lambda _: pytest.fail("The answer was made anew."))
        again = client.get(path)
        assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
        assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
        assert entries() == 3
        with world.acting("sam") as work:
            end_membership(work, "m-ira", date(2026, 11, 22))
        assert client.get(path).status_code == 404
        assert entries() == 3


def test_an_answer_given_again_follows_the_day_and_what_the_reader_may_do(world: World) -> None:
    plan = world.open()
    client, path = world.client("dee"), f"/api/plans/{plan.id}"
    assert client.get(path).json["late"] is False
    assert isinstance(world.runtime.clock, FixedClock)
    world.runtime.clock.set(datetime(2027, 1, 11, 9, 0, tzinfo=UTC))
    token = issue_token(world.runtime.settings.secret, "dee", world.runtime.clock.now())
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert client.get(path).json["late"] is True
    before = {one["key"]: one["status"] for one in client.get(path).json["sections"]}
    with world.acting("sam") as work:
        roster.join(
            work.connection,
            replace(roster.whole_team(work.connection, "c1")[0], id="m-2", person_id="dee", role=Role.SOCIAL_WORKER),
        )
    after = {one["key"]: one["status"] for one in client.get(path).json["sections"]}
    assert before["leisure"].startswith("Waiting for")
    assert after["leisure"] == "Not started"


def test_two_roles_see_the_same_plan_in_their_own_words(world: World) -> None:
    plan = world.open()
    path = f"/api/plans/{plan.id}"
    words = {
        who: {one["key"]: one["status"] for one in world.client(who).get(path).json["sections"]}
        for who in ("sam", "dee")
    }
    assert (words["sam"]["leisure"], words["dee"]["leisure"]) == ("Not started", "Waiting for Sam Osei")
    assert world.client("new").get(path).status_code == 404
    assert world.client("pat").get(path).status_code == 403


def test_who_left_the_team_reads_no_more(world: World) -> None:
    plan = world.open()
    with world.acting("sam") as work:
        end_membership(work, "m-ira", date(2026, 11, 22))
        assert may(work, "pep.plan.read", plan.child_id)
    with world.looking("ira") as work, pytest.raises(NotFound):
        plan_page.read_plan(work, plan.id)


def test_a_unit_that_changes_the_team_asks_the_policy_anew(world: World) -> None:
    with world.acting("sam") as work:
        assert may(work, "pep.plan.edit_targets", world.child.id)
        end_membership(work, "m-sam", date(2026, 11, 22))
        assert not may(work, "pep.plan.edit_targets", world.child.id)


def test_an_answer_is_what_marshmallow_would_give(world: World) -> None:
    plan = world.approved()
    with world.looking("sam") as work:
        page = plan_page.read_plan(work, plan.id)
    assert page.plan.approved_on == TODAY
    for schema, found in (
        (plan_answers.PlanSchema(), page.plan),
        (plan_answers.MeetingSchema(), page.meeting),
        (plan_answers.SectionStateSchema(many=True), page.sections),
        (plan_answers.TargetOutSchema(many=True), page.parts.targets),
        (plan_answers.HistorySchema(many=True), page.history),
    ):
        assert schema.dump(found) == Schema.dump(schema, found)
