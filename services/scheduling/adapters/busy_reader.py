"""Reads from a published calendar when its owner is busy, and nothing else: titles and places are never looked at.

RFC 5545 events and VFREEBUSY. A published diary can hold ten years of appointments, so events that happen once are read
here, straight from their few lines; those that repeat are given, without their words, to recurring-ical-events.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
import recurring_ical_events
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.domain.busy import Busy
from shared.kernel.clock import LONDON

MAX_DIARY_BYTES = 8_000_000
MAX_EVENTS = 50_000
MAX_REPEATING = 2_000
MAX_STRETCHES = 20_000
_FOLD = re.compile(rb"\r*\n[ \t]")
_ZONE = re.compile(r"\nBEGIN:VTIMEZONE\s*?\n.*?\nEND:VTIMEZONE", re.DOTALL | re.IGNORECASE)
_LINE = re.compile(
    r"\n(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|UID|TRANSP|STATUS|FREEBUSY"
    r"|X-MICROSOFT-CDO-BUSYSTATUS)([;:][^\r\n]*)",
    re.IGNORECASE,
)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
_LASTS = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_TZID = re.compile(r';TZID="?([^";:]+)', re.IGNORECASE)
_OFTEN = re.compile(r"FREQ=(SECONDLY|MINUTELY)|BYSECOND=|BYMINUTE=[^;]*,", re.IGNORECASE)
_REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})
_FREE = frozenset({"FREE", "WORKINGELSEWHERE"})

Lines = Mapping[str, str]
"""Of one event: the parameters and value of each property, from the `;` or `:` on, by name."""


def read_busy(raw: bytes, first: datetime, last: datetime, *, but: Container[str] = frozenset()) -> tuple[Busy, ...]:
    """Return when the owner is busy between two instants: in order, never touching, cut to the two.

    Raises `UnusableCalendar` when the bytes are no calendar, or hold more than any diary does. Time without a zone is
    time in England. An event counts unless it is called off, shown as free (`TRANSP`, Outlook's busy status), or has
    one of the UIDs `but`.
    """
    if len(raw) > MAX_DIARY_BYTES:
        raise UnusableCalendar("calendar_too_big", "The calendar is larger than 8 MB. Publish the next months only.")
    unfolded = _FOLD.sub(b"", raw if b"\n" in raw else raw.replace(b"\r", b"\n"))
    text = "\n" + unfolded.decode("utf-8-sig", "replace")
    if "\nBEGIN:VCALENDAR" not in text[:2000].upper():
        raise UnusableCalendar(
            "not_a_calendar", "What is at the address is no calendar. Copy the address that ends in .ics"
        )
    zones = _Zones(text)
    return _merged(_all(text, zones, first, last, but), first, last)


def _all(text: str, zones: _Zones, first: datetime, last: datetime, but: Container[str]) -> Iterator[Busy]:
    events, free_busy = _parts(text)
    for rest in free_busy:
        yield from _stretches(rest)
    days = f"{first - timedelta(days=2):%Y%m%d}", f"{last + timedelta(days=2):%Y%m%d}"
    moved = {lines.get("UID", "") for lines in events if not _REPEATS.isdisjoint(lines)}
    repeating = []
    for lines in events:
        if "DTSTART" not in lines or lines.get("UID", "").partition(":")[2].strip() in but:
            continue
        if lines.get("UID", "") in moved:
            repeating.append(lines)
        elif not _is_outside(lines, days) and _is_busy(lines):
            yield from _once(lines, zones)
    yield from _repeated(repeating, zones, first, last)


def _parts(text: str) -> tuple[list[dict[str, str]], list[str]]:
    """Return the lines of each event that tell when it is, and those of free/busy time; what is inside an event is not.

    An alarm has a DURATION of its own.
    """
    events: list[dict[str, str]] = []
    free_busy: list[str] = []
    within: list[str] = []
    for name, words in _LINE.findall(text):
        key = name.upper()
        if key == "BEGIN":
            within.append(words[1:].strip().upper())
            if within[-1] == "VEVENT":
                events.append({})
                if len(events) > MAX_EVENTS:
                    raise UnusableCalendar("calendar_too_big", f"The calendar holds more than {MAX_EVENTS:,} entries.")
        elif key == "END":
            del within[-1:]
        elif key == "FREEBUSY":
            free_busy.append(words)
        elif events and within and within[-1] == "VEVENT":
            lines = events[-1]
            lines[key] = f"{lines[key]}\n{words}" if key in lines else words
    return events, free_busy


def _is_outside(lines: Lines, days: tuple[str, str]) -> bool:
    """Tell from the days alone, two of grace on either side, that an event is not of the time asked about."""
    ends = lines.get("DTEND", "").rpartition(":")[2][:8]
    starts = lines["DTSTART"].rpartition(":")[2][:8]
    return starts > days[1] or (ends != "" and ends < days[0])


def _is_busy(lines: Lines) -> bool:
    def says(name: str) -> str:
        return lines.get(name, "").rpartition(":")[2].strip().upper()

    called_off = says("STATUS") == "CANCELLED" or says("TRANSP") == "TRANSPARENT"
    return not called_off and says("X-MICROSOFT-CDO-BUSYSTATUS") not in _FREE


def _once(lines: Lines, zones: _Zones) -> Iterator[Busy]:
    try:
        starts_at, is_day = _moment(lines["DTSTART"], zones)
        if "DTEND" in lines:
            ends_at, _ = _moment(lines["DTEND"], zones)
        elif "DURATION" in lines:
            ends_at = starts_at + _lasting(lines["DURATION"].rpartition(":")[2])
        else:
            ends_at = starts_at + timedelta(days=1) if is_day else starts_at
    except (KeyError, ValueError, OverflowError):
        return
    if starts_at < ends_at:
        yield Busy(starts_at, ends_at)


def _moment(rest: str, zones: _Zones) -> tuple[datetime, bool]:
    """Return an instant in UTC from the rest of a line, and whether it is a day without a time."""
    value = rest.split("\n", 1)[0].rpartition(":")[2].strip()
    match = _STAMP.fullmatch(value)
    if match is None:
        raise ValueError(value)
    year, month, day, hour, minute, second, utc = match.groups()
    if hour is None:
        return datetime(int(year), int(month), int(day), tzinfo=LONDON).astimezone(UTC), True
    named = None if utc else _TZID.search(rest)
    zone: tzinfo = UTC if utc else zones.named(named.group(1)) if named else LONDON
    at = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59), tzinfo=zone)
    return at.astimezone(UTC), False


def _lasting(value: str) -> timedelta:
    match = _LASTS.fullmatch(value.strip())
    if match is None:
        raise ValueError(value)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _stretches(rest: str) -> Iterator[Busy]:
    """Yield what one FREEBUSY line says; its instants are always in UTC (RFC 5545 3.8.2.6)."""
    head, _, values = rest.rpartition(":")
    if "FBTYPE=FREE" in head.upper():
        return
    for period in values.split(","):
        start, _, end = period.strip().partition("/")
        try:
            starts_at = datetime.strptime(start, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if end.upper().startswith(("P", "+P")):
                ends_at = starts_at + _lasting(end)
            else:
                ends_at = datetime.strptime(end, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
        if starts_at < ends_at:
            yield Busy(starts_at, ends_at)


def _repeated(events: Sequence[Lines], zones: _Zones, first: datetime, last: datetime) -> Iterator[Busy]:
    if not events:
        return
    rules = "\n".join(lines.get("RRULE", "") for lines in events)
    if len(events) > MAX_REPEATING or _OFTEN.search(rules):
        raise UnusableCalendar(
            "calendar_repeats", "The calendar repeats something every few minutes, or repeats too much to be read."
        )
    slim = zones.slim_calendar(events)
    try:
        occurrences = recurring_ical_events.of(slim, skip_bad_series=True).after(first)
        for number, each in enumerate(occurrences):
            starts_at, ends_at = _instant(each["DTSTART"].dt), _instant(each["DTEND"].dt)
            if starts_at >= last:
                return
            if number >= MAX_STRETCHES:
                raise UnusableCalendar("calendar_repeats", "The calendar repeats too much to be read.")
            if starts_at < ends_at and each.get("X-SUITE-BUSY") == "yes":
                yield Busy(starts_at, ends_at)
    except (ValueError, KeyError, OverflowError, TypeError) as error:
        raise UnusableCalendar(
            "calendar_unreadable", "The calendar repeats something in a way that cannot be read."
        ) from error


def _instant(at: date) -> datetime:
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, tzinfo=LONDON).astimezone(UTC)
    return (at if at.tzinfo else at.replace(tzinfo=LONDON)).astimezone(UTC)


def _merged(stretches: Iterator[Busy], first: datetime, last: datetime) -> tuple[Busy, ...]:
    within = sorted(
        (max(one.starts_at, first), min(one.ends_at, last))
        for one in stretches
        if one.starts_at < last and one.ends_at > first
    )
    merged: list[tuple[datetime, datetime]] = []
    for starts_at, ends_at in within:
        if merged and starts_at <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends_at))
        else:
            merged.append((starts_at, ends_at))
    if len(merged) > MAX_STRETCHES:
        raise UnusableCalendar("calendar_too_big", "The calendar holds too much to be read.")
    return tuple(Busy(*one) for one in merged)


class _Zones:
    """What the time zones of one calendar mean: those of the world, Outlook's, and those it defines itself."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, tzinfo] = {}

    def named(self, name: str) -> tzinfo:
        """Return a zone by its name; England's where nobody knows it."""
        if name not in self._known:
            self._known[name] = _world_zone(name) or self._own().get(name) or LONDON
        return self._known[name]

    def slim_calendar(self, events: Sequence[Lines]) -> icalendar.Calendar:
        """Return the events as a calendar that holds when they are, in zones of the world, and nothing else."""
        made = icalendar.Calendar()
        for lines in events:
            event = icalendar.Event()
            event.add("UID", lines.get("UID", ":").partition(":")[2])
            event.add("X-SUITE-BUSY", "yes" if _is_busy(lines) else "no")
            for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE"):
                for rest in lines.get(name, "").split("\n"):
                    if rest:
                        self._copy(event, name, rest)
            made.add_component(event)
        return made

    def _copy(self, event: icalendar.Event, name: str, rest: str) -> None:
        value = rest.rpartition(":")[2].strip()
        if name == "RRULE":
            event.add(name, icalendar.vRecur.from_ical(value))
        elif name == "DURATION":
            event.add(name, _lasting(value))
        elif name in ("RDATE", "EXDATE"):
            moments = [self._moment(rest, each.partition("/")[0]) for each in value.split(",")]
            event.add(name, moments)
        else:
            event.add(name, self._moment(rest, value))

    def _moment(self, rest: str, value: str) -> date:
        match = _STAMP.fullmatch(value)
        if match is None:
            raise ValueError(value)
        year, month, day = (int(part) for part in match.groups()[:3])
        if match.group(4) is None:
            return date(year, month, day)
        named = _TZID.search(rest)
        zone: tzinfo = UTC if match.group(7) else self.named(named.group(1)) if named else LONDON
        hour, minute, second = (int(part) for part in match.groups()[3:6])
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)

    def _own(self) -> dict[str, tzinfo]:
        own: dict[str, tzinfo] = {}
        for found in islice(_ZONE.findall(self._text), 100):
            try:
                zone = icalendar.Timezone.from_ical(found.strip())
                if isinstance(zone, icalendar.Timezone):
                    own[str(zone["TZID"])] = zone.to_tz()
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return own


@cache
def _world_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name.lstrip("/")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
