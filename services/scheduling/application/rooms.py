"""The rooms that can be booked for meetings: of a school, and the authority's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduling.adapters import children_store, rooms_store
from services.scheduling.adapters.children_store import School
from services.scheduling.application.lookup import child_of
from services.scheduling.domain.meeting import Booking, Meeting
from services.scheduling.domain.rooms import ANY_ROOM, Room, check_room
from shared.contracts.roles import Role
from shared.kernel.errors import Denied, InvalidInput, NotFound
from shared.kernel.ids import new_id
from shared.platform.access import Actor, permit
from shared.platform.work import Work

READ, RECORD, RECORD_OWN = "scheduling.rooms.read", "scheduling.rooms.record", "scheduling.rooms.record_own"


@dataclass(frozen=True, slots=True)
class RoomWish:
    """What somebody says of a room; `site` only of one that is not a school's."""

    name: str
    seats: int = 0
    site: str = ""
    is_open: bool = True


def rooms_of_school(work: Work, urn: str) -> tuple[School, list[Room]]:
    """Return a school with its rooms, as the actor's authority keeps them; raises `NotFound` for an unknown school."""
    permit(work, READ)
    school = children_store.load_school(work.connection, urn)
    if school is None:
        raise NotFound("school_not_found", "There is no school with that number.")
    return school, rooms_store.of_school(work.connection, work.actor.authorities, urn)


def own_rooms(work: Work) -> list[Room]:
    """Return the rooms of the actor's authority that are not a school's."""
    permit(work, READ)
    return rooms_store.of_authorities(work.connection, work.actor.authorities)


def find_room(work: Work, room_id: str, action: str = READ) -> Room:
    """Return a room of the actor's authority; one of another authority's is as if there were none."""
    permit(work, action)
    found = rooms_store.load(work.connection, room_id)
    if found is None or not (work.actor.system or found.authority in work.actor.authorities):
        raise NotFound("room_not_found", "There is no such room.")
    return found


def record_room(work: Work, wish: RoomWish, urn: str | None = None) -> Room:
    """Record a room of a school (`urn`) or of the authority's own; raises `InvalidInput`, `Conflict`, `Denied`."""
    if urn is not None:
        rooms_of_school(work, urn)
    may_record_rooms(work, urn)
    room = Room(new_id(), _recorder(work, urn).authority, wish.site, wish.name, wish.seats, urn, wish.is_open)
    return _keep(work, room)


def change_room(work: Work, room_id: str, wish: RoomWish) -> Room:
    """Correct what is known of a room, or offer it no more (its bookings stay); raises as `record_room`."""
    room = find_room(work, room_id, RECORD)
    may_record_rooms(work, room.school_urn)
    return _keep(
        work, replace(room, name=wish.name, seats=wish.seats, site=wish.site or room.site, is_open=wish.is_open)
    )


def may_record_rooms(work: Work, urn: str | None) -> None:
    """Let the actor record rooms of a school, or the authority's own; a designated teacher only their own school's."""
    permit(work, RECORD if urn is not None else RECORD_OWN)
    teaches_elsewhere = work.actor.kinds == {Role.DESIGNATED_TEACHER} and work.actor.school_urn != urn
    if teaches_elsewhere and not work.actor.system:
        raise Denied("not_your_school", "You can only record the rooms of your own school.")


def rooms_for(work: Work, meeting: Meeting) -> list[Room]:
    """Return the rooms that may be booked for a meeting: those of the child's school, then the authority's own.

    One that is booked for the meeting already is among them, even if it is offered no more.
    """
    urn = child_of(work, meeting.child_id).school_urn
    booked = meeting.booking.room_id if meeting.booking else ""
    found = rooms_store.of_school(work.connection, [meeting.authority], urn) if urn else []
    found += rooms_store.of_authorities(work.connection, [meeting.authority])
    return [room for room in found if room.is_open or room.id == booked]


def choose_room(work: Work, meeting: Meeting, wanted: str, starts_at: datetime, ends_at: datetime, people: int) -> str:
    """Return the id of the room to propose: the one wanted, or for `ANY_ROOM` the smallest that is free and will do.

    Empty where none is wanted or none is free.
    """
    if wanted != ANY_ROOM:
        return wanted
    urn = child_of(work, meeting.child_id).school_urn
    rooms = [room for room in rooms_for(work, meeting) if urn and room.school_urn == urn and room.seats_enough(people)]
    taken = rooms_store.bookings(work.connection, [room.id for room in rooms], starts_at, ends_at)
    free = [
        room
        for room in rooms
        if not any(
            one.touches(starts_at, ends_at) for meeting_id, one in taken.get(room.id, ()) if meeting_id != meeting.id
        )
    ]
    return min(free, key=lambda room: (room.seats or 500, room.name)).id if free else ""


def with_room(work: Work, meeting: Meeting, booking: Booking) -> Booking:
    """Return a booking whose place is that of its room, unless somebody wrote more than the school's name.

    Raises `InvalidInput` for a room that may not be booked for the meeting.
    """
    if not booking.room_id:
        return booking
    room = next((one for one in rooms_for(work, meeting) if one.id == booking.room_id), None)
    if room is None:
        raise InvalidInput({"room": ["This room cannot be booked for this meeting. Choose another."]})
    says_more = booking.place not in ("", room.site, child_of(work, meeting.child_id).school_name)
    return booking if says_more else replace(booking, place=room.place)


def _keep(work: Work, room: Room) -> Room:
    tidy = check_room(room)
    rooms_store.keep(work.connection, tidy, work.now, work.actor.name)
    return find_room(work, tidy.id)


def _recorder(work: Work, urn: str | None) -> Actor:
    """Return as whom the actor records: by the record that has the school, where several authorities have one."""
    return next((one for one in work.actor.records if urn and one.school_urn == urn), work.actor)
