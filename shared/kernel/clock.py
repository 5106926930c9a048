"""The one place that reads the clock; everything else is told the time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """Return this instant as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return this instant as an aware UTC datetime."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that may


class FixedClock:
    """A clock that stands still until it is set; for tests and demonstrations."""

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("A fixed clock needs an aware datetime.")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant the clock was set to."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move the clock to `now` (aware)."""
        self._now = now.astimezone(UTC)


def london_date(instant: datetime) -> date:
    """Return the calendar day in England at an aware instant."""
    return instant.astimezone(LONDON).date()


def london_time(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the UTC instant of a wall-clock time in England.

    Where the wall clock shows a time twice (the last Sunday of October), the earlier instant is meant.
    """
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON).astimezone(UTC)
