from __future__ import annotations

from datetime import date

import pytest

from services.pep.application import children
from services.pep.application.children import NewChild
from services.pep.domain.children import Child
from shared.contracts.pep import ChildEnteredCare
from shared.contracts.roles import Role
from tests.pep.child_world import Pep

LEO = {
    "reference": "100002",
    "name": "Leo Marsh",
    "born_on": "2016-05-05",
    "legal_status": "C2",
    "entered_care_on": "2026-11-16",
    "school_urn": "900002",
    "social_worker": "worker",
}


@pytest.fixture
def child(pep: Pep) -> Child:
    team = {Role.SOCIAL_WORKER: "worker"}
    new = NewChild("100001", "Amara Bright", date(2013, 3, 9), "C1", date(2026, 11, 11), school_urn="900001", team=team)
    with pep.as_("manager") as work:
        return children.enter_care(work, new)


def test_a_child_becomes_looked_after_by_the_api(pep: Pep) -> None:
    answer = pep.client("worker").post("/api/children", json=LEO)

    assert answer.status_code == 201
    (fact,) = pep.facts(ChildEnteredCare)
    assert answer.json is not None
    assert answer.json["id"] == fact.child_id
    assert (answer.json["phase"], answer.json["year_group"]) == ("primary", 6)
    clocks = pep.client("worker").get(f"{answer.headers['Location']}/deadlines").json
    assert clocks is not None
    first = next(clock for clock in clocks if clock["kind"] == "first_pep")
    assert (first["on"], first["unit"], first["overdue"]) == ("2026-11-30", "working_days", False)
    assert first["citation"].endswith("regulation 4(2)")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"legal_status": "XX"}, 422, "unprocessable_entity"),
        ({"born_on": "05/05/2016"}, 422, "unprocessable_entity"),
        ({"entered_care_on": "2026-12-24"}, 422, "invalid_input"),
        ({"reference": "100001"}, 409, "child_known"),
    ],
)
def test_what_cannot_be_is_a_problem_with_a_stable_code(
    pep: Pep, child: Child, change: dict[str, str], status: int, code: str
) -> None:
    answer = pep.client("worker").post("/api/children", json={**LEO, **change})

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"].startswith(code[:13])


def test_the_list_is_paged_and_holds_only_ones_own(pep: Pep, child: Child) -> None:
    pep.client("worker2").post("/api/children", json={**LEO, "social_worker": "worker2"})

    own = pep.client("worker").get("/api/children?page_size=1").json
    every = pep.client("head").get("/api/children?page_size=1&page=2&search=a").json

    assert own is not None
    assert (own["total"], [one["name"] for one in own["items"]]) == (1, ["Amara Bright"])
    assert every is not None
    assert (every["total"], [one["name"] for one in every["items"]]) == (2, ["Leo Marsh"])


def test_details_change_only_with_the_version_that_was_read(pep: Pep, child: Child) -> None:
    client = pep.client("worker")
    path = f"/api/children/{child.id}"
    etag = client.get(path).headers["ETag"]

    assert client.patch(path, json={"known_as": "Ama"}).status_code == 428
    changed = client.patch(path, json={"known_as": "Ama"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["known_as"], changed.json["name"]) == ("Ama", "Amara Bright")
    assert client.patch(path, json={"known_as": "Amy"}, headers={"If-Match": etag}).status_code == 412
    fresh = {"If-Match": changed.headers["ETag"]}
    assert client.patch(path, json={"known_as": "Amy"}, headers=fresh).status_code == 200
    emptied = client.patch(path, json={"placement_started_on": None}, headers={"If-Match": "*"})
    assert emptied.json["placement_started_on"] == emptied.json["entered_care_on"]


def test_a_school_changes_with_the_version_that_was_read(pep: Pep, child: Child) -> None:
    client = pep.client("worker")
    path = f"/api/children/{child.id}/school"
    etag = client.get(path).headers["ETag"]

    changed = client.put(path, json={"school_urn": "900002", "since": "2026-11-23"}, headers={"If-Match": etag})

    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json["school_urn"] == "900002"
    again = client.put(path, json={"school_urn": "900001", "since": "2026-11-23"}, headers={"If-Match": etag})
    assert again.status_code == 412


def test_sealed_fields_are_absent(pep: Pep, child: Child) -> None:
    shown = pep.client("teacher").get(f"/api/children/{child.id}").json

    assert shown is not None
    assert "upn" in shown
    assert "legal_status" not in shown
    assert "reference" not in shown


def test_the_team_changes_by_the_api(pep: Pep, child: Child) -> None:
    client = pep.client("worker")
    path = f"/api/children/{child.id}/team"

    joined = client.post(path, json={"role": "iro", "person_id": "iro", "from_date": "2026-11-23"})
    carer = client.post(path, json={"role": "carer", "name": "Dele Stone", "from_date": "2026-11-23"})
    taken = client.post(path, json={"role": "social_worker", "person_id": "worker2", "from_date": "2026-11-23"})
    assert (joined.status_code, carer.status_code, taken.status_code) == (201, 201, 409)
    assert joined.json is not None
    assert carer.json is not None
    assert taken.json is not None
    assert taken.json["code"] == "role_taken"
    ended = client.post(f"/api/team/{carer.json['id']}/end", json={"until": "2026-11-23"})
    assert ended.status_code == 200
    handed = client.post(
        f"/api/team/{taken.json['membership_id']}/handover", json={"person_id": "worker2", "from_date": "2026-11-24"}
    )
    assert handed.status_code == 201
    team = client.get(path).json
    assert team is not None
    assert {(one["name"], one["until"]) for one in team} >= {("Sam Reed", "2026-11-23"), ("Nadia Osei", None)}


@pytest.mark.parametrize("path", ["", "/deadlines", "/team", "/school"])
def test_a_stranger_is_told_nothing(pep: Pep, child: Child, path: str) -> None:
    answer = pep.client("worker2").get(f"/api/children/{child.id}{path}")

    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["code"] == "record_not_found"


def test_without_a_token_the_answer_is_401(pep: Pep, child: Child) -> None:
    assert pep.client(None).get(f"/api/children/{child.id}").status_code == 401


def test_reviews_and_leaving_are_recorded_by_the_api(pep: Pep, child: Child) -> None:
    client = pep.client("worker")

    review = client.post(f"/api/children/{child.id}/reviews", json={"held_on": "2026-11-20"})
    left = client.post(f"/api/children/{child.id}/leaving", json={"left_on": "2026-11-21"})

    assert (review.status_code, left.status_code) == (201, 200)
    assert pep.client("head").get(f"/api/children/{child.id}/deadlines").json == []
    assert client.get(f"/api/children/{child.id}").status_code == 404


def test_schools_are_looked_up(pep: Pep) -> None:
    client = pep.client("worker")

    found = client.get("/api/schools?search=elm").json
    assert found is not None
    assert [one["name"] for one in found] == ["Elm Street Primary School", "Elmbank School"]
    assert client.get("/api/schools/900004").status_code == 200
    assert client.get("/api/schools/1").status_code == 404


def test_the_api_describes_itself(pep: Pep) -> None:
    document = pep.client(None).get("/api/openapi.json").json

    assert document is not None
    assert document["openapi"].startswith("3.1")
    assert {"/api/children", "/api/children/{child_id}", "/api/children/{child_id}/team"} <= set(document["paths"])
