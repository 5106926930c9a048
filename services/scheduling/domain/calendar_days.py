"""The days that a calendar shows for a week or a month: whole weeks, from Monday to Sunday."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def week_of(day: date) -> tuple[date, date]:
    """Return the Monday and the Sunday of the week that holds a day."""
    monday = day - ONE_DAY * day.weekday()
    return monday, monday + ONE_DAY * 6


def weeks_of_month(day: date) -> tuple[date, date]:
    """Return the Monday of the first and the Sunday of the last week that hold days of the month of a day."""
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return week_of(day.replace(day=1))[0], week_of(last)[1]


def month_after(day: date, months: int = 1) -> date:
    """Return the first day of the month so many months after that of a day (before it, where negative)."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
