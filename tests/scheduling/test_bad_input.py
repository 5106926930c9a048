# ruff: noqa: E501 - one mail a line
"""Mails and calendars that are made to do harm, or that somebody spoilt: a clear word to the worker, and no change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.application import incoming_mail, meetings
from services.scheduling.application.incoming_mail import REASONS
from services.scheduling.domain.replies import Kind
from tests.scheduling.letters import METHOD, calendar, changed, letter, multipart, part, reply
from tests.scheduling.test_incoming_mail import TEACHER, Desk

MEGABYTE = 1_000_000
WIDE = b";A=B" * 120_000


@pytest.fixture
def desk(office: Any, wish: Callable[..., Any]) -> Desk:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        meeting = meetings.arrange(work, meeting.id, wish(), meeting.version)
    return Desk(office, meeting, wish)


def inside(old: bytes, new: bytes) -> Callable[[Desk], bytes]:
    def made(desk: Desk) -> bytes:
        raw = desk.reply()
        assert old in raw
        return raw.replace(old, new)

    return made


def a_reply(**how: Any) -> Callable[[Desk], bytes]:
    return lambda desk: desk.reply(**how)


def proposing(start: str, end: str) -> Callable[[Desk], bytes]:
    def made(desk: Desk) -> bytes:
        raw = desk.reply("TENTATIVE", method="COUNTER")
        return raw.replace(b"20261202T110000", start.encode()).replace(b"20261202T120000", end.encode())

    return made


def two_calendars(desk: Desk) -> bytes:
    body = desk.reply("ACCEPTED").split(b"\r\n\r\n", 1)[1]
    other = body.replace(b"ACCEPTED", b"DECLINED")
    return letter(multipart("mixed", part(METHOD, body), part(METHOD, other)), TEACHER)


BAD: dict[str, tuple[Callable[[Desk], bytes], str, str]] = {
    "fifty megabytes": (lambda desk: desk.reply() + b"x" * 50 * MEGABYTE, "held", "too large to be read"),
    "a calendar of a megabyte": (inside(b"END:VEVENT", b"X-A:" + b"x" * MEGABYTE + b"\r\nEND:VEVENT"), "held", "could not be read"),
    "no calendar": (inside(b"text/calendar", b"text/plain"), "held", "does not say which invitation"),
    "two calendars": (two_calendars, "held", "two answers that differ"),
    "a method that lies": (a_reply(method="CANCEL"), "held", "not an answer to an invitation"),
    "the wrong person": (a_reply(sender="mallory@elsewhere.example"), "held", "another address than the one invited"),
    "for another person": (inside(TEACHER.encode() + b"\r\nEND", b"carer@people.example\r\nEND"), "held", "somebody else than"),
    "the organiser as the attendee": (inside(f"mailto:{TEACHER}".encode(), b"mailto:meetings@pep.northmoor.example"), "held", "somebody else"),
    "a sequence that is no number": (inside(b"SEQUENCE:0", b"SEQUENCE:-1"), "applied", "recorded"),
    "a time over": (proposing("20261102T110000", "20261102T120000"), "held", "a time that has passed"),
    "a time too late": (proposing("20270301T110000", "20270301T120000"), "held", "after the day by which"),
    "a time that ends before it starts": (proposing("20261203T120000", "20261203T110000"), "held", "which one could not be read"),
    "a zone of nowhere": (inside(b"TZID=Europe/London", b'TZID="../../etc/passwd"'), "applied", "recorded"),
    "lone carriage returns in a name": (inside(b"ATTENDEE;", b'ATTENDEE;CN="Ben\rMETHOD:CANCEL\rX";'), "applied", "recorded"),
    "a quote that is never closed": (inside(b"ATTENDEE;", b'ATTENDEE;CN="Ben;'), "held", "neither yes, no nor maybe"),
    "capitals": (inside(TEACHER.encode(), TEACHER.upper().encode()), "applied", "recorded"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_in_plain_words_and_changes_nothing_it_should_not(desk: Desk, name: str) -> None:
    made, outcome, words = BAD[name]
    facts, before = len(desk.office.facts()), desk.office.meeting_of("p1")
    became = desk.receive(made(desk))
    assert became["outcome"] == outcome
    assert words in str(became["message"])
    after = desk.office.meeting_of("p1")
    assert after.booking == before.booking
    if outcome == "applied":
        assert desk.answer_of() == "accepted"
        assert [each for each in after.invitees if each.email != TEACHER] == [
            each for each in before.invitees if each.email != TEACHER
        ]
    else:
        assert after == before
        assert len(desk.office.facts()) == facts
        assert len(desk.waiting()) == 1
        with desk.office.reading("worker") as work:
            (held,) = incoming_mail.held_mails(work, desk.meeting.id)
        assert REASONS[held.reason] == became["message"]


@pytest.mark.parametrize(
    "name", ["Ben\u202enimda", "علي", "Δέσποινα", "小林 さくら", "אברהם", "Ngô Thị", "👩‍🏫", "O'Brien; the, 2nd"]
)
def test_names_of_every_script_are_as_good_as_any(desk: Desk, name: str) -> None:
    raw = desk.reply(extra=f"COMMENT:{name}\n").replace(b"ATTENDEE;", f'ATTENDEE;CN="{name}";'.encode())
    assert desk.receive(raw)["outcome"] == "applied"
    comment = next(each.comment for each in desk.office.meeting_of("p1").invitees if each.email == TEACHER)
    assert comment == name.replace("\u202e", "")


def test_an_out_of_office_note_that_names_nothing_waits_with_the_only_meeting_of_its_sender(desk: Desk) -> None:
    raw = letter(
        part("text/plain", "I have left the school.", "7bit"),
        TEACHER,
        "Out of office",
        "Auto-Submitted: auto-replied\n",
    )
    became = desk.receive(raw)
    assert (became["outcome"], became["reason"], became["meeting_id"]) == ("held", "automatic_reply", desk.meeting.id)
    stranger = raw.replace(TEACHER.encode(), b"news@elsewhere.example").replace(b"<7@", b"<8@")
    assert desk.receive(stranger)["outcome"] == "ignored"


def test_a_bounce_of_somebody_with_two_meetings_waits_with_the_next(desk: Desk) -> None:
    second = desk.office.open_plan("c1", "p2")
    with desk.office.writing("worker") as work:
        meetings.arrange(work, second.id, desk.wish(hour=14), second.version)
    raw = letter(
        part("text/plain", f"<{TEACHER}>: 550 no such user", "7bit"), "MAILER-DAEMON@mx.example", "failure notice"
    )
    became = desk.receive(raw)
    assert (became["outcome"], became["reason"], became["meeting_id"]) == ("held", "undelivered", desk.meeting.id)


HEAD = b"From: a@x.example\r\nMessage-ID: <1@x.example>\r\n"
HARMFUL = {
    "a page of openings": letter(b"Content-Type: text/html\r\n\r\n" + b"<style" * 80_000),
    "results in brackets": b"Authentication-Results: x; "
    + b"(" * 100_000
    + b")" * 100_000
    + b"\r\n"
    + HEAD
    + b"\r\nhi",
    "results without number": (b"Authentication-Results: x; " + b"(" * 3000 + b"\r\n") * 500 + HEAD + b"\r\nhi",
    "parameters without number": b"Content-Type: text/plain" + b";a=b" * 400_000 + b"\r\n" + HEAD + b"\r\nhi",
    "quotes without number": b"Content-Type: text/plain; x=" + b';"a"' * 200_000 + b"\r\n" + HEAD + b"\r\nhi",
    "a sender in brackets": b"From: " + b"(<" * 400_000 + b"\r\n\r\nhi",
    "headers without number": b"".join(b"X-A%d: 1\r\n" % n for n in range(300_000)) + b"\r\nhi",
    "boundaries without number": HEAD
    + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + b"--b\r\n\r\n" * 400_000,
    "a line of parameters": reply(
        calendar(changed(("SUMMARY", "X"))).replace(b"ATTENDEE;", b'ATTENDEE;X="1"' + WIDE + b";")
    ),
    "a line of quotes": reply(calendar().replace(b"ATTENDEE;", b"ATTENDEE" + b';A="B:"' * 50_000 + b";")),
    "a line of carriage returns": reply(calendar().replace(b"SUMMARY:", b"SUMMARY:" + b"\r" * 400_000)),
    "folds without number": reply(calendar().replace(b"SUMMARY:", b"SUMMARY:" + b"\r\n " * 100_000)),
    "parts that begin and never end": reply(calendar().replace(b"SUMMARY:", b"BEGIN:X\r\n" * 40_000 + b"SUMMARY:")),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HARMFUL)
def test_no_mail_takes_longer_to_read_than_its_length_asks_for(name: str) -> None:
    """Each of these would take minutes or hours where the work grows with the square of the length."""
    assert read_mail(HARMFUL[name]).kind in Kind
