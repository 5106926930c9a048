"""Lengths of time as the rules give them, and how each is counted.

Five units are in play and are easily confused: working days, school days, calendar days and weeks, calendar months, and
terms. A length always says which it is.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.pep.domain.terms import TermCalendar
from shared.kernel.working_days import add_working_days, days_skipped, is_working_day, subtract_working_days


class Unit(StrEnum):
    """What a length of time is counted in."""

    WORKING_DAYS = "working_days"
    SCHOOL_DAYS = "school_days"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    TERMS = "terms"

    @property
    def words(self) -> str:
        """Return the unit in words, in the plural."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: a count (0 or more) of a unit."""

    count: int
    unit: Unit

    @property
    def words(self) -> str:
        """Return the length in words: "10 working days", "1 week"."""
        return f"{self.count} {self.unit.words if self.count != 1 else self.unit.words[:-1]}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the days are counted on: bank holidays of England and Wales with their names, and the authority's terms."""

    holidays: Set[date]
    name_of: Callable[[date], str]
    terms: TermCalendar

    def is_school_day(self, day: date) -> bool:
        """Tell whether schools of the authority meet on `day`."""
        return is_working_day(day, self.holidays) and self.terms.schools_meet(day)


def add_months(day: date, count: int) -> date:
    """Return the same day of the month `count` calendar months later; the last of the month where it has no such day.

    The corresponding date rule: 30 November and 3 months is 28 February (29 in a leap year). A month is a calendar
    month in legislation (Interpretation Act 1978, Schedule 1).
    """
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_school_days(day: date, count: int, is_school_day: Callable[[date], bool]) -> date:
    """Return the `count`th school day after `day`, which is day 0.

    Raises `ValueError` when the calendar holds no school day for a year, as it then cannot be counted on.
    """
    idle = 0
    while count:
        day += timedelta(days=1)
        idle += 1
        if is_school_day(day):
            count, idle = count - 1, 0
        elif idle > 366:
            raise ValueError("The school's calendar has no school day for a year.")
    return day


def after(day: date, period: Period, calendar: Calendar) -> date:
    """Return the last day "within" a period of an event: the day of the event is day 0.

    For terms, the last school day of the term that many terms on (0 is the term of `day` itself).
    """
    match period.unit:
        case Unit.WORKING_DAYS:
            return add_working_days(day, period.count, calendar.holidays)
        case Unit.SCHOOL_DAYS:
            return add_school_days(day, period.count, calendar.is_school_day)
        case Unit.DAYS:
            return day + timedelta(days=period.count)
        case Unit.WEEKS:
            return day + timedelta(weeks=period.count)
        case Unit.MONTHS:
            return add_months(day, period.count)
        case Unit.TERMS:
            term = calendar.terms.term_of(day)
            for _ in range(period.count):
                term = calendar.terms.next_term(term)
            return term.last_school_day


def before(day: date, period: Period, calendar: Calendar) -> date:
    """Return the last day that leaves a whole period before `day`; days, weeks and working days only."""
    match period.unit:
        case Unit.WORKING_DAYS:
            return subtract_working_days(day, period.count, calendar.holidays)
        case Unit.DAYS:
            return day - timedelta(days=period.count)
        case Unit.WEEKS:
            return day - timedelta(weeks=period.count)
        case _:
            raise ValueError(f"{period.unit.words} cannot be counted backwards.")


def explain(day: date, period: Period, end: date, calendar: Calendar) -> str:
    """Say in words how a period that began on `day` and ends on `end` was counted, naming the bank holidays skipped."""
    text = f"{period.words} from {long_date(day)}"
    if period.unit not in (Unit.WORKING_DAYS, Unit.SCHOOL_DAYS):
        return text
    skipped = [f"{long_date(skip)} ({calendar.name_of(skip)})" for skip in days_skipped(day, end, calendar.holidays)]
    always = ["weekends"] if period.unit is Unit.WORKING_DAYS else ["weekends", "school holidays"]
    return f"{text}, skipping {in_a_row([*always, *skipped])}"


def long_date(day: date) -> str:
    """Return a date as prose has it: "11 November 2026"."""
    return f"{day.day} {day:%B %Y}"


def in_a_row(parts: list[str]) -> str:
    """Join parts as prose does: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
