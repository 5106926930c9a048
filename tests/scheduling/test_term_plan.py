"""Drafting a term, against brute force and against a judge that knows nothing of how drafts are made."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scheduling.domain.term_board import Board
from services.scheduling.domain.term_greedy import draft
from services.scheduling.domain.term_obstacles import Hindrance, Relaxed, obstacles
from services.scheduling.domain.term_plan import (
    Attendee,
    Cost,
    Problem,
    ToPlace,
    Worth,
    bits_of,
    broken_rules,
    cost_of,
    starts_in,
)

ALL_DAY = (1 << 4) - 1


def a_problem(*meetings: ToPlace, people: tuple[Attendee, ...] = (), days: int = 5, **more: object) -> Problem:
    """Return a problem of days of four cells; who is not among `people` is free all the time."""
    everything = (1 << (4 * days)) - 1
    known = {one.id: one for one in people}
    named = {person for meeting in meetings for person in meeting.everybody}
    everybody = {one: known.get(one, Attendee(one, everything)) for one in named}
    return Problem(4, tuple(day // 5 for day in range(days)), meetings, everybody, **more)  # type: ignore[arg-type]


def a_meeting(name: str, *required: str, school: str = "oak", starts: int = (1 << 20) - 1, **more: object) -> ToPlace:
    return ToPlace(name, school, **{"length": 1, "starts": starts, "ideal": 0, "required": required} | more)  # type: ignore[arg-type]


@st.composite
def problems(draw: st.DrawFn, most: int = 8, days: int = 4) -> Problem:
    """Return a term of a few days with a few people, some of them with bounds, some meetings locked."""
    cells = 4
    everything = (1 << (cells * days)) - 1
    masks = st.integers(0, everything)
    bound = st.none() | st.integers(1, 2)
    names = ["worker", "teacher", "other", "officer"]
    people = {
        name: Attendee(
            name, draw(masks) | draw(masks), name == "officer", draw(bound), draw(bound), draw(st.none() | st.just(1))
        )
        for name in names
    }
    meetings = []
    for number in range(draw(st.integers(1, most))):
        length = draw(st.integers(1, 2))
        fits = sum(((1 << (cells - length + 1)) - 1) << (day * cells) for day in range(days))
        required = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)))
        optional = tuple(draw(st.lists(st.sampled_from([n for n in names if n not in required]), max_size=1)))
        starts = (draw(masks) | draw(masks)) & fits
        chosen = st.sampled_from(list(bits_of(fits)))
        meetings.append(
            ToPlace(
                f"m{number}",
                draw(st.sampled_from(["oak", "elm"])),
                length,
                starts,
                draw(st.integers(0, days - 1)),
                required,
                optional,
                locked=draw(chosen) if draw(st.integers(0, 5)) == 0 else None,
                previous=draw(st.none() | chosen),
                hours=draw(st.sampled_from([(), (2, 0, 0, 1)])),
            )
        )
    weeks = tuple(day // 2 for day in range(days))
    travel = draw(st.integers(0, 1))
    return Problem(cells, weeks, tuple(meetings), people, travel, Worth())


@given(problems())
@settings(max_examples=250, deadline=None)
def test_no_draft_breaks_a_hard_rule(problem: Problem) -> None:
    made = draft(problem)
    assert broken_rules(problem, made) == []
    assert set(made) >= {one.id for one in problem.meetings if one.locked is not None}


@given(problems())
@settings(max_examples=100, deadline=None)
def test_the_board_knows_what_each_step_costs(problem: Problem) -> None:
    """What it says of a start is what the draft costs more by it, worked out from nothing."""
    board = Board(problem)
    for meeting in problem.meetings:
        found = board.best_start(meeting) if meeting.locked is None else (meeting.locked, 0)
        if found:
            before, price = cost_of(problem, board.starts).total, board.price(meeting, found[0])
            board.place(meeting, found[0])
            assert cost_of(problem, board.starts).total - before == price
    whole = cost_of(problem, board.starts)
    for meeting in problem.meetings:
        if meeting.id in board.starts:
            start = board.take_up(meeting)
            board.place(meeting, start)
    assert cost_of(problem, board.starts) == whole
    for meeting in problem.meetings:
        if meeting.id in board.starts:
            board.take_up(meeting)
            open_now = board.open_starts(meeting)
            fresh = Board(problem)
            for other in problem.meetings:
                if other.id in board.starts:
                    fresh.place(other, board.starts[other.id])
            assert open_now == fresh.open_starts(meeting)


@given(problems(most=4, days=2))
@settings(max_examples=60, deadline=None)
def test_a_start_is_open_exactly_where_no_rule_would_be_broken(problem: Problem) -> None:
    loose = [one for one in problem.meetings if one.locked is None]
    if not loose:
        return
    board = Board(problem)
    for meeting in sorted(problem.meetings, key=lambda one: one.locked is None):
        if meeting is not loose[0] and (
            found := board.best_start(meeting) if meeting.locked is None else (meeting.locked, 0)
        ):
            board.place(meeting, found[0])
    open_now = board.open_starts(loose[0])
    for start in range(problem.cells * 2):
        sound = not broken_rules(problem, {**board.starts, loose[0].id: start})
        assert bool(open_now >> start & 1) is sound, start


def best_by_trying_everything(problem: Problem) -> tuple[int, int]:
    """Return how few meetings must stay without a place, and the least cost of such a draft."""
    options = [
        [meeting.locked] if meeting.locked is not None else [None, *bits_of(problem.possible(meeting))]
        for meeting in problem.meetings
    ]
    best = (len(options) + 1, 0)
    for tried in product(*options):
        starts = {one.id: start for one, start in zip(problem.meetings, tried, strict=True) if start is not None}
        left = len(options) - len(starts)
        if left <= best[0] and not broken_rules(problem, starts):
            best = min(best, (left, cost_of(problem, starts).total))
    return best


@given(problems(most=3, days=2))
@settings(max_examples=40, deadline=None)
def test_the_solver_finds_the_best_there_is(problem: Problem) -> None:
    from services.scheduling.adapters.cp_sat import improve

    problem = replace(problem, worth=replace(problem.worth, moved=7))
    hint = draft(problem)
    found = improve(problem, hint, 10)
    assert found.starts is not None
    assert broken_rules(problem, found.starts) == []
    cost = cost_of(problem, found.starts)
    assert found.proven
    assert (cost.unplaced, cost.total) == best_by_trying_everything(problem)
    impossible = sum(1 for one in problem.meetings if not problem.possible(one))
    assert found.cost == found.bound == cost.total + problem.worth.unplaced * (cost.unplaced - impossible)


def test_others_make_room_for_a_meeting_with_one_time_only() -> None:
    narrow = [a_meeting(f"n{n}", "worker", starts=0b11 << n) for n in range(3)]
    last = a_meeting("last", "worker", starts=0b1)
    problem = a_problem(*narrow, last, days=1)
    assert sorted(draft(problem).values()) == [0, 1, 2, 3]
    # Had the last one come later, the others would have moved one after another.
    made = draft(replace(problem, meetings=(*narrow, last)), {"n0": 0, "n1": 1, "n2": 2})
    assert made == {"last": 0, "n0": 1, "n1": 2, "n2": 3}


def test_meetings_at_one_school_come_together_on_one_day() -> None:
    officer = Attendee("officer", (1 << 20) - 1, visits=True)
    meetings = [a_meeting(f"m{n}", f"worker{n}", "officer", ideal=n) for n in range(3)]
    problem = a_problem(*meetings, people=(officer,))
    made = draft(problem)
    assert len({problem.day(start) for start in made.values()}) == 1
    assert cost_of(problem, made) == Cost(days=2, journeys=6, visits=1) or cost_of(problem, made).visits == 1


def test_no_worker_gets_more_a_day_or_a_week_than_the_rules_say() -> None:
    worker = Attendee("worker", (1 << 40) - 1, most_a_day=2, most_a_week=3)
    meetings = [a_meeting(f"m{n}", "worker", starts=(1 << 40) - 1) for n in range(7)]
    problem = a_problem(*meetings, people=(worker,), days=10)
    made = draft(problem)
    assert len(made) == 6  # three a week
    relaxed = obstacles(problem, made)
    assert [one.hindrance for one in relaxed.values()] == [Hindrance.OTHER_MEETINGS]


def test_a_week_is_shared_out_fairly() -> None:
    worker = Attendee("worker", (1 << 40) - 1, fair_a_week=1)
    meetings = [a_meeting(f"m{n}", "worker", starts=(1 << 40) - 1, ideal=4) for n in range(2)]
    problem = a_problem(*meetings, people=(worker,), days=10)
    made = draft(problem)
    assert {problem.week(start) for start in made.values()} == {0, 1}


def test_there_is_time_to_travel_between_schools_and_none_is_needed_at_one() -> None:
    day = 0b1111
    near = a_problem(a_meeting("a", "worker", starts=day), a_meeting("b", "worker", starts=day), days=1, travel=2)
    assert sorted(draft(near).values()) == [0, 1]
    far = a_problem(
        a_meeting("a", "worker", starts=day), a_meeting("b", "worker", starts=day, school="elm"), days=1, travel=2
    )
    assert sorted(draft(far).values()) == [0, 3]


def test_what_is_locked_stays_and_what_was_there_moves_only_when_it_must() -> None:
    day_one, day_two = ALL_DAY, ALL_DAY << 4
    people = (Attendee("worker", day_one | day_two), Attendee("teacher", day_one | day_two))
    meetings = tuple(a_meeting(f"m{n}", "worker", f"teacher{n}", ideal=1) for n in range(4))
    first = draft(a_problem(*meetings, people=people))
    assert {start // 4 for start in first.values()} == {1}
    off = (Attendee("teacher0", (1 << 20) - 1 - day_two), *people)
    again = tuple(replace(one, previous=first[one.id]) for one in meetings)
    second = draft(a_problem(*again, people=off))
    assert [one for one in first if first[one] != second[one]] == ["m0"]
    locked = tuple(replace(one, locked=19) if one.id == "m3" else one for one in again)
    assert draft(a_problem(*locked, people=off))["m3"] == 19


@given(problems(most=3, days=2), st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_day_off_moves_as_few_as_can_be(problem: Problem, day: int) -> None:
    """The solver moves the fewest there are; the quick draft never moves what could stay unless that makes room."""
    from services.scheduling.adapters.cp_sat import improve

    loose = tuple(replace(one, locked=None, previous=None) for one in problem.meetings)
    first = draft(replace(problem, meetings=loose))
    off = replace(problem.people["worker"], free=problem.people["worker"].free & ~(ALL_DAY << (day * 4)))
    placed = tuple(replace(one, previous=first.get(one.id)) for one in loose)
    after = replace(problem, meetings=placed, people={**problem.people, "worker": off})
    hint = draft(after)
    found = improve(after, hint, 10)
    assert found.starts is not None
    options = [[None, *bits_of(after.possible(one))] for one in placed]
    fewest = (9, 9)
    for tried in product(*options):
        starts = {one.id: start for one, start in zip(placed, tried, strict=True) if start is not None}
        if not broken_rules(after, starts):
            fewest = min(fewest, (len(placed) - len(starts), cost_of(after, starts).moved))
    cost = cost_of(after, found.starts)
    assert (cost.unplaced, cost.moved) == fewest
    must_move = [one for one in placed if one.previous is not None and not after.possible(one) >> one.previous & 1]
    if cost_of(after, hint).unplaced == len(placed) - len(first) and not must_move:
        assert cost_of(after, hint).moved == 0


def test_the_one_constraint_to_relax_is_the_one_that_opens_the_most() -> None:
    monday = Attendee("worker", ALL_DAY)
    tuesday = Attendee("teacher", ALL_DAY << 4)
    meeting = a_meeting("m", "worker", "teacher", starts=0b11 << 4, wider=(("latest_date", (1 << 20) - 1),))
    problem = a_problem(meeting, people=(monday, tuesday))
    assert obstacles(problem, {}) == {"m": Relaxed(Hindrance.OWN_DIARY, 2, "worker")}
    late = Attendee("worker", ALL_DAY << 8)
    problem = a_problem(meeting, people=(late, Attendee("teacher", (ALL_DAY << 8) | (1 << 12))))
    assert obstacles(problem, {}) == {"m": Relaxed(Hindrance.LATEST_DATE, 4)}
    nobody = a_problem(
        a_meeting("m", "worker", "teacher", starts=1), people=(Attendee("worker", 0), Attendee("teacher", 0))
    )
    assert obstacles(nobody, {}) == {"m": Relaxed(Hindrance.SEVERAL)}


def test_starts_that_are_free_for_long_enough() -> None:
    assert starts_in(0b110111, 2) == 0b010011
    assert list(bits_of(0b1010)) == [1, 3]
