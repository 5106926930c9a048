from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.scheduling.domain.meeting import Meeting
from shared.kernel.clock import london_time
from shared.platform.auth import issue_token
from tests.scheduling.test_terms import CALENDAR

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

ARRANGEMENT = {
    "start": "2026-12-01T10:00:00Z",
    "end": "2026-12-01T11:00:00Z",
    "place": "Oakfield School",
    "invitees": [{"person_id": "worker", "required": True}, {"person_id": "carer"}],
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def as_(office: Office) -> Callable[[str], dict[str, str]]:
    def headers(who: str) -> dict[str, str]:
        token = issue_token(office.runtime.settings.secret, who, office.runtime.clock.now())
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
def worker(as_: Callable[[str], dict[str, str]]) -> dict[str, str]:
    return as_("worker")


@pytest.fixture
def meeting(office: Office) -> Meeting:
    return office.open_plan("c1", "p1")


def tagged(client: FlaskClient, meeting: Meeting, headers: dict[str, str]) -> dict[str, str]:
    tag = client.get(f"/api/meetings/{meeting.id}", headers=headers).headers["ETag"]
    return {**headers, "If-Match": tag}


def body(answer: Any) -> Any:
    return answer.get_json()


def test_meetings_are_listed_and_narrowed(client: FlaskClient, worker: dict[str, str], meeting: Meeting) -> None:
    found = body(client.get("/api/meetings", headers=worker))
    assert [(one["id"], one["state"], one["meet_by"]) for one in found] == [(meeting.id, "to_arrange", "2026-12-11")]
    assert body(client.get("/api/meetings?state=held", headers=worker)) == []
    assert client.get("/api/meetings?state=nonsense", headers=worker).status_code == 422


def test_nothing_is_listed_for_somebody_outside_and_nothing_without_a_token(
    client: FlaskClient, as_: Callable[[str], dict[str, str]], meeting: Meeting
) -> None:
    assert body(client.get("/api/meetings", headers=as_("stranger"))) == []
    assert client.get(f"/api/meetings/{meeting.id}", headers=as_("stranger")).status_code == 404
    assert client.get("/api/meetings").status_code == 401


def test_times_are_offered_with_their_reasons(client: FlaskClient, worker: dict[str, str], meeting: Meeting) -> None:
    found = body(client.get(f"/api/meetings/{meeting.id}/slots?count=3", headers=worker))
    assert len(found["slots"]) == 3
    assert {point["code"] for point in found["slots"][0]["points"]} == {
        "nobody_booked",
        "required_unknown",
        "school_day_guessed",
        "in_time",
    }


def test_arranging_moving_answering_and_cancelling_with_if_match(
    client: FlaskClient, worker: dict[str, str], meeting: Meeting, office: Office
) -> None:
    address = f"/api/meetings/{meeting.id}/arrangement"
    assert client.post(address, json=ARRANGEMENT, headers=worker).status_code == 428
    arranged = client.post(address, json=ARRANGEMENT, headers=tagged(client, meeting, worker))
    assert arranged.status_code == 201, arranged.text
    assert body(arranged)["state"] == "arranged"
    stale = {**worker, "If-Match": '"0"'}
    assert client.put(address, json=ARRANGEMENT, headers=stale).status_code == 412
    later = {**ARRANGEMENT, "start": "2026-12-01T14:00:00Z", "end": "2026-12-01T15:00:00Z"}
    moved = client.put(address, json=later, headers={**worker, "If-Match": arranged.headers["ETag"]})
    assert moved.status_code == 200, moved.text
    assert body(moved)["starts_at"].startswith("2026-12-01T14:00")
    carer = next(each["id"] for each in body(moved)["invitees"] if each["person_id"] == "carer")
    told = client.post(
        f"/api/meetings/{meeting.id}/answers", json={"invitee_id": carer, "answer": "accepted"}, headers=worker
    )
    assert (told.status_code, body(told)["coming"]) == (201, 2)
    gone = client.delete(f"{address}?reason=not_needed", headers=tagged(client, meeting, worker))
    assert gone.status_code == 204
    assert body(client.get(f"/api/meetings/{meeting.id}", headers=worker))["state"] == "cancelled"
    assert office.mails() == sorted(
        (f"{who}@people.example", act) for who in ("worker", "carer") for act in ("invited", "moved", "cancelled")
    )


def test_a_person_booked_elsewhere_is_a_409_with_other_times(
    client: FlaskClient, worker: dict[str, str], meeting: Meeting, office: Office
) -> None:
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    for one, status in ((meeting, 201), (other, 409)):
        answer = client.post(
            f"/api/meetings/{one.id}/arrangement", json=ARRANGEMENT, headers=tagged(client, one, worker)
        )
        assert answer.status_code == status, answer.text
    problem = body(answer)
    assert problem["code"] == "person_booked"
    assert len(problem["alternatives"]) >= 3


def test_without_a_list_those_the_policy_names_are_invited(
    client: FlaskClient, worker: dict[str, str], meeting: Meeting
) -> None:
    wanted = {key: value for key, value in ARRANGEMENT.items() if key != "invitees"}
    arranged = client.post(
        f"/api/meetings/{meeting.id}/arrangement", json=wanted, headers=tagged(client, meeting, worker)
    )
    invited = {each["role"]: each["required"] for each in body(arranged)["invitees"]}
    assert invited == {
        "social_worker": True, "designated_teacher": True, "carer": False, "parent": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [({"start": "tomorrow"}, "start"), ({"end": "2026-12-01T09:00:00Z"}, "minutes"), ({"place": ""}, "place"),
     ({"mode": "by owl"}, "mode"), ({"invitees": [{"person_id": "stranger"}]}, "invitees"),
     ({"invitees": []}, "invitees")],
)  # fmt: skip
def test_what_is_wrong_is_said_by_field(
    client: FlaskClient, worker: dict[str, str], meeting: Meeting, change: dict[str, Any], field: str
) -> None:
    answer = client.post(
        f"/api/meetings/{meeting.id}/arrangement",
        json=ARRANGEMENT | change,
        headers=tagged(client, meeting, worker),
    )
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert field in str(body(answer)["errors"])


def test_who_came_is_recorded(client: FlaskClient, worker: dict[str, str], meeting: Meeting, office: Office) -> None:
    client.post(f"/api/meetings/{meeting.id}/arrangement", json=ARRANGEMENT, headers=tagged(client, meeting, worker))
    address = f"/api/meetings/{meeting.id}/held"
    too_soon = client.post(address, json={"attended": ["worker"]}, headers=tagged(client, meeting, worker))
    assert too_soon.status_code == 409
    office.at(london_time(date(2026, 12, 1), 12))
    alone = client.post(address, json={"attended": ["worker"]}, headers=tagged(client, meeting, worker))
    assert (alone.status_code, "counts" in str(body(alone)["errors"])) == (422, True)
    part = {"why_counted": "could_not_wait", "participation": {"attended": False, "conveyed": "other_means"}}
    held = client.post(address, json={"attended": ["worker"], **part}, headers=tagged(client, meeting, worker))
    assert (held.status_code, body(held)["state"], body(held)["attended"]) == (201, "held", ["worker"])
    assert body(held)["went"] == {
        "quorate": False,
        "why_counted": "could_not_wait",
        "apologies": [],
        "no_shows": ["carer"],
        "participation": "PN6",
        "child_attended": False,
        "child_conveyed": "other_means",
    }


def test_a_meeting_that_does_not_count_is_to_be_arranged_again(
    client: FlaskClient, worker: dict[str, str], meeting: Meeting, office: Office
) -> None:
    client.post(f"/api/meetings/{meeting.id}/arrangement", json=ARRANGEMENT, headers=tagged(client, meeting, worker))
    office.at(london_time(date(2026, 12, 1), 12))
    told = client.post(
        f"/api/meetings/{meeting.id}/no-show",
        json={"attended": ["carer"]},
        headers=tagged(client, meeting, worker),
    )
    assert (told.status_code, body(told)["state"], body(told)["starts_at"]) == (201, "to_arrange", None)


def test_a_carer_reads_who_comes_without_addresses(
    client: FlaskClient, worker: dict[str, str], as_: Callable[[str], dict[str, str]], meeting: Meeting
) -> None:
    client.post(f"/api/meetings/{meeting.id}/arrangement", json=ARRANGEMENT, headers=tagged(client, meeting, worker))
    seen = client.get(f"/api/meetings/{meeting.id}", headers=as_("carer"))
    assert seen.status_code == 200
    assert "email" not in seen.text
    assert client.get(f"/api/meetings/{meeting.id}/slots", headers=as_("carer")).status_code == 403


def test_term_dates_go_in_and_out(client: FlaskClient, worker: dict[str, str]) -> None:
    address = "/api/schools/100001/terms"
    assert body(client.get(address, headers=worker))["dates"] == []
    assert client.put(address, json={}, headers=worker).status_code == 422
    assert client.put(address, json={"calendar": "not one"}, headers=worker).status_code == 422
    stored = client.put(address, json={"calendar": CALENDAR.decode()}, headers=worker)
    assert (stored.status_code, len(body(stored)["dates"])) == (200, 3)
    assert client.get("/api/schools/999999/terms", headers=worker).status_code == 404


def test_the_api_describes_itself(client: FlaskClient) -> None:
    described = body(client.get("/api/openapi.json"))
    assert described["openapi"].startswith("3.1")
    assert "/api/meetings/{meeting_id}/arrangement" in described["paths"]
