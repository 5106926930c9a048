"""The pages of people, as the Virtual School head and a team manager use them."""

from __future__ import annotations

import re
from datetime import date

import pytest
from werkzeug.test import TestResponse

from services.pep.application import children, people
from services.pep.application.children import NewChild
from services.pep.domain.children import Child
from shared.contracts.pep import PersonRecorded, SchoolRecorded, TeamMemberJoined, TeamMemberLeft
from shared.contracts.roles import Role
from shared.platform.web.navigation import bar
from shared.testing.pages import check_page
from tests.pep.child_world import Pep

FORM = {
    "name": "Tara Quill",
    "email": "tara@people.example",
    "roles": "designated_teacher",
    "organisation": "",
    "school": "elmbank",
}
PLACES = re.compile(r'name="places" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')


@pytest.fixture
def amara(pep: Pep) -> Child:
    team = {Role.SOCIAL_WORKER: "worker"}
    new = NewChild("100001", "Amara Bright", date(2013, 3, 9), "C1", date(2026, 11, 11), school_urn="900001", team=team)
    with pep.as_("system") as work:
        return children.enter_care(work, new)


def page(pep: Pep, path: str, who: str = "head", status: int = 200) -> str:
    answer = pep.client(who).get(path)
    assert answer.status_code == status, path
    return check_page(answer)


def post(pep: Pep, path: str, data: dict[str, object], who: str = "head") -> TestResponse:
    return pep.client(who).post(path, data=data)


def version(pep: Pep, path: str) -> str:
    found = VERSION.search(pep.client("head").get(path).text)
    assert found is not None
    return found[1]


PAGES = (
    "/people",
    "/people?role=social_worker&search=reed",
    "/people?here=false",
    "/people/new",
    "/people/new?role=designated_teacher&school=900001",
    "/people/worker",
    "/people/worker/details",
    "/people/worker/gone",
    "/people/worker/handover",
    "/people/iro/handover",
)


def test_each_page_is_sound_for_the_head_and_a_manager(pep: Pep, amara: Child) -> None:
    for path in PAGES:
        page(pep, path)
        page(pep, path, "manager")
    page(pep, "/schools/new")


def test_the_bar_marks_the_place_that_is_nearest(pep: Pep, amara: Child) -> None:
    places = (("/people/new", "People"), ("/people", "People"), (f"/children/{amara.id}", "Children"))
    for path, place in places:
        with pep.app.test_request_context(path, base_url="http://localhost/pep"):
            marked = [link["text"] for link in bar(pep.actor("head")) if link["active"]]
        assert marked == [place], path


def test_others_get_none_of_them(pep: Pep, amara: Child) -> None:
    for path in PAGES:
        for who in ("worker", "teacher", "caseworker"):
            assert pep.client(who).get(path).status_code == 403, (path, who)
    assert "/people" not in pep.client("worker").get("/").text
    assert 'href="/pep/people"' in pep.client("manager").get("/").text


def test_a_teacher_is_recorded_by_the_form_and_found_in_the_list(pep: Pep) -> None:
    answer = post(pep, "/people/new", FORM)

    assert answer.status_code == 303
    shown = page(pep, answer.headers["Location"])
    assert "Elmbank School (URN 900003)" in shown
    assert "Tara Quill" in page(pep, "/people?school_urn=900003")
    assert "Tara Quill" not in page(pep, "/people?school_urn=900001")


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": ""}, "name", "Enter name"),
        ({"email": "tara"}, "email", "must be an e-mail address"),
        ({"roles": ""}, "roles", "Select at least one role"),
        ({"school": ""}, "school", "a designated teacher works at one school"),
        ({"school": "elm"}, "school", "2 schools match"),
        ({"email": "worker@people.example"}, "email", "Sam Reed is recorded with this e-mail address already"),
    ],
)
def test_a_fault_is_said_and_what_was_typed_is_kept(pep: Pep, change: dict[str, str], field: str, says: str) -> None:
    before = len(pep.facts(PersonRecorded))
    answer = post(pep, "/people/new", {**FORM, **change})

    assert answer.status_code == 422
    shown = check_page(answer)
    assert says in shown
    assert f'href="#{field}"' in answer.text
    assert 'value="tara' in answer.text or field == "email"
    assert len(pep.facts(PersonRecorded)) == before


def test_a_stale_edit_shows_both_texts_and_saving_again_is_a_choice(pep: Pep) -> None:
    seen = version(pep, "/people/iro/details")
    iro = {**FORM, "name": "Ines Marsh", "roles": "iro", "school": "", "organisation": "Northmoor"}
    assert post(pep, "/people/iro/details", {**iro, "version": seen, "email": "a@people.example"}).status_code == 303

    answer = post(pep, "/people/iro/details", {**iro, "version": seen, "email": "b@people.example"}, "manager")

    assert answer.status_code == 412
    check_page(answer)
    assert "a@people.example" in answer.text
    assert 'value="b@people.example"' in answer.text
    again = VERSION.search(answer.text)
    assert again is not None
    saved = post(pep, "/people/iro/details", {**iro, "version": again[1], "email": "b@people.example"}, "manager")
    assert saved.status_code == 303
    assert pep.facts(PersonRecorded)[-1].email == "b@people.example"


def test_the_page_names_the_children_before_somebody_is_recorded_as_gone(pep: Pep, amara: Child) -> None:
    asked = pep.client("head").get("/people/worker/gone").text
    assert "Amara Bright" in asked
    assert "Amara Bright" not in page(pep, "/people/worker/gone", "manager")
    data: dict[str, object] = {"version": version(pep, "/people/worker/gone")}

    refused = post(pep, "/people/worker/gone", data)
    assert refused.status_code == 422
    assert "look again" in check_page(refused)
    assert pep.facts(TeamMemberLeft) == []

    assert post(pep, "/people/worker/gone", {**data, "places": PLACES.findall(asked)}).status_code == 303
    assert len(pep.facts(TeamMemberLeft)) == 1
    assert "No longer here" in page(pep, "/people/worker")
    assert "Sam Reed" in page(pep, "/people?here=false")
    assert "/sign-in" in pep.client("worker").get("/").headers["Location"]

    back = post(pep, "/people/worker/back", {"version": version(pep, "/people/worker")})
    assert back.status_code == 303
    assert pep.client("worker").get("/").status_code == 200


def test_a_caseload_is_handed_over_after_a_page_that_names_the_children(pep: Pep, amara: Child) -> None:
    asked = "/people/worker/handover/check?role=social_worker&person_id={}&from_date-day={}&from_date-month=12"
    asked += "&from_date-year=2026"
    fault = page(pep, asked.format("worker2", "35"), status=422)
    assert "must be a real date" in fault
    check = pep.client("head").get(asked.format("worker2", "1"))
    shown = check_page(check)
    assert "Amara Bright" in shown
    assert "Tuesday 1 December 2026" in shown

    data: dict[str, object] = {"role": "social_worker", "person_id": "worker2", "from_date": "2026-12-01"}
    refused = post(pep, "/people/worker/handover", {**data, "places": ["another"]})
    assert refused.status_code == 422
    assert "look again" in check_page(refused)

    done = post(pep, "/people/worker/handover", {**data, "places": PLACES.findall(check.text)})
    assert done.status_code == 303
    fact = pep.facts(TeamMemberJoined)[-1]
    assert (fact.person_id, fact.from_date) == ("worker2", date(2026, 12, 1))


def test_a_team_that_nobody_can_join_leads_those_who_may_to_recording_the_person(pep: Pep, amara: Child) -> None:
    with pep.as_("head") as work:
        people.mark_as_gone(work, "teacher", people.person_record(work, "teacher").version)
    path = f"/children/{amara.id}/team/add?role=designated_teacher"
    assert "Ask the Virtual School to record the person first" in page(pep, path, "worker")
    link = re.search(r'href="([^"]*/people/new[^"]*)"', pep.client("head").get(path).text)
    assert link is not None
    address = link[1].replace("&amp;", "&").removeprefix("/pep")
    form = pep.client("head").get(address).text
    assert 'value="900001"' in form

    answer = post(pep, "/people/new", {**FORM, "school": "900001", "child": amara.id})
    assert answer.headers["Location"].endswith(path)
    assert "Tara Quill" in page(pep, answer.headers["Location"])


def test_a_school_is_recorded_by_hand(pep: Pep) -> None:
    data: dict[str, object] = {"urn": "123456", "name": "New Lane School", "phase": "Primary", "town": "Eastmoor"}
    assert post(pep, "/schools/new", data).status_code == 303
    assert pep.facts(SchoolRecorded)[-1].name == "New Lane School"
    for urn, says in (("123456", "is recorded with this URN already"), ("12", "has 6 digits")):
        answer = post(pep, "/schools/new", {**data, "urn": urn})
        assert answer.status_code == 422
        assert says in check_page(answer)
    assert pep.client("worker").get("/schools/new").status_code == 403
    assert 'href="/people"' not in pep.client("caseworker").get("/schools/new").text


def test_whoever_records_that_a_child_left_is_led_to_a_page_they_may_see(pep: Pep, amara: Child) -> None:
    data: dict[str, object] = {"version": amara.version, "left_on-month": "11", "left_on-year": "2026"}
    answer = post(pep, f"/children/{amara.id}/leave", {**data, "left_on-day": "20"}, "worker")
    assert answer.status_code == 303
    assert page(pep, answer.headers["Location"], "worker")
