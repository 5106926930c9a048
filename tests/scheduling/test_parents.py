"""Parents and meetings: offered, invited, told afterwards or not at all, as it was decided in pep."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from services.scheduling.adapters import mail_queue
from services.scheduling.app import SPEC
from services.scheduling.application import meetings
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.worklist import list_lines
from services.scheduling.domain.meeting import Meeting
from shared.contracts.parents import ParentStanding
from shared.contracts.scheduling import MeetingMoved
from shared.kernel.clock import london_time
from shared.kernel.errors import InvalidInput, NoSuchRecord
from shared.platform import roster
from shared.testing.sessions import enter as signed_in
from tests.scheduling.conftest import Office, a_wish

PARENT_EMAIL = "dana@people.example"


@pytest.fixture
def meeting(office: Office) -> Meeting:
    with office.writing() as work:
        dana = roster.person(work.connection, "parent")
        assert dana is not None
        roster.record_person(work.connection, roster.Person(**{**_fields(dana), "email": PARENT_EMAIL}))
    return office.open_plan("c1", "p1")


def _fields(person: roster.Person) -> dict[str, object]:
    return {name: getattr(person, name) for name in person.__dataclass_fields__}


def say(office: Office, standing: ParentStanding, until: date | None = None) -> None:
    with office.writing() as work:
        office.say_of_parent(work, "c1", "parent", standing, until=until)


def offered(office: Office, meeting: Meeting, on: date = date(2026, 12, 1)) -> set[str]:
    with office.reading("worker") as work:
        return {guest.person_id for guest, _ in propose_guests(work, meeting, on)}


def arrange(office: Office, meeting: Meeting) -> Meeting:
    with office.writing("worker") as work:
        return meetings.arrange(work, meeting.id, a_wish(), meeting.version)


def hold(office: Office, meeting: Meeting) -> None:
    office.at(london_time(date(2026, 12, 1), 12))
    with office.writing("worker") as work:
        meetings.record_held(work, meeting.id, ["worker", "teacher"], meeting.version)


def may_read(office: Office, meeting: Meeting) -> bool:
    with office.reading("parent") as work:
        listed = [line.meeting.id for line in list_lines(work)]
        try:
            found = find_meeting(work, meeting.id)
        except NoSuchRecord:
            assert listed == []
            return False
    assert listed == [found.id]
    return True


@pytest.mark.parametrize("standing", [ParentStanding.NOT_TOLD, ParentStanding.TOLD_AFTER])
def test_a_parent_who_is_not_invited_is_neither_offered_nor_taken(
    office: Office, meeting: Meeting, standing: ParentStanding
) -> None:
    assert "parent" in offered(office, meeting)
    say(office, standing)
    assert "parent" not in offered(office, meeting)
    with pytest.raises(InvalidInput, match="Check"), office.writing("worker") as work:
        meetings.arrange(work, meeting.id, a_wish(), meeting.version)


def test_a_parent_is_not_invited_to_a_meeting_after_their_last_day(office: Office, meeting: Meeting) -> None:
    say(office, ParentStanding.INVITED, until=date(2026, 11, 30))
    assert "parent" in offered(office, meeting, date(2026, 11, 30))
    assert "parent" not in offered(office, meeting, date(2026, 12, 1))


def test_who_is_no_longer_invited_loses_the_calendar_entry_the_link_and_the_page(
    office: Office, meeting: Meeting
) -> None:
    arranged = arrange(office, meeting)
    assert may_read(office, arranged)
    say(office, ParentStanding.NOT_TOLD)
    after = office.meeting_of("p1")
    assert "parent" not in {each.person_id for each in after.invitees}
    assert [act for to, act in office.mails() if to == PARENT_EMAIL] == ["invited", "removed"]
    assert [act for to, act in office.mails() if to == "teacher@people.example"] == ["invited"]
    assert isinstance(office.facts()[-1], MeetingMoved)
    assert not may_read(office, after)


def test_who_is_told_after_hears_of_the_meeting_once_it_was_held(office: Office, meeting: Meeting) -> None:
    say(office, ParentStanding.TOLD_AFTER)
    with office.writing("worker") as work:
        wish = a_wish(worker=True, teacher=True)
        arranged = meetings.arrange(work, meeting.id, wish, meeting.version)
    assert not may_read(office, arranged)
    hold(office, arranged)
    assert may_read(office, arranged)
    with office.reading() as work:
        (mail,) = [one for one in mail_queue.of_meeting(work.connection, arranged.id) if one.act == "told_after"]
    text = mail.raw.decode()
    assert (mail.recipient, mail.state) == (PARENT_EMAIL, "queued")
    assert "1 December 2026" in text
    for secret in ("Child c1", "Ben Adeyemi", "Chris Lowe", "Oakfield"):
        assert secret not in text


@pytest.mark.parametrize("standing", [ParentStanding.NOT_TOLD, ParentStanding.INVITED])
def test_nobody_else_gets_the_notice(office: Office, meeting: Meeting, standing: ParentStanding) -> None:
    say(office, standing)
    with office.writing("worker") as work:
        meeting = meetings.arrange(work, meeting.id, a_wish(worker=True, teacher=True), meeting.version)
    hold(office, meeting)
    assert "told_after" not in {act for _, act in office.mails()}


def test_the_page_says_that_a_parent_cannot_be_invited_and_where_that_is_decided(
    office: Office, meeting: Meeting, app: Flask
) -> None:
    say(office, ParentStanding.NOT_TOLD)
    query = {"slot": london_time(date(2026, 12, 1), 10).isoformat(), "minutes": "60"}
    page = (
        signed_in(app.test_client(), office.runtime, SPEC, "worker")
        .get(f"/meetings/{meeting.id}/people", query_string=query)
        .text
    )
    assert "1 parent on the team cannot be invited" in page
    assert "/children/c1/parents" in page
    assert "Dana Frost" not in page
