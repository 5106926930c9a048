"""Rooms are booked with meetings, and never for two at one time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from services.scheduling.adapters import rooms_store
from services.scheduling.application.meetings import Wish, arrange, cancel, move
from services.scheduling.application.places import booking_for
from services.scheduling.application.rooms import (
    RoomWish,
    change_room,
    find_room,
    own_rooms,
    record_room,
    rooms_for,
    rooms_of_school,
)
from services.scheduling.application.slots import Setting, suggest_times
from services.scheduling.domain.meeting import Mode
from services.scheduling.domain.rooms import ANY_ROOM
from shared.contracts.parents import ParentStanding
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict, Denied, DomainError, InvalidInput

if TYPE_CHECKING:
    from services.scheduling.domain.meeting import Meeting
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
DAY = date(2026, 12, 1)


def a_room(office: Office, name: str = "Room 1", seats: int = 8) -> str:
    with office.writing("teacher") as work:
        return record_room(work, RoomWish(name, seats), "100001").id


def with_room(wish: Wish, room_id: str, place: str = "") -> Wish:
    return replace(wish, booking=replace(wish.booking, room_id=room_id, place=place))


def book(office: Office, meeting: Meeting, wish: Wish) -> Meeting:
    with office.writing("worker") as work:
        return arrange(work, meeting.id, wish, meeting.version)


def test_a_meeting_in_a_room_says_where_it_is_and_frees_the_room_when_it_is_called_off(
    office: Office, wish: MakeWish
) -> None:
    room_id = a_room(office)
    meeting = book(office, office.open_plan("c1", "p1"), with_room(wish(DAY), room_id))
    assert meeting.booking is not None
    assert (meeting.booking.room_id, meeting.booking.place) == (room_id, "Oakfield School, Room 1")
    span = london_time(DAY, 0), london_time(DAY, 23)
    with office.reading() as work:
        (taken,) = rooms_store.bookings(work.connection, [room_id], *span)[room_id]
    assert (taken[0], taken[1].starts_at, taken[1].ends_at) == (
        meeting.id,
        meeting.booking.starts_at,
        meeting.booking.ends_at,
    )
    with office.writing("worker") as work:
        moved = move(work, meeting.id, with_room(wish(DAY, 14), room_id, "Oakfield School, by the back door"), 2)
        assert moved.booking is not None
        assert moved.booking.place == "Oakfield School, by the back door"
        cancel(work, meeting.id, "not_needed", moved.version)
        assert rooms_store.bookings(work.connection, [room_id], *span) == {}


def test_two_meetings_of_nobody_in_common_cannot_have_one_room_at_one_time(office: Office, wish: MakeWish) -> None:
    room_id = a_room(office)
    office.add_child("c2")
    book(office, office.open_plan("c1", "p1"), with_room(wish(DAY, worker=True), room_id))
    other = office.open_plan("c2", "p2")
    with pytest.raises(Conflict) as refused, office.writing("worker") as work:
        arrange(work, other.id, with_room(wish(DAY, teacher=True), room_id), other.version)
    assert refused.value.code == "room_booked"
    assert refused.value.facts["alternatives"]
    assert all("T10:00" not in one["start"] for one in refused.value.facts["alternatives"] if "12-01" in one["start"])
    book(office, other, with_room(wish(DAY, 11, teacher=True), room_id))


def test_whoever_books_first_has_the_room_on_either_database(migrated_office: Office, wish: MakeWish) -> None:
    office = migrated_office
    room_id = a_room(office)
    meetings = []
    for number in range(4):
        office.add_child(f"r{number}")
        meetings.append(office.open_plan(f"r{number}", f"pr{number}"))
    people = ("worker", "teacher", "carer", "iro")
    start, outcomes = threading.Barrier(4), []

    def attempt(meeting: Meeting, who: str) -> None:
        start.wait()
        try:
            book(office, meeting, with_room(wish(DAY, **{who: True}), room_id))
            outcomes.append("booked")
        except DomainError as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=attempt, args=pair) for pair in zip(meetings, people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked", "room_booked", "room_booked", "room_booked"]


def test_times_are_offered_when_a_room_that_is_large_enough_is_free(office: Office, wish: MakeWish) -> None:
    small, large = a_room(office, "Office", 2), a_room(office, "Hall", 30)
    for hour, number in ((9, 1), (11, 2), (13, 3), (15, 4)):
        office.add_child(f"b{number}")
        all_day = wish(DAY, hour, iro=True)
        longer = replace(all_day.booking, ends_at=all_day.booking.ends_at + timedelta(hours=1))
        wanted = with_room(replace(all_day, booking=longer), large)
        book(office, office.open_plan(f"b{number}", f"pb{number}"), wanted)
    meeting = office.open_plan("c1", "p1", meet_by=DAY)
    office.at(london_time(date(2026, 11, 25), 9))
    with office.reading("worker") as work:
        found = suggest_times(work, meeting.id, count=40, setting=Setting(room=ANY_ROOM))
        assert DAY not in {slot.day for slot in found.slots}
        points = found.slots[0].points
        assert ("room_free", "Hall is free") in {(one.code, one.text) for one in points}
        one_day = suggest_times(work, meeting.id, setting=Setting(room=small))
        assert DAY in {slot.day for slot in one_day.slots}
        assert [room.name for room in rooms_for(work, meeting)] == ["Hall", "Office"]


def test_a_room_that_is_offered_no_more_is_kept_where_it_is_booked_and_booked_no_more(
    office: Office, wish: MakeWish
) -> None:
    room_id = a_room(office)
    meeting = book(office, office.open_plan("c1", "p1"), with_room(wish(DAY), room_id))
    with office.writing("teacher") as work:
        change_room(work, room_id, RoomWish("Room 1", 8, is_open=False))
        assert [room.is_open for room in rooms_of_school(work, "100001")[1]] == [False]
    with office.writing("worker") as work:
        assert [room.id for room in rooms_for(work, meeting)] == [room_id]
    office.add_child("c2")
    with pytest.raises(InvalidInput):
        book(office, office.open_plan("c2", "p2"), with_room(wish(DAY, 14), room_id))
    with pytest.raises(InvalidInput) as refused:
        online = wish(DAY, 15)
        booking = replace(online.booking, mode=Mode.ONLINE, joining_link="https://meet.example/1", room_id=room_id)
        with office.writing("worker") as work:
            move(work, meeting.id, replace(online, booking=booking), meeting.version)
    assert "room" in refused.value.errors


def test_a_teacher_records_the_rooms_of_their_own_school_alone_and_a_name_is_there_once(office: Office) -> None:
    a_room(office)
    with office.writing("teacher") as work:
        with pytest.raises(Conflict):
            record_room(work, RoomWish("room 1"), "100001")
        with pytest.raises(Denied):
            record_room(work, RoomWish("Committee room", site="Town Hall"))
        with pytest.raises(InvalidInput):
            record_room(work, RoomWish(" "), "100001")
    with office.writing("manager") as work:
        room = record_room(work, RoomWish("Committee room", 12, "Town Hall"))
        assert own_rooms(work) == [room]
        assert find_room(work, room.id).place == "Town Hall, Committee room"


def test_a_parent_who_is_not_told_the_school_is_not_told_the_room(office: Office, wish: MakeWish) -> None:
    room_id = a_room(office)
    meeting = book(office, office.open_plan("c1", "p1"), with_room(wish(DAY), room_id))
    assert meeting.booking is not None
    parent = next(one for one in meeting.invitees if one.person_id == "parent")
    with office.writing() as work:
        office.say_of_parent(work, "c1", "parent", ParentStanding.NOT_TOLD)
        told = booking_for(work, meeting, replace(meeting.booking, place_sealed=True), parent)
    assert (told.place, told.room_id) == ("Ask the social worker", "")
