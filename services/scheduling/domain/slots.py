"""Finding times for a meeting.

Days are cut into cells of 15 minutes and held as the bits of one whole number, so that "free for an hour" is a few
shifts and ANDs. Cells are wall-clock times in England; a day on which the clocks change has the same cells as any
other, as the change happens at night.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from heapq import heappop, heappush

from services.scheduling.domain.judging import Busy, Point, Question, day_in_words, judge
from services.scheduling.domain.policy import MeetingPolicy
from shared.kernel.clock import LONDON, london_date, london_time
from shared.kernel.working_days import add_working_days, subtract_working_days

LATE_WINDOW = 15
_TIGHT_PENALTY, _EDGE_PENALTY, _LUNCH_PENALTY, _OPTIONAL_PENALTY = 15, 6, 8, 10


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be offered, with what speaks for and against it (aware instants)."""

    starts_at: datetime
    ends_at: datetime
    penalty: int
    points: tuple[Point, ...]

    @property
    def day(self) -> date:
        """Return the day of the slot in England."""
        return london_date(self.starts_at)


class Constraint(StrEnum):
    """What can stand in the way of every time."""

    NOTICE = "notice"
    LATEST_DATE = "latest_date"
    SCHOOL_DAYS = "school_days"
    BOOKINGS = "bookings"
    DIARY = "diary"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The one constraint whose removal opens the most times, and how many it opens; `person_id` where it is one's."""

    constraint: Constraint
    opens: int
    text: str
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Times to offer, best first. `late` says that no time by the latest date was found and these come after it.

    `known` and `unknown` name those whose own diaries were looked at, and those of whose diaries nothing is known.
    """

    slots: tuple[Slot, ...]
    obstacle: Obstacle | None = None
    late: bool = False
    known: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def suggest(question: Question, count: int = 10) -> Suggestions:
    """Return up to `count` times, best first, at most one in the morning and one in the afternoon of a day.

    When no time by the latest date suits all who must be there, the one constraint that stands most in the way is
    named (unless that date is past) and the soonest times after it are offered instead, marked as late.
    """
    known = tuple(person.name for person in question.people if person.knows_diary)
    unknown = tuple(person.name for person in question.people if not person.knows_diary)
    return replace(_suggest(question, count), known=known, unknown=unknown)


def _suggest(question: Question, count: int) -> Suggestions:
    grid = _grid(question.policy, _days(question, question.earliest, question.meet_by))
    starts = _starts(question, grid)
    if starts:
        return Suggestions(tuple(_choose(question, grid, starts, count)))
    soonest = max(question.earliest, question.meet_by + timedelta(days=1))
    window = add_working_days(soonest, LATE_WINDOW, question.calendar.bank_holidays)
    later = _grid(question.policy, _days(question, soonest, window))
    slots = tuple(_choose(question, later, _starts(question, later), count))
    obstacle = _obstacle(question) if question.meet_by >= question.today else None
    return Suggestions(slots, obstacle, late=True)


# The cells: bit n of a mask is cell n of the days looked at, one day after another.


@dataclass(frozen=True, slots=True)
class _Grid:
    """The cells of some days: `openings` are the minutes (since 1970, in UTC) at which each day's first cell begins."""

    days: tuple[date, ...]
    openings: tuple[int, ...]
    cells: int

    def mask(self, busy: Iterable[Busy]) -> int:
        """Return the cells that somebody's bookings touch; a booking may last for days."""
        mask, minutes = 0, self.cells * 15
        for one in busy:
            start, end = int(one.starts_at.timestamp()) // 60, -(-int(one.ends_at.timestamp()) // 60)
            index = max(0, bisect_right(self.openings, start) - 1)
            while index < len(self.openings) and (opening := self.openings[index]) < end:
                first = (max(start, opening) - opening) // 15
                beyond = -(-(min(end, opening + minutes) - opening) // 15)
                if beyond > first:
                    mask |= ((1 << (beyond - first)) - 1) << (index * self.cells + first)
                index += 1
        return mask

    def every_day(self, of_one_day: int) -> int:
        """Return the same cells of each day."""
        ones = ((1 << (self.cells * len(self.days))) - 1) // ((1 << self.cells) - 1)
        return of_one_day * ones


def _grid(policy: MeetingPolicy, days: Sequence[date]) -> _Grid:
    at = policy.day_starts
    openings = (datetime(day.year, day.month, day.day, at.hour, at.minute, tzinfo=LONDON) for day in days)
    cells = (_minute(policy.day_ends) - _minute(policy.day_starts)) // 15
    return _Grid(tuple(days), tuple(int(opening.timestamp()) // 60 for opening in openings), cells)


def _days(question: Question, first: date, last: date, *, school: bool = True) -> list[date]:
    calendar = question.calendar
    if school:
        return calendar.school_days(first, last) if first <= last else []
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day.weekday() < 5 and day not in calendar.bank_holidays]


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _length(question: Question) -> int:
    return -(-question.minutes // 15)


def _starts(question: Question, grid: _Grid, ignored: str = "", ignored_diary: str = "") -> int:
    """Return the mask of cells at which a meeting can start with everybody who must be there.

    Of the person `ignored` the other PEP meetings are left aside, of `ignored_diary` what their diary says.
    """
    length = _length(question)
    if length > grid.cells:
        return 0
    taken = 0
    for person in question.people:
        if person.required and person.id != ignored:
            taken |= grid.mask(person.busy)
        if person.required and person.diary and person.id != ignored_diary:
            taken |= grid.mask(person.diary)
    return grid.every_day((1 << (grid.cells - length + 1)) - 1) & ~_spoiled(taken, length)


def _spoiled(taken: int, length: int) -> int:
    """Return the starts from which a meeting would run into a taken cell."""
    spoiled = taken
    for shift in range(1, length):
        spoiled |= taken >> shift
    return spoiled


def _choose(question: Question, grid: _Grid, starts: int, count: int) -> list[Slot]:
    length, opening = timedelta(minutes=question.minutes), _minute(question.policy.day_starts)
    spoiled = {
        person.id: _spoiled(grid.mask(person.busy) | grid.mask(person.diary), _length(question))
        for person in question.people
        if (person.busy or person.diary) and not person.required
    }
    chosen: list[Slot] = []
    taken: set[tuple[date, bool]] = set()
    for penalty, place in _candidates(question, grid, starts, list(spoiled.values())):
        day, minute = grid.days[place // grid.cells], opening + place % grid.cells * 15
        half = (day, minute < 12 * 60)
        if half in taken:
            continue
        starts_at = london_time(day, minute // 60, minute % 60)
        ends_at = starts_at + length
        if any(starts_at < other.ends_at and ends_at > other.starts_at for other in chosen):
            continue
        taken.add(half)
        maybe_booked = [person for person in question.people if spoiled.get(person.id, 0) >> place & 1]
        points = judge(question, starts_at, ends_at, maybe_booked)
        chosen.append(Slot(starts_at, ends_at, penalty, _good_first(points)))
        if len(chosen) == count:
            break
    return chosen


def _good_first(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(sorted(points, key=lambda point: not point.good))


def _candidates(
    question: Question, grid: _Grid, starts: int, spoiled_for_optional: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield (penalty, cell) for each start on the hour or half hour, best first; the lower the penalty the better.

    Each day costs a point more than the one before, so a later day is looked at only when nothing before it is better.
    """
    policy, opening = question.policy, _minute(question.policy.day_starts)
    by_cell = [
        (cell, _hours_penalty(policy, opening + cell * 15, opening + cell * 15 + question.minutes))
        for cell in range(grid.cells)
        if (opening + cell * 15) % 30 == 0
    ]
    tight = subtract_working_days(question.meet_by, 2, question.calendar.bank_holidays)
    waiting: list[tuple[int, int]] = []
    for index, day in enumerate(grid.days):
        while waiting and waiting[0][0] <= index:
            yield heappop(waiting)
        first = index * grid.cells
        free = starts >> first
        masks = [mask >> first for mask in spoiled_for_optional]
        fixed = index + _TIGHT_PENALTY * (tight < day <= question.meet_by)
        for cell, hours in by_cell:
            if free >> cell & 1:
                missing = sum(mask >> cell & 1 for mask in masks)
                heappush(waiting, (fixed + hours + _OPTIONAL_PENALTY * missing, first + cell))
    while waiting:
        yield heappop(waiting)


def _hours_penalty(policy: MeetingPolicy, start: int, end: int) -> int:
    first_lesson, last_lesson = _minute(policy.lessons_start) + 60, _minute(policy.lessons_end) - 60
    edge = start < first_lesson or end > last_lesson
    outside = start < _minute(policy.lessons_start) or end > _minute(policy.lessons_end)
    lunch = start < _minute(policy.lunch_ends) and end > _minute(policy.lunch_starts)
    return _EDGE_PENALTY * (edge + outside) + _LUNCH_PENALTY * lunch


def _obstacle(question: Question) -> Obstacle | None:
    """Find the one constraint whose removal opens the most times by the latest date (or soon after it)."""
    first, last = question.earliest, question.meet_by
    policy = question.policy
    school = _grid(policy, _days(question, first, last))
    tomorrow = question.today + timedelta(days=1)
    holidays = question.calendar.bank_holidays
    week_on = add_working_days(max(last, first), 5, holidays)
    latest = day_in_words(last)
    found = [
        Obstacle(
            Constraint.NOTICE,
            _starts(question, _grid(policy, _days(question, tomorrow, last))).bit_count(),
            f"With less notice than your authority's {question.policy.notice_days} clear working days there would be",
        ),
        Obstacle(
            Constraint.SCHOOL_DAYS,
            _starts(question, _grid(policy, _days(question, first, last, school=False))).bit_count(),
            f"On working days when {question.calendar.school_name} does not meet there would be",
        ),
        Obstacle(
            Constraint.LATEST_DATE,
            _starts(question, _grid(policy, _days(question, first, week_on))).bit_count(),
            f"In the five working days after the latest date, {latest}, there would be",
        ),
        *(
            Obstacle(
                Constraint.BOOKINGS,
                _starts(question, school, ignored=person.id).bit_count(),
                f"Without {person.name}'s other PEP meetings there would be",
                person.id,
            )
            for person in question.people
            if person.required and person.busy
        ),
        *(
            Obstacle(
                Constraint.DIARY,
                _starts(question, school, ignored_diary=person.id).bit_count(),
                f"Without what is in {person.name}'s own diary there would be",
                person.id,
            )
            for person in question.people
            if person.required and person.diary
        ),
    ]
    best = max(found, key=lambda one: (one.opens, one.constraint is not Constraint.LATEST_DATE))
    if not best.opens:
        return None
    times = "1 possible time" if best.opens == 1 else f"{best.opens} possible times"
    return replace(best, text=f"{best.text} {times}.")
