from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.application.slots import suggest_times
from services.scheduling.application.terms import import_file, import_terms, look_at_terms, read_calendar
from shared.kernel.errors import Denied, InvalidInput, NotFound

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

OAKFIELD = "100001"
CALENDAR = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//school//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20261102\r
SUMMARY:First day back\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20261126\r
DTEND;VALUE=DATE:20261212\r
SUMMARY:School holiday\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:3\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20261217\r
SUMMARY:Last day of term\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def address() -> Iterator[str]:
    class School(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved.ics":
                self.send_response(302)
                self.send_header("Location", "/terms.ics")
                self.end_headers()
                return
            if self.path == "/inside.ics":
                self.send_response(302)
                self.send_header("Location", "http://10.0.0.1/terms.ics")
                self.end_headers()
                return
            if self.path == "/round.ics":
                self.send_response(302)
                self.send_header("Location", "/round.ics")
                self.end_headers()
                return
            body = b"BEGIN:VCALENDAR" + b" " * 1_100_000 if self.path == "/big.ics" else CALENDAR
            self.send_response(200 if self.path != "/gone.ics" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = HTTPServer(("127.0.0.1", 0), School)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_calendar_on_the_web_is_fetched_where_the_installation_allows_loopback(address: str) -> None:
    assert fetch_calendar(f"{address}/terms.ics", allow_loopback=True) == CALENDAR
    assert fetch_calendar(f"{address}/moved.ics", allow_loopback=True) == CALENDAR


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/big.ics", "calendar_too_big"),
        ("/gone.ics", "calendar_not_there"),
        ("/round.ics", "calendar_moved"),
        ("/inside.ics", "calendar_address_private"),
    ],
)
def test_what_cannot_be_fetched_says_why(address: str, path: str, code: str) -> None:
    with pytest.raises(UnusableCalendar) as refused:
        fetch_calendar(f"{address}{path}", allow_loopback=True)
    assert refused.value.code == code


def test_an_address_nobody_answers_at_is_unreachable() -> None:
    with pytest.raises(UnusableCalendar) as refused:
        fetch_calendar("http://127.0.0.1:9/terms.ics", allow_loopback=True)
    assert refused.value.code == "calendar_unreachable"


def test_a_file_is_brought_in_by_the_name_of_the_school_and_changes_what_is_offered(
    office: Office, tmp_path: Path
) -> None:
    meeting = office.open_plan("c1", "p1", meet_by=date(2026, 12, 16))
    with office.reading("worker") as work:
        assert suggest_times(work, meeting.id).slots[0].day == date(2026, 11, 26)
    file = tmp_path / "terms.ics"
    file.write_bytes(CALENDAR)
    with office.writing() as work:
        terms = import_terms(work, "oakfield school", *read_calendar(str(file), allow_loopback=False))
    assert (terms.school.urn, terms.stored is not None) == (OAKFIELD, True)
    with office.reading("worker") as work:
        found = suggest_times(work, meeting.id)
    assert {slot.day for slot in found.slots} == {date(2026, 12, 14), date(2026, 12, 15), date(2026, 12, 16)}


def test_a_newer_calendar_takes_the_place_of_the_older(office: Office) -> None:
    for _ in range(2):
        with office.writing("worker") as work:
            import_file(work, OAKFIELD, CALENDAR, "terms.ics")
    with office.reading("worker") as work:
        stored = look_at_terms(work, OAKFIELD).stored
    assert stored is not None
    assert len(stored.entries) == 3
    assert stored.imported_by == "Amara Okafor"


def test_a_calendar_that_is_none_leaves_the_old_one_in_place(office: Office) -> None:
    with office.writing("worker") as work:
        import_file(work, OAKFIELD, CALENDAR, "terms.ics")
    with pytest.raises(UnusableCalendar), office.writing("worker") as work:
        import_file(work, OAKFIELD, b"<html>", "page.html")
    with office.reading("worker") as work:
        assert look_at_terms(work, OAKFIELD).stored is not None


@pytest.mark.parametrize(("school", "error"), [("Nowhere School", NotFound), ("o", InvalidInput)])
def test_a_school_must_be_known_and_meant_alone(office: Office, school: str, error: type[Exception]) -> None:
    from services.scheduling.application import reactions
    from shared.contracts.pep import SchoolRecorded

    with office.writing() as work:
        reactions.when_school_recorded(work, SchoolRecorded("100002", "Elm Road School", "primary"))
    with pytest.raises(error), office.writing() as work:
        import_terms(work, school, b"", "terms.ics")


def test_a_teacher_brings_in_the_dates_of_their_own_school_only_and_a_parent_of_none(office: Office) -> None:
    with office.writing("teacher") as work:
        import_file(work, OAKFIELD, CALENDAR, "terms.ics")
    with pytest.raises(Denied), office.writing("teacher") as work:
        import_file(work, "999999", CALENDAR, "terms.ics")
    with pytest.raises(Denied), office.writing("parent") as work:
        import_file(work, OAKFIELD, CALENDAR, "terms.ics")
