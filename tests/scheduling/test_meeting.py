from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.scheduling.domain.meeting import (
    TRANSITIONS,
    Answer,
    Booking,
    Guest,
    Intent,
    Invitee,
    Meeting,
    MeetingState,
    Mode,
    Reason,
    Refusal,
    answer,
    book,
    call_off,
    follow,
    hold,
)
from shared.kernel.errors import Conflict, DomainError, InvalidInput

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WORKER = Guest("worker", "social_worker", "Amara Okafor", "amara@northmoor.example", True)
TEACHER = Guest("teacher", "designated_teacher", "Ben Adeyemi", "ben@oakfield.example", True)
CARER = Guest("carer", "carer", "Chris Lowe", "", False)


def a_meeting() -> Meeting:
    return Meeting(
        id="m1",
        authority="northmoor",
        child_id="c1",
        plan_id="p1",
        request_id="p1",
        reason=Reason.FIRST,
        rule="first_pep",
        term="2026-autumn",
        asked_on=date(2026, 11, 20),
        meet_by=date(2026, 12, 4),
    )


def a_booking(days: int = 7) -> Booking:
    starts = NOW + timedelta(days=days)
    return Booking(starts, starts + timedelta(hours=1), Mode.IN_PERSON, "Oakfield School")


def arranged() -> Meeting:
    return book(a_meeting(), a_booking(), (WORKER, TEACHER, CARER), ("i1", "i2", "i3"), NOW)


def test_every_pair_of_a_state_and_an_intent_is_a_transition_or_a_named_refusal() -> None:
    assert set(TRANSITIONS) == {(state, intent) for state in MeetingState for intent in Intent}
    for outcome in TRANSITIONS.values():
        if isinstance(outcome, Refusal):
            assert outcome.code
            assert outcome.message.endswith(".")


@pytest.mark.parametrize("state", [MeetingState.HELD, MeetingState.CANCELLED])
@pytest.mark.parametrize("intent", list(Intent))
def test_nothing_follows_a_meeting_that_was_held_or_cancelled(state: MeetingState, intent: Intent) -> None:
    with pytest.raises(Conflict):
        follow(state, intent)


def test_arranging_gives_a_meeting_its_time_and_its_invitees() -> None:
    meeting = arranged()
    assert meeting.state is MeetingState.ARRANGED
    assert [each.id for each in meeting.invitees] == ["i1", "i2", "i3"]
    assert all(each.answer is Answer.NEEDS_ACTION for each in meeting.invitees)


def test_a_required_no_puts_the_meeting_back_and_their_later_yes_restores_it() -> None:
    back = answer(arranged(), "i2", Answer.DECLINED, "mail", NOW, "In court that day")
    assert back.state is MeetingState.PUT_BACK
    assert [each.role for each in back.who_cannot] == ["designated_teacher"]
    assert back.booking is not None
    assert answer(back, "i2", Answer.ACCEPTED, "worker", NOW).state is MeetingState.ARRANGED


def test_two_required_refusals_need_two_changes_of_mind() -> None:
    back = answer(answer(arranged(), "i1", Answer.DECLINED, "link", NOW), "i2", Answer.DECLINED, "mail", NOW)
    assert answer(back, "i1", Answer.ACCEPTED, "link", NOW).state is MeetingState.PUT_BACK


def test_an_optional_no_leaves_the_meeting_arranged() -> None:
    assert answer(arranged(), "i3", Answer.DECLINED, "link", NOW).state is MeetingState.ARRANGED


def test_another_time_asks_everybody_afresh_and_keeps_who_they_are() -> None:
    back = answer(arranged(), "i2", Answer.DECLINED, "mail", NOW)
    moved = book(back, a_booking(8), (WORKER, TEACHER), (), NOW)
    assert moved.state is MeetingState.ARRANGED
    assert [(each.id, each.answer) for each in moved.invitees] == [
        ("i1", Answer.NEEDS_ACTION),
        ("i2", Answer.NEEDS_ACTION),
    ]


def test_another_room_keeps_the_answers() -> None:
    said = answer(arranged(), "i1", Answer.ACCEPTED, "link", NOW)
    moved = book(said, replace(a_booking(), place="The library"), (WORKER, TEACHER, CARER), (), NOW)
    assert moved.invitees[0].answer is Answer.ACCEPTED


def test_a_meeting_called_off_to_be_arranged_anew_is_back_on_the_list_without_a_time() -> None:
    again = call_off(arranged(), "rearranging", again=True)
    assert (again.state, again.booking) == (MeetingState.TO_ARRANGE, None)
    assert len(again.invitees) == 3


def test_a_meeting_is_held_only_once_it_has_started_and_only_by_people_who_were_invited() -> None:
    meeting = arranged()
    with pytest.raises(Conflict):
        hold(meeting, ("worker",), NOW)
    later = NOW + timedelta(days=8)
    with pytest.raises(InvalidInput):
        hold(meeting, (), later)
    with pytest.raises(InvalidInput):
        hold(meeting, ("stranger",), later)
    assert hold(meeting, ("worker", "worker", "carer"), later).attended == ("worker", "carer")


@pytest.mark.parametrize(
    ("booking", "field"),
    [
        (a_booking(-1), "start"),
        (replace(a_booking(), ends_at=a_booking().starts_at), "minutes"),
        (replace(a_booking(), ends_at=a_booking().starts_at + timedelta(hours=5)), "minutes"),
        (replace(a_booking(), place=""), "place"),
        (replace(a_booking(), mode=Mode.ONLINE), "joining_link"),
        (replace(a_booking(), mode=Mode.MIXED, joining_link="javascript:alert(1)"), "joining_link"),
    ],
)
def test_a_booking_that_cannot_be_meant_is_refused_by_field(booking: Booking, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        book(a_meeting(), booking, (WORKER,), ("i1",), NOW)
    assert field in refused.value.errors


def test_a_meeting_needs_invitees_and_each_only_once() -> None:
    for guests in ((), (WORKER, WORKER)):
        with pytest.raises(InvalidInput):
            book(a_meeting(), a_booking(), guests, ("i1", "i2"), NOW)


class LifeOfAMeeting(RuleBasedStateMachine):
    """Whatever people do in whatever order, a meeting is never in a state that its facts contradict."""

    @initialize()
    def ask_for_a_meeting(self) -> None:
        self.meeting = a_meeting()
        self.now = NOW
        self.ids = (f"i{n}" for n in count())

    def attempt(self, change: object) -> None:
        assert callable(change)
        before = self.meeting
        with suppress(DomainError):
            self.meeting = change()
            return
        assert self.meeting == before

    @rule(days=st.integers(-1, 9), guests=st.sets(st.sampled_from([WORKER, TEACHER, CARER])))
    def arrange_or_move(self, days: int, guests: set[Guest]) -> None:
        starts = self.now + timedelta(days=days, hours=1)
        booking = Booking(starts, starts + timedelta(hours=1), Mode.IN_PERSON, "Oakfield School")
        self.attempt(lambda: book(self.meeting, booking, sorted(guests, key=lambda g: g.person_id), self.ids, self.now))

    @precondition(lambda self: self.meeting.invitees)
    @rule(which=st.integers(0, 2), said=st.sampled_from(Answer))
    def say(self, which: int, said: Answer) -> None:
        who: Invitee = self.meeting.invitees[which % len(self.meeting.invitees)]
        self.attempt(lambda: answer(self.meeting, who.id, said, "link", self.now))

    @rule(again=st.booleans())
    def call_off(self, again: bool) -> None:
        self.attempt(lambda: call_off(self.meeting, "not_needed", again=again))

    @rule(came=st.sets(st.sampled_from(["worker", "teacher", "carer"])))
    def record_as_held(self, came: set[str]) -> None:
        self.attempt(lambda: hold(self.meeting, sorted(came), self.now))

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def the_state_agrees_with_the_facts(self) -> None:
        meeting = self.meeting
        if meeting.state is MeetingState.PUT_BACK:
            assert meeting.who_cannot
        if meeting.state is MeetingState.ARRANGED:
            assert not meeting.who_cannot
        if meeting.state in (MeetingState.ARRANGED, MeetingState.PUT_BACK, MeetingState.HELD):
            assert meeting.booking is not None
            assert meeting.invitees
        if meeting.state is MeetingState.HELD:
            assert meeting.attended
            assert meeting.booking is not None
            assert meeting.booking.starts_at <= self.now
        if meeting.state is MeetingState.TO_ARRANGE:
            assert meeting.booking is None


LifeOfAMeeting.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLifeOfAMeeting = LifeOfAMeeting.TestCase
