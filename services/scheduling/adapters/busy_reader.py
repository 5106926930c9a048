"""Reads from a published calendar when its owner is busy, and nothing else: titles and places are never looked at.

RFC 5545 events and VFREEBUSY. A published diary can hold ten years of appointments, so events are read straight from
their few lines; what repeats is followed day by day (`repeats`), so that no rule can keep the reader busy for long.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from services.scheduling.adapters.repeats import Budget, Rule, TooOften, occurrences, read_rule
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.domain.busy import Busy
from shared.kernel.clock import LONDON

MAX_DIARY_BYTES = 8_000_000
MAX_EVENTS = 50_000
MAX_REPEATING = 2_000
MAX_STRETCHES = 20_000
FURTHEST_SHIFT = timedelta(days=400)
MAX_ZONES, LONGEST_ZONE = 100, 20_000
_ZONE_BEGINS = re.compile(r"\nBEGIN:VTIMEZONE[ \t]*\n", re.IGNORECASE)
_ZONE_ENDS = re.compile(r"\nEND:VTIMEZONE", re.IGNORECASE)
_LINE = re.compile(
    r"\n(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|UID|TRANSP|STATUS|FREEBUSY"
    r"|X-MICROSOFT-CDO-BUSYSTATUS)([;:][^\r\n]*)",
    re.IGNORECASE,
)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
_LASTS = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_UNTIL = re.compile(r"UNTIL=([0-9TZ]+)", re.IGNORECASE)
_FROM_HERE_ON = re.compile(r";RANGE=THISANDFUTURE", re.IGNORECASE)
_TZID = re.compile(r';TZID="?([^";:]+)', re.IGNORECASE)
_REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})
_SEVERAL = frozenset({"RDATE", "EXDATE"})
_FREE = frozenset({"FREE", "WORKINGELSEWHERE"})

_TOO_MUCH = "The calendar repeats something every few minutes, or repeats too much to be read."

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
    text = "\n" + _unfolded(raw).decode("utf-8-sig", "replace")
    if "\nBEGIN:VCALENDAR" not in text[:2000].upper():
        raise UnusableCalendar(
            "not_a_calendar", "What is at the address is no calendar. Copy the address that ends in .ics"
        )
    zones = _Zones(text)
    return _merged(_all(text, zones, first, last, but), first, last)


def _unfolded(raw: bytes) -> bytes:
    raw = raw.replace(b"\r\n", b"\n")
    if b"\r" in raw:
        raw = raw.replace(b"\r", b"" if b"\n" in raw else b"\n")
    return raw.replace(b"\n ", b"").replace(b"\n\t", b"")


def _all(text: str, zones: _Zones, first: datetime, last: datetime, but: Container[str]) -> Iterator[Busy]:
    events, free_busy = _parts(text)
    if sum(rest.count(",") + 1 for rest in free_busy) > MAX_EVENTS:
        raise UnusableCalendar("calendar_too_big", f"The calendar holds more than {MAX_EVENTS:,} entries.")
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
    several: dict[tuple[int, str], list[str]] = {}
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
            if key in _SEVERAL:
                several.setdefault((len(events), key), []).append(words)
            else:
                events[-1].setdefault(key, words)
    for (number, key), given in several.items():
        events[number - 1][key] = "\n".join(given)
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
    value = rest.rpartition(":")[2].strip()
    match = _STAMP.fullmatch(value)
    if match is None:
        raise ValueError(value)
    year, month, day, hour, minute, second, utc = match.groups()
    if hour is None:
        return datetime(int(year), int(month), int(day), tzinfo=LONDON).astimezone(UTC), True
    zone: tzinfo = UTC if utc else zones.of(rest)
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
            starts_at = _utc(start)
            ends_at = starts_at + _lasting(end) if end.upper().startswith(("P", "+P")) else _utc(end)
        except (ValueError, OverflowError):
            continue
        if starts_at < ends_at:
            yield Busy(starts_at, ends_at)


def _utc(value: str) -> datetime:
    match = _STAMP.fullmatch(value)
    if match is None or not match.group(7):
        raise ValueError(value)
    return datetime(*(int(part) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]


def _repeated(events: Sequence[Lines], zones: _Zones, first: datetime, last: datetime) -> Iterator[Busy]:
    """Yield when events that repeat take place, with what was moved, called off or added."""
    budget = Budget()
    if len(events) > MAX_REPEATING:
        raise UnusableCalendar("calendar_repeats", _TOO_MUCH)
    changed: dict[str, dict[datetime, Lines]] = {}
    shifted: dict[str, list[tuple[datetime, Lines]]] = {}
    for lines in events:
        if "RECURRENCE-ID" in lines:
            try:
                moment, _ = _moment(lines["RECURRENCE-ID"], zones)
            except (ValueError, OverflowError):
                continue
            changed.setdefault(lines.get("UID", ""), {})[moment] = lines
            if _FROM_HERE_ON.search(lines["RECURRENCE-ID"].rpartition(":")[0]):
                shifted.setdefault(lines.get("UID", ""), []).append((moment, lines))
            if _is_busy(lines):
                yield from _once(lines, zones)
    for lines in events:
        if "RECURRENCE-ID" in lines or not _is_busy(lines):
            continue
        try:
            series = _Series.read(lines, zones).with_shifts(shifted.get(lines.get("UID", ""), []), zones)
            yield from series.between(first, last, changed.get(lines.get("UID", ""), {}), budget)
        except TooOften as often:
            raise UnusableCalendar("calendar_repeats", _TOO_MUCH) from often
        except (ValueError, KeyError, OverflowError) as error:
            raise UnusableCalendar(
                "calendar_unreadable", "The calendar repeats something in a way that cannot be read."
            ) from error


@dataclass(frozen=True, slots=True)
class _Shift:
    """From a moment of a series on each instance begins `by` later, in local time, and `lasts` so long.

    RFC 5545 section 3.2.13. Where it lasts no time, none of them is busy any more.
    """

    since: datetime
    by: timedelta
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class _Series:
    """An event that repeats: its rules in its own local time, what is added and left out, and how long each lasts."""

    zone: tzinfo
    lasts: timedelta
    days: int
    rules: tuple[Rule, ...]
    starts: frozenset[datetime]
    left_out: frozenset[datetime]
    shifts: tuple[_Shift, ...] = ()

    def with_shifts(self, given: Sequence[tuple[datetime, Lines]], zones: _Zones) -> _Series:
        """Return the series with what was moved from some instance on (`RANGE=THISANDFUTURE`), the latest first."""
        found = []
        for since, lines in given:
            starts_at, _ = _moment(lines["DTSTART"], zones)
            whole = list(_once(lines, zones)) if _is_busy(lines) else []
            lasts = whole[0].ends_at - whole[0].starts_at if whole else timedelta(0)
            found.append(_Shift(since, self._local(starts_at) - self._local(since), lasts))
        return replace(self, shifts=tuple(sorted(found, key=lambda one: one.since, reverse=True)))

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    @classmethod
    def read(cls, lines: Lines, zones: _Zones) -> _Series:
        """Read an event; raises `ValueError`, `OverflowError` or `TooOften`. `days` is 0 of one at a time of day."""
        start = lines["DTSTART"]
        starts_at, is_day = _moment(start, zones)
        whole = list(_once(lines, zones))
        lasts = whole[0].ends_at - whole[0].starts_at if whole else timedelta(0)
        zone = LONDON if is_day else zones.of(start)
        local = starts_at.astimezone(zone).replace(tzinfo=None)
        if sum(lines.get(name, "").count(",") for name in _SEVERAL) > MAX_STRETCHES:
            raise TooOften
        rule = lines.get("RRULE", "").rpartition(":")[2]
        rules = (read_rule(rule, local, _until(rule, zone)),) if rule else ()
        added = _moments(lines.get("RDATE", ""), zones)
        days = round(lasts / timedelta(days=1)) if is_day else 0
        return cls(zone, lasts, days, rules, frozenset({starts_at, *added}), _moments(lines.get("EXDATE", ""), zones))

    def between(
        self, first: datetime, last: datetime, changed: Mapping[datetime, Lines], budget: Budget
    ) -> Iterator[Busy]:
        """Yield each time it takes place so that it is not over before `first` and starts before `last`."""
        furthest = min(max((abs(one.by) + one.lasts for one in self.shifts), default=timedelta(0)), FURTHEST_SHIFT)
        early = max(first - self.lasts - furthest - timedelta(days=2), datetime(1, 1, 2, tzinfo=UTC)).date()
        late = (last + furthest).date() + timedelta(days=1)
        for rule in self.rules:
            for local in occurrences(rule, early, late, budget):
                yield from self._at(local.replace(tzinfo=self.zone).astimezone(UTC), changed)
        for moment in self.starts:
            yield from self._at(moment, changed)

    def _at(self, moment: datetime, changed: Mapping[datetime, Lines]) -> Iterator[Busy]:
        if moment in self.left_out or moment in changed:
            return
        shift = next((one for one in self.shifts if one.since <= moment), None)
        if shift is not None:
            starts_at = (self._local(moment) + shift.by).replace(tzinfo=self.zone).astimezone(UTC)
            if shift.lasts:
                yield Busy(starts_at, starts_at + shift.lasts)
            return
        if not self.lasts:
            return
        if not self.days:
            yield Busy(moment, moment + self.lasts)
            return
        day = moment.astimezone(LONDON).date() + timedelta(days=self.days)
        yield Busy(moment, datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC))


def _until(rule: str, zone: tzinfo) -> datetime | None:
    """Return UNTIL in the local time of the event; a day without a time means to its end."""
    match = _UNTIL.search(rule)
    if match is None:
        return None
    stamp = _STAMP.fullmatch(match.group(1))
    if stamp is None:
        raise ValueError(rule)
    year, month, day, hour, minute, second, utc = stamp.groups()
    if hour is None:
        return datetime(int(year), int(month), int(day), 23, 59, 59)  # noqa: DTZ001 - local, as what it is compared to
    at = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
    return (at.astimezone(zone) if utc else at).replace(tzinfo=None)


def _moments(given: str, zones: _Zones) -> frozenset[datetime]:
    """Return the instants of RDATE or EXDATE, of which an event may have several lines."""
    found: set[datetime] = set()
    for rest in given.split("\n") if given else ():
        head, _, values = rest.rpartition(":")
        found.update(_moment(f"{head}:{each.partition('/')[0].strip()}", zones)[0] for each in values.split(","))
    return frozenset(found)


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
        self._own_zones: dict[str, tzinfo] | None = None

    def named(self, name: str) -> tzinfo:
        """Return a zone by its name; England's where nobody knows it."""
        if name not in self._known:
            self._known[name] = _world_zone(name) or self._own().get(name) or LONDON
        return self._known[name]

    def of(self, rest: str) -> tzinfo:
        """Return the zone that a line names; England's where it names none, and UTC of an instant in it."""
        if rest.endswith(("Z", "z")):
            return UTC
        named = _TZID.search(rest)
        return self.named(named.group(1)) if named else LONDON

    def _own(self) -> dict[str, tzinfo]:
        if self._own_zones is None:
            self._own_zones = dict(_zones_in(self._text))
        return self._own_zones


def _zones_in(text: str) -> Iterator[tuple[str, tzinfo]]:
    at = 0
    for _ in range(MAX_ZONES):
        begins = _ZONE_BEGINS.search(text, at)
        ends = _ZONE_ENDS.search(text, begins.end()) if begins else None
        if begins is None or ends is None:
            return
        at = ends.end()
        if at - begins.start() > LONGEST_ZONE:
            continue
        try:
            zone = icalendar.Timezone.from_ical(text[begins.start() : at].strip())
            if isinstance(zone, icalendar.Timezone):
                yield str(zone["TZID"]), zone.to_tz()
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            continue


@cache
def _world_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name.lstrip("/")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
