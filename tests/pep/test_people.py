"""Recording the people of an authority, their leaving, a whole caseload handed over, and a team that ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.pep.adapters.history_store import history_of
from services.pep.adapters.people_store import PeopleFilter
from services.pep.adapters.ssda903 import EPISODE_COLUMNS, HEADER_COLUMNS
from services.pep.application import caseload, children, imports, people, team
from services.pep.application.children import NewChild
from services.pep.application.worklist import my_work
from services.pep.domain.children import Child
from services.pep.domain.people import PersonDetails
from shared.contracts.pep import ChildLeftCare, PersonRecorded, TeamMemberJoined, TeamMemberLeft
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Stale
from shared.platform import roster
from tests.pep.child_world import Pep, write

TODAY = date(2026, 11, 23)
TARA = PersonDetails("Tara Quill", "tara@people.example", frozenset({Role.DESIGNATED_TEACHER}), "", "900003")


def enter(pep: Pep, reference: str, name: str, team_of: dict[Role, str], school: str | None = None) -> Child:
    new = NewChild(reference, name, date(2013, 3, 9), "C1", date(2026, 11, 11), school_urn=school, team=team_of)
    with pep.as_("system") as work:
        return children.enter_care(work, new)


@pytest.fixture
def amara(pep: Pep) -> Child:
    return enter(pep, "100001", "Amara Bright", {Role.SOCIAL_WORKER: "worker", Role.TEAM_MANAGER: "manager"}, "900001")


@pytest.fixture
def leo(pep: Pep) -> Child:
    return enter(pep, "100002", "Leo Marsh", {Role.SOCIAL_WORKER: "worker"})


def version(pep: Pep, who: str) -> int:
    with pep.reading_as("head") as work:
        return people.person_record(work, who).version


def change(pep: Pep, who: str, seen: int | None = None, by: str = "head", **changes: object) -> roster.Person:
    with pep.as_(by) as work:
        record = people.person_record(work, who)
        person = record.person
        roles = frozenset(record.roles)
        known = PersonDetails(person.name, person.email or "", roles, person.organisation, person.school_urn)
        return people.change_person(work, who, seen or record.version, replace(known, **changes))  # type: ignore[arg-type]


def social_workers(pep: Pep, child: Child, on: date = TODAY) -> list[str]:
    with pep.runtime.database("pep").reading() as connection:
        return [one.person_id for one in roster.team(connection, child.id, on) if one.role is Role.SOCIAL_WORKER]


def test_a_person_is_recorded_and_the_others_hear_of_it(pep: Pep) -> None:
    with pep.as_("manager") as work:
        person = people.record_new(work, TARA)

    fact = pep.facts(PersonRecorded)[-1]
    assert (fact.person_id, fact.name, fact.kinds, fact.active) == (
        person.id,
        "Tara Quill",
        ("designated_teacher",),
        True,
    )
    assert (fact.school_urn, fact.organisation) == ("900003", "Elmbank School")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": ""}, "email"),
        ({"email": "SAM.reed@people.example"}, None),
        ({"email": "WORKER@people.example"}, "email"),
        ({"roles": frozenset()}, "roles"),
        ({"roles": frozenset({Role.CARER})}, "roles"),
        ({"school_urn": None}, "school"),
        ({"school_urn": "900004"}, "school"),
        ({"school_urn": "999999"}, "school"),
        ({"roles": frozenset({Role.IRO}), "organisation": "Northmoor"}, "school"),
        ({"roles": frozenset({Role.IRO}), "school_urn": None}, "organisation"),
        ({"roles": frozenset({Role.DESIGNATED_TEACHER, Role.VIRTUAL_SCHOOL_HEAD})}, "roles"),
    ],
)
def test_what_is_recorded_must_be_whole(pep: Pep, changes: dict[str, object], field: str | None) -> None:
    details = replace(TARA, **changes)  # type: ignore[arg-type]
    with pep.as_("manager") as work:
        if field is None:
            assert people.record_new(work, details).email == details.email
            return
        with pytest.raises(InvalidInput) as refusal:
            people.record_new(work, details)
        assert field in refusal.value.errors


@pytest.mark.parametrize("who", ["worker", "iro", "teacher", "caseworker", "parent", "carer"])
def test_others_read_nothing_and_record_nobody(pep: Pep, who: str) -> None:
    with pep.as_(who) as work:
        for deed in (
            lambda: people.list_people(work, PeopleFilter(), offset=0, limit=10),
            lambda: people.person_record(work, "worker"),
            lambda: people.record_new(work, TARA),
            lambda: people.mark_as_gone(work, "worker2", 1),
            lambda: caseload.hand_over_caseload(work, "worker", Role.SOCIAL_WORKER, "worker2", TODAY),
        ):
            with pytest.raises(Denied):
                deed()


def test_only_a_head_gives_or_changes_the_role_of_a_head(pep: Pep) -> None:
    with pytest.raises(Denied):
        change(pep, "head", by="manager", email="manager@people.example")
    with pytest.raises(InvalidInput) as refusal:
        change(pep, "manager", by="manager", roles=frozenset({Role.TEAM_MANAGER, Role.VIRTUAL_SCHOOL_HEAD}))
    assert "roles" in refusal.value.errors
    raised = change(pep, "caseworker", roles=frozenset({Role.VIRTUAL_SCHOOL_HEAD}))
    assert raised.kinds == {Role.VIRTUAL_SCHOOL_HEAD}
    with pytest.raises(InvalidInput):
        change(pep, "head", roles=frozenset({Role.TEAM_MANAGER}))


def test_family_are_not_among_the_staff(pep: Pep) -> None:
    with pep.reading_as("head") as work:
        found, total = people.list_people(work, PeopleFilter(), offset=0, limit=50)
        with pytest.raises(NotFound):
            people.person_record(work, "carer")
    assert total == len(found) == 8
    assert {"carer", "parent"}.isdisjoint(person.id for person in found)


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        (PeopleFilter(role=Role.SOCIAL_WORKER), ["worker2", "worker"]),
        (PeopleFilter(search="SAM ree"), ["worker"]),
        (PeopleFilter(search="iro@"), ["iro"]),
        (PeopleFilter(school_urn="900002"), ["teacher2"]),
        (PeopleFilter(search="%"), []),
        (PeopleFilter(here=False), []),
    ],
)
def test_the_list_is_narrowed(pep: Pep, chosen: PeopleFilter, ids: list[str]) -> None:
    with pep.reading_as("manager") as work:
        found, total = people.list_people(work, chosen, offset=0, limit=10)
    assert ([person.id for person in found], total) == (ids, len(ids))


def test_of_two_who_change_one_person_the_second_is_told(pep: Pep) -> None:
    seen = version(pep, "iro")
    change(pep, "iro", seen, name="Ines Marsh-Lee")
    with pytest.raises(Stale):
        change(pep, "iro", seen, by="manager", email="ines@people.example")
    assert version(pep, "iro") == seen + 1


def test_a_role_held_on_a_team_is_not_taken_away_nor_a_teacher_moved_from_their_children(
    pep: Pep, amara: Child
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        change(pep, "worker", roles=frozenset({Role.IRO}))
    assert "Hand over" in refusal.value.errors["roles"][0]
    with pytest.raises(InvalidInput) as refusal:
        change(pep, "teacher", school_urn="900003")
    assert "school" in refusal.value.errors


def test_who_is_no_longer_here_leaves_the_teams_that_day_and_may_not_sign_in(
    pep: Pep, amara: Child, leo: Child
) -> None:
    with pep.as_("head") as work:
        planned = team.add_member(work, leo.id, "manager", Role.TEAM_MANAGER, TODAY + timedelta(days=9))
    with pep.as_("head") as work:
        named = {one.child_name for one in people.held_places(work, "worker")}
        people.mark_as_gone(work, "worker", version(pep, "worker"))
        people.mark_as_gone(work, "manager", version(pep, "manager"))

    assert named == {"Amara Bright", "Leo Marsh"}
    left = pep.facts(TeamMemberLeft)
    assert {(one.child_id, one.person_id, one.until) for one in left} == {
        (amara.id, "worker", TODAY),
        (leo.id, "worker", TODAY),
        (amara.id, "manager", TODAY),
        (leo.id, "manager", TODAY),
    }
    assert [(fact.person_id, fact.active) for fact in pep.facts(PersonRecorded)[-2:]] == [
        ("worker", False),
        ("manager", False),
    ]
    assert social_workers(pep, amara, TODAY + timedelta(days=1)) == []
    with pep.runtime.database("pep").reading() as connection:
        assert any("Sam Reed leaves" in step.words for step in history_of(connection, leo.id))
        on_the_day = roster.team(connection, leo.id, planned.from_date)
    assert [one.person_id for one in on_the_day] == []
    assert pep.client("worker").get("/api/children").status_code == 401
    with pep.reading_as("head") as work:
        assert [one.id for one in team.people_for(work, Role.SOCIAL_WORKER)] == ["worker2"]


def test_a_page_that_named_other_children_ends_nothing(pep: Pep, amara: Child) -> None:
    with pytest.raises(Conflict) as refusal, pep.as_("head") as work:
        people.mark_as_gone(work, "worker", version(pep, "worker"), [])
    assert refusal.value.code == "places_changed"
    assert social_workers(pep, amara) == ["worker"]


def test_nobody_says_of_themselves_that_they_are_gone_and_who_came_back_may_sign_in(pep: Pep) -> None:
    with pytest.raises(Conflict), pep.as_("head") as work:
        people.mark_as_gone(work, "head", version(pep, "head"))
    with pep.as_("head") as work:
        people.mark_as_gone(work, "iro", version(pep, "iro"))
    with pep.as_("head") as work:
        people.mark_as_back(work, "iro", version(pep, "iro"))
    assert pep.client("iro").get("/api/children").status_code == 200


def test_a_manager_learns_no_name_of_a_child_on_whose_team_they_are_not(pep: Pep, amara: Child, leo: Child) -> None:
    with pep.reading_as("manager") as work:
        held = people.held_places(work, "worker")
        load = caseload.caseload(work, "worker", Role.SOCIAL_WORKER)
    assert [one.child_name for one in held] == ["Amara Bright", ""]
    assert ([one.child_name for one in load.places], load.beyond) == (["Amara Bright"], 1)


def test_a_whole_caseload_is_handed_over_from_a_day(pep: Pep, amara: Child, leo: Child) -> None:
    day = TODAY + timedelta(days=7)
    with pep.as_("head") as work:
        load = caseload.caseload(work, "worker", Role.SOCIAL_WORKER)
        seen = [one.membership.id for one in load.places]
        taken = caseload.hand_over_caseload(work, "worker", Role.SOCIAL_WORKER, "worker2", day, seen)

    assert {one.child_id for one in taken} == {amara.id, leo.id}
    for child in (amara, leo):
        assert social_workers(pep, child, day - timedelta(days=1)) == ["worker"]
        assert social_workers(pep, child, day) == ["worker2"]
    assert {fact.person_id for fact in pep.facts(TeamMemberJoined)[-2:]} == {"worker2"}


def test_a_caseload_is_handed_over_whole_or_not_at_all(pep: Pep, amara: Child, leo: Child) -> None:
    with pep.runtime.database("pep").writing() as connection:
        places = [one for one in roster.places_of(connection, "worker") if one.child_id == leo.id]
        # Somebody else has this place already from a later day, as only an older record could have it.
        later = replace(places[0], id="later", person_id="worker2", from_date=TODAY + timedelta(days=30))
        roster.join(connection, later)
    with pytest.raises(Conflict) as refusal, pep.as_("head") as work:
        caseload.hand_over_caseload(work, "worker", Role.SOCIAL_WORKER, "worker2", TODAY)
    assert "Nothing was handed over" in refusal.value.message
    assert social_workers(pep, amara) == ["worker"]
    assert pep.facts(TeamMemberLeft) == []


@pytest.mark.parametrize(
    ("to", "role", "day", "seen", "fault"),
    [
        ("iro", Role.SOCIAL_WORKER, TODAY, None, "person_id"),
        ("worker", Role.SOCIAL_WORKER, TODAY, None, "person_id"),
        ("teacher2", Role.DESIGNATED_TEACHER, TODAY, None, "person_id"),
        ("worker2", Role.SOCIAL_WORKER, TODAY - timedelta(days=1), None, "from_date"),
        ("worker2", Role.SOCIAL_WORKER, TODAY + timedelta(days=500), None, "from_date"),
        ("worker2", Role.SOCIAL_WORKER, TODAY, ["another"], "caseload_changed"),
    ],
)
def test_a_caseload_goes_only_to_somebody_of_the_role_from_a_day_to_come(
    pep: Pep, amara: Child, to: str, role: Role, day: date, seen: list[str] | None, fault: str
) -> None:
    giver = "teacher" if role is Role.DESIGNATED_TEACHER else "worker"
    with pytest.raises((InvalidInput, Conflict)) as refusal, pep.as_("head") as work:
        caseload.hand_over_caseload(work, giver, role, to, day, seen)
    problem = refusal.value
    assert fault in (problem.errors if isinstance(problem, InvalidInput) else [problem.code])
    assert social_workers(pep, amara) == ["worker"]


def test_a_child_who_left_care_has_no_team_from_then_and_is_on_no_list(pep: Pep, amara: Child) -> None:
    yesterday = TODAY - timedelta(days=1)
    with pep.as_("worker") as work:
        assert my_work(work)
        children.leave_care(work, amara.id, amara.version, yesterday)

    facts = pep.facts(ChildLeftCare, TeamMemberLeft)
    assert isinstance(facts[0], ChildLeftCare)
    assert {fact.until for fact in facts[1:]} == {yesterday}
    assert len(facts) == 4
    with pep.reading_as("worker") as work:
        assert my_work(work) == ()
        with pytest.raises(NotFound):
            children.child_record(work, amara.id)
    with pep.reading_as("head") as work:
        assert team.team_of(work, amara.id) == []
        assert not any(item.child_id == amara.id for item in my_work(work))
    with pytest.raises(Conflict), pep.as_("head") as work:
        team.add_member(work, amara.id, "worker", Role.SOCIAL_WORKER, TODAY)


def test_a_return_that_says_a_child_left_ends_the_team_too(pep: Pep, amara: Child, tmp_path: Path) -> None:
    write(tmp_path / "header.csv", HEADER_COLUMNS, [("100001", "2", "09/03/2013", "WBRI", "", "", "")])
    episode = ("100001", "11/11/2026", "S", "C1", "N1", "U1", "PR1", "20/11/2026", "E4A", "", "", "", "")
    write(tmp_path / "episodes.csv", EPISODE_COLUMNS, [episode])
    with pep.as_("system") as work:
        report = imports.import_ssda903(work, tmp_path, lambda done, total: None)

    assert report.counts[imports.LEFT] == 1
    assert {fact.until for fact in pep.facts(TeamMemberLeft)} == {date(2026, 11, 20)}
    assert social_workers(pep, amara) == []


def test_a_new_authority_is_asked_for_its_people_first(pep: Pep) -> None:
    with pep.as_("head") as work:
        for who in ("teacher", "teacher2"):
            people.mark_as_gone(work, who, version(pep, who))
    with pep.reading_as("head") as work:
        asked = [item.path for item in my_work(work)]
    assert asked == ["/people/new?role=designated_teacher"]
