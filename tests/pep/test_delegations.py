"""People who act for a designated teacher: what they read and write, for whom they do it, and when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.pep.adapters.whole_plan import WholePlan
from services.pep.application import children, delegations, plan_page, schools, team
from services.pep.application.people import mark_as_gone, person_record
from services.pep.domain.plan import Plan
from services.pep.domain.schools import School
from shared.contracts.pep import TeamMemberJoined, TeamMemberLeft
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.kernel.errors import InvalidInput
from shared.platform import audit, roster
from shared.platform.access import actor_for
from shared.platform.audit import Asked
from shared.testing.pages import check_page
from shared.testing.runtimes import MONDAY_MORNING, add_person
from tests.pep.plan_world import SPEC, TODAY, World

OAKFIELD, ELSEWHERE = "900001", "900002"
JO = {"name": "Jo Marsh", "email": "jo.marsh@oakfield.example", "pupils": "all", "scope": "all"}
LAST = date(2027, 7, 23)


@pytest.fixture
def school(world: World) -> World:
    """The world with the designated teacher's school on record, and two people who look after people."""
    world.people["head"] = add_person(world.runtime, SPEC, "head", Role.VIRTUAL_SCHOOL_HEAD, name="Hal Okafor")
    with world.acting("head") as work:
        for urn, name in ((OAKFIELD, "Oakfield Academy"), (ELSEWHERE, "Kestrel Park School")):
            schools.record_schools(work, [School(urn, name, "Primary")])
        for key, urn in (("dee", OAKFIELD), ("tim", ELSEWHERE)):
            known = roster.person(work.connection, key)
            base = known or roster.Person(key, "northmoor", "Tim Vance", "tim@kestrel.example", frozenset(), "Kestrel")
            kinds = frozenset({Role.DESIGNATED_TEACHER})
            team.store_person(work, replace(base, school_urn=urn, kinds=kinds, organisation="Oakfield Academy"))
    with world.looking("head") as work:
        for key in ("dee", "tim"):
            found = roster.person(work.connection, key)
            assert found is not None
            world.people[key] = actor_for(found)
    return world


def typed(from_date: date = TODAY, until: date = LAST, **changed: Any) -> dict[str, Any]:
    days = {
        f"{name}-{part}": str(getattr(day, part))
        for name, day in (("from_date", from_date), ("until", until))
        for part in ("day", "month", "year")
    }
    return JO | days | changed


def name_jo(world: World, **changed: Any) -> TestResponse:
    answer = world.client("dee").post("/delegations/new", data=typed(**changed))
    with world.looking("head") as work:
        for one in roster.people(work.connection):
            if one.email == JO["email"]:
                world.people["jo"] = actor_for(one)
    return answer


def client_of(world: World) -> Any:
    return world.client(world.people["jo"].person_id)


def may_open(world: World, plan: Plan) -> int:
    status: int = client_of(world).get(f"/plans/{plan.id}").status_code
    return status


def on_day(world: World, day: date) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(MONDAY_MORNING + timedelta(days=(day - TODAY).days))


def test_a_teacher_names_a_colleague_who_writes_for_them_and_never_submits(school: World) -> None:
    plan = school.open()
    assert "People who act for you" in check_page(school.client("dee").get("/"))
    check_page(school.client("dee").get("/delegations/new"))
    assert name_jo(school).status_code == 303
    listed = check_page(school.client("dee").get("/delegations"))
    assert "Jo Marsh" in listed
    assert "All your pupils: Amara Bright" in listed
    assert "Write the school’s sections" in check_page(client_of(school).get("/"))
    assert "Amara Bright" in check_page(client_of(school).get("/children"))
    saved = client_of(school).post(f"/plans/{plan.id}/sections/arrangements", data={"version": "0", "hours": "25"})
    assert saved.status_code == 303
    for reader in ("sam", "dee"):
        page = check_page(school.client(reader).get(f"/plans/{plan.id}"))
        assert "Jo Marsh for Dee Larkin" in page
    check_page(client_of(school).get(f"/plans/{plan.id}"))
    assert client_of(school).post(f"/plans/{plan.id}/submission", data={"version": "1"}).status_code == 403
    assert client_of(school).post(f"/plans/{plan.id}/sections/placement", data={"version": "0"}).status_code == 403
    team_page = check_page(school.client("sam").get(f"/children/{school.child.id}/team"))
    assert "Acts for Dee Larkin" in team_page
    assert "until 23 Jul 2027" in team_page


def test_the_audit_says_for_whom_a_delegate_acted(school: World) -> None:
    plan = school.open()
    name_jo(school)
    client_of(school).get(f"/plans/{plan.id}")
    jo = school.people["jo"].person_id
    with school.runtime.database("pep").reading() as connection:
        entries, _ = audit.of_child(connection, Asked(school.child.id, jo), limit=5)
    assert {(one.acting_as, one.why) for one in entries} == {("delegate", "acting for dee")}
    seen = check_page(school.client("sam").get(f"/children/{school.child.id}/who-looked"))
    assert "For Dee Larkin" in seen


def test_a_delegate_of_some_parts_reads_and_writes_exactly_those(school: World) -> None:
    plan = school.approved()
    name_jo(school, scope="some", parts=["progress", "targets"])
    jo = client_of(school)
    page = check_page(jo.get(f"/plans/{plan.id}"))
    assert "Progress and achievements" in page
    assert "Read a chapter book alone" in page
    for hidden in ("School now", "Carer", "Saved “", "What Amara Bright thinks", "Submit to the Virtual School"):
        assert hidden not in page, hidden
    assert "own views" not in check_page(jo.get(f"/children/{school.child.id}"))
    whole = jo.get(f"/api/plans/{plan.id}").json
    assert [one["key"] for one in whole["sections"]] == ["progress"]
    assert len(whole["targets"]) == 1
    assert whole["history"] == []
    statuses = {
        path: jo.get(f"/api/plans/{plan.id}/{path}").status_code
        for path in ("sections/progress", "sections/arrangements", "sections/placement", "targets", "views")
    }
    assert statuses == {
        "sections/progress": 200,
        "sections/arrangements": 403,
        "sections/placement": 403,
        "targets": 200,
        "views": 403,
    }
    for key, status in (("progress", 200), ("arrangements", 403)):
        body = {"answers": {}, "reason": "Corrected"}
        answer = jo.put(f"/api/plans/{plan.id}/sections/{key}", json=body, headers={"If-Match": "*"})
        assert answer.status_code in (status, 422 if status == 200 else status), answer.text
    with school.looking("jo") as work:
        seen = plan_page.read_plan(work, plan.id)
        assert seen.may_edit_targets
        assert replace(seen, whole=_Contributed(seen.whole.row)).contributions == ()
    with school.looking("dee") as work:
        seen = plan_page.read_plan(work, plan.id)
        assert replace(seen, whole=_Contributed(seen.whole.row)).contributions != ()


class _Contributed(WholePlan):
    """A plan to which somebody from outside the team has contributed."""

    contributions = (object(),)  # type: ignore[assignment]


def test_a_delegate_of_other_parts_sees_no_targets(school: World) -> None:
    plan = school.approved()
    name_jo(school, scope="some", parts=["progress"])
    jo = client_of(school)
    (target,) = school.client("dee").get(f"/api/plans/{plan.id}/targets").json
    assert "Read a chapter book alone" not in check_page(jo.get(f"/plans/{plan.id}"))
    assert jo.get(f"/api/plans/{plan.id}").json["targets"] == []
    assert jo.get(f"/api/targets/{target['id']}").status_code == 403
    assert jo.get(f"/targets/{target['id']}").status_code == 403


def test_it_begins_on_its_first_day_and_ends_after_its_last(school: World) -> None:
    plan = school.open()
    name_jo(school, from_date=TODAY + timedelta(days=1), until=TODAY + timedelta(days=7))
    found = []
    for days in (0, 1, 7, 8):
        on_day(school, TODAY + timedelta(days=days))
        found.append(may_open(school, plan))
    assert found == [404, 200, 200, 404]


def test_the_teacher_ends_it_at_once_and_nobody_else_does(school: World) -> None:
    plan = school.open()
    name_jo(school)
    with school.looking("dee") as work:
        (given,) = delegations.delegations_of(work)
    path = f"/delegations/{given.delegation.id}/withdrawal"
    assert school.client("tim").post(path).status_code == 404
    assert client_of(school).post(path).status_code == 403
    assert may_open(school, plan) == 200
    assert school.client("dee").post(path).status_code == 303
    assert may_open(school, plan) == 404
    assert school.client("dee").post(path).status_code == 409
    assert "Ended" in check_page(school.client("dee").get("/delegations"))


@pytest.mark.parametrize("how", ["school", "worker", "teacher_gone", "delegate_gone", "left_care"])
def test_it_ends_with_the_teachers_place_or_when_the_delegate_leaves(school: World, how: str) -> None:
    plan = school.open()
    name_jo(school)
    with school.acting("head") as work:
        child = children.child_record(work, school.child.id)
        if how == "school":
            children.change_school(work, child.id, child.version, ELSEWHERE, TODAY)
        elif how == "worker":
            team.change_worker(work, "m-dee", "tim", TODAY)
        elif how == "left_care":
            children.leave_care(work, child.id, child.version, TODAY - timedelta(days=1))
        else:
            gone = "dee" if how == "teacher_gone" else school.people["jo"].person_id
            mark_as_gone(work, gone, person_record(work, gone).version)
    on_day(school, TODAY + timedelta(days=1) if how.endswith("gone") else TODAY)
    assert client_of(school).get(f"/plans/{plan.id}").status_code in (303, 404)  # no way in, or no record
    with school.looking("head") as work:
        live = [one.role for one in roster.team(work.connection, school.child.id, work.today)]
    assert Role.DELEGATE not in live


def test_who_acts_for_all_pupils_acts_for_one_who_joins_later(school: World) -> None:
    with school.acting("head") as work:
        team.end_membership(work, "m-dee", TODAY)
    on_day(school, TODAY + timedelta(days=1))
    plan = school.open()
    name_jo(school, from_date=TODAY + timedelta(days=1))
    assert may_open(school, plan) == 404
    with school.acting("head") as work:
        team.add_member(work, school.child.id, "dee", Role.DESIGNATED_TEACHER, TODAY + timedelta(days=1))
    assert may_open(school, plan) == 200


def test_the_other_services_hear_of_it_as_of_any_place_on_the_team(school: World) -> None:
    name_jo(school, scope="some", parts=["progress"])
    (joined,) = [one for one in school.told(TeamMemberJoined) if one.role == "delegate"]
    (left,) = [one for one in school.told(TeamMemberLeft) if one.role == "delegate"]
    assert (joined.acts_for, joined.parts, left.until) == ("dee", ("progress",), LAST)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("email", {"email": ""}),
        ("email", {"email": "dee@people.example"}),
        ("email", {"email": "tim@kestrel.example"}),
        ("name", {"name": ""}),
        ("pupils", {"pupils": ""}),
        ("child_ids", {"pupils": "some"}),
        ("child_ids", {"pupils": "some", "child_ids": ["of-another"]}),
        ("scope", {"scope": ""}),
        ("parts", {"scope": "some"}),
        ("parts", {"scope": "some", "parts": ["placement"]}),
        ("from_date", {"from_date": TODAY - timedelta(days=1)}),
        ("until", {"until": date(2027, 9, 1)}),
        ("until", {"until": TODAY - timedelta(days=1)}),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_typed_is_lost(
    school: World, field: str, wrong: dict[str, Any]
) -> None:
    answer = name_jo(school, **wrong)
    assert answer.status_code == 422
    page = check_page(answer)
    assert f'href="#{field}"' in answer.text
    assert wrong.get("name", JO["name"]) in answer.text
    assert "There is a problem" in page
    with school.looking("head") as work:
        assert all(one.email != JO["email"] for one in roster.people(work.connection))


def test_nobody_names_people_for_a_child_who_is_not_their_pupil(school: World) -> None:
    with school.acting("tim") as work, pytest.raises(InvalidInput):
        wish = delegations.Wish("Jo Marsh", "jo@x.example", False, (school.child.id,), (), TODAY, LAST)
        delegations.delegate(work, wish)
    for person in ("sam", "val", "cal"):
        assert school.client(person).get("/delegations").status_code == 403
