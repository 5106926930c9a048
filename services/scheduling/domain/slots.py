"""Finding times for a meeting: which suit everybody who must be there, the best first, each with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from heapq import heappop, heappush

from services.scheduling.domain.cells import CELL_MINUTES, Grid, cells_of, minute_of, spoiled
from services.scheduling.domain.judging import Point, judge
from services.scheduling.domain.obstacles import Obstacle, find_obstacle, school_grid, starts_on
from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.question import Question
from shared.kernel.clock import london_date, london_time
from shared.kernel.working_days import add_working_days, subtract_working_days

LATE_WINDOW = 15
_TIGHT_PENALTY, _EDGE_PENALTY, _LUNCH_PENALTY, _QUARTER_PENALTY = 15, 6, 8, 3
_OPTIONAL_PENALTY, _POOR_PENALTY, _UNKNOWN_PENALTY = 10, 12, 4
_Span = tuple[time, time]


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
    grid = school_grid(question, question.earliest, question.meet_by)
    starts = starts_on(question, grid)
    if starts:
        return Suggestions(tuple(_choose(question, grid, starts, count)))
    soonest = max(question.earliest, question.meet_by + timedelta(days=1))
    window = add_working_days(soonest, LATE_WINDOW, question.calendar.bank_holidays)
    later = school_grid(question, soonest, window)
    slots = tuple(_choose(question, later, starts_on(question, later), count))
    obstacle = find_obstacle(question) if question.meet_by >= question.today else None
    return Suggestions(slots, obstacle, late=True)


@dataclass(frozen=True, slots=True)
class _Drawback:
    """Starts that somebody had better not be asked to, and what each costs."""

    party_id: str
    starts: int
    penalty: int


def _drawbacks(question: Question, grid: Grid) -> list[_Drawback]:
    """Return the starts at which somebody optional is missing, or something is disturbed that had better not be."""
    length = cells_of(question.minutes)
    found = []
    for party in question.parties:
        if taken := party.taken(rules_out=False):
            penalty = _POOR_PENALTY if party.required else _OPTIONAL_PENALTY
            found.append(_Drawback(party.id, spoiled(grid.taken(taken), length), penalty))
    # That nothing is known of somebody all through is said, but makes no time better than another.
    for person in question.people:
        if person.required and person.knows_diary and person.known_until is not None:
            until = person.known_until.timestamp() // 60
            known = grid.cells * sum(opening < until for opening in grid.openings)
            found.append(_Drawback("", ~((1 << known) - 1), _UNKNOWN_PENALTY))
    return found


def _choose(question: Question, grid: Grid, starts: int, count: int) -> list[Slot]:
    length = timedelta(minutes=question.minutes)
    drawbacks, parties = _drawbacks(question, grid), question.parties
    rooms = [(room, spoiled(grid.busy(room.busy), cells_of(question.minutes))) for room in question.rooms]
    chosen: list[Slot] = []
    taken: set[tuple[date, bool]] = set()
    for penalty, place in _candidates(question, grid, starts, drawbacks):
        day, minute = grid.days[place // grid.cells], grid.opens + place % grid.cells * CELL_MINUTES
        half = (day, minute < 12 * 60)
        if half in taken:
            continue
        starts_at = london_time(day, minute // 60, minute % 60)
        ends_at = starts_at + length
        if any(starts_at < other.ends_at and ends_at > other.starts_at for other in chosen):
            continue
        taken.add(half)
        maybe_taken = {one.party_id for one in drawbacks if one.starts >> place & 1}
        free = [room for room, booked in rooms if not booked >> place & 1]
        points = judge(question, starts_at, ends_at, [one for one in parties if one.id in maybe_taken], free)
        chosen.append(Slot(starts_at, ends_at, penalty, _good_first(points)))
        if len(chosen) == count:
            break
    return chosen


def _good_first(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(sorted(points, key=lambda point: not point.good))


def _candidates(
    question: Question, grid: Grid, starts: int, drawbacks: Sequence[_Drawback]
) -> Iterator[tuple[int, int]]:
    """Yield (penalty, cell) for each start, best first; the lower the penalty the better.

    Each day costs a point more than the one before, so a later day is looked at only when nothing before it is better.
    """
    by_cell = hours_penalties(question.policy, question.minutes)
    tight = subtract_working_days(question.meet_by, 2, question.calendar.bank_holidays)
    waiting: list[tuple[int, int]] = []
    for index, day in enumerate(grid.days):
        while waiting and waiting[0][0] <= index:
            yield heappop(waiting)
        first = index * grid.cells
        free = starts >> first & (1 << grid.cells) - 1
        masks = [(one.starts >> first, one.penalty) for one in drawbacks]
        fixed = index + _TIGHT_PENALTY * (tight < day <= question.meet_by)
        for cell, hours in by_cell:
            if free >> cell & 1:
                cost = fixed + hours
                for mask, penalty in masks:
                    if mask >> cell & 1:
                        cost += penalty
                heappush(waiting, (cost, first + cell))
    while waiting:
        yield heappop(waiting)


def hours_penalties(policy: MeetingPolicy, minutes: int) -> tuple[tuple[int, int], ...]:
    """Return what each cell of a day costs as the start of a meeting by a school's hours."""
    return _hours_penalties(
        (policy.day_starts, policy.day_ends),
        (policy.lessons_start, policy.lessons_end),
        (policy.lunch_starts, policy.lunch_ends),
        minutes,
    )


@lru_cache(maxsize=256)
def _hours_penalties(offered: _Span, lessons: _Span, lunch: _Span, minutes: int) -> tuple[tuple[int, int], ...]:
    """Return what each cell of a day costs as the start of a meeting, so long as nothing else is known."""
    first, last = minute_of(lessons[0]), minute_of(lessons[1])
    found = []
    for cell, start in enumerate(range(minute_of(offered[0]), minute_of(offered[1]), CELL_MINUTES)):
        end = start + minutes
        edges = (start < first + 60 or end > last - 60) + (start < first or end > last)
        over_lunch = start < minute_of(lunch[1]) and end > minute_of(lunch[0])
        penalty = _EDGE_PENALTY * edges + _LUNCH_PENALTY * over_lunch + _QUARTER_PENALTY * (start % 30 != 0)
        found.append((cell, penalty))
    return tuple(found)
