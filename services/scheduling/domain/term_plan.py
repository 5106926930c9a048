"""A term's meetings at once: what is to be placed, by which rules, and what a draft costs. Pure.

Time is cut into the cells of a `TermGrid`, one day after another, and held as the bits of one whole number, as in
`slots`. A meeting starts in a cell and takes `length` of them. What is hard (people, windows, calendars, so many a day,
room to travel, what somebody locked) no draft may break; `broken_rules` judges any draft by itself, apart from whatever
made it. What is soft has a price, in one currency: a day away from the best one costs `Worth.day`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who is to come to meetings: in which cells they can.

    `most_a_day` and `most_a_week` bound the meetings they must be at (None: no bound); more than `fair_a_week` costs.
    `visits` tells that a day on which they go to a school is a journey, however many meetings they have there.
    """

    id: str
    free: int
    visits: bool = False
    most_a_day: int | None = None
    most_a_week: int | None = None
    fair_a_week: int | None = None


@dataclass(frozen=True, slots=True)
class ToPlace:
    """A meeting to place. `starts` are the cells in which it may start by its window, its school and the hours.

    `ideal` is the day (its place in the grid) it had best be on. `locked` is a start that must stay as it is;
    `previous` the one that the draft before had. `hours` is the price of starting in each cell of a day. `wider` are,
    by the code of a constraint, the starts that there would be without it.
    """

    id: str
    school: str
    length: int
    starts: int
    ideal: int
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    locked: int | None = None
    previous: int | None = None
    hours: tuple[int, ...] = ()
    wider: tuple[tuple[str, int], ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return all who are to come."""
        return (*self.required, *self.optional)


@dataclass(frozen=True, slots=True)
class Worth:
    """What things cost: the price of each, in days away from the best day."""

    day: int = 1
    visit: int = 6
    unfair: int = 4
    missing: int = 3
    moved: int = 300
    unplaced: int = 1000


@dataclass(frozen=True)
class Problem:
    """Everything there is to know. Day n of the grid is in week `weeks[n]`; `cells` are the cells of one day.

    `travel` are the cells between two meetings at different schools.
    """

    cells: int
    weeks: tuple[int, ...]
    meetings: tuple[ToPlace, ...]
    people: Mapping[str, Attendee]
    travel: int = 0
    worth: Worth = field(default_factory=Worth)

    @cached_property
    def everything(self) -> int:
        """Return the mask of all cells."""
        return (1 << (self.cells * len(self.weeks))) - 1

    def day(self, start: int) -> int:
        """Return the day of a cell, as its place in the grid."""
        return start // self.cells

    def week(self, start: int) -> int:
        """Return the week of a cell."""
        return self.weeks[start // self.cells]

    def possible(self, meeting: ToPlace) -> int:
        """Return the starts that suit the window and everybody who must be there, whatever else is placed."""
        if meeting.locked is not None:
            return 1 << meeting.locked
        free = self.everything
        for person_id in meeting.required:
            free &= self.people[person_id].free
        return meeting.starts & starts_in(free, meeting.length)

    def own_price(self, meeting: ToPlace, start: int) -> int:
        """Return what a start costs whatever else is placed: days, the hour, who is missing, moving."""
        worth = self.worth
        price = worth.day * abs(self.day(start) - meeting.ideal)
        if meeting.hours:
            price += meeting.hours[start % self.cells]
        if meeting.optional:
            price += worth.missing * self.cells_missed(meeting, start)
        if meeting.previous is not None and start != meeting.previous:
            price += worth.moved
        return price

    def cells_missed(self, meeting: ToPlace, start: int) -> int:
        """Return how many cells of a meeting those who had better come cannot be there, by their own diaries."""
        touched = ((1 << meeting.length) - 1) << start
        return sum((touched & ~self.people[one].free).bit_count() for one in meeting.optional)


def starts_in(free: int, length: int) -> int:
    """Return the cells from which `length` cells on end are free."""
    for _ in range(length - 1):
        free &= free >> 1
    return free


def bits_of(mask: int) -> Iterator[int]:
    """Yield the cells of a mask, the earliest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(frozen=True, slots=True)
class Cost:
    """What a draft costs, by reason; `moved` and `unplaced` are counted, the others are prices.

    `visits` is how many journeys to schools there are.
    """

    days: int = 0
    hours: int = 0
    missing: int = 0
    journeys: int = 0
    unfair: int = 0
    moving: int = 0
    visits: int = 0
    moved: int = 0
    unplaced: int = 0

    @property
    def total(self) -> int:
        """Return the price of everything but what is not placed."""
        return self.days + self.hours + self.missing + self.journeys + self.unfair + self.moving


Starts = Mapping[str, int]
"""Where each placed meeting starts, by its id."""


def cost_of(problem: Problem, starts: Starts) -> Cost:
    """Return what a draft costs, split by reason."""
    worth = problem.worth
    days = hours = missed = moved = 0
    journeys: set[tuple[str, str, int]] = set()
    in_week: Counter[tuple[str, int]] = Counter()
    at: Counter[tuple[str, int]] = Counter()
    optional = {one for meeting in problem.meetings for one in meeting.optional}
    for meeting in problem.meetings:
        start = starts.get(meeting.id)
        if start is None:
            continue
        days += abs(problem.day(start) - meeting.ideal)
        hours += meeting.hours[start % problem.cells] if meeting.hours else 0
        missed += problem.cells_missed(meeting, start)
        moved += meeting.previous is not None and start != meeting.previous
        in_week.update((one, problem.week(start)) for one in meeting.required)
        at.update(
            (one, cell) for one in meeting.everybody if one in optional for cell in range(start, start + meeting.length)
        )
        journeys.update(
            (one, meeting.school, problem.day(start)) for one in meeting.everybody if problem.people[one].visits
        )
    missed += sum(count - 1 for count in at.values() if count > 1)
    over = sum(
        max(0, n - fair) for (one, _), n in in_week.items() if (fair := problem.people[one].fair_a_week) is not None
    )
    return Cost(
        days=worth.day * days,
        hours=hours,
        missing=worth.missing * missed,
        journeys=worth.visit * len(journeys),
        unfair=worth.unfair * over,
        moving=worth.moved * moved,
        visits=len(journeys),
        moved=moved,
        unplaced=sum(1 for meeting in problem.meetings if meeting.id not in starts),
    )


def broken_rules(problem: Problem, starts: Starts) -> list[str]:
    """Return every hard rule that a draft breaks, in words; a sound draft breaks none."""
    placed = [(meeting, starts[meeting.id]) for meeting in problem.meetings if meeting.id in starts]
    of_person: dict[str, list[tuple[ToPlace, int]]] = {}
    wrong = [
        f"{meeting.id} is locked at {meeting.locked}"
        for meeting in problem.meetings
        if meeting.locked is not None and starts.get(meeting.id) != meeting.locked
    ]
    for meeting, start in placed:
        if not problem.possible(meeting) >> start & 1:
            wrong.append(f"{meeting.id} may not start at {start}")
        for one in meeting.required:
            of_person.setdefault(one, []).append((meeting, start))
    for one, theirs in of_person.items():
        wrong += _clashes(problem, one, theirs)
    return wrong


def _clashes(problem: Problem, person_id: str, theirs: list[tuple[ToPlace, int]]) -> Iterator[str]:
    theirs = sorted(theirs, key=lambda one: one[1])
    for place, (meeting, start) in enumerate(theirs):
        for other, later in theirs[place + 1 :]:
            both_locked = meeting.locked is not None and other.locked is not None
            if not both_locked and overlap(problem, meeting, start, other, later):
                yield f"{person_id} is at {meeting.id} and {other.id}"
    person = problem.people[person_id]
    # What people locked themselves may go over a bound; nothing else may be added to it.
    for most, counted in ((person.most_a_day, problem.day), (person.most_a_week, problem.week)):
        numbers = Counter(counted(start) for _, start in theirs)
        locked = Counter(counted(start) for meeting, start in theirs if meeting.locked is not None)
        for when, count in numbers.items():
            if most is not None and count > max(most, locked[when]):
                yield f"{person_id} has {count} meetings in {when}"


def overlap(problem: Problem, one: ToPlace, start: int, other: ToPlace, later: int) -> bool:
    """Tell whether nobody can be at both meetings: they meet in time, or leave no room to travel between two schools.

    A journey over night is none.
    """
    same_day = problem.day(start) == problem.day(later)
    room = problem.travel if one.school != other.school else 0
    return same_day and start < later + other.length + room and later < start + one.length + room
