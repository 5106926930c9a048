from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.virtual_school import PlanQualityReturned


@pytest.fixture
def client(world: Any) -> Any:
    world.child("c1", name="Amira Lindqvist")
    world.plan("c1", "p1", submitted=1)
    return world.app.test_client()


def test_the_cohort_is_read_with_its_filters(world: Any, client: Any) -> None:
    body = client.get("/api/children?state=submitted&year_group=8", headers=world.token("cate")).json
    assert body["total"] == 1
    assert body["counts"] == {"submitted": 1}
    (child,) = body["children"]
    assert (child["name"], child["state"], child["due_on"]) == ("Amira Lindqvist", "submitted", "2026-12-11")
    assert child["attendance"]["percentage"] is None
    assert client.get("/api/children", headers=world.token("carl")).json["total"] == 0


@pytest.mark.parametrize("query", ["state=lost", "year_group=zz", "under=0"])
def test_a_filter_that_means_nothing_is_refused(world: Any, client: Any, query: str) -> None:
    answer = client.get(f"/api/children?{query}", headers=world.token("cate"))
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"


def test_marks_are_sent_and_read_back(world: Any, client: Any) -> None:
    marks = [{"date": "2026-11-20", "session": "AM", "code": "/"}, {"date": "2026-11-20", "session": "PM", "code": "i"}]
    answer = client.post("/api/children/c1/attendance", json={"marks": marks}, headers=world.token("dora"))
    assert answer.status_code == 201
    assert answer.json["added"] == 2
    body = client.get("/api/children/c1/attendance", headers=world.token("sam")).json
    assert body["attendance"] == {
        "possible": 2, "attended": 1, "authorised": 1, "unauthorised": 0, "late": 0, "percentage": 50.0
    }  # fmt: skip
    assert body["marks"][1] == {"date": "2026-11-20", "session": "PM", "code": "I"}
    earlier = client.get("/api/children/c1/attendance?last=2026-11-19", headers=world.token("sam")).json
    assert earlier["marks"] == []


def test_marks_that_cannot_be_are_refused_all_with_why(world: Any, client: Any) -> None:
    marks = [{"date": "2026-11-20", "session": "AM", "code": "/"}, {"date": "2026-11-20", "session": "PM", "code": "H"}]
    answer = client.post("/api/children/c1/attendance", json={"marks": marks}, headers=world.token("dora"))
    assert answer.status_code == 422
    assert "Use C for leave" in answer.json["errors"]["marks.1"][0]
    assert client.get("/api/children/c1/attendance", headers=world.token("dora")).json["marks"] == []
    for body in ({}, {"marks": []}, {"marks": [{"date": "20/11/2026", "session": "AM", "code": "/"}]}):
        answer = client.post("/api/children/c1/attendance", json=body, headers=world.token("dora"))
        assert answer.status_code == 422


def test_a_mark_held_is_replaced_only_when_asked(world: Any, client: Any) -> None:
    def send(code: str, **more: Any) -> Any:
        body = {"marks": [{"date": "2026-11-20", "session": "AM", "code": code}], **more}
        return client.post("/api/children/c1/attendance", json=body, headers=world.token("dora")).json

    send("N")
    assert send("I")["kept"] == 1
    assert send("I", replace=True)["replaced"] == 1


def test_a_file_of_marks_is_taken(world: Any, client: Any) -> None:
    content = "reference,date,session,code\nR-c1,2026-11-20,AM,/\nR-c1,2026-11-20,PM,H\n"
    headers = {**world.token("dora"), "Content-Type": "text/csv"}
    answer = client.post("/api/attendance-imports?file_name=week.csv", data=content, headers=headers)
    assert answer.status_code == 201
    assert (answer.json["added"], answer.json["refused"]) == (1, 1)
    assert answer.json["problems"][0]["line"] == 3
    again = client.get(f"/api/attendance-imports/{answer.json['id']}", headers=world.token("dora"))
    assert again.json == answer.json
    wrong = client.post("/api/attendance-imports", data="a,b\n", headers=headers)
    assert (wrong.status_code, wrong.json["code"]) == (422, "file_header_wrong")


def test_a_suspension_is_recorded_read_and_withdrawn_with_its_etag(world: Any, client: Any) -> None:
    body = {"starts_on": "2026-11-18", "ends_on": "2026-11-18", "sessions": 2, "reasons": ["DB"]}
    made = client.post("/api/children/c1/suspensions", json=body, headers=world.token("dora"))
    assert made.status_code == 201
    address = f"/api/suspensions/{made.json['id']}"
    (listed,) = client.get("/api/children/c1/suspensions", headers=world.token("sam")).json
    assert listed["reasons"] == ["DB"]
    assert [c["rule"] for c in client.get("/api/concerns", headers=world.token("sam")).json["concerns"]] == [
        "suspension"
    ]
    etag = client.get(address, headers=world.token("sam")).headers["ETag"]
    assert client.delete(address, headers=world.token("dora")).status_code == 428
    assert client.delete(address, headers={**world.token("dora"), "If-Match": '"old"'}).status_code == 412
    assert client.delete(address, headers={**world.token("sam"), "If-Match": etag}).status_code == 403
    assert client.delete(address, headers={**world.token("dora"), "If-Match": etag}).status_code == 204
    assert client.get(address, headers=world.token("dora")).status_code == 404
    (concern,) = client.get("/api/concerns?state=closed", headers=world.token("sam")).json["concerns"]
    assert concern["outcome"] == "mistaken"


def test_a_plan_is_rated(world: Any, client: Any) -> None:
    (plan,) = client.get("/api/plans?state=submitted", headers=world.token("cate")).json["plans"]
    assert plan["id"] == "p1"
    answer = client.get("/api/plans/p1", headers=world.token("cate"))
    assert "ETag" in answer.headers
    body = {"submission": 1, "rating": "red", "reasons": ["voice"], "decision": "return", "feedback": "Ask again"}
    rated = client.post("/api/plans/p1/rating", json=body, headers=world.token("cate"))
    assert (rated.status_code, rated.json["decided_by_name"]) == (201, "Cate Example")
    again = client.post("/api/plans/p1/rating", json=body, headers=world.token("head"))
    assert (again.status_code, again.json["code"]) == (409, "plan_already_decided")
    assert len(world.told(PlanQualityReturned)) == 1
    (rating,) = client.get("/api/plans/p1", headers=world.token("dora")).json["ratings"]
    assert rating["feedback"] == "Ask again"


def test_a_rating_the_rubric_does_not_allow_is_refused_by_field(world: Any, client: Any) -> None:
    body = {"submission": 1, "rating": "red", "decision": "approve"}
    answer = client.post("/api/plans/p1/rating", json=body, headers=world.token("cate"))
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"reasons", "decision"}


def test_nobody_gets_in_without_a_token_or_beyond_their_children(world: Any, client: Any) -> None:
    assert client.get("/api/children").status_code == 401
    assert client.get("/api/plans/p1", headers=world.token("carl")).status_code == 404
    assert client.get("/api/children/c1/attendance", headers=world.token("carl")).status_code == 404
    assert client.get("/api/children", headers=world.token("pat")).status_code == 403
    body = {"marks": [{"date": "2026-11-20", "session": "AM", "code": "/"}]}
    assert client.post("/api/children/c1/attendance", json=body, headers=world.token("sam")).status_code == 403


def test_the_description_names_every_part(client: Any) -> None:
    described = client.get("/api/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        "/api/children",
        "/api/children/{child_id}/attendance",
        "/api/children/{child_id}/suspensions",
        "/api/suspensions/{suspension_id}",
        "/api/plans",
        "/api/plans/{plan_id}",
        "/api/plans/{plan_id}/rating",
        "/api/concerns",
        "/api/attendance-imports",
        "/api/attendance-imports/{upload_id}",
    }
