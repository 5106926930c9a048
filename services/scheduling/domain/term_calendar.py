"""A school's own term calendar: on which days the school meets.

A "school day" is a day on which the school meets (SI 2007/1304 regulation 2 uses the words so). Schools publish first
and last days of term, INSET (staff training) days and holidays, and these overlap: an INSET day may lie inside a
holiday or be its first day. So a day counts as a school day only when nothing that was published says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from shared.kernel.working_days import is_working_day

ONE_DAY = timedelta(days=1)


class TermDateKind(StrEnum):
    """What a published entry says of its days."""

    FIRST_DAY = "first_day"
    LAST_DAY = "last_day"
    TERM = "term"
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class TermDate:
    """One entry of a term calendar; `last` is included."""

    kind: TermDateKind
    first: date
    last: date
    summary: str = ""


_CLOSED = re.compile(
    r"\b(inset|in-service|(staff|teacher|teachers'?|professional) (training|development|learning|preparation)"
    r"|(training|development|planning|preparation|cpd|pd|ted|baker|staff) days?"
    r"|closed|closure|(non|no)[- ](pupils?|students?|teaching)|(pupil|student)[- ]free"
    r"|(pupils|students) (do )?not (in|attend)|occasional days?)\b",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"first day|start of (the )?(\w+ )?(half[- ])?term|term (\d )?(starts|begins|opens)|back to school|re-?opens|"
    r"return to school|pupils return",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"last day|end of (the )?(\w+ )?(half[- ])?term|term (\d )?(ends|finishes|closes)|school closes|break(s)? up",
    re.IGNORECASE,
)
_HOLIDAY = re.compile(r"holiday|half[- ]?term|\bbreak\b|vacation", re.IGNORECASE)
_TERM = re.compile(r"\bterm\b", re.IGNORECASE)


def kind_of(summary: str, first: date, last: date) -> TermDateKind | None:
    """Return what an entry with this title means, or None when it says nothing about when the school meets.

    A staff training day that is also called the first day of term is a closed day: the pupils are not there.
    """
    if _CLOSED.search(summary):
        return TermDateKind.CLOSED
    if first == last and _FIRST.search(summary):
        return TermDateKind.FIRST_DAY
    if first == last and _LAST.search(summary):
        return TermDateKind.LAST_DAY
    if _HOLIDAY.search(summary):
        return TermDateKind.HOLIDAY
    if last > first and _TERM.search(summary):
        return TermDateKind.TERM
    return None


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """Whether the school meets on a day, why, and whether its own calendar says so (`known`)."""

    day: date
    meets: bool
    why: str
    known: bool


@dataclass(frozen=True)
class TermCalendar:
    """When one school meets; with no entries it answers from the usual English school year and says so."""

    school_name: str
    entries: tuple[TermDate, ...]
    bank_holidays: Set[date]

    @cached_property
    def covers(self) -> tuple[date, date] | None:
        """Return the first and last day that the school's own calendar speaks of, or None without entries."""
        if not self.entries:
            return None
        return min(entry.first for entry in self.entries), max(entry.last for entry in self.entries)

    def look_up(self, day: date) -> SchoolDay:
        """Say whether the school meets on `day`, and why."""
        if day.weekday() >= 5:
            return SchoolDay(day, False, "a weekend", True)
        if not is_working_day(day, self.bank_holidays):
            return SchoolDay(day, False, "a bank holiday", True)
        covers = self.covers
        if covers is None or not covers[0] <= day <= covers[1]:
            return self._usual(day)
        return self._published(day)

    def is_school_day(self, day: date) -> bool:
        """Tell whether the school meets on `day`."""
        return self.look_up(day).meets

    def school_days(self, start: date, end: date) -> list[date]:
        """Return the days from `start` to `end`, both included, on which the school meets."""
        count = (end - start).days + 1
        days = (start + ONE_DAY * n for n in range(count))
        return [day for day in days if day.weekday() < 5 and self.is_school_day(day)]

    def _published(self, day: date) -> SchoolDay:
        on = [entry for entry in self.entries if entry.first <= day <= entry.last]
        for kind, otherwise in ((TermDateKind.CLOSED, "Closed to pupils"), (TermDateKind.HOLIDAY, "School holiday")):
            found = next((entry for entry in on if entry.kind is kind), None)
            if found:
                told = found.summary or otherwise
                return SchoolDay(day, False, f"the term calendar of {self.school_name} says “{told}”", True)
        if not self._in_term(day, on):
            return SchoolDay(day, False, f"out of term by the term calendar of {self.school_name}", True)
        return SchoolDay(day, True, f"a school day by the term calendar of {self.school_name}", True)

    def _in_term(self, day: date, on: Sequence[TermDate]) -> bool:
        if any(entry.kind in (TermDateKind.TERM, TermDateKind.FIRST_DAY, TermDateKind.LAST_DAY) for entry in on):
            return True
        if self._names_terms:
            return False
        before = [kind for first, kind in self._marks if first < day]
        if before:
            return before[-1] is TermDateKind.FIRST_DAY
        return not self._marks or self._marks[0][1] is TermDateKind.LAST_DAY

    @cached_property
    def _names_terms(self) -> bool:
        return any(entry.kind is TermDateKind.TERM for entry in self.entries)

    @cached_property
    def _marks(self) -> list[tuple[date, TermDateKind]]:
        return sorted(
            (entry.first, entry.kind)
            for entry in self.entries
            if entry.kind in (TermDateKind.FIRST_DAY, TermDateKind.LAST_DAY)
        )

    def _usual(self, day: date) -> SchoolDay:
        note = f"no term calendar for {self.school_name} on that day" if self.entries else "no term calendar yet"
        holiday = usual_holiday(day)
        if holiday:
            return SchoolDay(day, False, f"usually {holiday} ({note})", False)
        return SchoolDay(day, True, f"usually a school day in England ({note})", False)


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of a year in the Gregorian calendar (the anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, rest = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, rest + 1)


def usual_holiday(day: date) -> str:
    """Return the school holiday that `day` usually falls in in England, or an empty text.

    A stand-in for a school whose calendar is not known: two weeks at Christmas, two at Easter, a week in October, in
    February and in May, and the summer from 22 July to 31 August. Schools differ; the page says that it is a guess.
    """
    easter = easter_sunday(day.year)
    spring_bank = _monday_on_or_before(date(day.year, 5, 31))
    october = _monday_on_or_before(date(day.year, 10, 31))
    february = _monday_on_or_before(date(day.year, 2, 18))
    spans = (
        ("the Christmas holiday", date(day.year, 12, 20), date(day.year, 12, 31)),
        ("the Christmas holiday", date(day.year, 1, 1), date(day.year, 1, 3)),
        ("the February half-term", february, february + 4 * ONE_DAY),
        ("the Easter holiday", easter - 6 * ONE_DAY, easter + 7 * ONE_DAY),
        ("the May half-term", spring_bank, spring_bank + 4 * ONE_DAY),
        ("the summer holiday", date(day.year, 7, 22), date(day.year, 8, 31)),
        ("the October half-term", october, october + 4 * ONE_DAY),
    )
    return next((name for name, first, last in spans if first <= day <= last), "")


def _monday_on_or_before(day: date) -> date:
    return day - ONE_DAY * day.weekday()
