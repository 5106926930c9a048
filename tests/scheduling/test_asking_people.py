"""Asking people first which times suit: who may be asked and who is told what; what is held and what ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from services.scheduling.adapters import history_store, mail_queue, policies
from services.scheduling.adapters.tables_polls import poll_link
from services.scheduling.app import SPEC
from services.scheduling.application import polls_ends, seats, slots
from services.scheduling.application.meetings import Wish, arrange, cancel, move
from services.scheduling.application.polls import close_poll, extend_poll, withdraw_poll
from services.scheduling.application.polls_answers import answer_own, open_poll_link, record_told_choices
from services.scheduling.application.polls_ends import attend_to_polls
from services.scheduling.application.worklist import my_meetings
from services.scheduling.domain.meeting import Answer, Meeting
from services.scheduling.domain.policy import HeldTimes, PollPolicy
from services.scheduling.domain.polls import Choice, PollState
from shared.contracts.parents import ParentStanding
from shared.contracts.pep import TeamMemberLeft
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from shared.platform import roster
from shared.platform.work import Work
from tests.scheduling.conftest import a_wish
from tests.scheduling.polling import CLOSES, DAYS, an_asking, ask, link_in, mails_of, poll_of, says

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

YES, NEED, NO = Choice.YES, Choice.IF_NEED_BE, Choice.NO
LAST_MORNING = london_time(date(2026, 11, 25), 8, 30)
DAY_AFTER = london_time(CLOSES + timedelta(days=1), 0, 5)


@pytest.fixture
def meeting(office: Office) -> Meeting:
    return office.open_plan("c1", "p1")


def the_job(office: Office, at: datetime) -> None:
    """Let the job look twice at an instant."""
    office.at(at)
    for _ in range(2):
        attend_to_polls(office.runtime, SPEC)


def test_everybody_asked_gets_one_mail_of_their_own_that_names_nobody(office: Office, meeting: Meeting) -> None:
    poll = ask(office, meeting)
    sent = mails_of(office, "poll_asked")
    assert set(sent) == {"teacher", "carer"}, "the worker chose the times, and the parent has no address"
    assert poll.respondent_of({"worker"}).has_answered
    for person, text in sent.items():
        for word in ("Tuesday 1 December 2026, 10am to 11am", "Thursday 26 November 2026", "Which times suit you?"):
            assert word in text
        own = {"teacher": "Ben Adeyemi", "carer": "Chris Lowe"}[person]
        for secret in ("Child", "Oakfield", "Okafor", "Adeyemi", "Lowe", "Frost", "worker@", "PEP meeting"):
            assert secret not in text.replace(own, ""), (person, secret)
    assert link_in(sent["teacher"]) != link_in(sent["carer"])
    with office.reading() as work:
        (unreached,) = [one for one in mail_queue.of_meeting(work.connection, meeting.id) if one.state == "failed"]
    assert "Ask by letter or telephone" in unreached.problem


def test_only_those_may_be_asked_who_may_be_invited(office: Office, meeting: Meeting) -> None:
    with office.writing() as work:
        office.say_of_parent(work, "c1", until=date(2026, 12, 2))
    with pytest.raises(InvalidInput) as refused:
        ask(office, meeting)
    assert "invitees" in refused.value.errors or "invite" in refused.value.errors
    ask(office, meeting, an_asking(DAYS[:2]))
    with pytest.raises(InvalidInput):
        ask(office, office.open_plan("c1", "p2"), an_asking(worker=True, stranger=True))


@pytest.mark.parametrize("standing", [ParentStanding.NOT_TOLD, ParentStanding.TOLD_AFTER])
def test_a_parent_who_may_not_be_invited_any_more_loses_the_link_and_what_they_said(
    office: Office, meeting: Meeting, standing: ParentStanding
) -> None:
    with office.writing() as work:
        person = roster.person(work.connection, "parent")
        assert person is not None
        roster.record_person(work.connection, replace(person, email="parent@people.example"))
    ask(office, meeting)
    secret = link_in(mails_of(office, "poll_asked")["parent"])
    says(office, secret, meeting, YES, YES, NO)
    with office.writing() as work:
        office.say_of_parent(work, "c1", standing=standing)
    assert "parent" not in {each.person_id for each in poll_of(office, meeting).respondents}
    assert "parent" not in mails_of(office, "poll_asked"), "a mail that still waited is not sent"
    with pytest.raises(NotFound), office.reading() as work:
        open_poll_link(work, secret)


def test_a_parents_link_ends_with_their_last_day(office: Office, meeting: Meeting) -> None:
    with office.writing() as work:
        person = roster.person(work.connection, "parent")
        assert person is not None
        roster.record_person(work.connection, replace(person, email="parent@people.example"))
        office.say_of_parent(work, "c1", until=date(2026, 12, 10))
    ask(office, meeting)
    secret = link_in(mails_of(office, "poll_asked")["parent"])
    with office.reading() as work:
        assert open_poll_link(work, secret).respondent.person_id == "parent"
    with office.writing() as work:
        work.connection.execute(update(poll_link).values(expires_at=london_time(date(2027, 1, 1), 0)))
    office.at(london_time(date(2026, 12, 11), 9))
    with pytest.raises(NotFound), office.reading() as work:
        open_poll_link(work, secret)


def test_the_worker_is_told_once_when_everybody_has_answered(office: Office, meeting: Meeting) -> None:
    ask(office, meeting, an_asking(worker=True, teacher=True, carer=False))
    sent = mails_of(office, "poll_asked")
    says(office, link_in(sent["teacher"]), meeting, YES, NO, NEED)
    assert mails_of(office, "poll_answered") == {}
    says(office, link_in(sent["carer"]), meeting, YES, YES, NO, comment="After ten is best")
    (told,) = mails_of(office, "poll_answered").items()
    assert told[0] == "worker"
    assert f"/scheduling/meetings/{meeting.id}/poll" in told[1]
    for secret in ("Child", "Lowe", "Adeyemi", "After ten"):
        assert secret not in told[1]
    says(office, link_in(sent["carer"]), meeting, NO, YES, NO)
    assert len(mails_of(office, "poll_answered")) == 1
    the_job(office, DAY_AFTER)
    assert mails_of(office, "poll_closed") == {}, "that was told already"


def test_who_is_silent_is_reminded_once_and_the_worker_hears_when_the_time_is_up(
    office: Office, meeting: Meeting
) -> None:
    ask(office, meeting)
    asked = mails_of(office, "poll_asked")
    says(office, link_in(asked["carer"]), meeting, YES, YES, YES)
    the_job(office, LAST_MORNING - timedelta(hours=1))
    assert mails_of(office, "poll_reminder") == {}
    the_job(office, LAST_MORNING)
    the_job(office, LAST_MORNING + timedelta(hours=5))
    reminded = mails_of(office, "poll_reminder")
    assert set(reminded) == {"teacher"}
    assert "Reminder: which times suit you?" in reminded["teacher"]
    for secret in (link_in(asked["teacher"]), link_in(reminded["teacher"])):
        with office.reading() as work:
            assert open_poll_link(work, secret).respondent.person_id == "teacher"
    the_job(office, DAY_AFTER)
    assert poll_of(office, meeting).state is PollState.CLOSED
    closed = mails_of(office, "poll_closed")
    assert set(closed) == {"worker"}
    assert "2 of the 4 people you asked have answered" in closed["worker"]
    with pytest.raises(Conflict, match="closing date has passed"):
        says(office, link_in(asked["teacher"]), meeting, YES, YES, YES)
    with office.writing("worker") as work:
        extend_poll(work, meeting.id, date(2026, 11, 30))
    says(office, link_in(asked["teacher"]), meeting, YES, YES, YES)


def test_a_reminder_goes_to_the_address_that_is_recorded_now(office: Office, meeting: Meeting) -> None:
    ask(office, meeting)
    with office.writing() as work:
        teacher = roster.person(work.connection, "teacher")
        assert teacher is not None
        roster.record_person(work.connection, replace(teacher, email="new.teacher@people.example"))
    the_job(office, LAST_MORNING)
    assert set(mails_of(office, "poll_reminder")) == {"new.teacher", "carer"}


def test_a_poll_that_fails_does_not_keep_the_others_waiting(
    office: Office, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attend(work: Work, poll_id: str) -> None:
        if poll_id == first.id:
            raise RuntimeError("This one fails.")
        really(work, poll_id)

    first, other = ask(office, meeting), office.open_plan("c1", "p2")
    ask(office, other)
    really = polls_ends._attend
    monkeypatch.setattr(polls_ends, "_attend", attend)
    office.at(DAY_AFTER)
    with pytest.raises(RuntimeError, match="This one fails"):
        attend_to_polls(office.runtime, SPEC)
    assert poll_of(office, meeting).state is PollState.OPEN
    assert poll_of(office, other).state is PollState.CLOSED


def test_a_new_worker_is_told_where_whoever_asked_has_left(office: Office, meeting: Meeting) -> None:
    ask(office, meeting)
    with office.writing() as work:
        later = roster.Membership(
            "m2", "c1", "stranger", Role.SOCIAL_WORKER, date(2026, 11, 24), None, "Femi Bello", "s@x.example"
        )
        roster.join(work.connection, later)
        person = roster.person(work.connection, "stranger")
        assert person is not None
        roster.record_person(work.connection, replace(person, email="stranger@people.example"))
        left = TeamMemberLeft("c1", "c1-worker", "worker", Role.SOCIAL_WORKER, date(2026, 11, 23))
        seats.when_member_left(work, left)
    assert "stranger" in mails_of(office, "poll_asked"), "the successor is asked in their stead"
    assert "worker" not in {each.person_id for each in poll_of(office, meeting).respondents}
    the_job(office, DAY_AFTER)
    assert set(mails_of(office, "poll_closed")) == {"stranger"}


def test_two_polls_of_one_meeting_are_never_live_together(office: Office, meeting: Meeting) -> None:
    first = ask(office, meeting)
    with pytest.raises(Conflict) as refused:
        ask(office, meeting)
    assert refused.value.code == "poll_already_asked"
    with office.writing("worker") as work:
        close_poll(work, meeting.id)
    second = ask(office, meeting)
    assert poll_of(office, meeting).id == second.id != first.id
    with pytest.raises(NotFound), office.writing("worker") as work:
        record_told_choices(work, meeting.id, first.respondents[1].id, {})


def test_only_social_care_asks_and_only_those_who_are_asked_answer(office: Office, meeting: Meeting) -> None:
    for who in ("teacher", "carer", "iro", "parent"):
        with pytest.raises(Denied):
            ask(office, meeting, who=who)
    with pytest.raises(NotFound):
        ask(office, meeting, who="stranger")
    poll = ask(office, meeting)
    choices = {one.id: YES for one in poll.proposals}
    with office.writing("teacher") as work:
        answer_own(work, meeting.id, choices)
    with pytest.raises(NotFound), office.writing("iro") as work:
        answer_own(work, meeting.id, choices)
    with office.writing("worker") as work:
        record_told_choices(work, meeting.id, poll.respondent_of({"parent"}).id, choices, "By telephone")
    by = {each.person_id: each.answered_by for each in poll_of(office, meeting).respondents}
    assert by == {"worker": "worker", "teacher": "page", "parent": "worker", "carer": ""}


def test_taking_a_time_ends_the_poll_and_counts_as_nobodys_acceptance(office: Office, meeting: Meeting) -> None:
    poll = ask(office, meeting)
    sent = mails_of(office, "poll_asked")
    says(office, link_in(sent["carer"]), meeting, YES, YES, YES)
    with office.writing("worker") as work:
        arrange(work, meeting.id, a_wish(DAYS[1]), meeting.version)
    after = poll_of(office, meeting)
    assert (after.state, after.chosen) == (PollState.DECIDED, poll.proposals[1].id)
    answers = {each.person_id: each.answer for each in office.meeting_of("p1").invitees}
    assert answers["carer"] is Answer.NEEDS_ACTION
    with pytest.raises(Conflict, match="arranged meanwhile"):
        says(office, link_in(sent["teacher"]), meeting, YES, YES, YES)
    the_job(office, DAY_AFTER)
    assert mails_of(office, "poll_closed") == mails_of(office, "poll_reminder") == {}


def test_another_time_or_the_end_of_the_meeting_ends_it_and_a_new_place_does_not(
    office: Office, meeting: Meeting
) -> None:
    with office.writing("worker") as work:
        arranged = arrange(work, meeting.id, a_wish(date(2026, 12, 8)), meeting.version)
    ask(office, meeting)
    wish = a_wish(date(2026, 12, 8))
    elsewhere = Wish(replace(wish.booking, place="The library"), wish.required_by_person)
    with office.writing("worker") as work:
        moved = move(work, meeting.id, elsewhere, arranged.version)
    assert poll_of(office, meeting).state is PollState.OPEN
    with office.writing("worker") as work:
        moved = move(work, meeting.id, a_wish(date(2026, 12, 9)), moved.version)
    assert (poll_of(office, meeting).state, poll_of(office, meeting).chosen) == (PollState.DECIDED, "")
    office.at(london_time(date(2026, 11, 24), 9))
    ask(office, meeting)
    with office.writing("worker") as work:
        cancel(work, meeting.id, "not_needed", moved.version)
    assert poll_of(office, meeting).state is PollState.WITHDRAWN
    with pytest.raises(Conflict) as refused:
        ask(office, meeting)
    assert refused.value.code == "meeting_cancelled"


# What is held.


def held_for(office: Office, meeting: Meeting) -> set[str]:
    """Return what stands against the first of the times for another child's meeting, by its code."""
    with office.reading("worker") as work:
        starts_at = london_time(DAYS[0], 10)
        guests = slots.guests_of(work, meeting)
        points = slots.judge_time(work, meeting, guests, starts_at, starts_at + timedelta(hours=1))
    return {point.code for point in points if point.code.endswith("_held")}


def test_proposed_times_are_held_for_those_who_must_be_there_until_the_poll_ends(
    office: Office, meeting: Meeting
) -> None:
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    assert held_for(office, other) == set()
    ask(office, meeting)
    assert held_for(office, other) == {"required_held"}
    assert held_for(office, meeting) == set(), "a meeting does not stand in its own way"
    says(office, link_in(mails_of(office, "poll_asked")["teacher"]), meeting, NO, YES, YES)
    with office.writing("worker") as work:
        choices = {one.id: NO for one in poll_of(office, meeting).proposals}
        record_told_choices(work, meeting.id, poll_of(office, meeting).respondent_of({"worker"}).id, choices)
    assert held_for(office, other) == set(), "what they said no to is not held for them"
    with office.writing("worker") as work:
        record_told_choices(
            work,
            meeting.id,
            poll_of(office, meeting).respondent_of({"worker"}).id,
            dict.fromkeys(choices, YES),
        )
    assert held_for(office, other) == {"required_held"}
    with office.writing("worker") as work:
        withdraw_poll(work, meeting.id)
    assert held_for(office, other) == set()


@pytest.mark.parametrize("held", [HeldTimes.SOFT, HeldTimes.HARD, None])
def test_whether_held_times_are_offered_elsewhere_is_the_authoritys_policy(
    office: Office, meeting: Meeting, monkeypatch: pytest.MonkeyPatch, held: HeldTimes | None
) -> None:
    in_force = tuple(replace(one, polls=PollPolicy(held_times=held)) for one in policies.load_policies("northmoor"))
    monkeypatch.setattr("services.scheduling.application.knowledge.load_policies", lambda _authority: in_force)
    office.add_child("c2")
    other = office.open_plan("c2", "p2", meet_by=date(2026, 12, 1))
    day = (date(2026, 12, 1),)
    hours = [london_time(day[0], hour) for hour in range(8, 17)]
    asking = an_asking()
    whole = replace(asking, times=((hours[0], hours[4]), (hours[4], hours[8])))
    ask(office, meeting, whole)
    with office.reading("worker") as work:
        found = slots.suggest_times(work, other.id, count=20).slots
    on_the_day = [slot for slot in found if slot.day == day[0] and slot.starts_at < hours[7]]
    assert bool(on_the_day) is (held is not HeldTimes.HARD)
    warned = [point for slot in on_the_day for point in slot.points if point.code == "required_held"]
    assert bool(warned) is (held is HeldTimes.SOFT)


# What people find on their lists.


def test_whoever_is_asked_finds_it_on_their_list_and_the_worker_when_to_choose(
    office: Office, meeting: Meeting
) -> None:
    def listed(who: str) -> tuple[int, int]:
        with office.reading(who) as work:
            mine = my_meetings(work)
        (line,) = mine.to_arrange or mine.to_say or [None]
        return len(mine.to_say), line.poll.answered if line and line.poll else 0

    assert listed("teacher") == (0, 0)
    ask(office, meeting, an_asking(worker=True, teacher=True))
    assert listed("teacher") == (1, 1)
    assert listed("iro") == (0, 0)
    assert listed("worker") == (0, 1)
    says(office, link_in(mails_of(office, "poll_asked")["teacher"]), meeting, YES, NO, NO)
    assert listed("teacher") == (0, 0)
    assert listed("worker") == (0, 2)


def test_what_happened_is_in_the_history(office: Office, meeting: Meeting) -> None:
    ask(office, meeting)
    says(office, link_in(mails_of(office, "poll_asked")["carer"]), meeting, YES, YES, YES)
    the_job(office, LAST_MORNING)
    the_job(office, DAY_AFTER)
    with office.writing("worker") as work:
        arrange(work, meeting.id, a_wish(DAYS[0]), meeting.version)
        lines = [one.what for one in reversed(history_store.load(work.connection, meeting.id))]
    assert lines == [
        "asked_for", "poll_asked", "poll_answered", "poll_reminded", "poll_closed", "arranged", "poll_decided"
    ]  # fmt: skip


# On both databases, and at the same moment.


def test_it_is_kept_and_found_again_on_both_databases(migrated_office: Office) -> None:
    office = migrated_office
    meeting = office.open_plan("c1", "p1")
    asked = ask(office, meeting, an_asking(counts=True))
    assert poll_of(office, meeting) == asked
    says(office, link_in(mails_of(office, "poll_asked")["carer"]), meeting, YES, NO, NEED, comment="Zoë’s school run")
    carer = poll_of(office, meeting).respondent_of({"carer"})
    assert (list(carer.choices.values()), carer.comment) == ([YES, NO, NEED], "Zoë’s school run")
    with office.reading("worker") as work:
        (line,) = my_meetings(work).to_arrange
    assert line.poll is not None
    assert (line.poll.asked, line.poll.answered, line.poll.mine_waits) == (4, 2, False)
    the_job(office, LAST_MORNING)
    the_job(office, DAY_AFTER)
    assert poll_of(office, meeting).state is PollState.CLOSED
    with office.writing("worker") as work:
        withdraw_poll(work, meeting.id)
    assert poll_of(office, meeting).state is PollState.WITHDRAWN
    ask(office, meeting, an_asking(closes_on=date(2026, 11, 30)))


def test_answers_at_the_same_moment_are_all_kept_and_told_of_once(migrated_office: Office) -> None:
    office = migrated_office
    meeting = office.open_plan("c1", "p1")
    ask(office, meeting, an_asking(worker=True, teacher=True, carer=False, iro=False))
    secrets = [link_in(text) for text in mails_of(office, "poll_asked").values()]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda secret: says(office, secret, meeting, YES, NO, NEED), secrets))
    assert poll_of(office, meeting).all_answered
    assert set(mails_of(office, "poll_answered")) == {"worker"}
    assert [act for to, act in office.mails() if to == "worker@people.example"] == ["poll_answered"]
