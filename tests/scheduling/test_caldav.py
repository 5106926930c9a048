# ruff: noqa: E501 - one answer a line
"""Diaries on a CalDAV server: a real Radicale of the test's own, and servers that refuse, point elsewhere or lie."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import radicale.config
import requests
from radicale.app import Application
from sqlalchemy import select

from services.scheduling.adapters import diary_store
from services.scheduling.adapters.busy_reader import read_busy
from services.scheduling.adapters.caldav import CalDavAccount, fetch_busy_time
from services.scheduling.adapters.tables import diary
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.app import SPEC
from services.scheduling.application.diaries import READ_EVERY, read_due_diary
from shared.kernel.clock import FixedClock
from shared.platform.sealed_text import CannotBeOpened, seal, unseal
from shared.testing.apps import app_on
from shared.testing.pages import check_page
from shared.testing.sessions import enter

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

FIRST, LAST = datetime(2026, 11, 20, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)
LARGEST = 1_000_000
MAKE = """<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<C:supported-calendar-component-set><C:comp name="{kind}"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:{start}
DTEND:{end}
SUMMARY:Dentist
{more}END:VEVENT
END:VCALENDAR
"""


class Quiet(WSGIRequestHandler):
    """Says nothing about what it is asked."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("radicale")
    (home / "users").write_text("anna:right\n")
    configuration = radicale.config.load()
    configuration.update(
        {
            "auth": {"type": "htpasswd", "htpasswd_filename": str(home / "users"), "htpasswd_encryption": "plain", "delay": "0"},
            "storage": {"filesystem_folder": str(home / "kept")},
            "logging": {"level": "critical"},
        },
        "test",
    )  # fmt: skip
    running = make_server("127.0.0.1", 0, Application(configuration), handler_class=Quiet)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{running.server_port}/anna/"
    for name, kind in (("work", "VEVENT"), ("tasks", "VTODO")):
        made = requests.request(
            "MKCALENDAR", f"{address}{name}/", data=MAKE.format(kind=kind), auth=("anna", "right"), timeout=10
        )
        assert made.status_code == 201
    put(address, "1", "20261201T090000Z", "20261201T170000Z")
    put(address, "2", "20261202T100000Z", "20261202T110000Z", "RRULE:FREQ=WEEKLY;COUNT=3\n")
    put(address, "3", "20261203T100000Z", "20261203T110000Z", "TRANSP:TRANSPARENT\n")
    yield address
    running.shutdown()
    thread.join()
    running.server_close()


def put(address: str, uid: str, start: str, end: str, more: str = "") -> None:
    event = EVENT.format(uid=uid, start=start, end=end, more=more).replace("\n", "\r\n")
    kind = {"Content-Type": "text/calendar"}
    kept = requests.put(f"{address}work/{uid}.ics", data=event, headers=kind, auth=("anna", "right"), timeout=10)
    assert kept.status_code == 201


def asked(address: str, password: str = "right", largest: int = LARGEST) -> list[str]:
    account = CalDavAccount(address, "anna", password)
    raw = fetch_busy_time(account, FIRST, LAST, allow_loopback=True, largest=largest)
    return [f"{one.starts_at:%m-%d %H}-{one.ends_at:%H}" for one in read_busy(raw, FIRST, LAST)]


EXPECTED = ["12-01 09-17", "12-02 10-11", "12-09 10-11", "12-16 10-11"]


@pytest.mark.parametrize("path", ["", "work/", "tasks/", "../"])
def test_a_real_server_is_asked_at_any_address_that_leads_to_the_calendars(server: str, path: str) -> None:
    assert asked(server.replace("/anna/", "/") if path == "../" else server + path) == EXPECTED


def test_a_wrong_password_is_named(server: str) -> None:
    with pytest.raises(UnusableCalendar, match="did not accept the user name and password"):
        asked(server, "wrong")


def test_what_is_larger_than_agreed_is_refused(server: str) -> None:
    with pytest.raises(UnusableCalendar, match="larger than"):
        asked(server, largest=500)


class Odd(BaseHTTPRequestHandler):
    """A CalDAV server; `answers` says how it answers a method, by what is asked for."""

    answers: Callable[[str, str], tuple[int, str, dict[str, str]]]
    seen: list[tuple[str, str]]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        type(self).seen.append((f"{self.command} {self.path}", self.headers.get("Authorization", "")))
        status, said, headers = type(self).answers(self.command, body)
        self.send_response(status)
        for name, worth in headers.items():
            self.send_header(name, worth)
        self.end_headers()
        self.wfile.write(said.encode())

    do_PROPFIND = do_REPORT = _answer  # noqa: N815 - the base class looks for them

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def odd() -> Iterator[str]:
    running = HTTPServer(("127.0.0.1", 0), Odd)
    Odd.seen = []
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/cal/"
    running.shutdown()
    thread.join()
    running.server_close()


def shown(inner: str, href: str = "/cal/") -> str:
    names = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    return f"<D:multistatus {names}><D:response><D:href>{href}</D:href><D:propstat><D:prop>{inner}</D:prop></D:propstat></D:response></D:multistatus>"


IS_CALENDAR = shown("<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>")


def refusing(what: str) -> Callable[[str, str], tuple[int, str, dict[str, str]]]:
    event = EVENT.format(uid="1", start="20261201T090000Z", end="20261201T100000Z", more="RRULE:FREQ=WEEKLY;COUNT=2\n")

    def answer(method: str, body: str) -> tuple[int, str, dict[str, str]]:
        if method == "PROPFIND":
            return 207, IS_CALENDAR, {}
        if what in body:
            return 403, "", {}
        return 207, shown(f"<C:calendar-data>{event}</C:calendar-data>"), {}

    return answer


@pytest.mark.parametrize("what", ["free-busy-query", "expand"])
def test_a_server_that_refuses_a_report_is_asked_for_less(odd: str, what: str) -> None:
    def answer(method: str, body: str) -> tuple[int, str, dict[str, str]]:
        return (403, "", {}) if "free-busy-query" in body else refusing(what)(method, body)

    Odd.answers = staticmethod(answer)
    assert asked(odd) == ["12-01 09-10", "12-08 09-10"]


def test_a_server_that_points_elsewhere_is_not_followed_and_nobody_else_is_sent_the_password(odd: str) -> None:
    other = "http://localhost:1/cal/"
    for answers in (
        lambda _method, _body: (301, "", {"Location": other}),
        lambda _method, _body: (207, shown(f"<C:calendar-home-set><D:href>{other}</D:href></C:calendar-home-set>"), {}),
        lambda _method, _body: (207, IS_CALENDAR.replace("/cal/", other), {}),
    ):
        Odd.answers = staticmethod(answers)
        with pytest.raises(UnusableCalendar, match="on another server, localhost:1"):
            asked(odd)
    Odd.answers = staticmethod(lambda _method, _body: (302, "", {"Location": "/elsewhere/here/"}))
    with pytest.raises(UnusableCalendar, match="keeps pointing elsewhere"):
        asked(odd)
    assert all(given.startswith("Basic ") for _, given in Odd.seen)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("<html>", "cannot be read"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "cannot be read"),
        ("<x>" * 5000, "cannot be read"),
        (shown("<D:resourcetype><D:collection/></D:resourcetype>"), "no calendar at the address"),
        (shown("<C:calendar-home-set><D:href>/cal/</D:href></C:calendar-home-set>"), "no calendar at the address"),
    ],
)
def test_an_answer_that_is_none_or_does_harm_is_refused(odd: str, said: str, why: str) -> None:
    Odd.answers = staticmethod(lambda _method, _body: (207, said, {}))
    with pytest.raises(UnusableCalendar, match=why):
        asked(odd)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://calendar.example/", "starts with https"),
        ("https://anna:right@calendar.example/", "starts with https"),
        ("https://10.0.0.1/", "not on the public web"),
        ("https://[::ffff:192.168.0.1]/", "not on the public web"),
        ("https://[64:ff9b::c0a8:1]/", "not on the public web"),
        ("https://169.254.169.254/", "not on the public web"),
    ],
)
def test_the_password_goes_neither_in_the_clear_nor_into_the_authoritys_own_network(address: str, why: str) -> None:
    with pytest.raises(UnusableCalendar, match=why):
        asked(address)


def post(browser: Any, **data: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/diary").text)
    assert token is not None
    return browser.post("/diary/caldav", data={"csrf_token": token[1], **data})


@pytest.fixture
def browser(office: Office) -> Any:
    office.runtime.settings = replace(office.runtime.settings, may_fetch_loopback=True)
    return enter(app_on(SPEC, office.runtime).test_client(), office.runtime, SPEC, "teacher")


def given(server: str, password: str = "right") -> dict[str, str]:
    return {"caldav_address": server, "user_name": "anna", "app_password": password}


def test_a_teacher_gives_a_server_and_what_is_kept_gives_no_password_away(
    office: Office, browser: Any, server: str
) -> None:
    assert post(browser, **given(server)).status_code == 303
    words = check_page(browser.get("/diary"))
    assert "from your calendar server" in words
    assert "right" not in re.findall(r'value="([^"]*)"', browser.get("/diary").text)
    with office.reading() as work:
        (row,) = work.connection.execute(select(diary)).mappings()
    assert "right" not in str(dict(row))
    assert unseal(office.runtime.settings, "diary password", row["sealed_password"]) == "right"
    clock = office.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + READ_EVERY + timedelta(seconds=1))
    assert read_due_diary(office.runtime, SPEC) is True
    with office.reading() as work:
        found = diary_store.find(work.connection, "teacher")
        assert found is not None
        assert (found.problem, found.read_at) == ("", work.now)


@pytest.mark.parametrize("missing", ["caldav_address", "user_name", "app_password"])
def test_what_is_missing_is_named_and_what_was_typed_is_kept_but_for_the_password(
    office: Office, browser: Any, server: str, missing: str
) -> None:
    answer = post(browser, **given(server) | {missing: ""})
    assert answer.status_code == 422
    check_page(answer)
    assert 'value="right"' not in answer.text
    assert ('value="anna"' in answer.text) is (missing != "user_name")
    with office.reading() as work:
        assert diary_store.find(work.connection, "teacher") is None


def test_a_wrong_password_is_refused_in_words_and_nothing_is_kept(office: Office, browser: Any, server: str) -> None:
    answer = post(browser, **given(server, "wrong"))
    assert answer.status_code == 422
    assert "did not accept the user name and password" in check_page(answer)
    with office.reading() as work:
        assert diary_store.find(work.connection, "teacher") is None


def test_a_password_sealed_under_a_secret_that_is_gone_is_asked_for_again(
    office: Office, browser: Any, server: str
) -> None:
    post(browser, **given(server))
    clock = office.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + READ_EVERY + timedelta(seconds=1))
    office.runtime.settings = with_secret(office, "another secret that was made by chance", former=())
    read_due_diary(office.runtime, SPEC)
    with office.reading() as work:
        found = diary_store.find(work.connection, "teacher")
    assert found is not None
    assert found.problem == "Enter the password of your calendar again."


def test_what_was_sealed_under_a_former_secret_is_opened_and_for_another_purpose_it_is_not(office: Office) -> None:
    old = office.runtime.settings
    sealed = seal(old, "diary password", "right")
    new = with_secret(office, "another secret that was made by chance", former=(old.secret,))
    assert unseal(new, "diary password", sealed) == "right"
    assert seal(old, "diary password", "right") != sealed
    with pytest.raises(CannotBeOpened):
        unseal(old, "something else", sealed)


def with_secret(office: Office, secret: str, former: tuple[str, ...]) -> Any:
    return replace(office.runtime.settings, secret=secret, former_secrets=former)
