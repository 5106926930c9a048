"""A week or a month of meetings, and of a school's days, for somebody who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from services.scheduling.adapters.children_store import School
from services.scheduling.application.terms import look_at_terms
from services.scheduling.application.worklist import Line, lines_between
from services.scheduling.domain.term_calendar import TermCalendar
from shared.kernel.clock import london_time
from shared.platform.access import permit
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar: its meetings in order, and what it is called when it is not an ordinary one.

    `closed` says that nobody is at work or that the school does not meet.
    """

    day: date
    lines: tuple[Line, ...]
    note: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Some whole weeks, each from Monday to Friday, or to Sunday where a weekend holds a meeting."""

    weeks: tuple[tuple[Day, ...], ...]
    school: School | None = None

    @property
    def count(self) -> int:
        """Return how many meetings there are."""
        return sum(len(day.lines) for week in self.weeks for day in week)


def own_calendar(work: Work, first: date, last: date) -> Calendar:
    """Return the meetings of all children the actor works with, from a Monday to a Sunday."""
    permit(work, "scheduling.worklist.read")
    return _calendar(work, first, last)


def school_calendar(work: Work, urn: str, first: date, last: date) -> Calendar:
    """Return a school's days with those meetings of its children that the actor may see; raises `NotFound`."""
    terms = look_at_terms(work, urn)
    return _calendar(work, first, last, terms.school, terms.calendar)


def _calendar(
    work: Work, first: date, last: date, school: School | None = None, terms: TermCalendar | None = None
) -> Calendar:
    begins, ends = london_time(first, 0), london_time(last + ONE_DAY, 0)
    by_day: dict[date, list[Line]] = {}
    for line in lines_between(work, begins, ends, school_urn=school.urn if school else ""):
        if line.meeting.booking is not None:
            by_day.setdefault(line.meeting.booking.day, []).append(line)
    weekend = any(day.weekday() >= 5 for day in by_day)
    weeks = []
    for monday in range(0, (last - first).days + 1, 7):
        days = (first + ONE_DAY * (monday + n) for n in range(7 if weekend else 5))
        weeks.append(tuple(_day(day, tuple(by_day.get(day, ())), terms) for day in days))
    return Calendar(tuple(weeks), school)


def _day(day: date, lines: tuple[Line, ...], terms: TermCalendar | None) -> Day:
    if name := ENGLAND_AND_WALES.name(day):
        return Day(day, lines, name, closed=True)
    if day.weekday() >= 5:
        return Day(day, lines, "", closed=True)
    if terms is None:
        return Day(day, lines, "", closed=False)
    found = terms.look_up(day)
    named = next((one.summary for one in terms.entries if one.first <= day <= one.last and one.summary), "")
    note = named or ("" if found.meets else "School closed" if found.known else "Usually holiday")
    return Day(day, lines, note, closed=not found.meets)
