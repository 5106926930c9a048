"""The whole way of an invitation: queued, sent by SMTP, caught, read in the browser, answered by mail, recorded."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path

import icalendar
import pytest
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from services.scheduling.adapters import children_store, meetings_store
from services.scheduling.app import SPEC
from services.scheduling.application import meetings, reactions
from services.scheduling.application.meetings import Wish
from services.scheduling.domain.meeting import Booking, Meeting, Mode
from services.scheduling.entrypoints.send_mail import send_due_mail
from shared.contracts.pep import PlanOpened
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock, london_time
from shared.platform import roster
from shared.platform.access import Actor
from shared.platform.mail import MailNotSent, smtp_post
from shared.platform.runtime import Runtime
from shared.platform.work import writing_work
from shared.testing.pages import check_page
from shared.testing.runtimes import add_person, make_runtime
from suite.mail_catcher import LARGEST_MAIL, catching
from suite.mail_folder import MailFolder
from suite.mail_pages import create_mail_pages

TEAM = {"worker": (Role.SOCIAL_WORKER, "Amara Okafor"), "teacher": (Role.DESIGNATED_TEACHER, "Ben Ó Briain")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Post:
    """A scheduling service with a mail catcher, its folder and its pages."""

    runtime: Runtime
    worker: Actor
    folder: MailFolder
    browser: Client

    def arrange(self, hour: int = 10) -> Meeting:
        """Arrange (or move) the meeting and let its mails go out."""
        booking = Booking(
            london_time(date(2026, 12, 1), hour),
            london_time(date(2026, 12, 1), hour) + timedelta(hours=1),
            Mode.IN_PERSON,
            "Oakfield School",
        )
        now = self.meeting()
        act = meetings.move if now.booking else meetings.arrange
        with writing_work(self.runtime, SPEC, self.worker) as work:
            act(work, now.id, Wish(booking, dict.fromkeys(TEAM, True)), now.version)
        self.pass_time(minutes=1)
        send_due_mail(self.runtime, SPEC)
        return self.meeting()

    def meeting(self) -> Meeting:
        """Return the meeting as it is stored."""
        with self.runtime.database("scheduling").reading() as connection:
            found = meetings_store.with_request(connection, "p1")
        assert found is not None
        return found

    def pass_time(self, **passed: float) -> None:
        """Move the clock."""
        assert isinstance(self.runtime.clock, FixedClock)
        self.runtime.clock.set(self.runtime.clock.now() + timedelta(**passed))

    def get(self, path: str) -> TestResponse:
        """Ask for a page as a browser on this machine."""
        return self.browser.get(path, base_url="http://127.0.0.1:8600/mail", environ_base=NEAR)

    def number_of(self, person: str) -> int:
        """Return the number of the newest mail to somebody."""
        return next(n for n in self.folder.numbers() if self.folder.mail(n).recipient.startswith(f"{person}@"))

    def press(self, number: int, answer: str, comment: str = "") -> TestResponse:
        """Press a button under an invitation."""
        page = self.get(f"/{number}").text
        tokens = dict(re.findall(r'name="(csrf_token|form_key)" value="([^"]+)"', page))
        return self.browser.post(
            f"/{number}/answer",
            base_url="http://127.0.0.1:8600/mail",
            environ_base=NEAR,
            data={**tokens, "answer": answer, "comment": comment},
        )


NEAR = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    runtime = make_runtime(tmp_path, [SPEC])
    runtime.settings = replace(runtime.settings, smtp_port=free_port())
    people = {key: add_person(runtime, SPEC, key, role, name=name) for key, (role, name) in TEAM.items()}
    with writing_work(runtime, SPEC, people["worker"]) as work:
        children_store.record_child(work.connection, "c1", "northmoor", "Child", None)
        for key, (role, name) in TEAM.items():
            member = roster.Membership(f"m-{key}", "c1", key, role, date(2026, 11, 1), None, name, "")
            roster.join(work.connection, member)
        opened = PlanOpened(
            "c1", "p1", "first", "2026-autumn", date(2026, 11, 20), date(2026, 12, 11), date(2026, 12, 18), "first"
        )
        reactions.when_plan_opened(work, opened)
    pages = Client(create_mail_pages(runtime), Response)
    with catching(runtime):
        yield Post(runtime, people["worker"], MailFolder(tmp_path / "mail"), pages)
    runtime.close()


def test_every_mail_sent_is_kept_as_one_file_that_other_software_can_read(post: Post) -> None:
    post.arrange()
    files = sorted(post.folder.path.glob("*"))
    assert [file.name for file in files] == ["00001.eml", "00002.eml"]
    for file in files:
        mail = message_from_bytes(file.read_bytes())
        calendars = [part for part in mail.walk() if part.get_content_type() in ("text/calendar", "application/ics")]
        first, second = (part.get_payload(decode=True) for part in calendars)
        assert first == second
        assert len(icalendar.Calendar.from_ical(first).walk("VEVENT")) == 1  # type: ignore[arg-type]


def test_the_list_shows_who_got_what_and_narrows_to_one_mailbox(post: Post) -> None:
    post.arrange()
    page = post.get("/")
    check_page(page)
    assert page.text.count("Invitation: education meeting, Tuesday 1 December 2026, 10am") == 2
    assert "Amara Okafor" in page.text
    narrowed = post.get("/?person=teacher@people.example").text
    assert "1 email" in narrowed
    assert narrowed.count("Invitation: education meeting") == 1


def test_a_mail_is_shown_as_its_reader_sees_it_with_buttons_and_files(post: Post) -> None:
    post.arrange()
    number = post.number_of("teacher")
    page = post.get(f"/{number}")
    check_page(page)
    for words in ("Tuesday 1 December 2026", "10am to 11am", "Oakfield School", "Dear Ben Ó Briain", "Accept", "Maybe"):
        assert words in page.text
    assert "Amara" not in page.text
    calendar = post.get(f"/{number}.ics")
    assert calendar.data == post.folder.mail(number).entry.raw  # type: ignore[union-attr]
    assert calendar.content_type == "text/calendar; charset=utf-8; method=REQUEST"
    assert post.get(f"/{number}.eml").data == post.folder.raw(number)


@pytest.mark.parametrize("answer", ["accepted", "tentative", "declined"])
def test_a_button_sends_a_real_answer_that_reaches_the_meeting(post: Post, answer: str) -> None:
    post.arrange()
    number = post.number_of("teacher")
    sent = post.press(number, answer, "See you there, Zoë")
    assert (sent.status_code, sent.location) == (303, f"/mail/{number}")
    teacher = next(each for each in post.meeting().invitees if each.person_id == "teacher")
    assert (teacher.answer, teacher.answered_by, teacher.comment) == (answer, "mail", "See you there, Zoë")
    reply = post.folder.mail(post.folder.numbers()[0])
    organizer = post.runtime.settings.authorities[0].organizer_address
    assert (reply.sender, reply.recipient) == ("teacher@people.example", organizer)
    page = post.get(f"/{number}")
    check_page(page)
    assert "You answered: " in page.text


def test_a_moved_meeting_says_so_on_the_old_mail_and_takes_answers_on_the_new(post: Post) -> None:
    post.arrange()
    first = post.number_of("teacher")
    post.press(first, "accepted")
    post.arrange(hour=13)
    second = post.number_of("teacher")
    old, new = post.get(f"/{first}").text, post.get(f"/{second}").text
    assert "A later email" in old
    assert 'value="accepted"' not in old
    assert "You answered" not in new
    post.press(second, "tentative")
    teacher = next(each for each in post.meeting().invitees if each.person_id == "teacher")
    assert teacher.answer == "tentative"


@pytest.mark.parametrize(("answer", "comment"), [("", ""), ("perhaps", "my note"), ("accepted", "x" * 501)])
def test_a_wrong_answer_is_refused_and_keeps_what_was_typed(post: Post, answer: str, comment: str) -> None:
    post.arrange()
    page = post.press(post.number_of("teacher"), answer, comment)
    assert page.status_code == 422
    check_page(page)
    assert "There is a problem" in page.text
    assert comment in page.text
    assert len(post.folder.numbers()) == 2


def test_an_answer_that_cannot_be_sent_says_so_and_keeps_the_note(post: Post) -> None:
    post.arrange()
    post.runtime.settings = replace(post.runtime.settings, smtp_port=free_port())
    page = post.press(post.number_of("teacher"), "accepted", "my note")
    assert page.status_code == 503
    check_page(page)
    assert "Your answer was not sent." in page.text
    assert "my note" in page.text


@pytest.mark.parametrize("path", ["/99", "/99.ics", "/99.eml", "/x"])
def test_a_mail_that_is_not_there_is_a_plain_page_not_found(post: Post, path: str) -> None:
    assert post.get(path).status_code == 404


def test_an_empty_mailbox_says_what_will_be_there(post: Post) -> None:
    page = post.get("/")
    check_page(page)
    assert "No email has been sent yet." in page.text


def test_the_pages_are_not_there_for_anybody_elsewhere(post: Post) -> None:
    post.arrange()
    base = "http://127.0.0.1:8600/mail"
    assert post.browser.get("/", base_url=base, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    assert post.browser.get("/", base_url="http://pep.example/mail", environ_base=NEAR).status_code == 404
    assert post.browser.get("/", base_url=base, environ_base=NEAR, headers={"Via": "1.1 x"}).status_code == 404


def test_the_same_mail_sent_again_by_a_sender_that_died_is_kept_once(post: Post) -> None:
    post.arrange()
    raw = post.folder.raw(1)
    with smtp_post("127.0.0.1", post.runtime.settings.smtp_port) as server:
        server.send("meetings@pep.northmoor.example", "teacher@people.example", raw)
        server.send("meetings@pep.northmoor.example", "teacher@people.example", raw.replace(b"Dear", b"Hello"))
    assert post.folder.numbers() == [3, 2, 1]


def test_lines_that_begin_with_a_dot_and_long_mails_arrive_unharmed(post: Post) -> None:
    raw = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: Dots\r\n\r\n.\r\n..two\r\n" + b"x" * 900 + b"\r\n.\r\n"
    with smtp_post("127.0.0.1", post.runtime.settings.smtp_port) as server:
        server.send("a@x.example", "b@x.example", raw)
    assert post.folder.raw(1) == raw


def test_a_mail_that_nobody_can_make_sense_of_can_still_be_looked_at(post: Post) -> None:
    with smtplib.SMTP("127.0.0.1", post.runtime.settings.smtp_port) as server:
        broken = b"Subject: =?x-none?q?=ff?=\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
        server.sendmail("a@x.example", ["b@x.example"], broken)
    for page in (post.get("/"), post.get("/1")):
        assert page.status_code == 200
        check_page(page)


def test_a_server_that_is_not_there_is_unreachable_and_not_to_blame_on_the_mail() -> None:
    with smtp_post("127.0.0.1", free_port(), timeout=2) as server, pytest.raises(MailNotSent) as caught:
        server.send("a@x.example", "b@x.example", b"x")
    assert (caught.value.permanent, caught.value.unreachable) == (False, True)


def test_a_mail_that_the_server_will_never_take_is_refused_for_good(post: Post) -> None:
    with smtp_post("127.0.0.1", post.runtime.settings.smtp_port) as server:
        with pytest.raises(MailNotSent) as caught:
            server.send("a@x.example", "b@x.example", b"x\r\n" * LARGEST_MAIL)
        assert (caught.value.permanent, caught.value.unreachable) == (True, False)
        server.send("a@x.example", "b@x.example", b"Subject: Small\r\n\r\nHello\r\n")
    assert post.folder.numbers() == [1]


def test_links_in_a_mail_lead_somewhere_and_nothing_in_it_becomes_part_of_the_page(post: Post) -> None:
    body = b"Subject: <b>x</b>\r\n\r\n<script>alert(1)</script> <a href=x> https://pep.example/answer/1\r\n"
    with smtp_post("127.0.0.1", post.runtime.settings.smtp_port) as server:
        server.send("a@x.example", "b@x.example", body)
    page = post.get("/1")
    check_page(page)
    assert '<a class="govuk-link" href="https://pep.example/answer/1"' in page.text
    assert "<script>alert" not in page.text
    assert "&lt;a href=x&gt;" in page.text
