"""Marks and what they add up to. Exact integers throughout; one session is half a school day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.virtual_school.domain.attendance_codes import CODES, CodeGroup, Session
from shared.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class Mark:
    """What the register says of one child in one session."""

    child_id: str
    day: date
    session: Session
    code: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """Sessions counted over a period. `possible` is attended plus authorised plus unauthorised absence."""

    possible: int = 0
    attended: int = 0
    authorised: int = 0
    unauthorised: int = 0
    late: int = 0

    @property
    def tenths(self) -> int | None:
        """Return the attendance in tenths of a per cent, or None without a possible session.

        Cut, not rounded, so that a child under a threshold is never shown as being at it.
        """
        return self.attended * 1000 // self.possible if self.possible else None

    @property
    def words(self) -> str:
        """Return the attendance as a page shows it: `94.7%`, or `no marks`."""
        return show_tenths(self.tenths)

    def is_under(self, threshold_percent: int) -> bool:
        """Tell whether the attendance is under a whole percentage, exactly; without a possible session it is not."""
        return self.attended * 100 < threshold_percent * self.possible


def show_tenths(tenths: int | None) -> str:
    """Return tenths of a per cent in figures: 947 is `94.7%`; None is `no marks`."""
    return "no marks" if tenths is None else f"{tenths // 10}.{tenths % 10}%"


def add_up(codes: Iterable[str]) -> Attendance:
    """Count a period's codes (each one of `CODES`)."""
    return add_up_counts(Counter(codes))


def add_up_counts(counted: Mapping[str, int]) -> Attendance:
    """Count a period from how many times each code was given.

    What is a possible session is that of the statutory guidance "Working together to improve school attendance"; see
    `attendance_codes`.
    """
    known = [(CODES[code], times) for code, times in counted.items()]
    return Attendance(
        possible=sum(times for code, times in known if code.possible),
        attended=sum(times for code, times in known if code.attended),
        authorised=sum(times for code, times in known if code.group is CodeGroup.AUTHORISED_ABSENCE),
        unauthorised=sum(times for code, times in known if code.group is CodeGroup.UNAUTHORISED_ABSENCE),
        late=counted.get("L", 0),
    )


EARLIEST_MARK = date(2024, 8, 19)


def check_day(day: date, today: date) -> None:
    """Refuse a day that cannot bear a mark.

    A future day raises `DomainError` `mark_in_future`; a day before 19 August 2024, when the codes of SI 2024/208 came
    into force, raises `mark_before_codes`.
    """
    if day > today:
        raise DomainError("mark_in_future", "The date is in the future.", day=day)
    if day < EARLIEST_MARK:
        raise DomainError(
            "mark_before_codes", "The date is before 19 August 2024, when these codes came into force.", day=day
        )


def school_year_start(today: date) -> date:
    """Return the first day (1 September) of the school year that `today` falls in."""
    return date(today.year if today.month >= 9 else today.year - 1, 9, 1)


def monday_of(day: date) -> date:
    """Return the Monday of the week `day` is in."""
    return day - timedelta(days=day.weekday())
