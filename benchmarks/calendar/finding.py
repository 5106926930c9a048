"""Finding ten times that suit eight people, beside trying each half hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from benchmarks.calendar.timing import Figure, best
from services.scheduling.adapters.policies import load_policies
from services.scheduling.domain.busy import Busy
from services.scheduling.domain.policy import policy_on
from services.scheduling.domain.question import Person, Question
from services.scheduling.domain.slots import suggest
from services.scheduling.domain.term_calendar import TermCalendar, TermDate, TermDateKind
from shared.kernel.clock import london_time
from shared.platform.bank_holidays import ENGLAND_AND_WALES

MONDAY = date(2026, 11, 2)


def question() -> Question:
    """Ask for an hour in six weeks that suits eight people, four of whom must be there, each booked once a day."""
    days = [MONDAY + timedelta(days=n) for n in range(42) if (MONDAY + timedelta(days=n)).weekday() < 5]
    people = tuple(
        Person(
            str(n),
            f"Person {n}",
            n < 4,
            tuple(
                Busy(london_time(day, hour), london_time(day, hour + 1))
                for day in days
                if (hour := 9 + day.day * n % 7)
            ),
        )
        for n in range(8)
    )
    term = (
        TermDate(TermDateKind.FIRST_DAY, MONDAY, MONDAY),
        TermDate(TermDateKind.LAST_DAY, date(2026, 12, 17), date(2026, 12, 17)),
    )
    calendar = TermCalendar("Oakfield", term, ENGLAND_AND_WALES)
    meeting_policy = policy_on(load_policies("northmoor"), MONDAY)
    return Question(MONDAY, MONDAY + timedelta(days=42), 60, meeting_policy, calendar, people)


def found_plainly(asked: Question) -> list[datetime]:
    """Find ten times by trying each half hour of each day against each booking."""
    found: list[datetime] = []
    day = asked.earliest
    while day <= asked.meet_by:
        for half_hour in range(17, 33) if asked.calendar.is_school_day(day) else ():
            starts = london_time(day, half_hour // 2, half_hour % 2 * 30)
            ends = starts + timedelta(minutes=asked.minutes)
            needed = (one for person in asked.people if person.required for one in person.busy)
            if not any(one.starts_at < ends and one.ends_at > starts for one in needed):
                found.append(starts)
        day += timedelta(days=1)
    return found[:10]


def figures() -> Iterator[Figure]:
    """Time ten times for eight people in six weeks."""
    asked = question()
    assert len(suggest(asked).slots) == 10
    plain = {"each half hour": best(lambda: found_plainly(asked))}
    yield Figure("ten times, eight people, six weeks", best(lambda: suggest(asked)), plain, 1.0)
