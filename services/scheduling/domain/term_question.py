"""From what is known of many meetings to the one problem of a term: cells and masks. Pure.

It starts from the same `Question`s as the search for one meeting's times, so whatever is known there (diaries, hours
that suit, lessons, journeys to meetings that are arranged) holds in a draft of the term too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from operator import or_

from services.scheduling.domain.busy import BusyKind, Taken
from services.scheduling.domain.cells import CELL_MINUTES, Grid, cells_of, spoiled
from services.scheduling.domain.question import Person, Question
from services.scheduling.domain.slots import LATE_WINDOW, hours_penalties
from services.scheduling.domain.term_obstacles import Hindrance
from services.scheduling.domain.term_plan import Attendee, Problem, ToPlace
from services.scheduling.domain.term_rules import TermRules
from shared.contracts.roles import Role
from shared.kernel.clock import LONDON, london_time
from shared.kernel.working_days import add_working_days, subtract_working_days


@dataclass(frozen=True, slots=True)
class Wanted:
    """A meeting of the term: the question, at which school, and the people's roles by id.

    `locked` is when it has to stay, `previous` when the draft before had it (aware instants).
    """

    meeting_id: str
    school: str
    question: Question
    roles: Mapping[str, Role]
    locked: datetime | None = None
    previous: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayOff:
    """Somebody is away from a day to a day, both included: "what if X is off in week 7"."""

    person_id: str
    first: date
    last: date


@dataclass(frozen=True)
class TermProblem:
    """A problem with its days, so that cells and instants can be told from each other."""

    problem: Problem
    grid: Grid
    late: frozenset[str] = field(default=frozenset())
    """The meetings whose latest date cannot be met any more: they are planned as soon as can be."""

    @cached_property
    def _number(self) -> dict[date, int]:
        return {day: number for number, day in enumerate(self.grid.days)}

    def instant(self, start: int) -> datetime:
        """Return when a cell begins."""
        minute = self.grid.opens + start % self.grid.cells * CELL_MINUTES
        return london_time(self.grid.days[start // self.grid.cells], minute // 60, minute % 60)

    def cell(self, instant: datetime) -> int | None:
        """Return the cell that begins at an instant, or None where the term has none."""
        local = instant.astimezone(LONDON)
        number = self._number.get(local.date())
        minute = local.hour * 60 + local.minute - self.grid.opens
        if number is None or minute % CELL_MINUTES or not 0 <= minute // CELL_MINUTES < self.grid.cells:
            return None
        return number * self.grid.cells + minute // CELL_MINUTES


def put_problem(
    wanted: Sequence[Wanted], first: date, last: date, rules: TermRules, days_off: Iterable[DayOff] = ()
) -> TermProblem:
    """Put the problem of placing all these meetings between two days, by an authority's rules.

    Raises `ValueError` without a meeting: there is no policy then, and nothing to place.
    """
    if not wanted:
        raise ValueError("There is no meeting to place.")
    return _Putting(wanted, first, last, rules, days_off).put()


class _Putting:
    def __init__(
        self, wanted: Sequence[Wanted], first: date, last: date, rules: TermRules, days_off: Iterable[DayOff]
    ) -> None:
        self.wanted, self.first, self.last, self.rules = wanted, first, last, rules
        question = wanted[0].question
        self.policy, self.holidays = question.policy, question.calendar.bank_holidays
        self.today = question.today
        self.grid = Grid.of(self.policy, _weekdays(first, last, self.holidays))
        self.days = self.grid.days
        self.term = TermProblem(Problem(self.grid.cells, (), (), {}), self.grid)
        self.off: dict[str, int] = defaultdict(int)
        for one in days_off:
            self.off[one.person_id] |= self._between(one.first, one.last)
        self._school_days: dict[str, int] = {}
        self._free: dict[tuple[str, bool], int] = {}
        self.late: set[str] = set()

    def put(self) -> TermProblem:
        """Return the whole problem."""
        meetings = tuple(self._to_place(one) for one in self.wanted)
        monday = self.days[0].toordinal() - self.days[0].weekday() if self.days else 0
        problem = Problem(
            cells=self.grid.cells,
            weeks=tuple((day.toordinal() - monday) // 7 for day in self.days),
            meetings=meetings,
            people=self._attendees(),
            travel=cells_of(self.policy.travel_minutes),
            worth=self.rules.worth,
        )
        return TermProblem(problem, self.grid, frozenset(self.late))

    def _to_place(self, one: Wanted) -> ToPlace:
        question = one.question
        length = cells_of(question.minutes)
        lessons = self._lessons(question, length)
        hours = self.grid.all_starts(length) & self._every(self.rules.every_minutes)
        open_hours = hours & ~lessons & ~self._ways(question, length)
        begin, end = self._window(one)
        window, school = self._between(begin, end), self._days_of(one)
        starts = window & school & open_hours
        longer = add_working_days(end, 5, self.holidays)
        required = tuple(person.id for person in question.people if person.required)
        optional = [person.id for person in question.people if not person.required]
        if question.child is not None and question.child.taken(rules_out=False):
            optional.append(_lessons_of(question.child))
        ideal = subtract_working_days(end, self.rules.ideal_days, self.holidays)
        sooner = self._between(self.today + timedelta(days=1), end)
        return ToPlace(
            id=one.meeting_id,
            school=one.school,
            length=length,
            starts=starts,
            ideal=self._number(begin if one.meeting_id in self.late else max(begin, ideal)),
            required=required,
            optional=tuple(optional),
            locked=self.term.cell(one.locked) if one.locked else None,
            previous=self.term.cell(one.previous) if one.previous else None,
            hours=tuple(price for _, price in hours_penalties(question.policy, question.minutes)),
            wider=(
                (Hindrance.LATEST_DATE.value, self._between(begin, longer) & school & open_hours),
                (Hindrance.NOTICE.value, sooner & school & open_hours),
                (Hindrance.SCHOOL_DAYS.value, window & open_hours),
                (Hindrance.LESSONS.value, window & school & hours & ~self._ways(question, length)),
            ),
        )

    def _window(self, one: Wanted) -> tuple[date, date]:
        """Return the days in which a meeting must be; one that is late already, the three weeks that come next."""
        question = one.question
        begin, end = max(question.earliest, self.first), min(question.meet_by, self.last)
        if begin > end:
            self.late.add(one.meeting_id)
            end = min(add_working_days(begin, LATE_WINDOW, self.holidays), self.last)
        return begin, end

    def _between(self, first: date, last: date) -> int:
        """Return all cells of the days from one to another."""
        begin, beyond = bisect_left(self.days, first), bisect_right(self.days, last)
        cells = self.grid.cells
        return ((1 << ((beyond - begin) * cells)) - 1) << (begin * cells) if beyond > begin else 0

    def _number(self, day: date) -> int:
        return min(bisect_left(self.days, day), max(0, len(self.days) - 1))

    def _days_of(self, one: Wanted) -> int:
        """Return all cells of the days on which a school meets."""
        if one.school not in self._school_days:
            meets = one.question.calendar.is_school_day
            whole = (1 << self.grid.cells) - 1
            cells = (whole << (n * self.grid.cells) for n, day in enumerate(self.days) if meets(day))
            self._school_days[one.school] = reduce(or_, cells, 0)
        return self._school_days[one.school]

    def _every(self, minutes: int) -> int:
        cells = (n for n in range(self.grid.cells) if (self.grid.opens + n * CELL_MINUTES) % minutes == 0)
        return self.grid.every_day(reduce(or_, (1 << n for n in cells), 0)) if self.days else 0

    def _lessons(self, question: Question, length: int) -> int:
        """Return the starts from which the child would miss what they never should."""
        child = question.child
        hard = child.taken(rules_out=True) if child is not None else []
        return spoiled(self.grid.taken(hard), length) if hard else 0

    def _ways(self, question: Question, length: int) -> int:
        """Return the starts at which somebody would still be on the way between this and an arranged meeting."""
        mask = 0
        for person in question.people:
            ways = [one for one in person.busy if one.kind is BusyKind.TRAVEL] if person.required else []
            if ways:
                mask |= self.grid.taken(ways)
        return spoiled(mask, length) if mask else 0

    def _attendees(self) -> dict[str, Attendee]:
        roles: dict[str, set[Role]] = defaultdict(set)
        found: dict[str, Attendee] = {}
        everyone = {person.id: person for one in self.wanted for person in one.question.people}
        for one in self.wanted:
            for person_id, role in one.roles.items():
                roles[person_id].add(role)
        for person_id, person in everyone.items():
            theirs = frozenset(roles[person_id])
            bounds = self.rules.bounds_of(theirs)
            free = self._free_cells(person, lambda one: one.kind is not BusyKind.TRAVEL and one.hard)
            found[person_id] = Attendee(
                person_id,
                free & ~self.off.get(person_id, 0),
                visits=bool(theirs & self.rules.visiting_roles),
                most_a_day=bounds.a_day,
                most_a_week=bounds.a_week,
                fair_a_week=bounds.fair_a_week,
            )
        for one in self.wanted:
            child = one.question.child
            if child is not None and child.taken(rules_out=False):
                mind = self._free_cells(child, lambda one: not one.hard)
                found[_lessons_of(child)] = Attendee(_lessons_of(child), mind)
        return found

    def _free_cells(self, person: Person, counts: Callable[[Taken], bool]) -> int:
        everything = (1 << (self.grid.cells * len(self.days))) - 1
        everything_known: tuple[Taken, ...] = (*person.busy, *person.weekly)
        stretches = [one for one in everything_known if counts(one)]
        return everything & ~self.grid.taken(stretches) if stretches else everything


def _lessons_of(child: Person) -> str:
    """Return the id under which a child's lessons take part, as somebody who had better be free."""
    return f"lessons of {child.id}"


def _weekdays(first: date, last: date, holidays: Set[date]) -> list[date]:
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if day.weekday() < 5 and day not in holidays]
