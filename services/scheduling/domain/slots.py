"""Finding times for a meeting.

Days are cut into cells of 15 minutes and held as the bits of one whole number, so that "free for an hour" is a few
shifts and ANDs. Cells are wall-clock times in England; a day on which the clocks change has the same cells as any
other, as the change happens at night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The one constraint whose removal opens the most times, and how many it opens; `person_id` for bookings."""

    constraint: Constraint
    opens: int
    text: str
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Times to offer, best first. `late` says that no time by the latest date was found and these come after it."""

    slots: tuple[Slot, ...]
    obstacle: Obstacle | None = None
    late: bool = False


def suggest(question: Question, count: int = 10) -> Suggestions:
    """Return up to `count` times, best first, at most one in the morning and one in the afternoon of a day.

    When no time by the latest date suits all who must be there, the one constraint that stands most in the way is
    named (unless that date is past) and the soonest times after it are offered instead, marked as late.
    """
    days = _days(question, question.earliest, question.meet_by)
    starts = _starts(question, days)
    if starts:
        return Suggestions(tuple(_choose(question, days, starts, count)))
    soonest = max(question.earliest, question.meet_by + timedelta(days=1))
    window = add_working_days(soonest, LATE_WINDOW, question.calendar.bank_holidays)
    later = _days(question, soonest, window)
    slots = tuple(_choose(question, later, _starts(question, later), count))
    obstacle = _obstacle(question) if question.meet_by >= question.today else None
    return Suggestions(slots, obstacle, late=True)


# The cells: bit n of a mask is cell n of the days looked at, one day after another.


def _days(question: Question, first: date, last: date, *, school: bool = True) -> list[date]:
    calendar = question.calendar
    if school:
        return calendar.school_days(first, last) if first <= last else []
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day.weekday() < 5 and day not in calendar.bank_holidays]


def _cells_a_day(policy: MeetingPolicy) -> int:
    return (_minute(policy.day_ends) - _minute(policy.day_starts)) // 15


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _busy_mask(policy: MeetingPolicy, days: Sequence[date], busy: Sequence[Busy]) -> int:
    cells = _cells_a_day(policy)
    places: Mapping[date, int] = {day: index * cells for index, day in enumerate(days)}
    mask = 0
    for one in busy:
        start, end = one.starts_at.astimezone(LONDON), one.ends_at.astimezone(LONDON)
        place = places.get(start.date())
        if place is None:
            continue
        opening = _minute(policy.day_starts)
        last_minute = _minute(end.time()) if end.date() == start.date() else 24 * 60
        first = max(0, (_minute(start.time()) - opening) // 15)
        beyond = min(cells, -((opening - last_minute) // 15))
        if beyond > first:
            mask |= ((1 << (beyond - first)) - 1) << (place + first)
    return mask


def _starts(question: Question, days: Sequence[date], ignored: str = "") -> int:
    """Return the mask of cells at which a meeting can start with everybody who must be there."""
    policy, cells = question.policy, _cells_a_day(question.policy)
    length = -(-question.minutes // 15)
    if length > cells:
        return 0
    free = (1 << (cells * len(days))) - 1
    for person in question.people:
        if person.required and person.id != ignored:
            free &= ~_busy_mask(policy, days, person.busy)
    starts = free
    for shift in range(1, length):
        starts &= free >> shift
    if length > 1:
        one_day = (1 << (cells - length + 1)) - 1
        starts &= sum(one_day << (index * cells) for index in range(len(days)))
    return starts


def _choose(question: Question, days: Sequence[date], starts: int, count: int) -> list[Slot]:
    length, opening = timedelta(minutes=question.minutes), _minute(question.policy.day_starts)
    cells = _cells_a_day(question.policy)
    chosen: list[Slot] = []
    taken: set[tuple[date, bool]] = set()
    for penalty, place in sorted(_candidates(question, days, starts)):
        day, minute = days[place // cells], opening + place % cells * 15
        half = (day, minute < 12 * 60)
        starts_at = london_time(day, minute // 60, minute % 60)
        ends_at = starts_at + length
        if half in taken or any(starts_at < other.ends_at and ends_at > other.starts_at for other in chosen):
            continue
        taken.add(half)
        chosen.append(Slot(starts_at, ends_at, penalty, _good_first(judge(question, starts_at, ends_at))))
        if len(chosen) == count:
            break
    return chosen


def _good_first(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(sorted(points, key=lambda point: not point.good))


def _candidates(question: Question, days: Sequence[date], starts: int) -> list[tuple[int, int]]:
    """Return (penalty, cell) for each start on the hour or half hour; the lower the penalty the better the time."""
    policy, cells = question.policy, _cells_a_day(question.policy)
    span = (1 << -(-question.minutes // 15)) - 1
    optional = [
        _busy_mask(policy, days, person.busy) for person in question.people if not person.required and person.busy
    ]
    opening = _minute(policy.day_starts)
    by_cell = [_hours_penalty(policy, opening + n * 15, opening + n * 15 + question.minutes) for n in range(cells)]
    tight = subtract_working_days(question.meet_by, 2, question.calendar.bank_holidays)
    found: list[tuple[int, int]] = []
    while starts:
        lowest = starts & -starts
        starts ^= lowest
        place = lowest.bit_length() - 1
        index, cell = divmod(place, cells)
        if (opening + cell * 15) % 30:
            continue
        penalty = index + by_cell[cell] + _TIGHT_PENALTY * (tight < days[index] <= question.meet_by)
        penalty += _OPTIONAL_PENALTY * sum(1 for mask in optional if mask >> place & span)
        found.append((penalty, place))
    return found


def _hours_penalty(policy: MeetingPolicy, start: int, end: int) -> int:
    first_lesson, last_lesson = _minute(policy.lessons_start) + 60, _minute(policy.lessons_end) - 60
    edge = start < first_lesson or end > last_lesson
    outside = start < _minute(policy.lessons_start) or end > _minute(policy.lessons_end)
    lunch = start < _minute(policy.lunch_ends) and end > _minute(policy.lunch_starts)
    return _EDGE_PENALTY * (edge + outside) + _LUNCH_PENALTY * lunch


def _obstacle(question: Question) -> Obstacle | None:
    """Find the one constraint whose removal opens the most times by the latest date (or soon after it)."""
    first, last = question.earliest, question.meet_by
    school = _days(question, first, last)
    tomorrow = question.today + timedelta(days=1)
    holidays = question.calendar.bank_holidays
    week_on = add_working_days(max(last, first), 5, holidays)
    latest = day_in_words(last)
    found = [
        Obstacle(
            Constraint.NOTICE,
            _starts(question, _days(question, tomorrow, last)).bit_count(),
            f"With less notice than your authority's {question.policy.notice_days} clear working days there would be",
        ),
        Obstacle(
            Constraint.SCHOOL_DAYS,
            _starts(question, _days(question, first, last, school=False)).bit_count(),
            f"On working days when {question.calendar.school_name} does not meet there would be",
        ),
        Obstacle(
            Constraint.LATEST_DATE,
            _starts(question, _days(question, first, week_on)).bit_count(),
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
    ]
    best = max(found, key=lambda one: (one.opens, one.constraint is not Constraint.LATEST_DATE))
    if not best.opens:
        return None
    times = "1 possible time" if best.opens == 1 else f"{best.opens} possible times"
    return replace(best, text=f"{best.text} {times}.")
