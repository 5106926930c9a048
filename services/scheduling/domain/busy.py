"""When somebody or something is taken: stretches of time, each with the reason why.

A new reason is a new `BusyKind` with its words in `judging` and `obstacles`; the search itself treats all alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from shared.kernel.clock import LONDON

WHOLE_DAY = 24 * 60


class BusyKind(StrEnum):
    """Why somebody is taken, in the order in which it is told when several reasons hold at once."""

    PEP_MEETING = "pep_meeting"
    DIARY = "diary"
    OUTSIDE_HOURS = "outside_working_hours"
    HELD_BY_POLL = "held_by_poll"
    TRAVEL = "travel"
    LESSON = "lesson"


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch of time in which somebody is taken (aware instants), and why.

    `what` is added in words where there are any (the lesson); a stretch that is not `hard` speaks against a time but
    never rules it out. `first` and `beyond` are the whole minutes since 1970 that it touches, for the search to reckon
    with: they are worked out once.
    """

    starts_at: datetime
    ends_at: datetime
    kind: BusyKind = BusyKind.PEP_MEETING
    what: str = ""
    hard: bool = True
    first: int = field(init=False, compare=False, repr=False)
    beyond: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out the minutes."""
        object.__setattr__(self, "first", int(self.starts_at.timestamp() // 60))
        object.__setattr__(self, "beyond", -int(-self.ends_at.timestamp() // 60))

    def touches(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Tell whether it overlaps the time between two instants."""
        return self.starts_at < ends_at and self.ends_at > starts_at


@dataclass(frozen=True, slots=True)
class Weekly:
    """A stretch that is taken every week: minutes of the day in England, `starts` < `ends` <= 1440.

    `weekday` is 0 for Monday; it holds from `first` to `last`, both included, or without end.
    """

    weekday: int
    starts: int
    ends: int
    kind: BusyKind
    what: str = ""
    hard: bool = True
    first: date = date.min
    last: date = date.max

    def touches(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Tell whether it overlaps the time between two instants of one day."""
        local, local_end = starts_at.astimezone(LONDON), ends_at.astimezone(LONDON)
        day = local.date()
        if local.weekday() != self.weekday or not self.first <= day <= self.last:
            return False
        end = local_end.hour * 60 + local_end.minute if local_end.date() == day else WHOLE_DAY
        return local.hour * 60 + local.minute < self.ends and end > self.starts


Taken = Busy | Weekly
