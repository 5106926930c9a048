"""Calendar feeds: what a calendar program is told that asks a private address every so often.

A feed holds no names: neither the child's nor anybody else's (RFC 5545 section 3.8.4.1: no ATTENDEE in what is
published). Its entries have ids of their own, so that they tell nothing to whoever has seen an invitation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from services.scheduling.domain.busy import Busy
from services.scheduling.domain.itip import NEUTRAL_SUMMARY
from services.scheduling.domain.meeting import Booking, Meeting, MeetingState, Mode

BEHIND, AHEAD = timedelta(weeks=4), timedelta(weeks=52)
BUSY_AHEAD = timedelta(weeks=26)
ASK_AGAIN = timedelta(hours=1)
"""How long a calendar program is asked to wait before it asks again (RFC 7986 section 5.7)."""


class FeedKind(StrEnum):
    """What a feed tells: one's own meetings, those of the school's children, or only when one is busy."""

    MINE = "mine"
    SCHOOL = "school"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that somebody has. `records` are the ids under which authorities have recorded the person."""

    id: str
    person_id: str
    records: tuple[str, ...]
    kind: FeedKind
    made_at: datetime


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One meeting in a feed; `sure` is False while it may yet be moved because somebody needed cannot come."""

    uid: str
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    where: str
    joining_link: str
    sure: bool


def entry_of(feed: Feed, meeting: Meeting, booking: Booking, changed_at: datetime) -> FeedEntry:
    """Return a meeting as a feed tells it; the school's says neither the place nor the link, as many may read it."""
    private = feed.kind is FeedKind.MINE
    online = "Online" if booking.mode is Mode.ONLINE else ""
    return FeedEntry(
        uid=str(uuid5(UUID(feed.id), meeting.id)),
        changed_at=changed_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        summary=NEUTRAL_SUMMARY,
        where=(booking.place or online) if private else online,
        joining_link=booking.joining_link if private else "",
        sure=meeting.state is not MeetingState.PUT_BACK,
    )


def merged(times: Iterable[Busy]) -> tuple[Busy, ...]:
    """Return stretches of time as few as possible, in order: those that touch or overlap are one."""
    found: list[Busy] = []
    for one in sorted(times, key=lambda each: (each.starts_at, each.ends_at)):
        if found and one.starts_at <= found[-1].ends_at:
            found[-1] = Busy(found[-1].starts_at, max(found[-1].ends_at, one.ends_at))
        else:
            found.append(one)
    return tuple(found)
