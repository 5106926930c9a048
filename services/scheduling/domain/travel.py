"""Getting from one meeting to the next: minutes of margin between meetings in different places.

No maps: two places are the same when the words before the first comma are (“Oakfield Academy, room 2” is at Oakfield
Academy). Where it is not known where a meeting is, it counts as elsewhere. Online needs no journey.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduling.domain.busy import Busy, BusyKind
from services.scheduling.domain.meeting import Mode


@dataclass(frozen=True, slots=True)
class Booked:
    """Another meeting that somebody is booked for: when, how and where."""

    meeting_id: str
    starts_at: datetime
    ends_at: datetime
    mode: Mode
    place: str


def site(place: str) -> str:
    """Return where a place is, without the room, to be compared with others."""
    return " ".join(place.partition(",")[0].split()).casefold()


def taken_by(booked: Iterable[Booked], *, but: str, mode: Mode, place: str, minutes: int) -> tuple[Busy, ...]:
    """Return when somebody is at other meetings than `but`, or on the way between one and a meeting at `place`."""
    here, margin = site(place), timedelta(minutes=minutes)
    found: list[Busy] = []
    for one in booked:
        if one.meeting_id == but:
            continue
        found.append(Busy(one.starts_at, one.ends_at))
        if not minutes or Mode.ONLINE in (mode, one.mode) or (here and site(one.place) == here):
            continue
        found.append(Busy(one.starts_at - margin, one.starts_at, BusyKind.TRAVEL))
        found.append(Busy(one.ends_at, one.ends_at + margin, BusyKind.TRAVEL))
    return tuple(found)
