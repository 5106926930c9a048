"""The search by bits finds the same starts, and the same obstacle, as one that tries every minute of every meeting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scheduling.domain.busy import Busy, BusyKind, Taken, Weekly
from services.scheduling.domain.obstacles import Constraint, find_obstacle, school_grid, starts_on
from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.question import Person, Question, RoomTimes
from services.scheduling.domain.slots import suggest
from services.scheduling.domain.term_calendar import TermCalendar, TermDate, TermDateKind
from shared.kernel.clock import LONDON, london_time
from shared.kernel.working_days import add_working_days
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from tests.scheduling.test_slots import POLICY

MONDAY = date(2026, 10, 12)
"""The clocks change on 25 October, in a half-term holiday."""
OAKFIELD = TermCalendar(
    "Oakfield",
    (
        TermDate(TermDateKind.FIRST_DAY, date(2026, 9, 2), date(2026, 9, 2)),
        TermDate(TermDateKind.CLOSED, date(2026, 10, 16), date(2026, 10, 16), "INSET day"),
        TermDate(TermDateKind.HOLIDAY, date(2026, 10, 26), date(2026, 10, 30), "Half term"),
        TermDate(TermDateKind.LAST_DAY, date(2026, 12, 17), date(2026, 12, 17)),
    ),
    ENGLAND_AND_WALES,
)
# A short day, so that trying every minute stays quick.
SHORT = replace(POLICY, day_starts=time(9), day_ends=time(12), notice_days=1)
OF_KIND = {
    Constraint.BOOKINGS: {BusyKind.PEP_MEETING, BusyKind.TRAVEL},
    Constraint.DIARY: {BusyKind.DIARY},
    Constraint.WORKING_HOURS: {BusyKind.OUTSIDE_HOURS},
    Constraint.HELD_BY_POLL: {BusyKind.HELD_BY_POLL},
    Constraint.TRAVEL: {BusyKind.TRAVEL},
    Constraint.LESSONS: {BusyKind.LESSON},
}

kinds = st.sampled_from(list(BusyKind))


@st.composite
def dated(draw: st.DrawFn) -> Busy:
    starts_at = london_time(MONDAY + timedelta(days=draw(st.integers(-2, 30))), draw(st.integers(0, 23)))
    starts_at += timedelta(minutes=draw(st.integers(0, 59)))
    length = draw(st.one_of(st.integers(1, 300), st.integers(300, 9000)))
    return Busy(starts_at, starts_at + timedelta(minutes=length), draw(kinds), "maths", draw(st.booleans()))


@st.composite
def weekly(draw: st.DrawFn) -> Weekly:
    starts = draw(st.integers(0, 1300))
    first = MONDAY + timedelta(days=draw(st.integers(-20, 20)))
    last = draw(st.one_of(st.just(date.max), st.just(first + timedelta(days=draw(st.integers(0, 20))))))
    ends = draw(st.integers(starts + 1, 1440))
    return Weekly(draw(st.integers(0, 6)), starts, ends, draw(kinds), "maths", draw(st.booleans()), first, last)


def people(most: int) -> st.SearchStrategy[tuple[Person, ...]]:
    person = st.builds(
        Person,
        id=st.uuids().map(str),
        name=st.just("Somebody"),
        required=st.booleans(),
        busy=st.lists(dated(), max_size=4).map(tuple),
        weekly=st.lists(weekly(), max_size=3).map(tuple),
    )
    return st.lists(person, max_size=most).map(tuple)


rooms = st.builds(
    RoomTimes, id=st.uuids().map(str), name=st.just("Room"), busy=st.lists(dated(), max_size=4).map(tuple)
)
questions = st.builds(
    Question,
    today=st.integers(0, 6).map(lambda days: MONDAY + timedelta(days=days)),
    meet_by=st.integers(0, 25).map(lambda days: MONDAY + timedelta(days=days)),
    minutes=st.sampled_from([15, 30, 45, 60, 90, 195]),
    policy=st.just(SHORT),
    calendar=st.just(OAKFIELD),
    people=people(3),
    child=st.one_of(st.none(), people(1).map(lambda found: replace(found[0], required=True) if found else None)),
    rooms=st.lists(
        st.builds(
            RoomTimes, id=st.uuids().map(str), name=st.just("Room"), busy=st.lists(dated(), max_size=4).map(tuple)
        ),
        max_size=2,
    ).map(tuple),
)


def minutes_of(policy: MeetingPolicy) -> range:
    return range(policy.day_starts.hour * 60, policy.day_ends.hour * 60)


def covers(taken: Taken, day: date, minute: int) -> bool:
    """Tell whether a stretch has any of one minute of a day; worked out on the wall clock."""
    if isinstance(taken, Weekly):
        in_force = taken.first <= day <= taken.last and taken.weekday == day.weekday()
        return in_force and taken.starts <= minute < taken.ends
    at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=LONDON)
    return taken.starts_at < at + timedelta(minutes=1) and taken.ends_at > at


def naive(question: Question, days: list[date], keep: Callable[[Person, Taken], bool], rooms: bool = True) -> int:
    """Count the quarter-hour starts that suit, minute by minute."""
    return len(list(starts(question, days, keep, rooms=rooms)))


def starts(
    question: Question, days: list[date], keep: Callable[[Person, Taken], bool], *, rooms: bool = True
) -> Iterator[tuple[date, int]]:
    hard = [
        one
        for person in question.parties
        if person.required
        for one in (*person.busy, *person.weekly)
        if one.hard and keep(person, one)
    ]
    span = minutes_of(question.policy)
    for day in days:
        taken = {minute for minute in span if any(covers(one, day, minute) for one in hard)}
        # A quarter of an hour is taken as a whole: one room for the whole of it, or none.
        for minute in span:
            quarter = range(minute // 15 * 15, minute // 15 * 15 + 15)
            none_free = all(
                any(covers(one, day, each) for each in quarter for one in room.busy) for room in question.rooms
            )
            if rooms and question.rooms and none_free:
                taken.add(minute)
        for start in span[::15]:
            meeting = range(start, start + question.minutes)
            if meeting.stop <= span.stop and not taken.intersection(meeting):
                yield day, start


def everything(_person: Person, _taken: Taken) -> bool:
    return True


@settings(deadline=None, max_examples=60)
@given(questions)
def test_the_same_starts_are_possible(question: Question) -> None:
    grid = school_grid(question, question.earliest, question.meet_by)
    mask = starts_on(question, grid)
    found = {
        (day, grid.opens + cell * 15)
        for index, day in enumerate(grid.days)
        for cell in range(grid.cells)
        if mask >> (index * grid.cells + cell) & 1
    }
    days = OAKFIELD.school_days(question.earliest, question.meet_by) if question.earliest <= question.meet_by else []
    assert found == set(starts(question, days, everything))
    offered = suggest(question, 5)
    assert offered.late is not bool(found)
    assert {(slot.day, minute_of(slot.starts_at)) for slot in offered.slots if not offered.late} <= found
    assert not found or offered.slots


def minute_of(at: datetime) -> int:
    local = at.astimezone(LONDON)
    return local.hour * 60 + local.minute


@settings(deadline=None, max_examples=15)
@given(questions)
def test_the_same_constraint_would_open_the_most(question: Question) -> None:
    first, last = question.earliest, question.meet_by
    holidays = ENGLAND_AND_WALES

    def school(start: date, end: date) -> list[date]:
        return OAKFIELD.school_days(start, end) if start <= end else []

    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = [day for day in every if day.weekday() < 5 and day not in holidays]
    week_on = add_working_days(max(last, first), 5, holidays)
    counts: dict[tuple[Constraint, str], int] = {
        (Constraint.NOTICE, ""): naive(question, school(question.today + timedelta(days=1), last), everything),
        (Constraint.SCHOOL_DAYS, ""): naive(question, working, everything),
        (Constraint.LATEST_DATE, ""): naive(question, school(first, week_on), everything),
    }
    for person in question.parties:
        for constraint, without in OF_KIND.items():

            def others(each: Person, one: Taken, whose: str = person.id, of: set[BusyKind] = without) -> bool:
                return each.id != whose or one.kind not in of

            counts[constraint, person.id] = naive(question, school(first, last), others)
    if question.rooms:
        counts[Constraint.ROOM, ""] = naive(question, school(first, last), everything, rooms=False)
    found = find_obstacle(question)
    most = max(counts.values())
    if found is None:
        assert most == 0
    else:
        assert found.opens == most
        assert counts[found.constraint, found.person_id] == most
