"""The rules of a poll: which state may follow which, who is reminded when, which time is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import count

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.scheduling.adapters.policies import load_policies
from services.scheduling.domain import polls, polls_dates, polls_results
from services.scheduling.domain.meeting import Guest, Refusal
from services.scheduling.domain.policy import HeldTimes, PollPolicy, policy_on, read_policy
from services.scheduling.domain.polls import TRANSITIONS, Choice, Intent, Poll, PollState, Question
from services.scheduling.domain.slots import Slot
from shared.kernel.clock import london_date, london_time
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.bank_holidays import ENGLAND_AND_WALES

MONDAY = london_time(date(2026, 11, 23), 9)
CLOSES = date(2026, 11, 26)
TIMES = tuple((at, at + timedelta(hours=1)) for at in (london_time(date(2026, 12, day), 10) for day in (1, 2, 3)))
POLICY = PollPolicy(closes_after_days=3, remind_days_before=1, held_times=HeldTimes.SOFT)
YES, NEED, NO = Choice.YES, Choice.IF_NEED_BE, Choice.NO


def a_guest(key: str, *, required: bool = False) -> Guest:
    return Guest(key, "carer", key.title(), f"{key}@people.example", required)


def a_poll(*people: str, required: tuple[str, ...] = (), asker: str = "", **more: bool) -> Poll:
    guests = tuple(a_guest(one, required=one in required) for one in people or ("ann", "bob", "cem"))
    ids = (f"id-{number}" for number in count())
    return polls.ask("p", "m", Question(TIMES, CLOSES, guests, **more), ids, asker, MONDAY)


def says(poll: Poll, person: str, *choices: Choice, now: datetime = MONDAY) -> Poll:
    who = poll.respondent_of({person})
    said = {one.id: choice for one, choice in zip(poll.proposals, choices, strict=True)}
    return polls.answer(poll, who.id, said, "link", now)


def test_every_pair_of_a_state_and_an_intent_is_settled_with_a_named_refusal_or_a_state() -> None:
    assert set(TRANSITIONS) == {(state, intent) for state in PollState for intent in Intent}
    for outcome in TRANSITIONS.values():
        assert not isinstance(outcome, Refusal) or (outcome.code and outcome.message)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"times": TIMES[:1]}, "times"),
        ({"times": (*TIMES[:1], *TIMES[:1])}, "times"),
        ({"times": tuple((at + timedelta(days=n), end + timedelta(days=n)) for n in range(9) for at, end in TIMES[:1])},
         "times"),
        ({"times": ((MONDAY - timedelta(days=1), MONDAY), *TIMES)}, "times"),
        ({"times": tuple((at, at + timedelta(minutes=5)) for at, _ in TIMES)}, "minutes"),
        ({"guests": ()}, "invite"),
        ({"closes_on": date(2026, 11, 22)}, "closes_on"),
        ({"closes_on": date(2026, 12, 1)}, "closes_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_its_field(wrong: Mapping[str, object], where: str) -> None:
    question = replace(Question(TIMES, CLOSES, (a_guest("ann"),)), **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refused:
        polls.ask("p", "m", question, (str(n) for n in count()), "", MONDAY)
    assert where in refused.value.errors


def test_whoever_asks_has_answered_by_choosing_the_times() -> None:
    poll = a_poll("ann", "bob", asker="ann")
    assert set(poll.respondent_of({"ann"}).choices.values()) == {YES}
    assert [each.person_id for each in poll.silent] == ["bob"]


def test_a_time_must_be_said_of_each_and_may_be_changed_until_it_closes() -> None:
    poll = a_poll()
    with pytest.raises(InvalidInput) as refused:
        polls.answer(poll, poll.respondents[0].id, {poll.proposals[0].id: YES}, "link", MONDAY)
    assert list(refused.value.errors) == [one.id for one in poll.proposals[1:]]
    once = says(poll, "ann", YES, NO, NO)
    again = says(once, "ann", NO, NO, NEED)
    assert list(again.respondent_of({"ann"}).choices.values()) == [NO, NO, NEED]
    with pytest.raises(Conflict, match="closing date has passed") as closed:
        says(polls.close(again, MONDAY), "ann", YES, YES, YES)
    assert closed.value.code == "poll_closed"


def test_a_closed_poll_is_opened_again_by_giving_more_time_and_a_decided_one_never() -> None:
    closed = polls.close(a_poll(), MONDAY)
    opened = polls.extend(closed, date(2026, 11, 27), MONDAY)
    assert (opened.state, opened.closes_on, opened.ended_at) == (PollState.OPEN, date(2026, 11, 27), None)
    for wrong in (date(2026, 11, 20), date(2026, 12, 1)):
        with pytest.raises(InvalidInput):
            polls.extend(closed, wrong, MONDAY)
    decided = polls.decide(closed, TIMES[1][0], MONDAY)
    assert decided.chosen == closed.proposals[1].id
    assert polls.decide(closed, MONDAY, MONDAY).chosen == ""
    with pytest.raises(Conflict) as refused:
        polls.extend(decided, date(2026, 11, 27), MONDAY)
    assert refused.value.code == "poll_decided"


# Who is reminded when.


def test_who_is_silent_is_reminded_on_the_morning_of_the_working_day_before_and_once_only() -> None:
    poll = says(a_poll("ann", "bob"), "ann", YES, YES, YES)
    before, due = london_time(date(2026, 11, 25), 7, 59), london_time(date(2026, 11, 25), 8)
    assert polls_dates.reminders_due(poll, POLICY, ENGLAND_AND_WALES, before) == ()
    (bob,) = polls_dates.reminders_due(poll, POLICY, ENGLAND_AND_WALES, due)
    assert bob.person_id == "bob"
    reminded = polls.note_reminded(poll, bob.id, due)
    assert polls_dates.reminders_due(reminded, POLICY, ENGLAND_AND_WALES, due + timedelta(hours=3)) == ()
    longer = polls.extend(reminded, date(2026, 11, 30), due)
    assert polls_dates.reminders_due(longer, POLICY, ENGLAND_AND_WALES, london_time(date(2026, 11, 27), 9)) == ()


def test_a_weekend_and_a_bank_holiday_do_not_count_towards_the_reminder() -> None:
    poll = replace(a_poll("ann"), closes_on=date(2026, 12, 29), opened_at=MONDAY)  # a Tuesday after a bank holiday
    asked = {
        day: bool(polls_dates.reminders_due(poll, POLICY, ENGLAND_AND_WALES, london_time(date(2026, 12, day), 9)))
        for day in (23, 24, 28)
    }
    assert asked == {23: False, 24: True, 28: True}


def test_nobody_is_reminded_who_was_asked_after_the_moment_or_where_the_authority_does_not_remind() -> None:
    late = replace(a_poll("ann"), opened_at=london_time(date(2026, 11, 25), 11))
    at = london_time(date(2026, 11, 25), 12)
    assert polls_dates.reminders_due(late, POLICY, ENGLAND_AND_WALES, at) == ()
    assert polls_dates.reminders_due(a_poll("ann"), PollPolicy(), ENGLAND_AND_WALES, at) == ()
    assert polls_dates.reminders_due(polls.close(a_poll("ann"), MONDAY), POLICY, ENGLAND_AND_WALES, at) == ()
    assert polls_dates.reminders_due(a_poll("ann"), POLICY, ENGLAND_AND_WALES, london_time(date(2026, 11, 27), 9)) == ()


def test_answers_are_taken_to_the_end_of_the_closing_date_in_england() -> None:
    poll = a_poll()
    assert not polls_dates.is_past_closing(poll, CLOSES)
    assert polls_dates.is_past_closing(poll, CLOSES + timedelta(days=1))
    assert not polls_dates.is_past_closing(polls.close(poll, MONDAY), CLOSES + timedelta(days=1))


def test_the_policy_is_data_and_what_it_leaves_out_is_switched_off() -> None:
    in_force = policy_on(load_policies("northmoor"), MONDAY.date())
    assert in_force.polls == POLICY
    assert polls_dates.usual_closing(POLICY, MONDAY.date(), ENGLAND_AND_WALES) == CLOSES
    assert polls_dates.usual_closing(PollPolicy(), MONDAY.date(), ENGLAND_AND_WALES) is None
    packaged = orjson.loads((files("services.scheduling") / "policies" / "default.json").read_bytes())[-1]
    data = {key: value for key, value in packaged.items() if key != "polls"}
    assert read_policy(data).polls == PollPolicy()
    assert read_policy({**data, "polls": {"held_times": "hard"}}).polls == PollPolicy(held_times=HeldTimes.HARD)
    with pytest.raises(KeyError, match="remind_after"):
        read_policy({**data, "polls": {"remind_after": 1}})


# What came of it.


def test_what_suits_those_who_must_be_there_comes_first_and_what_they_cannot_make_last() -> None:
    poll = a_poll("ann", "bob", "cem", "dee", required=("ann",))
    poll = says(poll, "ann", NO, NEED, YES)
    poll = says(poll, "bob", YES, YES, NO)
    poll = says(poll, "cem", YES, YES, NO)
    first, second, last = polls_results.ranked(poll)
    assert [poll.proposals.index(each.proposal) for each in (first, second, last)] == [1, 2, 0]
    assert (first.yes, first.if_need_be, first.no, first.silent) == (2, 1, 0, 1)
    assert [each.person_id for each in last.cannot] == ["ann"]
    assert not second.cannot


choices = st.tuples(*(st.sampled_from(Choice) for _ in TIMES))


@settings(deadline=None, max_examples=60)
@given(said=st.lists(st.tuples(st.booleans(), st.none() | choices), min_size=1, max_size=7))
def test_no_time_with_a_required_no_is_ranked_before_one_without(
    said: list[tuple[bool, tuple[Choice, ...] | None]],
) -> None:
    people = [f"p{number}" for number in range(len(said))]
    required = tuple(person for person, (must, _) in zip(people, said, strict=True) if must)
    poll = a_poll(*people, required=required)
    for person, (_, chosen) in zip(people, said, strict=True):
        poll = says(poll, person, *chosen) if chosen else poll
    tallies = polls_results.ranked(poll)
    assert [len(one.cannot) for one in tallies] == sorted(len(one.cannot) for one in tallies)
    assert all(one.yes + one.if_need_be + one.no + one.silent == len(people) for one in tallies)
    assert {one.proposal for one in tallies} == set(poll.proposals)


def test_others_are_counted_only_where_allowed_and_once_three_others_have_answered() -> None:
    people = ("ann", "bob", "cem", "dee")
    open_book = a_poll(*people, shows_counts=True)
    ann = open_book.respondent_of({"ann"}).id
    for person in ("bob", "cem"):
        open_book = says(open_book, person, YES, NO, NEED)
    assert polls_results.counts_for(says(open_book, "ann", YES, YES, YES), ann) is None
    open_book = says(open_book, "dee", YES, YES, NO)
    counts = polls_results.counts_for(open_book, ann)
    assert counts is not None
    assert [(one.yes, one.if_need_be, one.no) for one in counts.values()] == [(3, 0, 0), (1, 0, 2), (0, 2, 1)]
    assert polls_results.counts_for(replace(open_book, shows_counts=False), ann) is None


def test_the_points_of_a_time_name_who_said_no() -> None:
    poll = a_poll("ann", "bob", required=("bob",))
    poll = says(says(poll, "ann", NO, YES, NEED), "bob", NO, YES, YES)
    assert [(one.code, one.good) for one in polls_results.points_of(poll, TIMES[0][0])] == [
        ("asked_optional_no", False),
        ("asked_required_no", False),
    ]
    (good,) = polls_results.points_of(poll, TIMES[2][0])
    assert good.text == "1 of the 2 people who were asked can come, and 1 more if need be"
    assert polls_results.points_of(poll, MONDAY) == ()
    assert polls_results.points_of(polls.withdraw(poll, MONDAY), TIMES[2][0]) == ()


def test_the_times_that_are_offered_leave_room_to_answer() -> None:
    def slot(day: int) -> Slot:
        at = london_time(date(2026, 12, day), 10)
        return Slot(at, at + timedelta(hours=1), 0, ())

    def offered(closes: int, *days: int) -> tuple[list[int], int]:
        found, on = polls_dates.times_to_ask([slot(day) for day in days], date(2026, 12, closes), 2, ENGLAND_AND_WALES)
        return [one.day.day for one in found], on.day

    assert offered(2, 3, 4, 7, 8, 9) == ([7, 8, 9], 2)  # two clear working days after the closing date
    assert offered(2, 2, 3, 4, 7) == ([3, 4, 7], 2)
    assert offered(4, 2, 3, 4) == ([2, 3, 4], 1)
    assert offered(2) == ([], 2)


class PollLife(RuleBasedStateMachine):
    """Whatever people and the worker do in whatever order, a poll keeps its promises."""

    people = ("ann", "bob", "cem", "dee")

    @initialize(required=st.sets(st.sampled_from(people)))
    def begin(self, required: set[str]) -> None:
        self.now = MONDAY
        self.poll = a_poll(*self.people, required=tuple(required))
        self.mailed: list[str] = []

    def attempt(self, intent: Intent, changed: Callable[[], Poll]) -> None:
        outcome = TRANSITIONS[self.poll.state, intent]
        if isinstance(outcome, Refusal):
            with pytest.raises(Conflict) as refused:
                changed()
            assert refused.value.code == outcome.code
            return
        with suppress(InvalidInput):
            self.poll = changed()
            assert self.poll.state is outcome

    @rule(person=st.sampled_from(people), said=choices)
    def somebody_answers(self, person: str, said: tuple[Choice, ...]) -> None:
        if any(each.person_id == person for each in self.poll.respondents):
            self.attempt(Intent.ANSWER, lambda: says(self.poll, person, *said, now=self.now))

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def the_job_looks(self) -> None:
        if polls_dates.is_past_closing(self.poll, london_date(self.now)):
            self.poll = polls.close(self.poll, self.now)
        for who in polls_dates.reminders_due(self.poll, POLICY, ENGLAND_AND_WALES, self.now):
            assert not who.has_answered
            self.mailed.append(who.id)
            self.poll = polls.note_reminded(self.poll, who.id, self.now)

    @rule(days=st.integers(-2, 9))
    def the_worker_gives_time(self, days: int) -> None:
        until = london_date(self.now) + timedelta(days=days)
        self.attempt(Intent.EXTEND, lambda: polls.extend(self.poll, until, self.now))

    @rule()
    def the_worker_closes(self) -> None:
        self.attempt(Intent.CLOSE, lambda: polls.close(self.poll, self.now))

    @precondition(lambda self: self.now > MONDAY + timedelta(days=2))
    @rule(which=st.sampled_from([0, 1, 2, None]))
    def a_time_is_taken(self, which: int | None) -> None:
        at = self.now if which is None else self.poll.proposals[which].starts_at
        self.attempt(Intent.DECIDE, lambda: polls.decide(self.poll, at, self.now))

    @precondition(lambda self: self.now > MONDAY + timedelta(days=2))
    @rule()
    def it_is_withdrawn(self) -> None:
        self.attempt(Intent.WITHDRAW, lambda: polls.withdraw(self.poll, self.now))

    @rule(person=st.sampled_from(people))
    def somebody_leaves(self, person: str) -> None:
        if len(self.poll.respondents) > 1:
            gone = [each.id for each in self.poll.respondents if each.person_id == person]
            self.poll = polls.leave_out(self.poll, gone[0]) if gone else self.poll

    @invariant()
    def nobody_is_reminded_twice(self) -> None:
        assert len(set(self.mailed)) == len(self.mailed)

    @invariant()
    def who_answered_said_something_of_every_time(self) -> None:
        ids = {one.id for one in self.poll.proposals}
        for each in self.poll.respondents:
            assert set(each.choices) == (ids if each.has_answered else set())

    @invariant()
    def it_has_ended_exactly_when_it_is_not_open(self) -> None:
        assert (self.poll.ended_at is None) is (self.poll.state is PollState.OPEN)
        assert not self.poll.chosen or self.poll.state is PollState.DECIDED


TestPollLife = PollLife.TestCase
TestPollLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
