"""Calendar feeds: private addresses for one's own calendar program, without names, taken back at once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import event as events
from sqlalchemy import select, update

from services.scheduling.adapters.busy_reader import read_busy
from services.scheduling.adapters.tables_feeds import feed
from services.scheduling.app import SPEC
from services.scheduling.application import answers, meetings
from services.scheduling.application.feeds import find_feed, make_feed, own_feeds
from services.scheduling.domain.busy import Busy
from services.scheduling.domain.feeds import FeedKind, merged
from services.scheduling.domain.meeting import Answer
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Denied, InvalidInput, NotFound
from shared.platform import roster
from shared.platform.audit_tables import ENTRY
from shared.testing.apps import app_on
from shared.testing.pages import check_page
from shared.testing.sessions import enter
from tests.scheduling.conftest import OAKFIELD, Office, a_wish

SECRETS = ("Child c1", "Amara", "Ben", "Chris", "people.example", "mailto", "ATTENDEE", "ORGANIZER")


@pytest.fixture
def meeting_id(office: Office) -> str:
    meeting = office.open_plan("c1", "plan-one")
    with office.writing("worker") as work:
        return meetings.arrange(work, meeting.id, a_wish(), meeting.version).id


def program(office: Office) -> Any:
    """A calendar program: nobody is signed in."""
    return app_on(SPEC, office.runtime).test_client()


def address(office: Office, who: str, kind: FeedKind = FeedKind.MINE) -> str:
    with office.writing(who) as work:
        return "/feed/" + make_feed(work, kind).address.rpartition("/feed/")[2]


def test_a_worker_makes_an_address_sees_it_once_and_their_program_reads_it(office: Office, meeting_id: str) -> None:
    browser = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "worker")
    assert "Make an address" in check_page(browser.get("/feeds"))
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.get("/feeds").text)
    assert token is not None
    assert browser.post("/feeds", data={"csrf_token": token[1]}).status_code == 422
    assert browser.post("/feeds", data={"csrf_token": token[1], "kind": "mine"}).status_code == 303
    shown = check_page(browser.get("/feeds"))
    found = re.search(r"/feed/\S+\.ics", shown)
    assert found is not None
    assert "/feed/" not in check_page(browser.get("/feeds"))
    answer = program(office).get(found[0])
    assert answer.mimetype == "text/calendar"
    calendar = Calendar.from_ical(answer.data)
    assert "METHOD" not in calendar
    assert str(calendar["NAME"]) == "Education meetings"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    [event] = calendar.walk("VEVENT")
    assert event["DTSTART"].dt == a_wish().booking.starts_at
    assert str(event["SUMMARY"]) == "Education meeting"
    assert str(event["LOCATION"]) == a_wish().booking.place
    assert not [one for one in SECRETS if one.encode() in answer.data]


def test_the_same_meetings_are_the_same_bytes_and_a_change_is_new_ones(office: Office, meeting_id: str) -> None:
    path, browser = address(office, "carer"), program(office)
    first = browser.get(path)
    tag = first.headers["ETag"]
    again = browser.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert browser.get(path).data == first.data
    with office.reading("worker") as work:
        seen = meetings.find_meeting(work, meeting_id)
    with office.writing("worker") as work:
        later = replace(
            a_wish().booking,
            starts_at=a_wish().booking.starts_at + timedelta(days=1),
            ends_at=a_wish().booking.ends_at + timedelta(days=1),
        )
        meetings.move(work, meeting_id, replace(a_wish(), booking=later), seen.version)
    changed = browser.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    [before], [after] = Calendar.from_ical(first.data).walk("VEVENT"), Calendar.from_ical(changed.data).walk("VEVENT")
    assert before["UID"] == after["UID"]
    assert after["DTSTART"].dt - before["DTSTART"].dt == timedelta(days=1)


def test_what_somebody_declined_is_not_in_their_feed_and_a_time_in_doubt_is_tentative(
    office: Office, meeting_id: str
) -> None:
    teachers, carers = address(office, "teacher"), address(office, "carer")
    invitee = next(one for one in office.meeting_of("plan-one").invitees if one.person_id == "teacher")
    with office.writing() as work:
        answers.record_answer(work, invitee.id, Answer.DECLINED, by="mail")
    assert Calendar.from_ical(program(office).get(teachers).data).walk("VEVENT") == []
    [event] = Calendar.from_ical(program(office).get(carers).data).walk("VEVENT")
    assert str(event["STATUS"]) == "TENTATIVE"


def test_a_schools_feed_holds_times_only_and_only_of_its_own_children(office: Office, meeting_id: str) -> None:
    path = address(office, "teacher", FeedKind.SCHOOL)
    body = program(office).get(path).data
    [event] = Calendar.from_ical(body).walk("VEVENT")
    assert "LOCATION" not in event
    assert not [one for one in (*SECRETS, a_wish().booking.place) if one.encode() in body]
    with office.writing() as work:
        child = SPEC.metadata.tables["child"]
        work.connection.execute(update(child).values(school_urn="999999"))
    assert Calendar.from_ical(program(office).get(path).data).walk("VEVENT") == []
    with office.writing("worker") as work, pytest.raises(Denied):
        make_feed(work, FeedKind.SCHOOL)


def test_free_and_busy_tells_when_and_nothing_else_and_our_own_reader_reads_it(office: Office, meeting_id: str) -> None:
    path = address(office, "teacher", FeedKind.BUSY)
    assert path.endswith(".ifb")
    body = program(office).get(path).data
    booking = a_wish().booking
    [free_busy] = Calendar.from_ical(body).walk("VFREEBUSY")
    assert free_busy["FREEBUSY"].params["FBTYPE"] == "BUSY"
    first, last = booking.starts_at - timedelta(days=30), booking.starts_at + timedelta(days=30)
    assert list(read_busy(body, first, last)) == [Busy(booking.starts_at, booking.ends_at)]
    assert b"SUMMARY" not in body
    assert program(office).get(path.replace(".ifb", ".ics")).status_code == 404


def test_a_stopped_address_and_one_whose_owner_is_gone_work_no_more(office: Office, meeting_id: str) -> None:
    path, browser = address(office, "teacher"), program(office)
    others = address(office, "carer")
    with office.reading("teacher") as work:
        [mine] = own_feeds(work)
    client = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "teacher")
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/feeds").text)
    assert token is not None
    stranger = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "carer")
    theirs = re.search(r'name="csrf_token" value="([^"]*)"', stranger.get("/feeds").text)
    assert theirs is not None
    assert stranger.post(f"/feeds/{mine.id}/stop", data={"csrf_token": theirs[1]}).status_code == 404
    assert browser.get(path).status_code == 200
    assert client.post(f"/feeds/{mine.id}/stop", data={"csrf_token": token[1]}).status_code == 303
    gone = browser.get(path)
    assert (gone.status_code, b"no longer in use" in gone.data) == (404, True)
    with office.writing() as work:
        carer = roster.person(work.connection, "carer")
        assert carer is not None
        roster.record_person(work.connection, replace(carer, active=False))
    assert browser.get(others).data == gone.data
    assert browser.get("/feed/nonsense.ics").data == gone.data


def test_a_child_whose_team_one_left_is_gone_from_the_feed(office: Office, meeting_id: str) -> None:
    path = address(office, "carer")
    assert Calendar.from_ical(program(office).get(path).data).walk("VEVENT")
    clock = office.runtime.clock
    assert isinstance(clock, FixedClock)
    with office.writing() as work:
        roster.leave(work.connection, "c1-carer", work.today)
    clock.set(clock.now() + timedelta(days=1))
    assert Calendar.from_ical(program(office).get(path).data).walk("VEVENT") == []


def test_what_is_handed_out_is_on_record_and_so_is_that_it_still_holds(office: Office, meeting_id: str) -> None:
    path, browser = address(office, "carer"), program(office)

    def entries() -> list[tuple[str, str]]:
        query = select(ENTRY.c.person_id, ENTRY.c.child_id).where(ENTRY.c.kind == "link")
        with office.runtime.database("scheduling").reading() as connection:
            return [tuple(row) for row in connection.execute(query)]

    tag = browser.get(path).headers["ETag"]
    assert entries() == [("carer", "c1")]
    browser.get(path, headers={"If-None-Match": tag})
    browser.get("/feed/nonsense.ics")
    assert len(entries()) == 2


def test_only_the_hash_of_a_secret_is_kept_and_twenty_addresses_are_enough(office: Office) -> None:
    path = address(office, "worker")
    with office.reading("worker") as work:
        assert path.split("/")[2].split(".")[0] not in str(work.connection.execute(select(feed)).all())
    with office.writing("worker") as work:
        for _ in range(19):
            make_feed(work, FeedKind.BUSY)
        with pytest.raises(InvalidInput) as refused:
            make_feed(work, FeedKind.BUSY)
    assert "Stop one" in refused.value.errors["kind"][0]
    with office.reading("worker") as work, pytest.raises(NotFound):
        find_feed(work, "")


def test_a_teacher_of_two_authorities_has_both_in_one_feed(office: Office) -> None:
    with office.writing() as work:
        ben = roster.person(work.connection, "teacher")
        assert ben is not None
        roster.record_person(work.connection, replace(ben, id="elsewhere", authority="southmoor"))
        roster.record_person(work.connection, replace(ben, id="left", authority="eastmoor", active=False))
    with office.writing("teacher") as work:
        both = replace(
            work.actor,
            elsewhere=(
                replace(work.actor, person_id="elsewhere", authority="southmoor"),
                replace(work.actor, person_id="left", authority="eastmoor"),
            ),
        )
        work.actor = both
        secret = make_feed(work, FeedKind.MINE).address.rpartition("/")[2].split(".")[0]
    with office.reading() as work:
        owner = find_feed(work, secret).owner
    assert owner.person_ids == {"teacher", "elsewhere"}
    assert owner.kinds == {Role.DESIGNATED_TEACHER}
    assert owner.school_urn == OAKFIELD


MOMENTS = st.integers(0, 200).map(lambda n: datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=15 * n))


@given(st.lists(st.tuples(MOMENTS, st.integers(1, 20)), max_size=12))
def test_merged_times_cover_the_same_minutes_in_order_and_never_touch(drawn: list[tuple[datetime, int]]) -> None:
    times = [Busy(start, start + timedelta(minutes=15 * length)) for start, length in drawn]

    def quarters(of: Any) -> set[datetime]:
        return {
            one.starts_at + timedelta(minutes=m)
            for one in of
            for m in range(0, int((one.ends_at - one.starts_at).total_seconds() // 60), 15)
        }

    found = merged(times)
    assert quarters(found) == quarters(times)
    assert all(one.ends_at < after.starts_at for one, after in pairwise(found))


def test_a_feed_is_read_with_as_many_statements_for_many_meetings_as_for_one(office: Office, meeting_id: str) -> None:
    path, browser = address(office, "worker"), program(office)
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *more: object) -> None:
        statements.append(statement)

    def count() -> tuple[int, int]:
        statements.clear()
        events = len(Calendar.from_ical(browser.get(path).data).walk("VEVENT"))
        return events, len([one for one in statements if one.lstrip().startswith(("SELECT", "WITH"))])

    with office.runtime.database("scheduling").reading() as connection:
        engine = connection.engine
    events.listen(engine, "before_cursor_execute", note)
    one = count()
    for number in range(2, 8):
        office.add_child(f"c{number}")
        meeting = office.open_plan(f"c{number}", f"plan-{number}")
        with office.writing("worker") as work:
            meetings.arrange(work, meeting.id, a_wish(date(2026, 12, 1 + number % 3), 8 + number), meeting.version)
    assert one[0] == 1
    assert count() == (7, one[1])
    events.remove(engine, "before_cursor_execute", note)
