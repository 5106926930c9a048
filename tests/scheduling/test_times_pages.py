"""Saying what times must suit: hours, lessons, a school's day, rooms; on the pages and over the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.scheduling.app import SPEC
from shared.platform.auth import issue_token
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

Enter = Callable[[str], FlaskClient]
HOURS = {"from_date-day": "1", "from_date-month": "12", "from_date-year": "2026"}


@pytest.fixture
def enter(app: Flask, office: Office) -> Enter:
    return lambda who: signed_in(app.test_client(), office.runtime, SPEC, who)


@pytest.fixture
def api(app: Flask, office: Office) -> Callable[..., TestResponse]:
    client = app.test_client()

    def call(who: str, method: str, path: str, **body: Any) -> TestResponse:
        token = issue_token(office.runtime.settings.secret, who, office.runtime.clock.now())
        headers = {"Authorization": f"Bearer {token}"}
        return client.open(path, method=method, headers=headers, **({"json": body} if body else {}))

    return call


def post(client: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    shown = client.get(page).text
    check_page(shown)
    token = re.search(r'name="csrf_token" value="([^"]*)"', shown)
    assert token is not None
    answer = client.post(path, data={"csrf_token": token[1], **fields})
    if answer.status_code == 422:
        check_page(answer.text)
    return answer


def test_a_part_timer_says_their_hours_as_people_write_them_and_takes_them_back(enter: Enter) -> None:
    teacher = enter("teacher")
    wrong = post(teacher, "/hours", "/hours", monday="9 till late", tuesday="3 to 9am", **HOURS)
    assert wrong.status_code == 422
    assert "Enter the hours on Monday like 9 to 12:30" in wrong.text
    assert "On Tuesday the hours end before they start" in wrong.text
    assert 'value="9 till late"' in wrong.text
    assert "Enter the hours of at least one day" in post(teacher, "/hours", "/hours", **HOURS).text
    kept = post(teacher, "/hours", "/hours", monday="9 to 12:30 and 1.15pm - 3", wednesday="8:45am to noon", **HOURS)
    assert kept.status_code == 303
    shown = teacher.get("/hours").text
    check_page(shown)
    assert "9am to 12:30pm, 1:15pm to 3pm" in shown
    assert "8:45am to 12pm" in shown
    assert "From Tuesday 1 December 2026" in shown
    assert post(teacher, "/hours", "/hours/remove", from_date="2026-12-01").status_code == 303
    assert "Nothing is kept" in teacher.get("/hours").text
    assert post(teacher, "/hours", "/hours/remove", from_date="soon").status_code == 422


def test_the_carers_school_run_is_said_by_the_social_worker_and_the_page_of_times_knows_it(
    enter: Enter, office: Office
) -> None:
    meeting = office.open_plan("c1", "p1")
    worker = enter("worker")
    times = worker.get(f"/meetings/{meeting.id}/times").text
    check_page(times)
    assert 'href="/people/carer/hours"' in times
    address = "/people/carer/hours"
    days = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9:15 to 2:30")
    assert post(worker, address, address, **{**days, **HOURS, "from_date-month": "11"}).status_code == 303
    times = worker.get(f"/meetings/{meeting.id}/times").text
    assert "hours that suit them known" in times
    assert enter("stranger").get(address).status_code == 404
    assert enter("manager").get(address).status_code == 200


def test_lessons_are_kept_by_the_school_and_the_child_is_told_nothing_may_be_lost(enter: Enter) -> None:
    address = "/children/c1/lessons"
    teacher = enter("teacher")
    wrong = post(teacher, address, address, what="maths", starts="10:00", ends="9:00")
    assert wrong.status_code == 422
    for message in ("Select a day of the week, or enter one date", "It must end after it starts"):
        assert message in wrong.text
    assert 'value="maths"' in wrong.text
    lesson = {"what": "maths", "weekday": "1", "starts": "10:00", "ends": "11am"}
    assert post(teacher, address, address, **lesson).status_code == 303
    exam = {"what": "mock exam", "day-day": "1", "day-month": "12", "day-year": "2026", "never": "yes"}
    assert post(teacher, address, address, **exam, starts="1pm", ends="3pm").status_code == 303
    shown = teacher.get(address).text
    assert "Tuesdays, 10am to 11am" in shown
    assert "Tuesday 1 December 2026, 1pm to 3pm" in shown
    assert "Never to be missed" in shown
    lesson_id = re.search(rf'action="{address}/([^/]+)/remove"', shown)
    assert lesson_id is not None
    assert post(teacher, address, f"{address}/{lesson_id[1]}/remove").status_code == 303
    assert teacher.get(address).text.count("/remove") == 1
    assert enter("carer").get(address).status_code == 200
    assert enter("carer").post(address, data=lesson).status_code in (400, 403)
    assert enter("parent").get(address).status_code == 403


def test_the_schools_day_is_said_on_the_page_of_its_term_dates(enter: Enter) -> None:
    address = "/schools/100001/terms"
    teacher = enter("teacher")
    assert "lessons from 8:45am to 4pm" in teacher.get(address).text
    day = {"starts": "9:00", "ends": "3:10pm", "lunch_starts": "12:15", "lunch_ends": "1pm"}
    wrong = post(teacher, address, f"{address}/day", **{**day, "lunch_ends": "11:00"})
    assert "Lunch must end after it starts" in wrong.text
    assert post(teacher, address, f"{address}/day", **day).status_code == 303
    assert "Lessons from 9am to 3:10pm, lunch from 12:15pm to 1pm" in teacher.get(address).text
    assert post(teacher, address, f"{address}/day/usual").status_code == 303
    assert "Not known, so the usual day is taken" in teacher.get(address).text


def test_a_room_is_chosen_with_the_time_and_booked_with_the_invitations(enter: Enter, office: Office) -> None:
    worker = enter("worker")
    rooms = "/schools/100001/rooms"
    assert post(worker, rooms, rooms, name="", seats="many").status_code == 422
    assert post(worker, rooms, rooms, name="Room 2", seats="8").status_code == 303
    assert "There is a room called room 2" in post(worker, rooms, rooms, name="room 2").text
    meeting = office.open_plan("c1", "p1")
    times = worker.get(f"/meetings/{meeting.id}/times?room=any&mode=in_person").text
    check_page(times)
    assert "Room 2 is free" in times
    slot = re.search(r'name="slot" type="radio" value="([^"]+)"', times)
    assert slot is not None
    chosen = {"slot": slot[1].replace("&#43;", "+"), "minutes": "60", "room": "any", "mode": "in_person"}
    people = worker.get(f"/meetings/{meeting.id}/people", query_string=chosen).text
    check_page(people)
    assert '<input type="hidden" name="room" value="any">' in people
    who = {"invite": ["worker", "teacher"], "must": ["worker"]}
    checked = worker.get(f"/meetings/{meeting.id}/check", query_string={**chosen, **who}).text
    check_page(checked)
    room_id = re.search(r'<option value="([^"]+)" selected>Room 2 \(8 seats\)', checked)
    assert room_id is not None
    token = re.search(r'name="csrf_token" value="([^"]*)"', checked)
    assert token is not None
    form = {**chosen, **who, "csrf_token": token[1], "room": room_id[1], "version": "1"}
    assert worker.post(f"/meetings/{meeting.id}/arrangement", data=form).status_code == 303
    booked = office.meeting_of("p1").booking
    assert booked is not None
    assert (booked.room_id, booked.place) == (room_id[1], "Oakfield School, Room 2")
    again = worker.get(f"/meetings/{meeting.id}/times").text
    assert re.search(rf'<option value="{room_id[1]}" selected', again)
    change = f"/rooms/{room_id[1]}"
    assert post(worker, change, change, name="Room 2", seats="8").status_code == 303
    assert "Not offered" in worker.get(rooms).text


def test_the_api_takes_and_gives_the_same(api: Callable[..., TestResponse], office: Office) -> None:
    hours = {"from_date": "2026-11-01", "hours": [{"weekday": 0, "starts": "09:00", "ends": "15:15"}]}
    given = api("worker", "PUT", "/api/people/carer/hours", **hours).json
    assert given["patterns"][0]["hours"] == hours["hours"]
    assert api("worker", "PUT", "/api/people/carer/hours", from_date="2026-11-01", hours=[]).status_code == 422
    assert api("worker", "DELETE", "/api/people/carer/hours").status_code == 204
    assert api("worker", "GET", "/api/people/carer/hours").json["patterns"] == []
    lesson = {"what": "maths", "weekday": 1, "starts": "10:00", "ends": "11:00"}
    kept = api("teacher", "POST", "/api/children/c1/lessons", **lesson)
    assert kept.status_code == 201
    assert api("worker", "GET", "/api/children/c1/lessons").json == [kept.json]
    assert api("worker", "DELETE", f"/api/children/c1/lessons/{kept.json['id']}").status_code == 204
    day = {"starts": "09:00", "ends": "15:10", "lunch_starts": "12:15", "lunch_ends": "13:00"}
    assert api("teacher", "GET", "/api/schools/100001/day").json["known"] is False
    assert api("teacher", "PUT", "/api/schools/100001/day", **day).json == {"known": True, **day}
    assert api("teacher", "DELETE", "/api/schools/100001/day").status_code == 204
    room = api("teacher", "POST", "/api/schools/100001/rooms", name="Room 2", seats=8).json
    own = api("manager", "POST", "/api/rooms", name="Committee room", site="Town Hall").json
    assert api("worker", "GET", "/api/rooms").json == [own]
    assert api("worker", "GET", "/api/schools/100001/rooms").json == [room]
    meeting = office.open_plan("c1", "p1", meet_by=date(2026, 12, 11))
    found = api("worker", "GET", f"/api/meetings/{meeting.id}/slots?room_id={room['id']}&count=2").json
    assert all("room_free" in {point["code"] for point in slot["points"]} for slot in found["slots"])
