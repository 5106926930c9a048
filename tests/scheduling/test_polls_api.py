"""Asking people first, by programs: what the pages do, over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.polls import PollState
from shared.platform.auth import issue_token
from tests.scheduling.polling import link_in, mails_of, poll_of

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

QUESTION = {
    "times": [{"start": f"2026-12-0{day}T10:00:00", "end": f"2026-12-0{day}T11:00:00+00:00"} for day in (1, 2)],
    "closes_on": "2026-11-26",
    "shows_counts": True,
    "asked": [{"person_id": who, "required": who == "teacher"} for who in ("worker", "teacher", "carer", "iro")],
}


@pytest.fixture
def meeting(office: Office) -> Meeting:
    return office.open_plan("c1", "p1")


def call(app: Flask, office: Office, who: str, method: str, path: str, json: Any = None) -> tuple[int, Any]:
    token = issue_token(office.runtime.settings.secret, who, office.runtime.clock.now())
    answer = app.test_client().open(path, method=method, json=json, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json(silent=True)


def test_a_program_asks_answers_and_sees_how_it_stands(app: Flask, office: Office, meeting: Meeting) -> None:
    poll = f"/api/meetings/{meeting.id}/poll"
    assert call(app, office, "worker", "GET", poll)[0] == 404
    status, asked = call(app, office, "worker", "POST", poll, QUESTION)
    assert status == 201
    assert [one["starts_at"] for one in asked["times"]] == ["2026-12-01T10:00:00+00:00", "2026-12-02T10:00:00+00:00"]
    assert link_in(mails_of(office, "poll_asked")["teacher"])
    assert call(app, office, "worker", "POST", poll, QUESTION)[1]["code"] == "poll_already_asked"
    first, second = (one["id"] for one in asked["times"])
    for who, said in {"teacher": ("no", "yes"), "carer": ("yes", "if_need_be"), "iro": ("yes", "yes")}.items():
        choices = {"choices": dict(zip((first, second), said, strict=True)), "comment": f"From {who}"}
        status, own = call(app, office, who, "PUT", f"{poll}/mine", choices)
        assert (status, [one["choice"] for one in own["times"]]) == (200, list(said))
        assert "From" not in str(own).replace(f"From {who}", "")
    assert own["times"][0]["others"] == {"yes": 2, "if_need_be": 0, "no": 1, "silent": 0}
    status, stands = call(app, office, "worker", "GET", poll)
    assert [one["id"] for one in stands["times"]] == [second, first]
    assert stands["times"][1]["cannot"] == ["teacher"]
    assert {each["person_id"]: each["choices"].get(first) for each in stands["respondents"]} == {
        "worker": "yes", "teacher": "no", "carer": "yes", "iro": "yes"
    }  # fmt: skip


def test_what_cannot_be_meant_is_refused_in_words(app: Flask, office: Office, meeting: Meeting) -> None:
    poll = f"/api/meetings/{meeting.id}/poll"
    old = {**QUESTION, "times": [{"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:00Z"}] * 2}
    for wrong, where in (
        ({**QUESTION, "times": QUESTION["times"][:1]}, "times"),  # type: ignore[index]
        (old, "times"),
        ({**QUESTION, "closes_on": "2026-12-01"}, "closes_on"),
        ({**QUESTION, "asked": [{"person_id": "stranger"}]}, "invitees"),
        ({**QUESTION, "closes_on": "soon"}, "closes_on"),
    ):
        status, said = call(app, office, "worker", "POST", poll, wrong)
        assert status == 422
        assert where in str(said["errors"])
    assert office.mails() == []


def test_it_is_extended_closed_recorded_and_withdrawn(app: Flask, office: Office, meeting: Meeting) -> None:
    poll = f"/api/meetings/{meeting.id}/poll"
    asked = call(app, office, "worker", "POST", poll, {**QUESTION, "asked": None})[1]
    parent = next(each for each in asked["respondents"] if each["role"] == "parent")
    told = {"choices": {one["id"]: "yes" for one in asked["times"]}}
    assert call(app, office, "worker", "PUT", f"{poll}/respondents/{parent['id']}", told)[0] == 200
    assert call(app, office, "worker", "PUT", f"{poll}/respondents/{parent['id']}", {"choices": {}})[0] == 422
    status, longer = call(app, office, "worker", "PUT", f"{poll}/closing-date", {"closes_on": "2026-11-30"})
    assert (status, longer["closes_on"]) == (200, "2026-11-30")
    assert call(app, office, "worker", "POST", f"{poll}/closing")[1]["state"] == "closed"
    assert call(app, office, "teacher", "PUT", f"{poll}/mine", told)[1]["code"] == "poll_closed"
    assert call(app, office, "worker", "DELETE", poll)[0] == 204
    assert poll_of(office, meeting).state is PollState.WITHDRAWN


@pytest.mark.parametrize("who", ["teacher", "carer", "parent", "iro"])
def test_nobody_else_asks_or_sees_who_said_what(app: Flask, office: Office, meeting: Meeting, who: str) -> None:
    poll = f"/api/meetings/{meeting.id}/poll"
    assert call(app, office, who, "POST", poll, QUESTION)[0] == 403
    call(app, office, "worker", "POST", poll, QUESTION)
    assert call(app, office, who, "GET", poll)[0] == 403
    status, own = call(app, office, who, "GET", f"{poll}/mine")
    assert status == (404 if who == "parent" else 200)
    assert "person_id" not in str(own)
