"""What is known of those a meeting must suit reaches the times that are offered, in few statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from services.scheduling.application.hours import keep_hours, keep_own_hours
from services.scheduling.application.knowledge import Asked, questions_for
from services.scheduling.application.lessons import LessonWish, add_lesson, lessons_of, remove_lesson
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.application.school_hours import keep_school_hours
from services.scheduling.application.slots import Setting, guests_of, judge_time, question_for, suggest_times
from services.scheduling.domain.busy import BusyKind
from services.scheduling.domain.meeting import Mode
from services.scheduling.domain.working_hours import Stretch
from shared.contracts.roles import Role
from shared.kernel.clock import LONDON, london_time
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord
from shared.platform import roster
from shared.platform.access import actor_for

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
TUESDAY = date(2026, 12, 1)


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_c: object, _k: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            statements.append(statement)

    engine = office.runtime.database("scheduling").engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)


def codes(office: Office, meeting_id: str, hour: int, minute: int = 0, **setting: object) -> set[str]:
    with office.reading("worker") as work:
        meeting = office.meeting_of("p1")
        assert meeting.id == meeting_id
        starts_at = london_time(TUESDAY, hour, minute)
        points = judge_time(
            work, meeting, guests_of(work, meeting), starts_at, starts_at + timedelta(hours=1), Setting(**setting)
        )
    return {point.code for point in points if not point.good and point.known}


@pytest.mark.parametrize("meetings", [1, 12])
def test_everything_is_read_in_the_same_few_statements_for_however_many_meetings(office: Office, meetings: int) -> None:
    asked = []
    for number in range(meetings):
        office.add_child(f"n{number}")
        meeting = office.open_plan(f"n{number}", f"pn{number}")
        with office.reading("worker") as work:
            asked.append(Asked(meeting, guests_of(work, meeting), room="any"))
    with office.reading("worker") as work, counted(office) as statements:
        questions = questions_for(work, asked)
    assert [question.meet_by for question in questions] == [one.meeting.meet_by for one in asked]
    assert all([person.id for person in one.people] == ["worker", "teacher", "carer", "parent"] for one in questions)
    assert len(statements) <= 11


def test_a_part_timers_days_rule_times_out_and_a_carers_school_run_speaks_against_them(office: Office) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("teacher") as work:
        keep_own_hours(work, date(2026, 11, 1), [Stretch(day, 540, 900) for day in (0, 1, 2)])
    with office.writing("worker") as work:
        keep_hours(work, "carer", date(2026, 11, 1), [Stretch(day, 570, 870) for day in range(5)])
    with office.reading("worker") as work:
        slots = suggest_times(work, meeting.id, count=40).slots
    assert {slot.day.weekday() for slot in slots} == {0, 1, 2}
    assert all(9 <= slot.starts_at.astimezone(LONDON).hour <= 14 for slot in slots)
    assert codes(office, meeting.id, 9) == {"optional_outside_hours"}
    assert codes(office, meeting.id, 15) == {"required_outside_hours", "optional_outside_hours"}


def test_hours_hold_from_their_day_until_the_next_ones(office: Office) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("teacher") as work:
        keep_own_hours(work, date(2026, 11, 1), [Stretch(1, 540, 900)])
        keep_own_hours(work, date(2026, 12, 7), [Stretch(3, 540, 900)])
        with pytest.raises(InvalidInput):
            keep_own_hours(work, date(2026, 12, 7), [])
    with office.reading("worker") as work:
        days = {slot.day for slot in suggest_times(work, meeting.id, count=40).slots}
    assert days == {date(2026, 12, 1), date(2026, 12, 10)}


def test_hours_are_kept_by_oneself_by_who_keeps_people_and_for_the_team_of_ones_child_alone(office: Office) -> None:
    for who in ("worker", "manager"):
        with office.writing(who) as work:
            keep_hours(work, "carer", date(2026, 11, 1), [Stretch(0, 540, 900)])
    with office.writing("stranger") as work, pytest.raises(NoSuchRecord):
        keep_hours(work, "carer", date(2026, 11, 1), [Stretch(0, 540, 900)])


def test_a_lesson_speaks_against_a_time_and_one_never_to_be_missed_rules_it_out(office: Office) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("teacher") as work:
        add_lesson(work, "c1", LessonWish("maths", 1, None, 600, 660))
        add_lesson(work, "c1", LessonWish("a mock exam", None, TUESDAY, 780, 900, never=True))
        add_lesson(work, "c1", LessonWish("art", 1, None, 540, 600, childs_wish=True))
    assert codes(office, meeting.id, 10) == {"lesson"}
    assert codes(office, meeting.id, 13, 15) == {"never_lesson"}
    with office.reading("worker") as work:
        found = suggest_times(work, meeting.id, count=60).slots
        question = question_for(work, meeting, guests_of(work, meeting))
    exam = london_time(TUESDAY, 13), london_time(TUESDAY, 15)
    assert not [slot for slot in found if slot.starts_at < exam[1] and slot.ends_at > exam[0]]
    assert question.child is not None
    texts = [one.what for one in (*question.child.busy, *question.child.weekly)]
    assert "art, which Child c1 asked not to miss" in texts
    assert "maths, which Child c1 should not miss" in texts


def test_what_a_child_says_themself_is_a_wish_that_rules_nothing_out_and_theirs_to_take_back(office: Office) -> None:
    someone = roster.Person(
        "young", office.runtime.settings.authorities[0].key, "Child c1", None, frozenset({Role.CHILD}), "", None
    )
    with office.runtime.database("scheduling").writing() as connection:
        roster.record_person(connection, someone)
        place = roster.Membership("c1-young", "c1", "young", Role.CHILD, date(2026, 11, 16), None, "Child c1", None)
        roster.join(connection, place)
    office.actors["young"] = actor_for(someone)
    with office.writing("teacher") as work:
        exam = add_lesson(work, "c1", LessonWish("a mock exam", 2, None, 600, 660, never=True))
    with office.writing("young") as work:
        wish = add_lesson(work, "c1", LessonWish("art", 1, None, 600, 660, never=True))
        assert (wish.childs_wish, wish.never) == (True, False)
        found = lessons_of(work, "c1")
        assert found.is_own
        assert {one.what for one in found.lessons} == {"art", "a mock exam"}
        remove_lesson(work, "c1", wish.id)
        with pytest.raises(Conflict):
            remove_lesson(work, "c1", exam.id)
    with office.writing("teacher") as work:
        remove_lesson(work, "c1", exam.id)
        assert lessons_of(work, "c1").lessons == ()


def test_the_schools_own_day_stands_in_for_the_usual_one(office: Office) -> None:
    meeting = office.open_plan("c1", "p1")
    assert codes(office, meeting.id, 15) == set()
    assert codes(office, meeting.id, 12) == {"lunch"}
    with office.writing("teacher") as work:
        keep_school_hours(work, "100001", **times(9, 15, 11, 12))
    assert codes(office, meeting.id, 15) == {"edge_of_day"}
    assert codes(office, meeting.id, 12) == set()
    with office.writing("teacher") as work, pytest.raises(InvalidInput):
        keep_school_hours(work, "100001", **times(9, 15, 14, 16))


def times(*hours: int) -> dict[str, time]:
    return {
        name: time(hour) for name, hour in zip(("starts", "ends", "lunch_starts", "lunch_ends"), hours, strict=True)
    }


def test_time_to_get_from_one_place_to_another_is_left_between_meetings_in_person(
    office: Office, wish: MakeWish
) -> None:
    meeting = office.open_plan("c1", "p1")
    office.add_child("c2")
    other = office.open_plan("c2", "p2")
    elsewhere = wish(TUESDAY, 10)
    with office.writing("worker") as work:
        arrange(work, other.id, replace(elsewhere, booking=replace(elsewhere.booking, place="Town Hall, room 4")), 1)
    assert codes(office, meeting.id, 10) == {"required_booked", "optional_booked"}
    assert codes(office, meeting.id, 11) == {"required_travel", "optional_travel"}
    assert codes(office, meeting.id, 11, 30) - {"lunch"} == set()
    assert codes(office, meeting.id, 11, mode=Mode.ONLINE) == set()
    assert codes(office, meeting.id, 11, place="Town Hall, the gallery") == set()
    with office.reading("worker") as work:
        question = question_for(work, meeting, guests_of(work, meeting))
    assert {one.kind for one in question.people[0].busy} == {BusyKind.PEP_MEETING, BusyKind.TRAVEL}
