"""Reads a calendar part of a foreign mail, forgivingly, and takes from it only what an answer consists of.

Whatever it holds, the work is bounded by its length: nothing is expanded and no line is looked at twice.
"""

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
MAX_ATTENDEES = 100
_EVENT = ["VCALENDAR", "VEVENT"]
_OTHER_THINGS = ("VTODO", "VJOURNAL", "VFREEBUSY", "VPOLL", "VAVAILABILITY")
_ATTENDEE = "ATTENDEE"
_ONCE = frozenset({"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "RECURRENCE-ID"})
_COMMENTS = ("COMMENT", "X-CALENDARSERVER-PRIVATE-COMMENT", "X-CALENDARSERVER-ATTENDEE-COMMENT")
_READ = frozenset({"BEGIN", "END", "METHOD", "PRODID", _ATTENDEE, *_ONCE, *_COMMENTS})
_HEAD = re.compile(r'((?:[^":]|"[^"]*")*+):')
_PARAMETER = re.compile(r'(?:[^;"]|"[^"]*"?)+')
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)")
_ESCAPE = re.compile(r"\\([\\;,nN])")
_PROPOSED = re.compile(r"DT(START|END)(?:;TZID=([^:;]{1,100}))?:(\d{8}T\d{6}Z?)", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

Property = tuple[dict[str, str], str]
"""The parameters and the value of a content line."""


class UnreadableCalendar(Exception):
    """The bytes are no calendar, or one that can be understood in two ways; the text says which."""


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """What one calendar object says.

    `is_event` is False when it is about a task or free time; `part_of_series` tells that it is about one day of a
    repeated event (RECURRENCE-ID).
    """

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
    is_event: bool = True
    part_of_series: bool = False


@dataclass(slots=True)
class _Found:
    """What was found in one calendar object; `events` counts those that began, `ended` those that ended."""

    method: str = ""
    product: str = ""
    events: int = 0
    ended: int = 0
    others: int = 0
    values: dict[str, Property] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    attendees: list[Property] = field(default_factory=list)


def read_calendars(raw: bytes, charset: str = "") -> list[CalendarAnswer]:
    """Return what each calendar object in the bytes says; raises `UnreadableCalendar`, also when there is none.

    `charset` is the one that the mail names. Only properties of the event itself are read: an alarm inside it may have
    an ATTENDEE of its own. Several events with one UID (a repeated meeting) are one answer, to which each adds.
    """
    answers: list[CalendarAnswer] = []
    found = _Found()
    stack: list[str] = []
    for name, parameters, value in content_lines(raw, charset):
        if name == "BEGIN":
            part = value.strip().upper()
            if part == "VCALENDAR" and not stack and (found.method or found.events):
                answers.append(_answer(found))
                found = _Found()
            stack.append(part)
            found.events += stack == _EVENT
            found.others += len(stack) == 2 and part in _OTHER_THINGS
        elif name == "END":
            part = value.strip().upper()
            found.ended += part == "VEVENT" and stack[:2] == _EVENT
            while part in stack and stack.pop() != part:
                continue
        elif stack == _EVENT:
            _note(found, name, parameters, value)
        elif stack == ["VCALENDAR"]:
            if name == "METHOD":
                _note_method(found, value.strip().upper())
            elif name == "PRODID":
                found.product = value
    if found.method or found.events:
        answers.append(_answer(found))
    if not answers:
        raise UnreadableCalendar("There is no calendar entry in it.")
    return answers


def _note_method(found: _Found, method: str) -> None:
    if found.method and found.method != method:
        raise UnreadableCalendar("It names two methods.")
    found.method = method


def _note(found: _Found, name: str, parameters: dict[str, str], value: str) -> None:
    if name == _ATTENDEE:
        found.attendees.append((parameters, value))
    elif name in _COMMENTS:
        found.comments.append(value)
    elif name in _ONCE:
        known = found.values.setdefault(name, (parameters, value))
        if name == "UID" and known[1].strip() != value.strip():
            raise UnreadableCalendar("It holds more than one event.")


def _answer(found: _Found) -> CalendarAnswer:
    if found.ended < found.events:
        raise UnreadableCalendar("It is cut short.")

    def text(name: str) -> str:
        return found.values.get(name, ({}, ""))[1].strip()

    own = [parameters for parameters, _ in found.attendees[:MAX_ATTENDEES]]
    hidden = next((each for one in own if (each := one.get("TO-ALL-PROPOSED-NEW-TIME"))), "")[:1000]
    proposed = {name.upper(): _instant({"TZID": zone or ""}, at) for name, zone, at in _PROPOSED.findall(hidden)}
    comments = [*found.comments, *(each.get("X-RESPONSE-COMMENT", "") for each in own)]
    words = dict.fromkeys(clean for each in comments if (clean := clean_text(_unescaped(each[:10_000]))))
    return CalendarAnswer(
        method=found.method,
        product=found.product,
        uid=text("UID")[:300],
        participants=tuple(_participant(*each) for each in found.attendees[:MAX_ATTENDEES]),
        sequence=_number(text("SEQUENCE")),
        dtstamp=_instant(*found.values.get("DTSTAMP", ({}, ""))),
        start=_instant(*found.values.get("DTSTART", ({}, ""))),
        end=_instant(*found.values.get("DTEND", ({}, ""))),
        comment=clean_text("\n".join(words)),
        proposed_start=proposed.get("START"),
        proposed_end=proposed.get("END"),
        is_event=bool(found.events) or not found.others,
        part_of_series="RECURRENCE-ID" in found.values,
    )


def content_lines(raw: bytes, charset: str = "") -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield name, parameters and value of each content line that matters to an answer, in order.

    Unfolded as bytes, for a fold may split a character. A parameter that is given twice with different values has
    both of them, with a comma between.
    """
    for line in _decoded(raw, charset).split("\n"):
        head, found, value = line.partition(":")
        if not found:
            continue
        bare, semicolon, _ = head.partition(";")
        name = bare.strip().upper()
        if name not in _READ:
            continue
        if not semicolon:
            yield name, {}, value
            continue
        if '"' in head:
            head, value = _split_at_colon(line)
        yield name, _parameters(head), value


def _decoded(raw: bytes, charset: str) -> str:
    if raw.startswith((b"B\0", b"\0B")):
        raw, charset = raw.decode("utf-16-le" if raw[0] else "utf-16-be", "replace").encode("utf-8"), ""
    elif raw.startswith(_UTF_16) or charset.startswith("utf-16"):
        raw, charset = raw.decode("utf-16", "replace").encode("utf-8"), ""
    raw = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if b"\r" in raw:
        raw = raw.replace(b"\r", b"" if b"\n" in raw else b"\n")
    unfolded = raw.replace(b"\n ", b"").replace(b"\n\t", b"")
    for name in ("utf-8", charset):
        try:
            return unfolded.decode(name)
        except (LookupError, ValueError):
            continue
    return unfolded.decode("cp1252", "replace")


def _split_at_colon(line: str) -> tuple[str, str]:
    """Split a line at the first colon that is not between quotation marks; at the very first where one is left open."""
    found = _HEAD.match(line)
    if found is not None:
        return found.group(1), line[found.end() :]
    head, _, value = line.partition(":")
    return head, value


def _parameters(head: str) -> dict[str, str]:
    pieces = _PARAMETER.findall(head) if '"' in head else head.split(";")
    found: dict[str, str] = {}
    for piece in pieces[1:]:
        key, _, worth = piece.partition("=")
        key, worth = key.strip().upper(), _plain(worth)
        if found.setdefault(key, worth) != worth and len(found[key]) < 1000:
            found[key] += f",{worth}"
    return found


def _plain(worth: str) -> str:
    worth = worth.strip().strip('"')
    return worth.replace("^n", "\n").replace("^'", '"').replace("^^", "^") if "^" in worth else worth


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match.group(1) in "nN" else match.group(1), text)


def _participant(parameters: dict[str, str], value: str) -> Participant:
    return Participant(
        mailbox(clean_text(_address(value.strip(), parameters.get("EMAIL", "")))[:254]),
        parameters.get("PARTSTAT", "NEEDS-ACTION").strip().upper()[:40],
        delegates="DELEGATED-TO" in parameters,
    )


def _address(value: str, email: str) -> str:
    """Return the mail address of an ATTENDEE; of one that is none (a path, a telephone) what its EMAIL says."""
    while value[:7].lower() == "mailto:":
        value = value[7:].strip()
    if "%" in value:
        value = unquote(value, errors="replace")
    value = value.partition("?")[0].rpartition("<")[2].rstrip("> ")
    is_address = "@" in value and not value.startswith("/") and ":" not in value
    return value if is_address else email


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
