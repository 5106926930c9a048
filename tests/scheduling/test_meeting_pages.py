from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.scheduling.adapters import failing_addresses, told_store
from services.scheduling.app import SPEC
from services.scheduling.application.answers import record_answer
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from services.scheduling.entrypoints.receive_mail import receive_mail
from shared.kernel.clock import london_time
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.test_terms import CALENDAR

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    def enter(who: str) -> FlaskClient:
        return signed_in(app.test_client(), office.runtime, SPEC, who)

    return enter


@pytest.fixture
def worker(enter: Callable[[str], FlaskClient]) -> FlaskClient:
    return enter("worker")


@pytest.fixture
def meeting(office: Office) -> Meeting:
    return office.open_plan("c1", "p1")


@pytest.fixture
def arranged(office: Office, meeting: Meeting, wish: MakeWish) -> Meeting:
    with office.writing("worker") as work:
        return arrange(work, meeting.id, wish(), meeting.version)


def hidden(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    form = page[page.rindex('<form method="post" action="/meetings') :] if "/meetings" in page else page
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


def post(client: FlaskClient, form_page: str, action: str, **typed: object) -> TestResponse:
    keys = hidden(client.get(form_page).text)
    return client.post(action, data={**keys, **typed})


def test_the_list_says_what_to_arrange_by_when_and_why(worker: FlaskClient, meeting: Meeting) -> None:
    words = check_page(worker.get("/"))
    assert "Child c1 Arrange the first PEP meeting for Child c1 The first PEP needs a meeting" in words
    assert "by 11 Dec 2026" in words


def test_a_meeting_is_arranged_in_three_steps_in_the_pages(
    worker: FlaskClient, meeting: Meeting, office: Office
) -> None:
    times = worker.get(f"/meetings/{meeting.id}/times")
    words = check_page(times)
    assert "In time: 15 days before the latest date" in words
    slot = re.findall(r'name="slot" type="radio" value="([^"]+)"', times.text)[0]
    people = worker.get(f"/meetings/{meeting.id}/people", query_string={"slot": slot, "minutes": "60"})
    words = check_page(people)
    assert "Chris Lowe (Carer)" in words
    assert "No e-mail address: tell them by letter or telephone" in words
    listed = re.findall(r'name="invite" type="checkbox" value="(\w+)"', people.text)
    assert listed == ["worker", "teacher", "carer", "parent", "iro"]
    query = {"slot": slot, "minutes": "60", "invite": ["worker", "teacher", "parent"], "must": ["worker", "teacher"]}
    address = f"/meetings/{meeting.id}/check"
    check = worker.get(address, query_string=query)
    assert "Has no e-mail address" in check_page(check)
    sent = worker.post(
        f"/meetings/{meeting.id}/arrangement",
        data={**hidden(check.text), "mode": "in_person", "place": "Oakfield School, room 2"},
    )
    assert sent.status_code == 303, check_page(sent)
    shown = check_page(worker.get(sent.location))
    assert "2 invitations are on the way" in shown
    assert "Oakfield School, room 2" in shown
    assert office.mails() == [("teacher@people.example", "invited"), ("worker@people.example", "invited")]


def test_the_last_form_sent_twice_arranges_once(worker: FlaskClient, meeting: Meeting, office: Office) -> None:
    slot = london_time(date(2026, 12, 1), 10).isoformat()
    query = {"slot": slot, "minutes": "60", "invite": ["worker"], "must": ["worker"]}
    data = hidden(worker.get(f"/meetings/{meeting.id}/check", query_string=query).text)
    data |= {"mode": ["in_person"], "place": ["Oakfield School"]}
    answers = [worker.post(f"/meetings/{meeting.id}/arrangement", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(office.mails()) == 1


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({}, "Select a time"),
        ({"slot": "other", "minutes": "60"}, "Enter the day of the meeting"),
        (
            {"slot": "other", "day-day": "31", "day-month": "11", "day-year": "2026", "time": "10:00", "minutes": "60"},
            "real date",
        ),
        (
            {"slot": "other", "day-day": "1", "day-month": "12", "day-year": "2026", "time": "soon", "minutes": "60"},
            "time",
        ),
        ({"slot": "nonsense", "minutes": "60"}, "Select a time"),
        ({"slot": "2026-12-01T10:00:00+00:00", "minutes": "5"}, "between 15 and 240 minutes"),
    ],
)
def test_a_time_that_cannot_be_understood_is_asked_for_again_with_what_was_typed(
    worker: FlaskClient, meeting: Meeting, typed: dict[str, str], message: str
) -> None:
    page = worker.get(f"/meetings/{meeting.id}/people", query_string=typed)
    assert page.status_code == 422
    assert message in check_page(page)
    if "day-day" in typed:
        assert f'value="{typed["day-day"]}"' in page.text


def test_a_typed_time_is_warned_about_before_it_is_sent(worker: FlaskClient, meeting: Meeting) -> None:
    typed = {"slot": "other", "day-day": "26", "day-month": "12", "day-year": "2026", "time": "18:00", "minutes": "60"}
    words = check_page(worker.get(f"/meetings/{meeting.id}/people", query_string=typed))
    assert "15 days after the latest date" in words
    assert "not a school day: a weekend" in words
    assert "outside the hours for meetings" in words


def test_nobody_chosen_asks_again(worker: FlaskClient, meeting: Meeting) -> None:
    query = {"slot": "2026-12-01T10:00:00+00:00", "minutes": "60"}
    page = worker.get(f"/meetings/{meeting.id}/check", query_string=query)
    assert page.status_code == 422
    assert "Select who is invited" in check_page(page)


def test_a_missing_place_keeps_what_was_typed(worker: FlaskClient, meeting: Meeting) -> None:
    query = {"slot": "2026-12-01T10:00:00+00:00", "minutes": "60", "invite": ["worker"], "must": ["worker"]}
    data = hidden(worker.get(f"/meetings/{meeting.id}/check", query_string=query).text)
    page = worker.post(
        f"/meetings/{meeting.id}/arrangement", data={**data, "mode": "mixed", "joining_link": "http://not-safe.example"}
    )
    assert page.status_code == 422
    words = check_page(page)
    assert "Enter where the meeting takes place" in words
    assert "http://not-safe.example" in page.text


def test_a_time_taken_meanwhile_is_refused_with_other_times_and_nothing_typed_is_lost(
    worker: FlaskClient, meeting: Meeting, office: Office, wish: MakeWish
) -> None:
    slot = wish().booking.starts_at.isoformat()
    query = {"slot": slot, "minutes": "60", "invite": ["worker", "teacher"], "must": ["worker", "teacher"]}
    data = hidden(worker.get(f"/meetings/{meeting.id}/check", query_string=query).text)
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    with office.writing("worker") as work:
        arrange(work, other.id, wish(teacher=True), other.version)
    page = worker.post(
        f"/meetings/{meeting.id}/arrangement", data={**data, "mode": "in_person", "place": "The quiet room"}
    )
    assert page.status_code == 409
    words = check_page(page)
    assert "Ben Adeyemi has just been booked" in words
    assert "Other times that suit the same people" in words
    assert "The quiet room" in page.text
    link = re.search(r'href="(/meetings/[^"]+/check\?[^"]+)"', page.text)
    assert link is not None
    assert parse_qs(urlsplit(link[1].replace("&amp;", "&")).query)["invite"] == ["worker", "teacher"]


def test_a_stale_form_shows_both_versions(
    worker: FlaskClient, arranged: Meeting, office: Office, wish: MakeWish
) -> None:
    query = {"slot": "2026-12-02T10:00:00+00:00", "minutes": "60", "invite": ["worker"], "must": ["worker"]}
    data = hidden(worker.get(f"/meetings/{arranged.id}/check", query_string=query).text)
    with office.writing() as work:
        record_answer(work, arranged.invitees[2].id, Answer.ACCEPTED, by="mail")
    page = worker.post(f"/meetings/{arranged.id}/arrangement", data={**data, "mode": "in_person", "place": "My room"})
    assert page.status_code == 412
    words = check_page(page)
    assert "Tuesday 1 December 2026" in words
    assert "Wednesday 2 December 2026" in words
    assert "My room" in words


def test_a_meeting_put_back_shows_who_cannot_and_other_times(
    worker: FlaskClient, arranged: Meeting, office: Office
) -> None:
    with office.writing() as work:
        record_answer(work, arranged.invitees[1].id, Answer.DECLINED, by="mail", comment="On a course")
    assert "Find another time" in check_page(worker.get("/"))
    words = check_page(worker.get(f"/meetings/{arranged.id}"))
    assert "Ben Adeyemi (Designated teacher) must be there and cannot come. They wrote: “On a course”" in words
    assert "These times suit everybody who must be there" in words


def test_an_answer_told_by_telephone_is_recorded(worker: FlaskClient, arranged: Meeting, office: Office) -> None:
    parent = arranged.invitees[3].id
    form = f"/meetings/{arranged.id}/invitees/{parent}/answer"
    assert post(worker, form, form).status_code == 422
    done = post(worker, form, form, answer="accepted", comment="Will bring the grandmother")
    assert done.status_code == 303
    words = check_page(worker.get(done.location))
    assert "recorded by a worker" in words
    assert "Will bring the grandmother" in words


def test_who_came_is_recorded_once_the_meeting_is_over(
    worker: FlaskClient, arranged: Meeting, office: Office, enter: Callable[[str], FlaskClient]
) -> None:
    form = f"/meetings/{arranged.id}/held"
    assert "once the meeting has started" in check_page(worker.get(form))
    office.at(london_time(date(2026, 12, 1), 12))
    worker = enter("teacher")
    assert "Say whether the meeting was held and who came" in check_page(worker.get("/"))
    assert post(worker, form, form).status_code == 422
    done = post(worker, form, form, attended=["worker", "teacher"], part="away_other_means")
    assert done.status_code == 303
    assert "2 of 4 people came" in check_page(worker.get(done.location))
    assert office.meeting_of("p1").state is MeetingState.HELD


def test_a_reminder_is_sent_from_the_page(worker: FlaskClient, arranged: Meeting, office: Office) -> None:
    page = f"/meetings/{arranged.id}"
    assert "Remind those who have not answered" in check_page(worker.get(page))
    sent = post(worker, page, f"{page}/reminder")
    assert "A reminder is on its way to 2 people" in check_page(worker.get(sent.location))


def test_a_reply_to_no_known_meeting_waits_for_the_team_manager(
    enter: Callable[[str], FlaskClient], worker: FlaskClient, office: Office
) -> None:
    reply = (
        "From: someone@elsewhere.example\r\nTo: meetings@pep.northmoor.example\r\nSubject: Accepted\r\n"
        "Message-ID: <1@elsewhere.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/calendar; method=REPLY; charset=UTF-8\r\n\r\n"
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:not-ours\r\n"
        "DTSTAMP:20261123T090000Z\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:someone@elsewhere.example\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    became = receive_mail(office.runtime, SPEC, reply.encode())
    assert (became["outcome"], became["reason"]) == ("held", "unknown_invitation")
    assert "no known meeting" not in check_page(worker.get("/"))
    assert worker.get("/mails").status_code == 403
    manager = enter("manager")
    assert "1 reply by mail belongs to no known meeting" in check_page(manager.get("/"))
    page = manager.get("/mails")
    assert "From someone@elsewhere.example" in check_page(page)
    action = re.search(r'action="(/mails/[^"]+/settled)"', page.text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text[page.text.index("/settled") :])
    assert action is not None
    assert token is not None
    manager.post(action[1], data={"csrf_token": token[1]})
    assert "No reply is waiting" in check_page(manager.get("/mails"))


def test_a_proposed_time_can_be_refused_and_an_address_that_fails_is_marked(
    worker: FlaskClient, arranged: Meeting, office: Office
) -> None:
    teacher = next(each for each in arranged.invitees if each.person_id == "teacher")
    with office.reading() as work:
        told = told_store.load(work.connection, arranged.id)
    assert told is not None
    uid = next(each.uid for each in told.invitations if each.invitee_id == teacher.id)
    counter = (
        f"From: {teacher.email}\r\nMessage-ID: <1@people.example>\r\n"
        "Content-Type: text/calendar; method=COUNTER\r\n\r\n"
        f"BEGIN:VCALENDAR\r\nMETHOD:COUNTER\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSEQUENCE:0\r\nDTSTART:20261203T100000Z\r\n"
        f"DTEND:20261203T110000Z\r\nATTENDEE;PARTSTAT=TENTATIVE:mailto:{teacher.email}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    receive_mail(office.runtime, SPEC, counter.encode())
    with office.writing() as work:
        failing_addresses.note(work.connection, teacher.email, "550 no such user", work.now)
    shown = check_page(worker.get(f"/meetings/{arranged.id}"))
    assert "Keep the time, and tell them" in shown
    assert "Mail does not arrive" in shown
    action = re.search(r'action="(/meetings/[^"]+/refused)"', worker.get(f"/meetings/{arranged.id}").text)
    assert action is not None
    post(worker, f"/meetings/{arranged.id}", action.group(1))
    after = check_page(worker.get(f"/meetings/{arranged.id}"))
    assert "Keep the time, and tell them" not in after
    assert "was told that the time stays as it is" in after


def test_cancelling_asks_why_and_tells_everybody(worker: FlaskClient, arranged: Meeting, office: Office) -> None:
    form = f"/meetings/{arranged.id}/cancel"
    assert post(worker, form, form).status_code == 422
    assert post(worker, form, form, reason="rearranging").status_code == 303
    assert office.meeting_of("p1").state is MeetingState.TO_ARRANGE
    assert "Arrange the meeting" in check_page(worker.get(f"/meetings/{arranged.id}"))


@pytest.mark.parametrize("who", ["teacher", "carer", "parent", "iro"])
def test_others_on_the_team_read_the_meeting_and_change_nothing(
    enter: Callable[[str], FlaskClient], arranged: Meeting, who: str
) -> None:
    client = enter(who)
    words = check_page(client.get(f"/meetings/{arranged.id}"))
    assert "Change the time" not in words
    assert client.get(f"/meetings/{arranged.id}/times").status_code == 403
    family = who in ("carer", "parent")
    assert ("@people.example" in words) is not family


@pytest.mark.parametrize(("who", "reads"), [("worker", True), ("iro", False), ("carer", False), ("teacher", True)])
def test_what_somebody_wrote_is_read_by_social_care_and_by_themselves(
    enter: Callable[[str], FlaskClient], arranged: Meeting, office: Office, who: str, reads: bool
) -> None:
    with office.writing("teacher") as work:
        record_answer(work, arranged.invitees[1].id, Answer.DECLINED, by="mail", comment="On a course")
    assert ("On a course" in enter(who).get(f"/meetings/{arranged.id}").text) is reads


def test_those_who_arrange_nothing_see_only_what_is_coming_up(
    enter: Callable[[str], FlaskClient], arranged: Meeting
) -> None:
    words = check_page(enter("carer").get("/"))
    assert "What to do next" not in words
    assert "Tuesday 1 December 2026, 10am" in words


def test_somebody_outside_the_team_is_told_nothing(enter: Callable[[str], FlaskClient], arranged: Meeting) -> None:
    stranger = enter("stranger")
    for path in ("", "/times", "/check", "/held", "/cancel"):
        page = stranger.get(f"/meetings/{arranged.id}{path}")
        assert page.status_code in (404, 422)
        assert "Child c1" not in page.text
    assert "Child c1" not in stranger.get("/").text


def test_term_dates_are_brought_in_and_shown(worker: FlaskClient) -> None:
    address = "/schools/100001/terms"
    assert "No term calendar has been brought in" in check_page(worker.get(address))
    token = hidden(worker.get(address).text)["csrf_token"][0]
    wrong = worker.post(address, data={"csrf_token": token, "calendar": (BytesIO(b"<html>"), "terms.ics")})
    assert wrong.status_code == 422
    assert "This is not a calendar file" in check_page(wrong)
    assert worker.post(address, data={"csrf_token": token}).status_code == 422
    private = worker.post(address, data={"csrf_token": token, "address": "http://10.0.0.1/terms.ics"})
    assert "not on the public web" in check_page(private)
    done = worker.post(address, data={"csrf_token": token, "calendar": (BytesIO(CALENDAR), "terms.ics")})
    assert done.status_code == 303
    words = check_page(worker.get(address))
    assert "Brought in by Amara Okafor" in words
    assert "Last day of term" in words
