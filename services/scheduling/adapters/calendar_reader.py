"""Reads a calendar part of a foreign mail, forgivingly, and takes from it only what an answer consists of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from services.scheduling.adapters.text_cleaning import clean_text
from services.scheduling.domain.mailboxes import mailbox
from services.scheduling.domain.replies import MAX_SEQUENCE, Participant
from shared.kernel.clock import LONDON

MAX_CALENDAR_OCTETS = 512 * 1024
_FOLD = re.compile(rb"\r*\n[ \t]")
_LINE_END = re.compile("\r*\n")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)")
_ESCAPE = re.compile(r"\\([\\;,nN])")
_PROPOSED = re.compile(r"DT(START|END)(?:;TZID=([^:;]{1,100}))?:(\d{8}T\d{6}Z?)", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class UnreadableCalendar(Exception):
    """The bytes are no calendar, or not one with a single event; the text says which."""


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """What one calendar object says."""

    method: str
    product: str
    uid: str
    participants: tuple[Participant, ...]
    sequence: int | None
    dtstamp: datetime | None
    start: datetime | None
    end: datetime | None
    comment: str
    proposed_start: datetime | None
    proposed_end: datetime | None


@dataclass(slots=True)
class _Found:
    method: str = ""
    product: str = ""
    events: int = 0
    values: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)
    attendees: list[tuple[dict[str, str], str]] = field(default_factory=list)


def read_calendar(raw: bytes, charset: str = "") -> CalendarAnswer:
    """Return what a calendar object says; raises `UnreadableCalendar`. `charset` is the one that the mail names.

    Of several events with one UID (a repeated meeting) the first counts. Only properties of the event itself are read:
    an alarm inside it may have an ATTENDEE of its own.
    """
    found = _Found()
    stack: list[str] = []
    for name, parameters, value in content_lines(raw, charset):
        if name == "BEGIN":
            stack.append(value.strip().upper())
            found.events += stack == ["VCALENDAR", "VEVENT"]
        elif name == "END":
            if stack:
                stack.pop()
            if not stack and found.method:
                break
        elif stack == ["VCALENDAR"]:
            if name == "METHOD":
                found.method = value.strip().upper()
            elif name == "PRODID":
                found.product = value
        elif stack == ["VCALENDAR", "VEVENT"]:
            _note(found, name, parameters, value)
    if not found.method and not found.events:
        raise UnreadableCalendar("There is no calendar entry in it.")
    return _answer(found)


def _note(found: _Found, name: str, parameters: dict[str, str], value: str) -> None:
    if found.events > 1:
        if name == "UID" and value.strip() != found.values.get("UID", ({}, ""))[1].strip():
            raise UnreadableCalendar("It holds more than one event.")
    elif name == "ATTENDEE":
        found.attendees.append((parameters, value))
    else:
        found.values.setdefault(name, (parameters, value))


def _answer(found: _Found) -> CalendarAnswer:
    def text(name: str) -> str:
        return found.values.get(name, ({}, ""))[1].strip()

    own = [parameters for parameters, _ in found.attendees]
    hidden = next((each for one in own if (each := one.get("TO-ALL-PROPOSED-NEW-TIME"))), "")[:1000]
    proposed = {name.upper(): _instant({"TZID": zone or ""}, at) for name, zone, at in _PROPOSED.findall(hidden)}
    comments = [text("COMMENT"), text("X-CALENDARSERVER-PRIVATE-COMMENT")]
    comments += [each.get("X-RESPONSE-COMMENT", "") for each in own]
    return CalendarAnswer(
        method=found.method,
        product=found.product,
        uid=text("UID")[:300],
        participants=tuple(_participant(*each) for each in found.attendees[:100]),
        sequence=_number(text("SEQUENCE")),
        dtstamp=_instant(*found.values.get("DTSTAMP", ({}, ""))),
        start=_instant(*found.values.get("DTSTART", ({}, ""))),
        end=_instant(*found.values.get("DTEND", ({}, ""))),
        comment=next((clean_text(_unescaped(each)) for each in comments if each), ""),
        proposed_start=proposed.get("START"),
        proposed_end=proposed.get("END"),
    )


def content_lines(raw: bytes, charset: str = "") -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield name, parameters and value of each content line; unfolded as bytes, for a fold may split a character."""
    text = _decoded(raw, charset)
    for line in _LINE_END.split(text):
        head, value = _split_once(line, ":")
        if value is not None:
            name, *parameters = _split_all(head, ";")
            pairs = (each.partition("=") for each in parameters)
            yield name.strip().upper(), {key.upper(): _plain(worth) for key, _, worth in pairs}, value


def _decoded(raw: bytes, charset: str) -> str:
    if raw.startswith(_UTF_16) or charset.startswith("utf-16"):
        raw, charset = raw.decode("utf-16", "replace").encode("utf-8"), ""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    unfolded = _FOLD.sub(b"", raw.removeprefix(b"\xef\xbb\xbf"))
    for name in ("utf-8", charset):
        try:
            return unfolded.decode(name)
        except (LookupError, ValueError):
            continue
    return unfolded.decode("latin-1")


def _split_once(text: str, mark: str) -> tuple[str, str | None]:
    """Split at the first mark that is not between quotation marks."""
    if '"' not in text.partition(mark)[0]:
        head, found, tail = text.partition(mark)
        return head, tail if found else None
    quoted = False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == mark and not quoted:
            return text[:at], text[at + 1 :]
    return text, None


def _split_all(text: str, mark: str) -> list[str]:
    pieces: list[str] = []
    rest: str | None = text
    while rest is not None:
        piece, rest = _split_once(rest, mark)
        pieces.append(piece)
    return pieces


def _plain(worth: str) -> str:
    worth = worth.strip().strip('"')
    return worth.replace("^n", "\n").replace("^'", '"').replace("^^", "^") if "^" in worth else worth


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match.group(1) in "nN" else match.group(1), text)


def _participant(parameters: dict[str, str], value: str) -> Participant:
    scheme, found, address = value.strip().partition(":")
    if not found or scheme.lower() != "mailto":
        address = parameters.get("EMAIL", "")
    elif "%" in address:
        address = unquote(address, errors="replace")
    return Participant(mailbox(clean_text(address)), parameters.get("PARTSTAT", "NEEDS-ACTION").strip().upper())


def _number(text: str) -> int | None:
    return min(int(text), MAX_SEQUENCE) if text.isascii() and text.isdigit() and len(text) < 30 else None


def _instant(parameters: dict[str, str], value: str) -> datetime | None:
    """Return a date-time as an aware instant, or None for a day without a time and for a zone nobody knows."""
    match = _STAMP.fullmatch(value.strip())
    if match is None:
        return None
    try:
        moment = datetime(*(int(part) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
        if match.group(7):
            return moment
        return moment.replace(tzinfo=_zone(parameters.get("TZID", ""))).astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        return None


def _zone(name: str) -> ZoneInfo:
    """Return the zone a foreign calendar means; time without a zone is taken for time in England."""
    return ZoneInfo(WINDOWS_TO_OLSON.get(name, name.lstrip("/"))) if name else LONDON
