"""The meetings of a plan that a later one has replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.scheduling.app import SPEC
from services.scheduling.application import reactions
from services.scheduling.application.answers import record_told_answer
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.application.worklist import my_meetings
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from shared.contracts.pep import MeetingRequested, PlanSuperseded
from shared.contracts.scheduling import MeetingCancelled
from shared.kernel.clock import london_time
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    def enter(who: str) -> FlaskClient:
        return signed_in(app.test_client(), office.runtime, SPEC, who)

    return enter


def supersede(office: Office, plan_id: str = "p1") -> None:
    with office.writing() as work:
        reactions.when_plan_superseded(work, PlanSuperseded("c1", plan_id, date(2026, 11, 23), "p2"))


def arranged(office: Office, wish: MakeWish) -> Meeting:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        return arrange(work, meeting.id, wish(), meeting.version)


def put_back(office: Office, wish: MakeWish) -> Meeting:
    meeting = arranged(office, wish)
    teacher = next(each for each in meeting.invitees if each.person_id == "teacher")
    with office.writing("worker") as work:
        return record_told_answer(work, meeting.id, teacher.id, Answer.DECLINED, "")


def reasons_told(office: Office) -> list[tuple[str, str]]:
    return [(fact.meeting_id, fact.reason) for fact in office.facts() if isinstance(fact, MeetingCancelled)]


def test_what_was_still_to_arrange_goes_off_the_workers_list_and_says_why(
    office: Office, enter: Callable[[str], FlaskClient]
) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing() as work:
        reactions.when_meeting_requested(work, MeetingRequested("c1", "p1", "r1", date(2026, 12, 4), "concern"))
    supersede(office)
    with office.reading("worker") as work:
        assert my_meetings(work).to_do == 0
    words = check_page(enter("worker").get(f"/meetings/{meeting.id}"))
    assert "Cancelled A later plan has replaced the one it was for" in words
    assert "A later plan has replaced the one it was for." in words  # in its history
    assert sorted(reasons_told(office)) == sorted(
        (office.meeting_of(request).id, "plan_superseded") for request in ("p1", "r1")
    )


def test_a_meeting_put_back_is_closed_and_the_invited_are_told(office: Office, wish: MakeWish) -> None:
    meeting = put_back(office, wish)
    assert meeting.state is MeetingState.PUT_BACK
    supersede(office)
    assert office.meeting_of("p1").state is MeetingState.CANCELLED
    assert [act for _, act in office.mails()].count("cancelled") == 3


def test_a_meeting_that_is_arranged_stays(office: Office, wish: MakeWish) -> None:
    arranged(office, wish)
    supersede(office)
    assert office.meeting_of("p1").state is MeetingState.ARRANGED
    assert reasons_told(office) == []


def test_a_meeting_put_back_whose_time_has_passed_stays_to_be_recorded(office: Office, wish: MakeWish) -> None:
    put_back(office, wish)
    office.at(london_time(date(2026, 12, 2), 9))
    supersede(office)
    assert office.meeting_of("p1").state is MeetingState.PUT_BACK


def test_a_replaced_plan_without_meetings_here_and_one_told_twice_are_no_trouble(office: Office) -> None:
    office.open_plan("c1", "p1")
    for plan_id in ("p1", "p1", "unheard-of"):
        supersede(office, plan_id)
    assert len(reasons_told(office)) == 1


def test_a_worker_cannot_give_it_as_a_reason(office: Office, enter: Callable[[str], FlaskClient]) -> None:
    meeting = office.open_plan("c1", "p1")
    page = enter("worker").get(f"/meetings/{meeting.id}/cancel")
    assert "not_needed" in page.text
    assert "plan_superseded" not in page.text
