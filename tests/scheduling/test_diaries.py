"""People's own diaries: read where they are published, kept as busy times alone, heeded when times are offered."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from services.scheduling.adapters import diary_store
from services.scheduling.adapters.tables import diary, diary_busy
from services.scheduling.app import SPEC
from services.scheduling.application import meetings
from services.scheduling.application.diaries import READ_EVERY, read_due_diary
from services.scheduling.application.meetings import Wish
from services.scheduling.application.slots import suggest_times
from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.testing.apps import app_on
from shared.testing.pages import check_page
from shared.testing.sessions import enter

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office


class Published(BaseHTTPRequestHandler):
    """A calendar server; `says` is what it answers."""

    says: bytes = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.says else 503)
        self.end_headers()
        self.wfile.write(self.says)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Published)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Published.says = calendar("20261201T090000Z", "20261201T170000Z")
    yield f"http://127.0.0.1:{server.server_address[1]}/secret.ics"
    server.shutdown()
    thread.join()
    server.server_close()


def calendar(start: str, end: str, uid: str = "1") -> bytes:
    lines = (
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "SUMMARY:Dentist with Zebedee",
        f"DTSTART:{start}",
        f"DTEND:{end}",
    )
    return "\r\n".join((*lines, "END:VEVENT", "END:VCALENDAR", "")).encode()


@pytest.fixture
def browser(office: Office) -> Any:
    office.runtime.settings = replace(office.runtime.settings, may_fetch_loopback=True)
    return enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "teacher")


def post(browser: Any, path: str, **data: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.get("/diary").text)
    assert token is not None
    return browser.post(path, data={"csrf_token": token[1], **data})


def test_a_teacher_gives_the_address_and_only_when_they_are_busy_is_kept(
    office: Office, browser: Any, address: str
) -> None:
    assert "Where your calendar is published" in check_page(browser.get("/diary"))
    assert post(browser, "/diary", address=address).status_code == 303
    words = check_page(browser.get("/diary"))
    assert "you are busy 1 time" in words
    assert "secret.ics" not in words
    with office.reading() as work:
        kept = work.connection.execute(select(diary_busy)).all()
        assert [tuple(row) for row in kept] == [
            ("teacher", datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 17, tzinfo=UTC))
        ]
    assert post(browser, "/diary/forget").status_code == 303
    with office.reading() as work:
        assert work.connection.execute(select(diary_busy)).all() == work.connection.execute(select(diary)).all() == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "Enter the address"),
        ("ftp://x/y.ics", "starts with https"),
        ("http://10.0.0.1/a.ics", "not on the public web"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_in_words_and_keeps_nothing(
    office: Office, browser: Any, given: str, why: str
) -> None:
    answer = post(browser, "/diary", address=given)
    assert answer.status_code == 422
    assert why in check_page(answer)
    with office.reading() as work:
        assert diary_store.find(work.connection, "teacher") is None


def test_no_time_is_offered_at_which_somebody_is_busy_and_who_is_not_known_is_told(
    office: Office, browser: Any, address: str
) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.reading("worker") as work:
        before = suggest_times(work, meeting.id, count=50)
    assert any(f"{slot.day:%m-%d}" == "12-01" for slot in before.slots)
    post(browser, "/diary", address=address)
    with office.reading("worker") as work:
        after = suggest_times(work, meeting.id, count=50)
    assert after.slots
    assert not any(f"{slot.day:%m-%d}" == "12-01" for slot in after.slots)
    assert after.known == ("Ben Adeyemi",)
    assert "Amara Okafor" in after.unknown
    worker = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "worker")
    words = check_page(worker.get(f"/meetings/{meeting.id}/times"))
    assert "Looked at: the own diary of Ben Adeyemi. Not known: " in words
    typed = worker.get(f"/meetings/{meeting.id}/people?slot=2026-12-01T10:00:00%2B00:00&minutes=60")
    assert "Dentist" not in check_page(typed)


def test_the_invitations_that_we_sent_do_not_make_a_person_busy(
    office: Office, browser: Any, address: str, wish: Callable[..., Wish]
) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        sent = meetings.arrange(work, meeting.id, wish(), meeting.version)
    with office.reading() as work:
        (uid,) = diary_store.own_uids(work.connection, "teacher")
    booking = sent.booking
    assert booking is not None
    start, end = (f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (booking.starts_at, booking.ends_at))
    Published.says = calendar(start, end, uid)
    post(browser, "/diary", address=address)
    with office.reading() as work:
        assert work.connection.execute(select(diary_busy)).all() == []


def test_diaries_are_read_again_and_what_was_known_outlives_a_server_that_is_away(
    office: Office, browser: Any, address: str
) -> None:
    clock = office.runtime.clock
    assert isinstance(clock, FixedClock)
    post(browser, "/diary", address=address)
    assert read_due_diary(office.runtime, SPEC) is False
    clock.set(clock.now() + READ_EVERY + timedelta(seconds=1))
    Published.says = calendar("20261202T090000Z", "20261202T100000Z")
    assert read_due_diary(office.runtime, SPEC) is True
    assert read_due_diary(office.runtime, SPEC) is False
    assert busy_days(office) == ["12-02"]

    clock.set(clock.now() + READ_EVERY + timedelta(seconds=1))
    Published.says = b""
    assert read_due_diary(office.runtime, SPEC) is True
    assert busy_days(office) == ["12-02"]
    again = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "teacher")
    words = check_page(again.get("/diary"))
    assert "could not be read on" in words
    assert "counts as not known" not in words

    clock.set(clock.now() + timedelta(days=1))
    again = enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "teacher")
    assert "counts as not known" in check_page(again.get("/diary"))


def test_the_diary_of_somebody_who_has_gone_is_forgotten(office: Office, browser: Any, address: str) -> None:
    post(browser, "/diary", address=address)
    clock = office.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + READ_EVERY + timedelta(seconds=1))
    with office.writing() as work:
        person = roster.person(work.connection, "teacher")
        assert person is not None
        roster.record_person(work.connection, replace(person, active=False))
    read_due_diary(office.runtime, SPEC)
    with office.reading() as work:
        assert diary_store.find(work.connection, "teacher") is None


def busy_days(office: Office) -> list[str]:
    with office.reading() as work:
        found = diary_store.busy(
            work.connection, ["teacher"], work.now - timedelta(days=30), work.now + timedelta(weeks=20)
        )
    return [f"{one.starts_at:%m-%d}" for one in found.get("teacher", ())]
