"""The week and the month: one's own meetings, and a school's days with the meetings of its children."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.app import SPEC
from services.scheduling.application import meetings
from services.scheduling.application.terms import import_file
from services.scheduling.domain.calendar_days import month_after, week_of, weeks_of_month
from shared.contracts.parents import ParentStanding
from shared.testing.apps import app_on
from shared.testing.pages import check_page
from shared.testing.sessions import enter
from tests.scheduling.conftest import OAKFIELD, Office, a_wish

INSET = b"""BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:INSET day\r
DTSTART;VALUE=DATE:20261204\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def meeting_id(office: Office) -> str:
    meeting = office.open_plan("c1", "plan-one")
    with office.writing("worker") as work:
        return meetings.arrange(work, meeting.id, a_wish(), meeting.version).id


def page(office: Office, who: str, path: str) -> str:
    browser = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, who)
    return check_page(browser.get(path))


def test_a_worker_sees_the_month_and_the_week_and_gets_to_the_next(office: Office, meeting_id: str) -> None:
    month = page(office, "worker", "/calendar?day=2026-12-15")
    for shown in ("December 2026", "10am Child c1", "1 meeting", "Christmas Day", "Mon 30 Nov", "Fri 1 Jan"):
        assert shown in month
    assert "Sat 5 Dec" not in month
    week = page(office, "worker", "/calendar?view=week&day=2026-12-03")
    for shown in ("Week of 30 November 2026", "until 11am, Oakfield School", "1 of 4 said yes", "Change"):
        assert shown in week
    assert "0 meetings" in page(office, "worker", "/calendar?view=week&day=2026-12-08")


def test_a_weekend_is_shown_when_something_is_on(office: Office) -> None:
    meeting = office.open_plan("c1", "plan-one")
    with office.writing("worker") as work:
        meetings.arrange(work, meeting.id, a_wish(date(2026, 12, 5)), meeting.version)
    assert "Sat 5 Dec" in page(office, "worker", "/calendar?day=2026-12-15")


def test_nobody_sees_a_meeting_that_is_not_theirs_to_see(office: Office, meeting_id: str) -> None:
    assert "Child c1" not in page(office, "stranger", "/calendar?day=2026-12-15")
    assert "Child c1" in page(office, "parent", "/calendar?day=2026-12-15")
    with office.writing() as work:
        office.say_of_parent(work, "c1", standing=ParentStanding.NOT_TOLD)
    assert "Child c1" not in page(office, "parent", "/calendar?day=2026-12-15")


def test_a_parent_reads_no_sealed_place(office: Office) -> None:
    meeting = office.open_plan("c1", "plan-one")
    sealed = replace(a_wish(), booking=replace(a_wish().booking, place="12 Hidden Lane", place_sealed=True))
    with office.writing("worker") as work:
        meetings.arrange(work, meeting.id, sealed, meeting.version)
    week = "/calendar?view=week&day=2026-12-01"
    assert "12 Hidden Lane" in page(office, "worker", week)
    assert "12 Hidden Lane" not in page(office, "parent", week)


def test_a_schools_calendar_has_its_term_dates_and_its_own_childrens_meetings(office: Office, meeting_id: str) -> None:
    with office.writing() as work:
        import_file(work, OAKFIELD, INSET, "dates.ics")
    shown = page(office, "teacher", f"/schools/{OAKFIELD}/calendar?day=2026-12-15")
    assert "Calendar of Oakfield School" in shown
    assert "INSET day" in shown
    assert "Child c1" in shown
    stranger = page(office, "stranger", f"/schools/{OAKFIELD}/calendar?day=2026-12-15")
    assert "INSET day" in stranger
    assert "Child c1" not in stranger


@pytest.mark.parametrize("query", ["day=soon", "view=year", "day=0001-01-01", "day=9999-12-31"])
def test_an_address_that_names_no_day_says_what_to_write(office: Office, query: str) -> None:
    browser = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "worker")
    answer = browser.get(f"/calendar?{query}")
    assert answer.status_code == 422
    assert "2027-01-31" in answer.text or "month or week" in answer.text


@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_weeks_are_whole_and_hold_the_day_and_months_follow_each_other(day: date) -> None:
    for first, last in (week_of(day), weeks_of_month(day)):
        assert first <= day <= last
        assert (first.weekday(), last.weekday()) == (0, 6)
    assert weeks_of_month(day)[0] <= day.replace(day=1) <= weeks_of_month(day)[1]
    assert month_after(month_after(day), -1) == day.replace(day=1)
    assert month_after(day) - timedelta(days=1) <= weeks_of_month(day)[1]
