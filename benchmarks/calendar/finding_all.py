"""Finding ten times that suit eight people with all that is known, beside a sweep over every quarter of an hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from benchmarks.calendar.finding import MONDAY, question
from benchmarks.calendar.timing import Figure, best
from services.scheduling.domain.busy import Busy, BusyKind
from services.scheduling.domain.judging import judge
from services.scheduling.domain.lessons import Lesson, with_lessons
from services.scheduling.domain.meeting import Mode
from services.scheduling.domain.question import Person, Question, RoomTimes
from services.scheduling.domain.slots import Slot, suggest
from services.scheduling.domain.travel import Booked, taken_by
from services.scheduling.domain.working_hours import Stretch, WorkingHours, outside
from shared.kernel.clock import LONDON, london_time
from shared.kernel.working_days import subtract_working_days

DAYS = [day for day in (MONDAY + timedelta(days=n) for n in range(42)) if day.weekday() < 5]
NOW = london_time(MONDAY, 9)


def everything() -> Question:
    """Ask for an hour in six weeks with every source: four of eight must be there, and one of two rooms be free.

    Each person has a PEP meeting every other day, each third of them elsewhere, and two entries a day in their own
    diary; two work part of the week, the child has seven lessons not to be missed, each room three bookings a day.
    """
    plain = question()
    people = tuple(_person(n, plain.policy.travel_minutes) for n in range(8))
    lessons = [Lesson(str(n), "c", "maths", n, None, 600, 660, NOW, "School") for n in range(5)]
    exams = [Lesson(f"x{n}", "c", "exam", None, DAYS[9 + n], 540, 720, NOW, "School", never=True) for n in range(2)]
    rooms = tuple(RoomTimes(str(n), f"Room {n}", 8, tuple(_each_day((9 + n, 12, 15), 1))) for n in range(2))
    child = with_lessons("c", "Hanna", [*lessons, *exams])
    return replace(plain, people=people, child=child, rooms=rooms)


def _person(n: int, travel_minutes: int) -> Person:
    meetings = [
        Booked(f"m{n}{index}", london_time(day, hour), london_time(day, hour + 1), Mode.IN_PERSON, place)
        for index, day in enumerate(DAYS[n % 2 :: 2])
        for hour, place in [(9 + (index + n) % 7, "Town Hall" if index % 3 == 0 else "Oakfield")]
    ]
    busy = taken_by(meetings, but="", mode=Mode.IN_PERSON, place="Oakfield", minutes=travel_minutes)
    diary = [replace(one, kind=BusyKind.DIARY) for one in _each_day((8 + n % 4, 15 + n % 2), 1)]
    stretches = tuple(Stretch(weekday, 540, 960) for weekday in range(5) if weekday != n)
    weekly = outside([WorkingHours(str(n), MONDAY, stretches, NOW, "Self")]) if n < 2 else ()
    return Person(str(n), f"Person {n}", n < 4, (*busy, *diary), weekly, knows_diary=True)


def _each_day(hours: tuple[int, ...], length: int) -> Iterator[Busy]:
    for day in DAYS:
        for hour in hours:
            yield Busy(london_time(day, hour), london_time(day, hour + length))


def swept(asked: Question, count: int = 10) -> list[Slot]:
    """Find the same times by trying each quarter of an hour against each stretch, one after another."""
    policy, length = asked.policy, timedelta(minutes=asked.minutes)
    tight = subtract_working_days(asked.meet_by, 2, asked.calendar.bank_holidays)
    found: list[tuple[int, datetime]] = []
    for index, day in enumerate(asked.calendar.school_days(asked.earliest, asked.meet_by)):
        starts_at = london_time(day, policy.day_starts.hour, policy.day_starts.minute)
        closes = london_time(day, policy.day_ends.hour, policy.day_ends.minute)
        while starts_at + length <= closes:
            penalty = _penalty(asked, starts_at, starts_at + length)
            if penalty is not None:
                found.append((index + penalty + 15 * (tight < day <= asked.meet_by), starts_at))
            starts_at += timedelta(minutes=15)
    chosen: list[Slot] = []
    halves: set[tuple[date, bool]] = set()
    for penalty, starts_at in sorted(found):
        local = starts_at.astimezone(LONDON)
        half, ends_at = (local.date(), local.hour < 12), starts_at + length
        if half in halves or any(starts_at < one.ends_at and ends_at > one.starts_at for one in chosen):
            continue
        halves.add(half)
        chosen.append(Slot(starts_at, ends_at, penalty, judge(asked, starts_at, ends_at)))
        if len(chosen) == count:
            break
    return chosen


def _penalty(asked: Question, starts_at: datetime, ends_at: datetime) -> int | None:
    """Return what a time costs, or None where it is not possible."""
    if asked.rooms and all(any(one.touches(starts_at, ends_at) for one in room.busy) for room in asked.rooms):
        return None
    penalty = 0
    for person in asked.parties:
        taken = [one for one in (*person.busy, *person.weekly) if one.touches(starts_at, ends_at)]
        if person.required and any(one.hard for one in taken):
            return None
        if taken:
            penalty += 12 if person.required else 10
    local, local_end = starts_at.astimezone(LONDON), ends_at.astimezone(LONDON)
    start, end = local.hour * 60 + local.minute, local_end.hour * 60 + local_end.minute
    policy = asked.policy
    first, last = (at.hour * 60 + at.minute for at in (policy.lessons_start, policy.lessons_end))
    lunch, after = (at.hour * 60 + at.minute for at in (policy.lunch_starts, policy.lunch_ends))
    penalty += 6 * ((start < first + 60 or end > last - 60) + (start < first or end > last))
    return penalty + 8 * (start < after and end > lunch) + 3 * (start % 30 != 0)


def figures() -> Iterator[Figure]:
    """Time ten times for eight people in six weeks, with every source."""
    asked = everything()
    ours = suggest(asked).slots
    assert [(one.starts_at, one.penalty) for one in ours] == [(one.starts_at, one.penalty) for one in swept(asked)]
    assert len(ours) == 10
    plain = {"a sweep over every quarter": best(lambda: swept(asked), 1, 3)}
    yield Figure("the same with all that is known", best(lambda: suggest(asked)), plain, 1.0)
