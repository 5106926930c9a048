"""When no time by the latest date suits: the one constraint whose removal would open the most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from services.scheduling.domain.busy import BusyKind, Taken
from services.scheduling.domain.cells import Grid, cells_of, spoiled
from services.scheduling.domain.judging import day_in_words
from services.scheduling.domain.question import Person, Question
from shared.kernel.working_days import add_working_days


class Constraint(StrEnum):
    """What can stand in the way of every time."""

    NOTICE = "notice"
    LATEST_DATE = "latest_date"
    SCHOOL_DAYS = "school_days"
    BOOKINGS = "bookings"
    DIARY = "diary"
    WORKING_HOURS = "working_hours"
    HELD_BY_POLL = "held_by_poll"
    TRAVEL = "travel"
    LESSONS = "lessons"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The one constraint whose removal opens the most times, and how many it opens; `person_id` where it is one's."""

    constraint: Constraint
    opens: int
    text: str
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class _Removal:
    """What it means to do without one kind of reason: what goes with it, and how that is told."""

    constraint: Constraint
    kinds: frozenset[BusyKind]
    text: str


_REMOVALS = (
    # Of two that open as many the first is named: to leave less time on the way asks less than to move a meeting.
    _Removal(
        Constraint.TRAVEL,
        frozenset({BusyKind.TRAVEL}),
        "Without the time {name} needs between meetings in different places there would be",
    ),
    # Without the other meetings nobody travels between them either.
    _Removal(
        Constraint.BOOKINGS,
        frozenset({BusyKind.PEP_MEETING, BusyKind.TRAVEL}),
        "Without {name}'s other meetings there would be",
    ),
    _Removal(Constraint.DIARY, frozenset({BusyKind.DIARY}), "Without what is in {name}'s own diary there would be"),
    _Removal(
        Constraint.WORKING_HOURS,
        frozenset({BusyKind.OUTSIDE_HOURS}),
        "If {name} could come outside their usual hours there would be",
    ),
    _Removal(
        Constraint.HELD_BY_POLL,
        frozenset({BusyKind.HELD_BY_POLL}),
        "Without the times held for {name} while people are asked there would be",
    ),
    _Removal(
        Constraint.LESSONS,
        frozenset({BusyKind.LESSON}),
        "In the lessons that {name} should never miss there would be",
    ),
)


@dataclass(frozen=True, slots=True)
class Barriers:
    """Which cells are taken, as far as that rules times out: of each party by the kind of reason, and of all rooms."""

    of_parties: tuple[tuple[Person, Mapping[BusyKind, int]], ...]
    of_rooms: int

    @classmethod
    def on(cls, question: Question, grid: Grid) -> Barriers:
        """Return what stands in the way on these days."""
        of_parties = []
        for person in question.parties:
            by_kind: dict[BusyKind, list[Taken]] = {}
            for one in person.taken(rules_out=True):
                by_kind.setdefault(one.kind, []).append(one)
            of_parties.append((person, {kind: grid.taken(stretches) for kind, stretches in by_kind.items()}))
        return cls(tuple(of_parties), rooms_taken(question, grid))

    def taken(self, *, ignored: str = "", kinds: frozenset[BusyKind] = frozenset(), rooms: bool = True) -> int:
        """Return the cells that are taken, leaving these kinds of reason of the party `ignored` aside."""
        mask = self.of_rooms if rooms else 0
        for person, masks in self.of_parties:
            for kind, cells in masks.items():
                if person.id != ignored or kind not in kinds:
                    mask |= cells
        return mask


def rooms_taken(question: Question, grid: Grid) -> int:
    """Return the cells in which no room of those that would do is free; none where no room is wanted."""
    if not question.rooms:
        return 0
    mask = -1
    for room in question.rooms:
        mask &= grid.busy(room.busy)
    return mask


def find_obstacle(question: Question) -> Obstacle | None:
    """Find the one constraint whose removal opens the most times by the latest date (or soon after it).

    A removal is counted in starts, one each quarter of an hour; None where no single removal opens any.
    """
    found = [*_of_the_days(question), *_of_parties(question)]
    best = max(found, key=lambda one: (one.opens, one.constraint is not Constraint.LATEST_DATE))
    if not best.opens:
        return None
    times = "1 possible time" if best.opens == 1 else f"{best.opens} possible times"
    return replace(best, text=f"{best.text} {times}.")


def school_grid(question: Question, first: date, last: date) -> Grid:
    """Return the cells of the school days between two days, both included."""
    return Grid.of(question.policy, question.calendar.school_days(first, last) if first <= last else [])


def starts_on(question: Question, grid: Grid) -> int:
    """Return the cells of these days at which a meeting can start with everybody who must be there."""
    return _starts(question, grid, _taken(question, grid))


def _taken(question: Question, grid: Grid) -> int:
    """Return the cells in which a meeting cannot be: what `Barriers` holds, all at once."""
    required = [person for person in question.parties if person.required]
    dated = grid.busy(one for person in required for one in person.busy if one.hard)
    weekly = grid.weekly(one for person in required for one in person.weekly if one.hard)
    return dated | weekly | rooms_taken(question, grid)


def _starts(question: Question, grid: Grid, taken: int) -> int:
    length = cells_of(question.minutes)
    return grid.all_starts(length) & ~spoiled(taken, length)


def _of_the_days(question: Question) -> Iterator[Obstacle]:
    first, last, holidays = question.earliest, question.meet_by, question.calendar.bank_holidays
    tomorrow = question.today + timedelta(days=1)
    week_on = add_working_days(max(last, first), 5, holidays)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    working = [day for day in every if day.weekday() < 5 and day not in holidays]
    yield Obstacle(
        Constraint.NOTICE,
        starts_on(question, school_grid(question, tomorrow, last)).bit_count(),
        f"With less notice than your authority's {question.policy.notice_days} clear working days there would be",
    )
    yield Obstacle(
        Constraint.SCHOOL_DAYS,
        starts_on(question, Grid.of(question.policy, working)).bit_count(),
        f"On working days when {question.calendar.school_name} does not meet there would be",
    )
    yield Obstacle(
        Constraint.LATEST_DATE,
        starts_on(question, school_grid(question, first, week_on)).bit_count(),
        f"In the five working days after the latest date, {day_in_words(last)}, there would be",
    )


def _of_parties(question: Question) -> Iterator[Obstacle]:
    grid = school_grid(question, question.earliest, question.meet_by)
    barriers = Barriers.on(question, grid)
    for person, masks in barriers.of_parties:
        for removal in _REMOVALS:
            if removal.kinds & masks.keys():
                taken = barriers.taken(ignored=person.id, kinds=removal.kinds)
                opens = _starts(question, grid, taken).bit_count()
                yield Obstacle(removal.constraint, opens, removal.text.format(name=person.name), person.id)
    if question.rooms:
        opens = _starts(question, grid, barriers.taken(rooms=False)).bit_count()
        which = f"in {question.rooms[0].name}" if len(question.rooms) == 1 else "in one of the school's rooms"
        yield Obstacle(Constraint.ROOM, opens, f"If the meeting need not be {which} there would be")
