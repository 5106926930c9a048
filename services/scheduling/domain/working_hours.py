"""At which hours of the week somebody can come: those of a part-timer, or what a carer's school run leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.scheduling.domain.busy import WHOLE_DAY, BusyKind, Weekly

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
DAYS = (*WEEKDAYS, "Saturday", "Sunday")
ONE_DAY = timedelta(days=1)
_TIME = r"([0-9][0-9:. ]*(?:am|pm)?|noon|midday)"
_STRETCH = re.compile(rf"{_TIME} ?(?:to|until|till|-|–) ?{_TIME}")
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?(am|pm)?")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Part of a weekday (0 for Monday), in minutes of the day: `starts` < `ends`."""

    weekday: int
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The stretches of the week that suit a person, from a day until their next ones hold."""

    person_id: str
    from_date: date
    stretches: tuple[Stretch, ...]
    recorded_at: datetime
    recorded_by: str

    def on(self, weekday: int) -> tuple[Stretch, ...]:
        """Return the stretches of a weekday, in order."""
        return tuple(sorted(one for one in self.stretches if one.weekday == weekday))


class UnreadableHours(ValueError):
    """What somebody typed for a day is no hours; the message says what to write."""


def outside(patterns: Iterable[WorkingHours]) -> tuple[Weekly, ...]:
    """Return all of the week that does not suit somebody: before the first pattern holds, everything does."""
    in_order = sorted(patterns, key=lambda one: one.from_date)
    found: list[Weekly] = []
    for number, pattern in enumerate(in_order):
        last = in_order[number + 1].from_date - ONE_DAY if number + 1 < len(in_order) else date.max
        for weekday in range(7):
            for starts, ends in _gaps(pattern.on(weekday)):
                found.append(Weekly(weekday, starts, ends, BusyKind.OUTSIDE_HOURS, first=pattern.from_date, last=last))
    return tuple(found)


def in_force(patterns: Iterable[WorkingHours], day: date) -> WorkingHours | None:
    """Return the pattern that holds on a day, if any."""
    begun = [one for one in patterns if one.from_date <= day]
    return max(begun, key=lambda one: one.from_date) if begun else None


def read_hours(weekday: int, typed: str) -> tuple[Stretch, ...]:
    """Return the stretches that somebody typed for a weekday: `9 to 12:30, 1:15pm to 3`; none for an empty text.

    An hour from 1 to 6 without am or pm is one of the afternoon. Raises `UnreadableHours`.
    """
    found: list[Stretch] = []
    for part in re.split(r",|;|\band\b", typed.lower()):
        text = part.strip()
        if not text:
            continue
        match = _STRETCH.fullmatch(text)
        starts, ends = (_minute(match[1]), _minute(match[2])) if match else (None, None)
        if starts is None or ends is None:
            raise UnreadableHours(f"Enter the hours on {WEEKDAYS[weekday]} like 9 to 12:30, 1:15pm to 3pm.")
        if ends <= starts:
            raise UnreadableHours(f"On {WEEKDAYS[weekday]} the hours end before they start. Add am or pm.")
        if found and found[-1].ends > starts:
            raise UnreadableHours(f"Enter the hours on {WEEKDAYS[weekday]} in order, so that they do not overlap.")
        found.append(Stretch(weekday, starts, ends))
    return tuple(found)


def hours_in_words(stretches: Sequence[Stretch]) -> str:
    """Return the hours of one day as they are typed: 9am to 12:30pm, 1:15pm to 3pm."""
    return ", ".join(f"{_clock(one.starts)} to {_clock(one.ends)}" for one in stretches)


def _gaps(stretches: Sequence[Stretch]) -> Iterable[tuple[int, int]]:
    at = 0
    for one in stretches:
        if one.starts > at:
            yield at, one.starts
        at = max(at, one.ends)
    if at < WHOLE_DAY:
        yield at, WHOLE_DAY


def _minute(text: str) -> int | None:
    plain = text.replace(" ", "")
    if plain in ("noon", "midday"):
        return 12 * 60
    match = _CLOCK.fullmatch(plain)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif 1 <= hour <= 6:
        hour += 12
    return hour * 60 + minute


def _clock(minute: int) -> str:
    hour, rest = divmod(minute, 60)
    half = "am" if hour < 12 else "pm"
    return f"{hour % 12 or 12}:{rest:02d}{half}" if rest else f"{hour % 12 or 12}{half}"
