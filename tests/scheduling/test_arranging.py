from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from services.scheduling.application.answers import record_answer
from services.scheduling.application.meeting_page import look_at_meeting
from services.scheduling.application.meetings import Wish, arrange, cancel, move, record_held
from services.scheduling.application.slots import suggest_times
from services.scheduling.application.worklist import my_meetings
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from shared.contracts.scheduling import MeetingArranged, MeetingCancelled, MeetingHeld, MeetingMoved
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict, Denied, DomainError, InvalidInput, NotFound, Stale

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]


def arranged(office: Office, wish: Wish) -> Meeting:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        return arrange(work, meeting.id, wish, meeting.version)


def test_arranging_books_invites_tells_and_writes_the_history(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish())
    assert meeting.state is MeetingState.ARRANGED
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingArranged)
    assert [(each.person_id, each.required) for each in fact.invitees] == [
        ("worker", True), ("teacher", True), ("carer", False), ("parent", False),
    ]  # fmt: skip
    assert office.mails() == [
        ("carer@people.example", "invited"),
        ("teacher@people.example", "invited"),
        ("worker@people.example", "invited"),
    ]
    with office.reading("worker") as work:
        page = look_at_meeting(work, meeting.id)
    assert [happening.what for happening in page.history] == ["arranged", "asked_for"]
    assert page.history[0].actor_name == "Amara Okafor"


def test_whoever_arranges_the_meeting_is_taken_to_come(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish())
    said = {each.person_id: each.answer for each in meeting.invitees}
    assert said["worker"] is Answer.ACCEPTED
    assert said["teacher"] is Answer.NEEDS_ACTION


def test_sending_the_same_form_twice_sends_one_set_of_invitations(office: Office, wish: MakeWish) -> None:
    meeting = office.open_plan("c1", "p1")
    for _ in range(2):
        with office.writing("worker") as work:
            arrange(work, meeting.id, wish(), meeting.version)
    assert len(office.mails()) == 3
    assert sum(isinstance(fact, MeetingArranged) for fact in office.facts()) == 1


def test_a_meeting_somebody_else_changed_meanwhile_is_not_overwritten(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish())
    with pytest.raises(Stale), office.writing("worker") as work:
        move(work, meeting.id, wish(hour=14), meeting.version - 1)
    assert office.meeting_of("p1").booking == wish().booking


def test_moving_keeps_the_calendar_entries_and_tells_the_others(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish())
    with office.writing("worker") as work:
        moved = move(work, meeting.id, wish(hour=14), meeting.version)
    assert [each.id for each in moved.invitees] == [each.id for each in meeting.invitees]
    assert [act for _, act in office.mails()].count("moved") == 3
    assert isinstance(office.facts()[-1], MeetingMoved)


def test_cancelling_takes_the_meeting_out_of_every_calendar_and_frees_the_people(
    office: Office, wish: MakeWish
) -> None:
    meeting = arranged(office, wish())
    with office.writing("worker") as work:
        cancel(work, meeting.id, "not_needed", meeting.version)
    assert [act for _, act in office.mails()].count("cancelled") == 3
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingCancelled)
    other = office.open_plan("c1", "p2")
    with office.writing("worker") as work:
        assert arrange(work, other.id, wish(), other.version).state is MeetingState.ARRANGED


def test_cancelling_to_rearrange_puts_the_meeting_back_on_the_list(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish())
    with office.writing("worker") as work:
        cancel(work, meeting.id, "rearranging", meeting.version)
    with office.reading("worker") as work:
        assert [line.meeting.id for line in my_meetings(work).to_arrange] == [meeting.id]
    again = office.meeting_of("p1")
    with office.writing("worker") as work:
        assert arrange(work, again.id, wish(hour=14), again.version).state is MeetingState.ARRANGED


def test_somebody_who_must_be_there_cannot_be_booked_twice_and_other_times_are_offered(
    office: Office, wish: MakeWish
) -> None:
    arranged(office, wish())
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    half_an_hour_in = wish(worker=True, carer=False)
    booking = half_an_hour_in.booking
    overlapping = Wish(
        type(booking)(
            booking.starts_at + timedelta(minutes=50),
            booking.ends_at + timedelta(minutes=50),
            booking.mode,
            "Elsewhere",
        ),
        half_an_hour_in.required_by_person,
    )
    with pytest.raises(Conflict) as refused, office.writing("worker") as work:
        arrange(work, other.id, overlapping, other.version)
    assert refused.value.code == "person_booked"
    assert "Amara Okafor" in refused.value.message
    assert refused.value.facts["alternatives"]
    assert office.meeting_of("p2").state is MeetingState.TO_ARRANGE


def test_optional_people_may_be_asked_to_two_meetings_at_once(office: Office, wish: MakeWish) -> None:
    arranged(office, wish(worker=True, iro=False))
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    with office.writing("worker") as work:
        booked = arrange(work, other.id, wish(teacher=True, iro=False), other.version)
    assert booked.state is MeetingState.ARRANGED


def test_two_workers_booking_one_teacher_at_once_one_wins_and_nothing_is_lost(
    migrated_office: Office, wish: MakeWish
) -> None:
    office, meetings = migrated_office, []
    for number in range(4):
        office.add_child(f"race{number}")
        meetings.append(office.open_plan(f"race{number}", f"plan{number}"))
    start, outcomes = threading.Barrier(4), []

    def book(meeting: Meeting) -> None:
        start.wait()
        try:
            with office.writing("worker") as work:
                arrange(work, meeting.id, wish(teacher=True), meeting.version)
            outcomes.append("booked")
        except Conflict as taken:
            outcomes.append(taken.code)

    threads = [threading.Thread(target=book, args=(meeting,)) for meeting in meetings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked", "person_booked", "person_booked", "person_booked"]
    assert sum(isinstance(fact, MeetingArranged) for fact in office.facts()) == 1
    assert len(office.mails()) == 1


def test_a_meetings_life_is_kept_on_either_database(migrated_office: Office, wish: MakeWish) -> None:
    meeting = arranged(migrated_office, wish())
    with migrated_office.writing("worker") as work:
        moved = move(work, meeting.id, wish(hour=14), meeting.version)
    with migrated_office.writing() as work:
        record_answer(work, moved.invitees[1].id, Answer.DECLINED, by="mail")
    assert migrated_office.meeting_of("p1").state is MeetingState.PUT_BACK
    with migrated_office.reading("worker") as work:
        page = look_at_meeting(work, meeting.id)
    assert page.alternatives
    assert page.meeting.booking == wish(hour=14).booking


def test_offered_times_leave_out_what_is_booked_for_the_same_people(office: Office, wish: MakeWish) -> None:
    arranged(office, wish())
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    with office.reading("worker") as work:
        found = suggest_times(work, other.id, count=40)
    taken = wish().booking
    assert found.slots
    assert all(slot.starts_at >= taken.ends_at or slot.ends_at <= taken.starts_at for slot in found.slots)


@pytest.mark.parametrize(
    ("who", "error"), [("carer", Denied), ("iro", Denied), ("teacher", Denied), ("stranger", NotFound)]
)
def test_only_the_childs_social_worker_arranges_and_outsiders_learn_nothing(
    office: Office, wish: MakeWish, who: str, error: type[DomainError]
) -> None:
    meeting = office.open_plan("c1", "p1")
    with pytest.raises(error), office.writing(who) as work:
        arrange(work, meeting.id, wish(), meeting.version)


def test_somebody_who_is_not_on_the_team_cannot_be_invited(office: Office, wish: MakeWish) -> None:
    meeting = office.open_plan("c1", "p1")
    with pytest.raises(InvalidInput), office.writing("worker") as work:
        arrange(work, meeting.id, wish(stranger=True), meeting.version)


def test_a_meeting_is_recorded_as_held_with_who_came_by_the_designated_teacher_too(
    office: Office, wish: MakeWish
) -> None:
    meeting = arranged(office, wish())
    with pytest.raises(Conflict), office.writing("teacher") as work:
        record_held(work, meeting.id, ["worker", "teacher"], meeting.version)
    office.at(london_time(date(2026, 12, 1), 12))
    with office.reading("worker") as work:
        assert [line.meeting.id for line in my_meetings(work).to_record] == [meeting.id]
    with office.writing("teacher") as work:
        record_held(work, meeting.id, ["worker", "teacher"], meeting.version)
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingHeld)
    assert (fact.held_on, fact.attended) == (date(2026, 12, 1), ("worker", "teacher"))


def test_parents_and_carers_see_who_comes_but_neither_addresses_nor_the_names_of_family(
    office: Office, wish: MakeWish
) -> None:
    meeting = arranged(office, wish())
    with office.reading("parent") as work:
        page = look_at_meeting(work, meeting.id)
    assert not page.sees_addresses
    shown = {each.person_id: (each.name, each.email) for each in page.meeting.invitees}
    assert shown["carer"] == ("", "")
    assert shown["teacher"] == ("Ben Adeyemi", "")
    assert shown["parent"][0] == "Dana Frost"
    assert page.sent_mails == ()
    assert not page.may_arrange
