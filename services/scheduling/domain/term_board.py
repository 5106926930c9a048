"""Meetings on the board of a term: what is placed where, kept so that one can be put down or taken up quickly."""

from __future__ import annotations

from collections import Counter, defaultdict

from services.scheduling.domain.term_plan import Problem, ToPlace, bits_of, overlap, starts_in


class Board:
    """A draft while it is made. `starts` are the meetings that are placed; every hard rule always holds."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.meetings = {meeting.id: meeting for meeting in problem.meetings}
        self.possible = {meeting.id: problem.possible(meeting) for meeting in problem.meetings}
        self.starts: dict[str, int] = {}
        self._day = (1 << problem.cells) - 1
        self._days_of_week: dict[int, int] = defaultdict(int)
        self._days_in: dict[int, list[int]] = defaultdict(list)
        for day, week in enumerate(problem.weeks):
            self._days_of_week[week] |= self._day << (day * problem.cells)
            self._days_in[week].append(day)
        self._taken: dict[str, int] = defaultdict(int)
        self._near: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._full: dict[str, int] = defaultdict(int)
        self._on_day: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._in_week: Counter[tuple[str, int]] = Counter()
        self._journeys: Counter[tuple[str, str, int]] = Counter()
        optional = {one for meeting in problem.meetings for one in meeting.optional}
        self._present: dict[str, Counter[int]] = {one: Counter() for one in optional}

    def open_starts(self, meeting: ToPlace) -> int:
        """Return the starts that are possible beside everything placed so far."""
        possible = self.possible[meeting.id]
        if not possible:
            return 0
        taken = 0
        for one in meeting.required:
            taken |= self.taken_from(one, meeting)
        return possible & starts_in(self.problem.everything & ~taken, meeting.length) if taken else possible

    def taken_from(self, person_id: str, meeting: ToPlace) -> int:
        """Return the cells that somebody's other meetings take from one: with journeys, and days that are full."""
        taken = self._taken[person_id] | self._full[person_id]
        if self.problem.travel:
            for school, mask in self._near[person_id].items():
                if school != meeting.school:
                    taken |= mask
        return taken

    def price(self, meeting: ToPlace, start: int) -> int:
        """Return what it costs to place a meeting: its own price, new journeys, unfair weeks, who is elsewhere."""
        problem, worth = self.problem, self.problem.worth
        price = problem.own_price(meeting, start) + self._price_of_day(meeting, problem.day(start))
        if self._present:
            for one in meeting.everybody:
                if there := self._present.get(one):
                    price += worth.missing * sum(1 for n in range(start, start + meeting.length) if there[n])
        return price

    def _price_of_day(self, meeting: ToPlace, day: int) -> int:
        """Return what a meeting costs more on a day, at whatever time: new journeys, and weeks that get too full."""
        problem, price = self.problem, 0
        for one in meeting.everybody:
            if problem.people[one].visits and not self._journeys[one, meeting.school, day]:
                price += problem.worth.visit
        for one in meeting.required:
            fair = problem.people[one].fair_a_week
            if fair is not None and self._in_week[one, problem.weeks[day]] >= fair:
                price += problem.worth.unfair
        return price

    def best_start(self, meeting: ToPlace, among: int | None = None) -> tuple[int, int] | None:
        """Return the cheapest open start and its price, or None where none is open.

        Days are looked at from the best one outwards, and only where they can be cheaper than what was found: most are
        never looked at.
        """
        open_starts = self.open_starts(meeting) if among is None else among
        if not open_starts:
            return None
        cells, worth, days = self.problem.cells, self.problem.worth, len(self.problem.weeks)
        if meeting.previous is not None and open_starts >> meeting.previous & 1:
            found = (self.price(meeting, meeting.previous), meeting.previous)
        else:
            found = (1 << 60, -1)
        for away in range(days):
            if worth.day * away >= found[0]:
                break
            for day in sorted({meeting.ideal - away, meeting.ideal + away}):
                if not 0 <= day < days or not (open_that_day := open_starts >> (day * cells) & self._day):
                    continue
                least = worth.day * away + self._price_of_day(meeting, day)
                if least >= found[0]:
                    continue
                for cell in bits_of(open_that_day):
                    start = day * cells + cell
                    price = self.price(meeting, start)
                    if price < found[0]:
                        found = (price, start)
                        if price == least:
                            break
        return (found[1], found[0]) if found[1] >= 0 else None

    def place(self, meeting: ToPlace, start: int) -> None:
        """Put a meeting down."""
        self._keep(meeting, start, 1)
        self.starts[meeting.id] = start

    def take_up(self, meeting: ToPlace) -> int:
        """Take a meeting up again; return where it was."""
        start = self.starts.pop(meeting.id)
        self._keep(meeting, start, -1)
        return start

    def in_the_way(self, meeting: ToPlace, start: int) -> list[ToPlace] | None:
        """Return the meetings that would have to make room for a start; None where one of them is locked."""
        problem, day = self.problem, self.problem.day(start)
        found: dict[str, ToPlace] = {}
        for one in meeting.required:
            person = problem.people[one]
            others = [self.meetings[each] for each in self._on_day[one, day]]
            near = [each for each in others if overlap(problem, meeting, start, each, self.starts[each.id])]
            found.update((each.id, each) for each in near)
            for most, theirs in (
                (person.most_a_day, others),
                (person.most_a_week, self._of_week(one, problem.week(start)) if person.most_a_week else []),
            ):
                rest = [each for each in theirs if each.id not in found]
                if most is not None and len(rest) >= most:
                    loose = [each for each in rest if each.locked is None]
                    if len(loose) < (needed := len(rest) - most + 1):
                        return None
                    loose.sort(key=lambda each: (-self.possible[each.id].bit_count(), each.id))
                    found.update((each.id, each) for each in loose[:needed])
        return None if any(each.locked is not None for each in found.values()) else list(found.values())

    def _of_week(self, person_id: str, week: int) -> list[ToPlace]:
        return [self.meetings[each] for day in self._days_in[week] for each in self._on_day[person_id, day]]

    def _keep(self, meeting: ToPlace, start: int, sign: int) -> None:
        problem = self.problem
        day, week = problem.day(start), problem.week(start)
        touched = ((1 << meeting.length) - 1) << start
        for one in meeting.required:
            on_day = self._on_day[one, day]
            if sign > 0:
                on_day.append(meeting.id)
                self._taken[one] |= touched
            else:
                on_day.remove(meeting.id)
                self._taken[one] = self._anew(one, day)
            self._in_week[one, week] += sign
            self._mark_full(one, day, week)
            if problem.travel:
                self._near[one][meeting.school] = self._reach(one, meeting, touched, day, sign)
        for one in meeting.everybody:
            if problem.people[one].visits:
                self._journeys[one, meeting.school, day] += sign
            if (there := self._present.get(one)) is not None:
                for cell in range(start, start + meeting.length):
                    there[cell] += sign

    def _anew(self, person_id: str, day: int) -> int:
        """Return the cells of a person with those of one day worked out again: two locked meetings may overlap."""
        taken = self._taken[person_id] & ~(self._day << (day * self.problem.cells))
        for each in self._on_day[person_id, day]:
            other = self.meetings[each]
            # The one that is being taken up is no longer on the day.
            taken |= ((1 << other.length) - 1) << self.starts[each]
        return taken

    def _reach(self, person_id: str, meeting: ToPlace, touched: int, day: int, sign: int) -> int:
        """Return the cells on a day in which somebody is at a school or on the way to or from it."""
        own = self._day << (day * self.problem.cells)
        if sign > 0:
            return self._near[person_id][meeting.school] | self._wide(touched, own)
        mask = self._near[person_id][meeting.school] & ~own
        for each in self._on_day[person_id, day]:
            other = self.meetings[each]
            if other.school == meeting.school:
                mask |= self._wide(((1 << other.length) - 1) << self.starts[each], own)
        return mask

    def _wide(self, touched: int, own: int) -> int:
        for _ in range(self.problem.travel):
            touched |= touched << 1 | touched >> 1
        return touched & own

    def _mark_full(self, person_id: str, day: int, week: int) -> None:
        person = self.problem.people[person_id]
        if person.most_a_day is None and person.most_a_week is None:
            return
        full = self._full[person_id] & ~self._days_of_week[week]
        if person.most_a_week is not None and self._in_week[person_id, week] >= person.most_a_week:
            full |= self._days_of_week[week]
        elif person.most_a_day is not None:
            for other in self._days_in[week]:
                if len(self._on_day[person_id, other]) >= person.most_a_day:
                    full |= self._day << (other * self.problem.cells)
        self._full[person_id] = full
