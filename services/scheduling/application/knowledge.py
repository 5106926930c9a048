"""All that is known of those a meeting must suit: read at once, for one meeting or for a whole term's.

What is read: term calendars and schools' days, other meetings, people's own diaries, the hours that suit them, the
lessons children should not miss, the times that people are being asked about, and the rooms with their bookings. A new
source of busy times is read here, once for all the meetings asked about, and given to each person as stretches of a
kind of its own (`domain/busy.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduling.adapters import (
    children_store,
    diary_store,
    hours_store,
    lessons_store,
    meetings_store,
    polls_store,
    rooms_store,
    school_hours_store,
    term_store,
)
from services.scheduling.adapters.children_store import Child
from services.scheduling.adapters.policies import load_policies
from services.scheduling.adapters.polls_store import Held
from services.scheduling.application.diaries import AHEAD, KNOWN_FOR
from services.scheduling.domain.busy import Busy, BusyKind, Weekly
from services.scheduling.domain.lessons import Lesson, with_lessons
from services.scheduling.domain.meeting import Guest, Meeting, Mode
from services.scheduling.domain.policy import HeldTimes, MeetingPolicy, policy_on
from services.scheduling.domain.question import Person, Question, RoomTimes
from services.scheduling.domain.rooms import ANY_ROOM, Room
from services.scheduling.domain.school_hours import SchoolHours, policy_at
from services.scheduling.domain.slots import LATE_WINDOW
from services.scheduling.domain.term_calendar import TermCalendar, TermDate
from services.scheduling.domain.travel import Booked, taken_by
from services.scheduling.domain.working_hours import WorkingHours, in_force, outside
from shared.kernel.clock import london_time
from shared.kernel.working_days import add_working_days
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class Asked:
    """A meeting that a time is looked for, and whom it must suit.

    `minutes` 0 is as long as the policy says; `place` empty is at the child's school. `room` is the id of a room,
    `ANY_ROOM` for whichever of the school's is free and large enough, or empty where none is to be booked.
    """

    meeting: Meeting
    guests: tuple[Guest, ...]
    minutes: int = 0
    mode: Mode = Mode.IN_PERSON
    place: str = ""
    room: str = ""


def questions_for(work: Work, asked: Sequence[Asked]) -> list[Question]:
    """Put the question which times suit, of many meetings at once, in their order; the caller has asked the policy.

    Twelve statements at most, however many meetings, people and children there are. A `Question` holds everything the
    search needs (`domain/slots.suggest`), and nothing is read later: `people` in the order of the guests, each with
    `busy` (dated stretches: PEP meetings but this one, the own diary, the way between places, what the polls of other
    meetings hold) and `weekly` (outside their hours); `child` with the lessons; `rooms` with their bookings; `policy`
    with the school's own day; `calendar` of the school. People who are asked about in several questions share the
    tuples of what was read.
    """
    if not asked:
        return []
    known = _read(work, asked)
    return [_question(work, one, known) for one in asked]


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that was read, by the id of whom it is about."""

    children: Mapping[str, Child]
    terms: Mapping[str, tuple[TermDate, ...]]
    days: Mapping[str, SchoolHours]
    lessons: Mapping[str, tuple[Lesson, ...]]
    booked: Mapping[str, tuple[Booked, ...]]
    held: Mapping[str, Sequence[Held]]
    diaries: Mapping[str, tuple[Busy, ...]]
    read_at: Mapping[str, datetime]
    outside: Mapping[str, tuple[Weekly, ...]]
    rooms: Sequence[Room]
    bookings: Mapping[str, Sequence[tuple[str, Busy]]]


def _read(work: Work, asked: Sequence[Asked]) -> _Known:
    connection = work.connection
    children = children_store.load_children(connection, [one.meeting.child_id for one in asked])
    urns = [child.school_urn for child in children.values() if child.school_urn]
    people = {guest.person_id for one in asked for guest in one.guests}
    latest = max(work.today, *(one.meeting.meet_by for one in asked))
    horizon = add_working_days(latest, LATE_WINDOW + 5, ENGLAND_AND_WALES)
    first, last = london_time(work.today, 0), london_time(horizon + timedelta(days=1), 0)
    rooms = _rooms(work, asked, children)
    return _Known(
        children=children,
        terms={urn: stored.entries for urn, stored in term_store.load_many(connection, urns).items()},
        days=school_hours_store.of_schools(connection, urns),
        lessons=lessons_store.of_children(connection, children),
        booked=meetings_store.booked(connection, people, first, last),
        held=polls_store.held(connection, people, first, last),
        diaries=diary_store.busy(connection, people, first, last),
        read_at=diary_store.known(connection, people, work.now - KNOWN_FOR),
        outside={key: outside(patterns) for key, patterns in hours_store.of_people(connection, people).items()},
        rooms=rooms,
        bookings=rooms_store.bookings(connection, [room.id for room in rooms], first, last),
    )


def _rooms(work: Work, asked: Iterable[Asked], children: Mapping[str, Child]) -> list[Room]:
    """Return the rooms that anybody asks for; no query where nobody does."""
    chosen = [one.room for one in asked if one.room not in ("", ANY_ROOM)]
    schools = {
        (one.meeting.authority, child.school_urn)
        for one in asked
        if one.room == ANY_ROOM and (child := children.get(one.meeting.child_id)) and child.school_urn
    }
    return rooms_store.wanted(work.connection, schools, chosen) if chosen or schools else []


def _question(work: Work, asked: Asked, known: _Known) -> Question:
    meeting = asked.meeting
    child = known.children.get(meeting.child_id) or Child(meeting.child_id, "Child")
    urn = child.school_urn or ""
    policy = policy_at(policy_on(load_policies(meeting.authority), work.today), known.days.get(urn))
    calendar = TermCalendar(child.school_name or "the school", known.terms.get(urn, ()), ENGLAND_AND_WALES)
    rooms = _rooms_for(asked, child, known)
    place = asked.place or (rooms[0].site if len(rooms) == 1 else child.school_name)
    return Question(
        today=work.today,
        meet_by=meeting.meet_by,
        minutes=asked.minutes or policy.meeting_minutes,
        policy=policy,
        calendar=calendar,
        people=tuple(_person(guest, asked, place, policy, known) for guest in asked.guests),
        child=with_lessons(child.id, child.name, known.lessons.get(child.id, ())),
        rooms=tuple(_room_times(room, meeting.id, known) for room in rooms),
    )


def _person(guest: Guest, asked: Asked, place: str, policy: MeetingPolicy, known: _Known) -> Person:
    others = known.booked.get(guest.person_id, ())
    meetings = taken_by(
        others, but=asked.meeting.id, mode=asked.mode, place=place, minutes=policy.travel_minutes if others else 0
    )
    read_at = known.read_at.get(guest.person_id)
    return Person(
        guest.person_id,
        guest.name,
        guest.required,
        busy=(*meetings, *known.diaries.get(guest.person_id, ()), *_held(guest, asked, policy, known)),
        weekly=known.outside.get(guest.person_id, ()),
        knows_diary=read_at is not None,
        known_until=read_at + AHEAD if read_at is not None else None,
    )


def _held(guest: Guest, asked: Asked, policy: MeetingPolicy, known: _Known) -> list[Busy]:
    """Return the times that somebody is being asked about for other meetings, as the authority wants that to count."""
    if policy.polls.held_times is None:
        return []
    hard = policy.polls.held_times is HeldTimes.HARD
    return [
        Busy(one.starts_at, one.ends_at, BusyKind.HELD_BY_POLL, hard=hard)
        for one in known.held.get(guest.person_id, ())
        if one.meeting_id != asked.meeting.id
    ]


def _rooms_for(asked: Asked, child: Child, known: _Known) -> list[Room]:
    if asked.room != ANY_ROOM:
        return [room for room in known.rooms if room.id == asked.room and room.authority == asked.meeting.authority]
    return [
        room
        for room in known.rooms
        if room.is_open
        and (room.authority, room.school_urn) == (asked.meeting.authority, child.school_urn)
        and room.seats_enough(len(asked.guests))
    ]


def _room_times(room: Room, meeting_id: str, known: _Known) -> RoomTimes:
    busy = tuple(one for booked_by, one in known.bookings.get(room.id, ()) if booked_by != meeting_id)
    return RoomTimes(room.id, room.name, room.seats, busy)


@dataclass(frozen=True, slots=True)
class KnownOf:
    """Whether a guest's own diary was read lately, and the hours that suit them today where they are known."""

    guest: Guest
    knows_diary: bool
    hours: WorkingHours | None


def what_is_known(work: Work, guests: Sequence[Guest]) -> list[KnownOf]:
    """Return what is known of each guest, in their order; the caller has asked the policy."""
    ids = [guest.person_id for guest in guests]
    diaries = diary_store.known(work.connection, ids, work.now - KNOWN_FOR)
    hours = hours_store.of_people(work.connection, ids)
    return [
        KnownOf(one, one.person_id in diaries, in_force(hours.get(one.person_id, ()), work.today)) for one in guests
    ]
