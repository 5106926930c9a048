"""The way from a plan to its meeting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.scheduling.app import SPEC
from services.scheduling.application import reactions
from shared.contracts.pep import MeetingRequested
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    def enter(who: str) -> FlaskClient:
        return signed_in(app.test_client(), office.runtime, SPEC, who)

    return enter


@pytest.mark.parametrize("who", ["worker", "teacher", "carer", "parent", "iro"])
def test_from_a_plan_everybody_on_the_team_is_led_to_its_meeting(
    office: Office, enter: Callable[[str], FlaskClient], who: str
) -> None:
    meeting = office.open_plan("c1", "p1")
    answer = enter(who).get("/plans/p1/meeting")
    assert (answer.status_code, answer.location) == (302, f"/meetings/{meeting.id}")


def test_a_further_meeting_is_led_to_once_it_is_asked_for_and_the_first_again_when_it_alone_is_open(
    office: Office, enter: Callable[[str], FlaskClient]
) -> None:
    first = office.open_plan("c1", "p1")
    with office.writing() as work:
        reactions.when_meeting_requested(work, MeetingRequested("c1", "p1", "r1", date(2026, 12, 4), "concern"))
    further = office.meeting_of("r1")
    worker = enter("worker")
    assert worker.get("/plans/p1/meeting").location == f"/meetings/{further.id}"
    page = worker.get(f"/meetings/{further.id}/cancel").text
    version = page.split('name="version" value="')[1].split('"')[0]
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    sent = {"reason": "not_needed", "version": version, "csrf_token": token}
    assert worker.post(f"/meetings/{further.id}/cancel", data=sent).status_code == 303
    assert worker.get("/plans/p1/meeting").location == f"/meetings/{first.id}"


def test_nobody_outside_the_team_learns_that_a_plan_has_a_meeting(
    office: Office, enter: Callable[[str], FlaskClient]
) -> None:
    office.open_plan("c1", "p1")
    stranger = enter("stranger")
    refused = [stranger.get(f"/plans/{plan_id}/meeting") for plan_id in ("p1", "no-such-plan")]
    assert [answer.status_code for answer in refused] == [404, 404]
    words = [check_page(answer) for answer in refused]
    assert words[0] == words[1]
