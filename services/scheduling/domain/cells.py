"""Days cut into cells of 15 minutes, held as the bits of one whole number: "free for an hour" is a few shifts and ANDs.

Cells are wall-clock times in England; a day on which the clocks change has the same cells as any other, as the change
happens at night. Bit n of a mask is cell n of the days looked at, one day after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from operator import or_

from services.scheduling.domain.busy import Busy, Taken, Weekly
from services.scheduling.domain.policy import MeetingPolicy
from shared.kernel.clock import LONDON

CELL_MINUTES = 15
_DAY = 24 * 60
_HALF_A_DAY = 12 * 60
_1970 = date(1970, 1, 1).toordinal()


def minute_of(at: time) -> int:
    """Return the minute of the day."""
    return at.hour * 60 + at.minute


def cells_of(minutes: int) -> int:
    """Return how many cells a meeting of so many minutes takes."""
    return -(-minutes // CELL_MINUTES)


@dataclass(frozen=True)
class Grid:
    """The cells of some days in order: `openings` are the minutes since 1970 at which each day's first cell begins.

    `opens` is the minute of the day of that first cell, `cells` how many there are each day.
    """

    days: tuple[date, ...]
    opens: int
    cells: int
    openings: tuple[int, ...]

    @classmethod
    def of(cls, policy: MeetingPolicy, days: Sequence[date]) -> Grid:
        """Return the cells in which a policy lets meetings be, on these days (ascending)."""
        at = policy.day_starts
        instants = (datetime(day.year, day.month, day.day, at.hour, at.minute, tzinfo=LONDON) for day in days)
        openings = (int(instant.timestamp()) // 60 for instant in instants)
        opens = minute_of(at)
        return cls(tuple(days), opens, (minute_of(policy.day_ends) - opens) // CELL_MINUTES, tuple(openings))

    def taken(self, stretches: Iterable[Taken]) -> int:
        """Return the cells that any of these stretches touch; one may last for days."""
        dated: list[Busy] = []
        weekly: list[Weekly] = []
        for one in stretches:
            if isinstance(one, Busy):
                dated.append(one)
            else:
                weekly.append(one)
        return self.busy(dated) | self.weekly(weekly)

    def busy(self, stretches: Iterable[Busy]) -> int:
        """Return the cells that these stretches touch."""
        cells, openings, number = self.cells, self.openings, self._number
        of_day = [0] * len(openings)
        for one in stretches:
            start, end = one.first, one.beyond
            index = number.get(start // _DAY)
            if index is None:
                if start // _DAY != end // _DAY:
                    self._long(of_day, start, end)
                continue
            opening = openings[index]
            if end > opening + _HALF_A_DAY:
                self._long(of_day, start, end)
                continue
            first = (start - opening) // CELL_MINUTES if start > opening else 0
            beyond = (end - opening + CELL_MINUTES - 1) // CELL_MINUTES
            if beyond > cells:
                beyond = cells
            if beyond > first:
                of_day[index] |= (1 << beyond) - (1 << first)
        return self._joined(of_day)

    def weekly(self, stretches: Iterable[Weekly]) -> int:
        """Return the cells that these stretches touch, week by week."""
        mask = 0
        for one in stretches:
            first = max(0, (one.starts - self.opens) // CELL_MINUTES)
            beyond = min(self.cells, -(-(one.ends - self.opens) // CELL_MINUTES))
            if beyond <= first:
                continue
            of_one_day = (1 << beyond) - (1 << first)
            mask |= of_one_day * self._firsts(one.weekday, one.first, one.last)
        return mask

    def every_day(self, of_one_day: int) -> int:
        """Return the same cells of each day."""
        ones = ((1 << (self.cells * len(self.days))) - 1) // ((1 << self.cells) - 1)
        return of_one_day * ones

    def all_starts(self, length: int) -> int:
        """Return the cells at which something of `length` cells can start and be over on the same day."""
        return self.every_day((1 << (self.cells - length + 1)) - 1) if length <= self.cells else 0

    def _long(self, of_day: list[int], start: int, end: int) -> None:
        """Add a stretch that does not begin on one of the days, or goes on after its day."""
        for index, opening in enumerate(self.openings):
            first = max(0, (start - opening) // CELL_MINUTES)
            beyond = min(self.cells, -((opening - end) // CELL_MINUTES))
            if beyond > first:
                of_day[index] |= (1 << beyond) - (1 << first)

    def _joined(self, of_day: list[int]) -> int:
        """Return the days' cells as one number, by halves, so that long numbers are built few times."""
        width = self.cells
        while len(of_day) > 1:
            if len(of_day) % 2:
                of_day.append(0)
            shifted = [later << width for later in of_day[1::2]]
            of_day = list(map(or_, of_day[::2], shifted))
            width *= 2
        return of_day[0] if of_day else 0

    def _firsts(self, weekday: int, first: date, last: date) -> int:
        """Return the first cells of the days of one weekday between two days."""
        if self.days and first <= self.days[0] and last >= self.days[-1]:
            return self._firsts_of_weekdays[weekday]
        within = (index for index, day in enumerate(self.days) if first <= day <= last and day.weekday() == weekday)
        return sum(1 << (index * self.cells) for index in within)

    @cached_property
    def _firsts_of_weekdays(self) -> tuple[int, ...]:
        firsts = [0] * 7
        for index, day in enumerate(self.days):
            firsts[day.weekday()] |= 1 << (index * self.cells)
        return tuple(firsts)

    @cached_property
    def _number(self) -> dict[int, int]:
        """Return which of the days has so many days between 1970 and it."""
        return {day.toordinal() - _1970: index for index, day in enumerate(self.days)}


def spoiled(taken: int, length: int) -> int:
    """Return the starts from which a meeting of `length` cells would run into a taken cell."""
    done, mask = 1, taken
    while done < length:
        step = min(done, length - done)
        mask |= mask >> step
        done += step
    return mask
