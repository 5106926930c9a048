from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scheduling.adapters.policies import load_policies
from services.scheduling.domain.busy import Busy, BusyKind
from services.scheduling.domain.judging import judge
from services.scheduling.domain.obstacles import Constraint
from services.scheduling.domain.policy import policy_on
from services.scheduling.domain.question import Person, Question, RoomTimes
from services.scheduling.domain.slots import suggest
from services.scheduling.domain.term_calendar import TermCalendar, TermDate, TermDateKind
from shared.kernel.clock import LONDON, london_time
from shared.platform.bank_holidays import ENGLAND_AND_WALES

MONDAY = date(2026, 11, 23)
POLICY = policy_on(load_policies("northmoor"), MONDAY)
TERM = (
    TermDate(TermDateKind.FIRST_DAY, date(2026, 11, 2), date(2026, 11, 2)),
    TermDate(TermDateKind.CLOSED, date(2026, 12, 4), date(2026, 12, 4), "INSET day"),
    TermDate(TermDateKind.LAST_DAY, date(2026, 12, 17), date(2026, 12, 17)),
    TermDate(TermDateKind.FIRST_DAY, date(2027, 1, 4), date(2027, 1, 4)),
    TermDate(TermDateKind.LAST_DAY, date(2027, 3, 25), date(2027, 3, 25)),
)
OAKFIELD = TermCalendar("Oakfield", TERM, ENGLAND_AND_WALES)


def all_day(day: date, kind: BusyKind = BusyKind.PEP_MEETING) -> Busy:
    return Busy(london_time(day, 8), london_time(day, 18), kind)


def ask(
    meet_by: date = date(2026, 12, 11), people: tuple[Person, ...] = (), today: date = MONDAY, minutes: int = 60
) -> Question:
    return Question(today, meet_by, minutes, POLICY, OAKFIELD, people)


def codes(question: Question, starts_at: datetime, minutes: int = 60) -> set[str]:
    points = judge(question, starts_at, starts_at + timedelta(minutes=minutes))
    return {point.code for point in points if not point.good and point.known}


def test_offered_times_lie_within_notice_and_latest_date_on_school_days() -> None:
    found = suggest(ask())
    assert len(found.slots) == 10
    assert not found.late
    for slot in found.slots:
        assert date(2026, 11, 26) <= slot.day <= date(2026, 12, 11)
        assert OAKFIELD.is_school_day(slot.day)
        assert slot.day != date(2026, 12, 4)
        assert slot.ends_at - slot.starts_at == timedelta(minutes=60)


def test_each_offered_time_says_why_it_is_good() -> None:
    texts = [point.text for point in suggest(ask()).slots[0].points]
    assert texts == [
        "in time: 15 days before the latest date, Friday 11 December 2026",
        "a school day by the term calendar of Oakfield",
        "nobody invited has another meeting then",
    ]


def test_at_most_one_morning_and_one_afternoon_of_a_day_are_offered() -> None:
    halves = [(slot.day, slot.starts_at.astimezone(LONDON).hour < 12) for slot in suggest(ask(), 40).slots]
    assert len(halves) == len(set(halves))


def test_somebody_who_must_be_there_and_is_booked_rules_a_time_out_and_somebody_optional_does_not() -> None:
    day = date(2026, 11, 26)
    required = Person("a", "Amara", True, (all_day(day),))
    optional = Person("b", "Ben", False, (all_day(day),))
    assert all(slot.day != day for slot in suggest(ask(people=(required,)), 40).slots)
    assert any(slot.day == day for slot in suggest(ask(people=(optional,)), 40).slots)
    assert suggest(ask(people=(optional,))).slots[0].day != day


def test_when_nothing_fits_the_booking_that_stands_most_in_the_way_is_named() -> None:
    days = [date(2026, 11, 26), date(2026, 11, 27)]
    blocked = Person("a", "Amara Okafor", True, tuple(all_day(day) for day in days))
    found = suggest(ask(meet_by=days[-1], people=(blocked, Person("b", "Ben", True))))
    assert found.late
    assert found.obstacle is not None
    assert found.obstacle.constraint is Constraint.LATEST_DATE
    assert all(slot.day > days[-1] for slot in found.slots)
    freer = suggest(
        ask(
            meet_by=days[-1],
            people=(Person("a", "Amara Okafor", True, tuple(all_day(MONDAY + timedelta(days=n)) for n in range(40))),),
        )
    )
    assert freer.obstacle is not None
    assert freer.obstacle.person_id == "a"
    assert "Without Amara Okafor's other meetings" in freer.obstacle.text


def test_a_persons_own_diary_is_heeded_named_and_never_taken_for_known_when_it_is_not() -> None:
    day = date(2026, 11, 26)
    ben = Person("b", "Ben Adeyemi", True, busy=(all_day(day, BusyKind.DIARY),), knows_diary=True)
    amara = Person("a", "Amara Okafor", False, busy=(all_day(date(2026, 11, 27), BusyKind.DIARY),), knows_diary=True)
    question = ask(people=(ben, amara, Person("c", "Chris Lowe", False)))
    found = suggest(question, 40)
    assert day not in {slot.day for slot in found.slots}
    assert (found.known, found.unknown) == (("Ben Adeyemi", "Amara Okafor"), ("Chris Lowe",))
    assert codes(question, london_time(day, 10)) == {"required_busy"}
    assert codes(question, london_time(date(2026, 11, 27), 10)) == {"optional_busy"}
    every_day = tuple(all_day(MONDAY + timedelta(days=n), BusyKind.DIARY) for n in range(40))
    always = Person("b", "Ben Adeyemi", True, every_day)
    obstacle = suggest(ask(people=(always,))).obstacle
    assert obstacle is not None
    assert (obstacle.constraint, obstacle.person_id) == (Constraint.DIARY, "b")
    assert "Without what is in Ben Adeyemi's own diary there would be" in obstacle.text


def weeks_of(kind: BusyKind) -> tuple[Busy, ...]:
    return tuple(
        Busy(london_time(day, 8), london_time(day, 18), kind)
        for day in (date(2026, 11, 26) + timedelta(days=n) for n in range(21))
    )


@pytest.mark.parametrize(
    ("kind", "code", "constraint", "words"),
    [
        (BusyKind.OUTSIDE_HOURS, "outside_hours", Constraint.WORKING_HOURS, "If Ben Adeyemi could come outside"),
        (BusyKind.HELD_BY_POLL, "held", Constraint.HELD_BY_POLL, "Without the times held for Ben Adeyemi"),
        (BusyKind.TRAVEL, "travel", Constraint.TRAVEL, "Without the time Ben Adeyemi needs between meetings"),
    ],
)
def test_every_reason_is_told_and_can_be_the_one_that_stands_most_in_the_way(
    kind: BusyKind, code: str, constraint: Constraint, words: str
) -> None:
    ben = Person("b", "Ben Adeyemi", True, weeks_of(kind))
    question = ask(people=(ben,))
    assert codes(question, london_time(date(2026, 12, 1), 10)) == {f"required_{code}"}
    obstacle = suggest(question).obstacle
    assert obstacle is not None
    assert (obstacle.constraint, obstacle.person_id) == (constraint, "b")
    assert obstacle.text.startswith(words)
    optional = replace(ben, required=False)
    assert suggest(ask(people=(optional,))).slots
    assert codes(ask(people=(optional,)), london_time(date(2026, 12, 1), 10)) == {f"optional_{code}"}


def test_lessons_never_to_be_missed_and_a_booked_room_can_stand_most_in_the_way() -> None:
    lessons = Person("c", "Hanna", True, weeks_of(BusyKind.LESSON))
    in_the_way = suggest(replace(ask(), child=lessons)).obstacle
    assert in_the_way is not None
    assert in_the_way.constraint is Constraint.LESSONS
    rooms = (RoomTimes("r", "Room 2", 8, weeks_of(BusyKind.PEP_MEETING)),)
    booked = suggest(replace(ask(), rooms=rooms)).obstacle
    assert booked is not None
    assert booked.constraint is Constraint.ROOM
    assert booked.text.startswith("If the meeting need not be in Room 2 there would be")


def test_a_room_with_too_few_seats_is_said_to_have_too_few() -> None:
    people = tuple(Person(str(n), f"Person {n}", False) for n in range(5))
    question = replace(ask(people=people), rooms=(RoomTimes("r", "Office", 4),))
    assert codes(question, london_time(date(2026, 12, 1), 10)) == {"room_small"}
    points = suggest(question).slots[0].points
    assert "Office has 4 seats, and 5 are invited" in {point.text for point in points}
    assert codes(replace(question, people=people[:4]), london_time(date(2026, 12, 1), 10)) == set()


def test_one_whose_diary_is_read_only_so_far_makes_later_times_worse_and_is_named_there() -> None:
    until = london_time(date(2026, 11, 30), 0)
    ben = Person("b", "Ben Adeyemi", True, knows_diary=True, known_until=until)
    found = suggest(ask(people=(ben,)), 40).slots
    named = {slot.day for slot in found if "required_unknown" in {point.code for point in slot.points}}
    assert named == {slot.day for slot in found if slot.day >= date(2026, 11, 30)}
    assert found[-1].penalty - suggest(ask(), 40).slots[-1].penalty == 4


def test_a_time_on_the_quarter_hour_is_offered_where_nothing_else_is_free() -> None:
    day = date(2026, 11, 26)
    around = (Busy(london_time(day, 8), london_time(day, 10, 15)), Busy(london_time(day, 11, 15), london_time(day, 18)))
    found = suggest(ask(meet_by=day, people=(Person("b", "Ben", True, around),)))
    assert not found.late
    assert [slot.starts_at for slot in found.slots] == [london_time(day, 10, 15)]


def test_a_short_list_has_no_time_twice_and_none_that_overlap() -> None:
    day = date(2026, 11, 26)
    slots = suggest(ask(meet_by=day, minutes=180), 10).slots
    assert len(slots) == 2
    first, second = sorted(slots, key=lambda slot: slot.starts_at)
    assert first.ends_at <= second.starts_at


def test_in_a_holiday_the_school_days_are_named_as_the_obstacle_or_the_date_is() -> None:
    found = suggest(ask(meet_by=date(2026, 12, 31), today=date(2026, 12, 17)))
    assert found.late
    assert found.obstacle is not None
    assert found.obstacle.constraint is Constraint.SCHOOL_DAYS
    assert found.slots[0].day == date(2027, 1, 4)


def test_when_the_latest_date_has_passed_the_soonest_times_are_offered_and_marked_late() -> None:
    found = suggest(ask(meet_by=date(2026, 11, 20)))
    assert found.late
    assert found.slots[0].day == date(2026, 11, 26)
    assert "after_latest_date" in {point.code for point in found.slots[0].points}


def test_a_typed_time_is_warned_about_for_everything_that_is_poor_in_it() -> None:
    question = ask()
    assert codes(question, london_time(date(2026, 12, 4), 10)) == {"not_a_school_day"}
    assert codes(question, london_time(date(2026, 12, 5), 10)) == {"not_a_school_day"}
    assert codes(question, london_time(date(2026, 12, 25), 10)) == {"after_latest_date", "not_a_school_day"}
    assert codes(question, london_time(date(2026, 12, 14), 10)) == {"after_latest_date"}
    assert codes(question, london_time(date(2026, 12, 11), 10)) == {"on_latest_date"}
    assert codes(question, london_time(date(2026, 11, 25), 10)) == {"short_notice"}
    assert codes(question, london_time(date(2026, 12, 1), 7)) == {"outside_hours"}
    assert codes(question, london_time(date(2026, 12, 1), 15, 30)) == {"edge_of_day"}
    assert codes(question, london_time(date(2026, 12, 1), 12)) == {"lunch"}
    assert codes(question, london_time(date(2026, 12, 1), 10)) == set()


def test_a_typed_time_names_who_is_booked_already() -> None:
    booked = Person("a", "Amara", True, (Busy(london_time(date(2026, 12, 1), 10), london_time(date(2026, 12, 1), 11)),))
    question = ask(people=(booked,))
    assert codes(question, london_time(date(2026, 12, 1), 10, 30)) == {"required_booked"}
    assert codes(question, london_time(date(2026, 12, 1), 11)) == set()


def test_a_meeting_longer_than_the_day_finds_no_time_and_does_not_fail() -> None:
    assert suggest(ask(minutes=9 * 60)).slots == ()


hours = st.integers(8 * 4, 17 * 4)


@st.composite
def bookings(draw: st.DrawFn) -> Busy:
    day = MONDAY + timedelta(days=draw(st.integers(0, 25)))
    first = draw(hours)
    minutes = draw(st.integers(1, 300))
    starts = london_time(day, first // 4, first % 4 * 15) + timedelta(minutes=draw(st.integers(0, 14)))
    return Busy(starts, starts + timedelta(minutes=minutes))


people = st.lists(
    st.builds(
        Person,
        id=st.uuids().map(str),
        name=st.just("Somebody"),
        required=st.booleans(),
        busy=st.lists(bookings(), max_size=8).map(tuple),
    ),
    max_size=5,
).map(tuple)


@settings(deadline=None)
@given(people=people, minutes=st.sampled_from([15, 30, 45, 60, 90, 120]), until=st.integers(-5, 30))
def test_no_offered_time_overlaps_a_booking_of_somebody_who_must_be_there(
    people: tuple[Person, ...], minutes: int, until: int
) -> None:
    question = ask(meet_by=MONDAY + timedelta(days=until), people=people, minutes=minutes)
    found = suggest(question)
    for slot in found.slots:
        local, local_end = slot.starts_at.astimezone(LONDON), slot.ends_at.astimezone(LONDON)
        assert OAKFIELD.is_school_day(slot.day)
        assert slot.day >= question.earliest
        assert (slot.day > question.meet_by) is found.late
        assert time(8, 30) <= local.time()
        assert local_end.time() <= time(17)
        for person in people:
            for one in person.busy:
                overlaps = one.starts_at < slot.ends_at and one.ends_at > slot.starts_at
                assert not (person.required and overlaps)
    if found.late and found.obstacle is not None:
        assert found.obstacle.opens > 0


@settings(deadline=None)
@given(people=people, until=st.integers(4, 30))
def test_a_time_is_found_by_the_latest_date_whenever_one_exists(people: tuple[Person, ...], until: int) -> None:
    question = ask(meet_by=MONDAY + timedelta(days=until), people=people)
    exists = False
    for day in OAKFIELD.school_days(question.earliest, question.meet_by):
        for quarter in range(8 * 4 + 2, 16 * 4 + 1):
            if quarter % 2:
                continue
            starts = london_time(day, quarter // 4, quarter % 4 * 15)
            exists = exists or not codes(question, starts) & {"required_booked"}
    assert exists is (bool(suggest(question).slots) and not suggest(question).late)


def test_somebody_away_for_days_is_away_on_each_of_them() -> None:
    first, last = date(2026, 11, 26), date(2026, 12, 2)
    away = Person("a", "Amara", True, (Busy(london_time(first, 12), london_time(last, 10)),))
    found = suggest(ask(people=(away,)), 40).slots
    assert not [slot for slot in found if first < slot.day < last]
    assert all(slot.ends_at <= london_time(first, 12) for slot in found if slot.day == first)
    assert all(slot.starts_at >= london_time(last, 10) for slot in found if slot.day == last)


def test_a_booking_keeps_its_hour_when_the_clocks_change_in_between() -> None:
    winter, summer = date(2027, 3, 22), date(2027, 3, 29)
    booked = tuple(Busy(london_time(day, 10), london_time(day, 11)) for day in (winter, summer))
    calendar = TermCalendar("Oakfield", (), ENGLAND_AND_WALES)
    question = Question(date(2027, 3, 15), date(2027, 4, 30), 60, POLICY, calendar, (Person("a", "A", True, booked),))
    for slot in suggest(question, 60).slots:
        assert all(slot.ends_at <= one.starts_at or slot.starts_at >= one.ends_at for one in booked)


@settings(deadline=None, max_examples=40)
@given(people=people, count=st.integers(1, 12))
def test_the_first_times_are_the_best_of_all(people: tuple[Person, ...], count: int) -> None:
    few, many = suggest(ask(people=people), count).slots, suggest(ask(people=people), 60).slots
    assert few == many[:count]
    assert [slot.penalty for slot in many] == sorted(slot.penalty for slot in many)
