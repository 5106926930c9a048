"""Invented mails in the shapes that the mail programs of the world give to answers; what each means is in the tests."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.domain.replies import Decision, Entry, IncomingMail, Outcome, decide, uid_forms

UID = "a8ad44aa-625c-42ff-ad63-1fcfba4c6ac6"
ANNA, ORGANISER = "anna.larch@school.example", "meetings@northmoor.example"
OUR_ID = f"<{UID}.0.20261120T093015Z@northmoor.example>"
ASKED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
RECEIVED = ASKED + timedelta(days=1)
MEETING = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ENTRY = Entry(UID, "meeting-1", "anna", ANNA, 0, ASKED, MEETING, meet_by=date(2026, 12, 11))

LONDON = """BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
DTSTART:19700329T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
DTSTART:19701025T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
EVENT = f"""BEGIN:VEVENT
UID:{UID}
SEQUENCE:0
DTSTAMP:20261120T120000Z
DTSTART;TZID=Europe/London:20261207T143000
DTEND;TZID=Europe/London:20261207T153000
ORGANIZER;CN=Northmoor:mailto:{ORGANISER}
ATTENDEE;CN=Anna Larch;PARTSTAT=ACCEPTED:mailto:{ANNA}
SUMMARY:Education meeting
END:VEVENT
"""


def crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def calendar(event: str = EVENT, method: str = "REPLY", product: str = "-//Somebody//Calendar//EN") -> bytes:
    named = f"METHOD:{method}\n" if method else ""
    return crlf(f"BEGIN:VCALENDAR\nPRODID:{product}\nVERSION:2.0\n{named}{LONDON}{event}END:VCALENDAR\n")


def changed(*pairs: tuple[str, str]) -> str:
    """Return the event with something in it replaced; what is to be replaced must be there."""
    event = EVENT
    for old, new in pairs:
        assert old in event
        event = event.replace(old, new)
    return event


def part(kind: str, content: bytes | str, how: str = "base64", more: str = "") -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    body = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(how, bytes)(raw)
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {how}\r\n{more}\r\n"
    return head.encode() + body


def multipart(subtype: str, *parts: bytes, boundary: str = "b") -> bytes:
    """Return an entity; in one another the boundaries must differ."""
    mark = boundary.encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(b"--" + mark + b"\r\n" + each + b"\r\n" for each in parts) + b"--" + mark + b"--\r\n"


def letter(entity: bytes, sender: str = ANNA, subject: str = "Accepted: Education meeting", head: str = "") -> bytes:
    top = f"From: {sender}\nTo: {ORGANISER}\nSubject: {subject}\nMessage-ID: <7@school.example>\nMIME-Version: 1.0\n"
    return crlf(top + head) + entity


METHOD = "text/calendar; charset=UTF-8; method=REPLY"


def reply(
    raw: bytes | None = None, kind: str = METHOD, how: str = "base64", head: str = "", sender: str = ANNA
) -> bytes:
    """Return a mail whose only content is a calendar."""
    return letter(part(kind, calendar() if raw is None else raw, how), sender, head=head)


def beside(text: str, raw: bytes | None = None, kind: str = METHOD, **of_letter: str) -> bytes:
    """Return a mail with words and a calendar as alternatives of one another."""
    words = part("text/plain; charset=utf-8", text, "quoted-printable")
    return letter(multipart("alternative", words, part(kind, calendar() if raw is None else raw)), **of_letter)


def decided(raw: bytes, proof: str = "local", known: Entry = ENTRY) -> tuple[IncomingMail, Decision]:
    """Return what a mail says and what becomes of it, where Anna alone is invited."""
    mail = read_mail(raw, proof)
    entry = known if UID in set(uid_forms(mail.uid)) else None
    return mail, decide(mail, entry, RECEIVED, server_must_vouch=proof != "local")


def came_to(raw: bytes) -> str:
    """Return in a few words what becomes of a mail: `applied accepted`, or `held` with the reason."""
    _, decision = decided(raw)
    said = decision.answer if decision.outcome is Outcome.APPLIED and decision.answer else decision.reason
    return f"{decision.outcome.value} {said}"


def joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
