"""The API of people: recorded, changed only as read, gone, back, and a caseload handed over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.pep.application import children
from services.pep.application.children import NewChild
from services.pep.domain.children import Child
from shared.contracts.pep import PersonRecorded, TeamMemberLeft
from shared.contracts.roles import Role
from tests.pep.child_world import Pep

TARA = {
    "name": "Tara Quill",
    "email": "tara@people.example",
    "roles": ["designated_teacher"],
    "school_urn": "900003",
}


@pytest.fixture
def amara(pep: Pep) -> Child:
    team = {Role.SOCIAL_WORKER: "worker"}
    with pep.as_("system") as work:
        new = NewChild("100001", "Amara Bright", date(2013, 3, 9), "C1", date(2026, 11, 11), team=team)
        return children.enter_care(work, new)


def get(pep: Pep, path: str, who: str = "head") -> Any:
    answer = pep.client(who).get(path)
    assert answer.status_code == 200
    return answer.json


def test_a_person_is_recorded_changed_and_found(pep: Pep) -> None:
    made = pep.client("manager").post("/api/people", json=TARA)
    assert made.status_code == 201
    path = made.headers["Location"]
    read = pep.client("head").get(path)
    assert read.json is not None
    assert (read.json["organisation"], read.json["here"], read.json["version"]) == ("Elmbank School", True, 1)

    tag = read.headers["ETag"]
    assert pep.client("head").patch(path, json={"name": "Tara Quill-Ray"}).status_code == 428
    changed = pep.client("head").patch(path, json={"name": "Tara Quill-Ray"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json and changed.json["version"]) == (200, 2)
    assert pep.client("head").patch(path, json={"name": "T"}, headers={"If-Match": tag}).status_code == 412

    found = get(pep, "/api/people?search=quill&role=designated_teacher&page_size=1")
    assert (found["total"], found["items"][0]["name"]) == (1, "Tara Quill-Ray")
    assert get(pep, "/api/people?school_urn=900001")["total"] == 1


def test_what_cannot_be_is_a_problem_and_others_are_turned_away(pep: Pep) -> None:
    answer = pep.client("head").post("/api/people", json={**TARA, "school_urn": None})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    for path in ("/api/people", "/api/people/iro", "/api/people/iro/places"):
        assert pep.client("worker").get(path).status_code == 403
    assert pep.client("worker").post("/api/people", json=TARA).status_code == 403
    assert pep.client("head").get("/api/people/carer").status_code == 404


def test_a_person_goes_and_comes_back(pep: Pep, amara: Child) -> None:
    (place,) = get(pep, "/api/people/worker/places")
    assert (place["child_name"], place["role"]) == ("Amara Bright", "social_worker")
    stale = pep.client("head").post("/api/people/worker/gone", json={"places": []})
    assert (stale.status_code, stale.json and stale.json["code"]) == (409, "places_changed")

    gone = pep.client("head").post("/api/people/worker/gone", json={"places": [place["membership_id"]]})
    assert (gone.status_code, gone.json and gone.json["here"]) == (200, False)
    assert pep.facts(TeamMemberLeft)[-1].until == date(2026, 11, 23)
    assert pep.client("worker").get("/api/children").status_code == 401

    assert pep.client("head").post("/api/people/worker/back", json={}).status_code == 200
    assert pep.facts(PersonRecorded)[-1].active


def test_a_caseload_is_handed_over(pep: Pep, amara: Child) -> None:
    wanted = {"role": "social_worker", "person_id": "worker2", "from_date": "2026-12-01"}
    assert pep.client("worker").post("/api/people/worker/handover", json=wanted).status_code == 403
    answer = pep.client("head").post("/api/people/worker/handover", json=wanted)
    assert answer.status_code == 201
    assert [(one["child_id"], one["person_id"]) for one in answer.json or []] == [(amara.id, "worker2")]
    again = pep.client("head").post("/api/people/worker/handover", json=wanted)
    assert (again.status_code, again.json and again.json["code"]) == (409, "no_caseload")


def test_a_school_is_recorded(pep: Pep) -> None:
    school = {"urn": "123456", "name": "New Lane School", "phase": "Primary"}
    assert pep.client("head").post("/api/schools", json=school).status_code == 201
    assert get(pep, "/api/schools/123456")["name"] == "New Lane School"
    assert pep.client("head").post("/api/schools", json=school).status_code == 422
    assert pep.client("worker").post("/api/schools", json=school).status_code == 403
