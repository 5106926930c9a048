"""The folder of caught mails: one numbered `.eml` file each, and what a person would make of each when reading it."""

from __future__ import annotations

import email.policy
import os
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import icalendar

_NUMBERED = re.compile(r"(\d{5,})\.eml")


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """What a mail asks the reader's calendar to do. `attendee` and `organizer` are addresses."""

    method: str
    uid: str
    sequence: int
    dtstamp: datetime
    start: datetime | None
    end: datetime | None
    summary: str
    location: str
    organizer: str
    attendee: str
    attendee_name: str
    partstat: str
    raw: bytes

    @property
    def order(self) -> tuple[int, datetime]:
        """Return what tells a newer message of the same entry from an older one (RFC 5546 section 2.1.5)."""
        return (self.sequence, self.dtstamp)


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail as a person reads it; `text` is its plain text."""

    number: int
    sender_name: str
    sender: str
    recipient_name: str
    recipient: str
    subject: str
    sent_at: datetime | None
    text: str
    message_id: str
    entry: CalendarEntry | None


@dataclass(frozen=True, slots=True)
class Heading:
    """One mail as a list shows it."""

    number: int
    recipient_name: str
    recipient: str
    subject: str
    sent_at: datetime | None


class MailFolder:
    """The `.eml` files of a home. Any process may read; the mail catcher writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def keep(self, raw: bytes) -> int:
        """Store a mail and return its number; the same mail again (sent twice by a sender that died) is kept once."""
        with self._lock:
            self.path.mkdir(parents=True, exist_ok=True)
            numbers = self.numbers()
            for number in numbers[:200]:
                if self._file(number).stat().st_size == len(raw) and self.raw(number) == raw:
                    return number
            return self._store(raw, numbers[0] + 1 if numbers else 1)

    def _store(self, raw: bytes, number: int) -> int:
        """Write the file whole before it gets its name, under the first number that is free."""
        new = self.path / f".new-{os.getpid()}-{threading.get_ident()}"
        with new.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        try:
            while True:
                try:
                    os.link(new, self._file(number))
                except FileExistsError:
                    number += 1
                else:
                    return number
        finally:
            new.unlink()

    def numbers(self) -> list[int]:
        """Return the numbers of the mails, the newest first."""
        if not self.path.is_dir():
            return []
        names = (_NUMBERED.fullmatch(each.name) for each in os.scandir(self.path))
        return sorted((int(name.group(1)) for name in names if name), reverse=True)

    def raw(self, number: int) -> bytes:
        """Return a mail as it was received; raises `FileNotFoundError`."""
        return self._file(number).read_bytes()

    def heading(self, number: int) -> Heading:
        """Return what a list shows of a mail; raises `FileNotFoundError`."""
        file = self._file(number)
        return _read_heading(number, str(file), file.stat().st_mtime_ns)

    def naming(self, uid: str) -> list[int]:
        """Return the numbers of the mails that name a calendar entry, the newest first.

        Our own mails hold the UID as it is, and an answer names the mail it answers, whose Message-ID holds the UID.
        """
        wanted = uid.encode("utf-8", "replace")
        return [number for number in self.numbers() if wanted in self.raw(number)]

    def mail(self, number: int) -> CaughtMail:
        """Return a mail as a person reads it; raises `FileNotFoundError`."""
        file = self._file(number)
        return _read(number, str(file), file.stat().st_mtime_ns)

    def _file(self, number: int) -> Path:
        return self.path / f"{number:05}.eml"


@lru_cache(maxsize=20_000)
def _read_heading(number: int, file: str, _changed: int) -> Heading:
    with Path(file).open("rb") as opened:
        headers = BytesHeaderParser().parse(opened)
    name, address = parseaddr(_words(headers["To"]))
    try:
        sent_at = parsedate_to_datetime(_words(headers["Date"])).astimezone(UTC)
    except ValueError:
        sent_at = None
    return Heading(number, name, address, _words(headers["Subject"]) or "No subject", sent_at)


def _words(value: object) -> str:
    """Return a header as people read it, whatever a broken mail has there."""
    try:
        return " ".join(str(make_header(decode_header(str(value or "")))).split())
    except (LookupError, UnicodeError, ValueError):
        return " ".join(str(value).split())


@lru_cache(maxsize=2000)
def _read(number: int, file: str, _changed: int) -> CaughtMail:
    return read_caught(number, Path(file).read_bytes())


def read_caught(number: int, raw: bytes) -> CaughtMail:
    """Return what a person sees of a mail."""
    mail: EmailMessage = BytesParser(policy=email.policy.default).parsebytes(raw)
    sender_name, sender = _address(mail, "From")
    recipient_name, recipient = _address(mail, "To")
    body = mail.get_body(("plain",))
    date_header = mail["Date"]
    sent_at = getattr(date_header, "datetime", None)
    return CaughtMail(
        number=number,
        sender_name=sender_name,
        sender=sender,
        recipient_name=recipient_name,
        recipient=recipient,
        subject=str(mail["Subject"] or "No subject"),
        sent_at=sent_at.astimezone(UTC) if sent_at is not None else None,
        text=str(body.get_content()).strip() if body is not None else "",
        message_id=str(mail["Message-ID"] or ""),
        entry=_entry(mail),
    )


def _address(mail: EmailMessage, name: str) -> tuple[str, str]:
    return parseaddr(str(mail[name] or ""))


def _entry(mail: EmailMessage) -> CalendarEntry | None:
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            raw = part.get_payload(decode=True)
            try:
                return _calendar_entry(raw) if isinstance(raw, bytes) else None
            except (ValueError, KeyError, IndexError):
                return None
    return None


def _calendar_entry(raw: bytes) -> CalendarEntry:
    calendar = icalendar.Calendar.from_ical(raw)
    event: Any = calendar.walk("VEVENT")[0]
    attendee = event.get("ATTENDEE")
    attendee = attendee[0] if isinstance(attendee, list) else attendee
    parameters = getattr(attendee, "params", {})
    return CalendarEntry(
        method=str(calendar.get("METHOD", "")),
        uid=str(event["UID"]),
        sequence=int(event.get("SEQUENCE", 0)),
        dtstamp=event["DTSTAMP"].dt,
        start=_instant(event, "DTSTART"),
        end=_instant(event, "DTEND"),
        summary=str(event.get("SUMMARY", "")),
        location=str(event.get("LOCATION", "")),
        organizer=_mailto(event.get("ORGANIZER")),
        attendee=_mailto(attendee),
        attendee_name=str(parameters.get("CN", "")),
        partstat=str(parameters.get("PARTSTAT", "NEEDS-ACTION")),
        raw=raw,
    )


def _instant(event: Any, name: str) -> datetime | None:
    value = event[name].dt if name in event else None
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def _mailto(value: object) -> str:
    text = str(value or "")
    return text[7:] if text.lower().startswith("mailto:") else text
