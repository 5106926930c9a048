"""Reading a school's term calendar: from a file's bytes (iCalendar, RFC 5545) or from an address on the web."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from services.scheduling.domain.term_calendar import TermDate, kind_of
from shared.kernel.clock import london_date
from shared.kernel.errors import DomainError

MAX_BYTES = 1_000_000
LONGEST_ENTRY = timedelta(days=250)


class UnusableCalendar(DomainError):
    """What was given is not a term calendar that can be used; the message says what is wrong and what to do."""


def read_term_dates(raw: bytes) -> tuple[TermDate, ...]:
    """Return the term dates in an `.ics` file, in order of date; raises `UnusableCalendar`.

    Entries whose titles say nothing about when the school meets (a concert, a sports day) are left out.
    """
    if len(raw) > MAX_BYTES:
        raise UnusableCalendar("calendar_too_big", "The calendar is larger than 1 MB. Export the term dates only.")
    found: dict[tuple[object, ...], TermDate] = {}
    for calendar in _calendars(raw):
        for event in calendar.walk("VEVENT"):
            entry = _term_date(event)
            if entry is not None:
                found[entry.kind, entry.first, entry.last, entry.summary] = entry
    if not found:
        raise UnusableCalendar(
            "no_term_dates",
            "The calendar holds no term dates. It should name the first and last days of term, the holidays and the "
            "INSET days.",
        )
    entries = _without_shared_prefix(list(found.values()))
    return tuple(sorted(entries, key=lambda entry: (entry.first, entry.last, entry.kind)))


def _calendars(raw: bytes) -> list[Any]:
    if b"BEGIN:VCALENDAR" not in raw[:4096].upper():
        raise UnusableCalendar("not_a_calendar", "This is not a calendar file. Choose the school's .ics file.")
    try:
        return list(Calendar.from_ical(raw, multiple=True))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise UnusableCalendar(
            "broken_calendar", "The calendar file is damaged and cannot be read. Export it again and try once more."
        ) from error


def _term_date(event: Any) -> TermDate | None:
    try:
        start, end = event.get("DTSTART"), event.get("DTEND")
        if start is None or str(event.get("STATUS", "")).upper() == "CANCELLED":
            return None
        first = _day(start.dt)
        last = first
        if end is not None:
            last = _day(end.dt) if isinstance(end.dt, datetime) else _day(end.dt) - timedelta(days=1)
        elif event.get("DURATION") is not None and event["DURATION"].dt >= timedelta(days=1):
            last = first + event["DURATION"].dt - timedelta(days=1)
        summary = " ".join(str(event.get("SUMMARY", "")).split())[:200]
    except (ValueError, AttributeError, OverflowError) as error:
        raise UnusableCalendar(
            "broken_calendar", "An entry of the calendar has a date that cannot be read. Export it again."
        ) from error
    last = max(first, last)
    if last - first > LONGEST_ENTRY:
        return None
    kind = kind_of(summary, first, last)
    return TermDate(kind, first, last, summary) if kind else None


def _without_shared_prefix(entries: list[TermDate]) -> list[TermDate]:
    """Drop a school's name that stands before every title ("Oakfield: INSET day")."""
    prefixes = {entry.summary.partition(": ")[0] for entry in entries if ": " in entry.summary}
    if len(prefixes) != 1 or not all(": " in entry.summary for entry in entries):
        return entries
    return [replace(entry, summary=entry.summary.partition(": ")[2]) for entry in entries]


def _day(value: date | datetime) -> date:
    if not isinstance(value, datetime):
        return value
    return london_date(value) if value.tzinfo else value.date()
