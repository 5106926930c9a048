"""Working days as the Care Planning Regulations count them."""

from __future__ import annotations

from collections.abc import Set
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def is_working_day(day: date, holidays: Set[date]) -> bool:
    """Tell whether `day` is a working day.

    Any day other than a Saturday, a Sunday, Christmas Day, Good Friday or a bank holiday in England and Wales
    (SI 2010/959 regulation 2). `holidays` holds the last three kinds; see `shared.platform.bank_holidays`.
    """
    return day.weekday() < 5 and day not in holidays


def add_working_days(day: date, count: int, holidays: Set[date]) -> date:
    """Return the date `count` working days after `day` (count >= 0).

    The day of the event is day 0 and counting starts on the next working day (the convention of this suite; the
    regulations do not settle it). With count 0 the day itself is returned.
    """
    if count < 0:
        raise ValueError("Count working days forwards.")
    while count:
        day += ONE_DAY
        if is_working_day(day, holidays):
            count -= 1
    return day


def subtract_working_days(day: date, count: int, holidays: Set[date]) -> date:
    """Return the date `count` working days before `day` (count >= 0); the mirror of `add_working_days`."""
    if count < 0:
        raise ValueError("Count working days as a positive number.")
    while count:
        day -= ONE_DAY
        if is_working_day(day, holidays):
            count -= 1
    return day


def working_days_between(start: date, end: date, holidays: Set[date]) -> int:
    """Return how many working days lie after `start` up to and including `end`; negative when `end` is earlier."""
    if end < start:
        return -working_days_between(end, start, holidays)
    count = 0
    day = start
    while day < end:
        day += ONE_DAY
        count += is_working_day(day, holidays)
    return count


def days_skipped(start: date, end: date, holidays: Set[date]) -> list[date]:
    """Return the bank holidays on weekdays after `start` up to and including `end`, in order: what a count skipped."""
    return sorted(day for day in holidays if start < day <= end and day.weekday() < 5)
