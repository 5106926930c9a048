"""Writes a calendar feed as iCalendar: meetings as VEVENTs, or one VFREEBUSY.

There is no METHOD (the file is a calendar, not a message, RFC 5545 section 3.7.2) and nothing that changes from one
request to the next, so that the same meetings are the same bytes and a calendar program need not fetch them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.scheduling.adapters.icalendar_writer import (
    EUROPE_LONDON,
    PRODUCT,
    escaped,
    folded,
    times,
    uri,
    utc_stamp,
)
from services.scheduling.domain.busy import Busy
from services.scheduling.domain.feeds import ASK_AGAIN, FeedEntry

_HOURS = int(ASK_AGAIN.total_seconds()) // 3600


def write_feed(name: str, entries: Iterable[FeedEntry]) -> bytes:
    """Return meetings as a VCALENDAR; `name` is what the calendar is called in the reader's program (RFC 7986)."""
    lines = [
        *_head(name),
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{_HOURS}H",
        f"X-PUBLISHED-TTL:PT{_HOURS}H",
        *EUROPE_LONDON,
    ]
    for one in entries:
        start, end = times(one.starts_at, one.ends_at)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.uid}",
            f"DTSTAMP:{utc_stamp(one.changed_at)}",
            f"LAST-MODIFIED:{utc_stamp(one.changed_at)}",
            f"DTSTART{start}",
            f"DTEND{end}",
            f"SUMMARY:{escaped(one.summary)}",
            *([f"LOCATION:{escaped(one.where)}"] if one.where else []),
            *([f"URL:{uri(one.joining_link)}"] if one.joining_link else []),
            f"STATUS:{'CONFIRMED' if one.sure else 'TENTATIVE'}",
            "CLASS:PRIVATE",
            "TRANSP:OPAQUE",
            "END:VEVENT",
        ]
    return _written([*lines, "END:VCALENDAR"])


def write_free_busy(name: str, uid: str, first: datetime, last: datetime, busy: Iterable[Busy]) -> bytes:
    """Return when somebody is busy between two instants as a VCALENDAR with one VFREEBUSY (RFC 5545 section 3.6.4)."""
    return _written(
        [
            *_head(name),
            "BEGIN:VFREEBUSY",
            f"UID:{uid}",
            f"DTSTAMP:{utc_stamp(first)}",
            f"DTSTART:{utc_stamp(first)}",
            f"DTEND:{utc_stamp(last)}",
            *(f"FREEBUSY;FBTYPE=BUSY:{utc_stamp(one.starts_at)}/{utc_stamp(one.ends_at)}" for one in busy),
            "END:VFREEBUSY",
            "END:VCALENDAR",
        ]
    )


def _head(name: str) -> list[str]:
    return [
        "BEGIN:VCALENDAR",
        f"PRODID:{PRODUCT}",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"NAME:{escaped(name)}",
        f"X-WR-CALNAME:{escaped(name)}",
    ]


def _written(lines: list[str]) -> bytes:
    return b"\r\n".join([*map(folded, lines), b""])
