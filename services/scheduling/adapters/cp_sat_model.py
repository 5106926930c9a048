"""A term's problem in the language of CP-SAT: each possible start of each meeting is a yes-or-no."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from services.scheduling.domain.term_plan import Problem, Starts, ToPlace, bits_of

Choice = tuple[ToPlace, int, Any]
"""A meeting, a start, and the solver's yes-or-no for it."""


class TermModel:
    """The model of a problem. The prices are those of `term_plan.Worth`: the objective is what `cost_of` returns.

    Meetings that have no possible start at all are left out of it, so that they do not flatter the gap. With more than
    `most_choices` possible starts the cheapest of each meeting are kept, on as many days as can be: `choices` of
    `possible`.
    """

    def __init__(self, problem: Problem, hint: Starts, model: Any, most_choices: int) -> None:
        self.problem, self.model = problem, model
        self.possible = 0
        self.choices: list[Choice] = []
        self._prices: list[Any] = []
        self._offer_starts(hint, most_choices)
        self._keep_people_apart()
        self._leave_room_to_travel()
        self._bound_days_and_weeks()
        self._count_journeys(hint)
        self._price_unfair_weeks()
        self._price_who_is_elsewhere()
        model.minimize(sum(self._prices))

    def read(self, is_true: Callable[[Any], bool]) -> dict[str, int]:
        """Return the draft that a solution says."""
        return {meeting.id: start for meeting, start, chosen in self.choices if is_true(chosen)}

    def _offer_starts(self, hint: Starts, most_choices: int) -> None:
        offered = {one.id: list(bits_of(self.problem.possible(one))) for one in self.problem.meetings}
        self.possible = sum(len(starts) for starts in offered.values())
        each = max(1, most_choices // max(1, len(offered))) if self.possible > most_choices else None
        for meeting in self.problem.meetings:
            starts = offered[meeting.id]
            if not starts:
                continue
            if each is not None:
                starts = _spread(self.problem, meeting, starts, each, hint)
            options = [self.model.new_bool_var("") for _ in starts]
            self.choices += [(meeting, start, option) for start, option in zip(starts, options, strict=True)]
            for start, option in zip(starts, options, strict=True):
                if price := self.problem.own_price(meeting, start):
                    self._prices.append(price * option)
                self.model.add_hint(option, hint.get(meeting.id) == start)
            if meeting.locked is None:
                unplaced = self.model.new_bool_var("")
                self.model.add_hint(unplaced, meeting.id not in hint)
                self._prices.append(self.problem.worth.unplaced * unplaced)
                options = [*options, unplaced]
            self.model.add_exactly_one(options)

    def _keep_people_apart(self) -> None:
        for together in self._by(lambda meeting, start: _touched(meeting.required, start, meeting.length)).values():
            self._at_most_one(together)

    def _leave_room_to_travel(self) -> None:
        if not self.problem.travel:
            return
        cells = self.problem.cells

        def under_way(meeting: ToPlace, start: int) -> Iterator[tuple[str, int]]:
            last = min(start + meeting.length + self.problem.travel, (start // cells + 1) * cells)
            return ((one, cell) for one in meeting.required for cell in range(start, last))

        there: dict[tuple[str, tuple[tuple[int, int], ...]], Any] = {}
        for together in self._by(under_way).values():
            schools: dict[str, list[Choice]] = defaultdict(list)
            for choice in together:
                schools[choice[0].school].append(choice)
            if len(schools) < 2:
                continue
            if (
                len(
                    {school for school, choices in schools.items() if any(one[0].locked is not None for one in choices)}
                )
                > 1
            ):
                self._forbid_loose(together)
                continue
            present = []
            for school, choices in schools.items():
                key = (school, tuple((id(one[0]), one[1]) for one in choices))
                if key not in there:
                    there[key] = self.model.new_bool_var("")
                    for starts in _by_meeting(choices):
                        self.model.add_at_most_one([*starts, there[key].Not()])
                present.append(there[key])
            self.model.add_at_most_one(present)

    def _bound_days_and_weeks(self) -> None:
        problem = self.problem
        for bound, when in (("most_a_day", problem.day), ("most_a_week", problem.week)):
            grouped = self._by(partial(_bounded, when))
            for (person_id, _), together in grouped.items():
                most = getattr(problem.people[person_id], bound)
                if most is not None and len({id(one[0]) for one in together}) > most:
                    locked = len({one[0].id for one in together if one[0].locked is not None})
                    self.model.add(sum(one[2] for one in together) <= max(most, locked))

    def _count_journeys(self, hint: Starts) -> None:
        problem = self.problem
        visitors = {one.id for one in problem.people.values() if one.visits}

        def journeys(meeting: ToPlace, start: int) -> Iterator[tuple[str, str, int]]:
            return ((one, meeting.school, problem.day(start)) for one in meeting.everybody if one in visitors)

        for together in self._by(journeys).values():
            visit = self.model.new_bool_var("")
            self.model.add_hint(visit, any(hint.get(one[0].id) == one[1] for one in together))
            self._prices.append(problem.worth.visit * visit)
            # One start at most of each meeting: said so, the relaxation is tight, and the bound close.
            for starts in _by_meeting(together):
                self.model.add_at_most_one([*starts, visit.Not()])

    def _price_unfair_weeks(self) -> None:
        problem = self.problem
        grouped = self._by(lambda meeting, start: ((one, problem.week(start)) for one in meeting.required))
        for (person_id, _), together in grouped.items():
            fair = problem.people[person_id].fair_a_week
            count = len({id(one[0]) for one in together})
            if fair is not None and count > fair:
                over = self.model.new_int_var(0, count - fair, "")
                self.model.add(sum(one[2] for one in together) - fair <= over)
                self._prices.append(problem.worth.unfair * over)

    def _price_who_is_elsewhere(self) -> None:
        optional = {one for meeting in self.problem.meetings for one in meeting.optional}
        grouped = self._by(
            lambda meeting, start: _touched(
                [one for one in meeting.everybody if one in optional], start, meeting.length
            )
        )
        for together in grouped.values():
            meetings = {id(one[0]): one[0] for one in together}
            if len(meetings) > 1:
                over = self.model.new_int_var(0, len(meetings) - 1, "")
                self.model.add(sum(one[2] for one in together) - 1 <= over)
                self._prices.append(self.problem.worth.missing * over)

    def _by(self, keys: Callable[[ToPlace, int], Iterable[Hashable]]) -> Mapping[Any, list[Choice]]:
        found: dict[Hashable, list[Choice]] = defaultdict(list)
        for choice in self.choices:
            for key in keys(choice[0], choice[1]):
                found[key].append(choice)
        return found

    def _at_most_one(self, together: list[Choice]) -> None:
        """Let one of these be; where people locked several at once, those alone."""
        if len({id(one[0]) for one in together}) < 2:
            return
        if sum(1 for one in together if one[0].locked is not None) > 1:
            self._forbid_loose(together)
        else:
            self.model.add_at_most_one(one[2] for one in together)

    def _forbid_loose(self, together: list[Choice]) -> None:
        for meeting, _, chosen in together:
            if meeting.locked is None:
                self.model.add(chosen == 0)


def _bounded(when: Callable[[int], int], meeting: ToPlace, start: int) -> Iterator[tuple[str, int]]:
    return ((one, when(start)) for one in meeting.required)


def _by_meeting(choices: Iterable[Choice]) -> Iterable[list[Any]]:
    """Return the yes-or-noes of each meeting among these."""
    found: dict[str, list[Any]] = defaultdict(list)
    for meeting, _, chosen in choices:
        found[meeting.id].append(chosen)
    return found.values()


def _touched(people: Iterable[str], start: int, length: int) -> Iterator[tuple[str, int]]:
    return ((one, cell) for one in people for cell in range(start, start + length))


def _spread(problem: Problem, meeting: ToPlace, starts: list[int], count: int, hint: Starts) -> list[int]:
    """Return the cheapest starts, the second of a day after the first of other days, with those that must be among."""
    ranked = sorted(starts, key=lambda start: (problem.own_price(meeting, start), start))
    on_day: Counter[int] = Counter()
    prices = {}
    for start in ranked:
        prices[start] = problem.own_price(meeting, start) + 2 * on_day[problem.day(start)]
        on_day[problem.day(start)] += 1
    chosen = set(sorted(ranked, key=lambda start: (prices[start], start))[:count])
    chosen |= {start for start in (hint.get(meeting.id), meeting.previous) if start in prices}
    return sorted(chosen)
