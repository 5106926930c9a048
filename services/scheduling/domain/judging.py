"""What speaks for and against a time for a meeting, in words a worker can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from services.scheduling.domain.busy import BusyKind, Taken
from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.question import Person, Question, RoomTimes
from services.scheduling.domain.term_calendar import SchoolDay
from shared.kernel.clock import LONDON


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know about a time; `good` says whether it speaks for the time or against it.

    One that is not `known` does neither: it says of whom it cannot be told whether they are free.
    """

    code: str
    text: str
    good: bool
    known: bool = True


_WHY = {
    BusyKind.PEP_MEETING: ("booked", "{name} is already booked for another meeting"),
    BusyKind.DIARY: ("busy", "{name}'s own diary says that they are busy"),
    BusyKind.OUTSIDE_HOURS: ("outside_hours", "it is outside the hours that suit {name}"),
    BusyKind.HELD_BY_POLL: ("held", "{name} is being asked about this time for another meeting"),
    BusyKind.TRAVEL: ("travel", "{name} has a meeting in another place too soon before or after"),
    BusyKind.LESSON: ("lesson", "during {what}"),
}
"""The end of the code and the words of each reason why somebody is taken; the order of `BusyKind` tells the first."""


def judge(
    question: Question,
    starts_at: datetime,
    ends_at: datetime,
    people: Sequence[Person] | None = None,
    rooms: Sequence[RoomTimes] | None = None,
) -> tuple[Point, ...]:
    """Return what speaks for and against one time, however poor it is; the poor points come first.

    `people` are those who may be taken then, and `rooms` those that are free, where that is known already; otherwise
    everybody and every room is looked at.
    """
    local, local_end = starts_at.astimezone(LONDON), ends_at.astimezone(LONDON)
    points = [
        _date_point(question, local.date()),
        _school_point(question.calendar.look_up(local.date())),
        *_notice_points(question, local.date()),
        *_hours_points(question.policy, local.time(), local_end.time()),
        *_room_points(question, starts_at, ends_at, rooms),
        *_people_points(question.parties if people is None else people, starts_at, ends_at),
        *_unknown_points(question, ends_at),
    ]
    return tuple(sorted(points, key=lambda point: point.good))


def day_in_words(day: date) -> str:
    """Return a day as people say it: Monday 7 December 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _date_point(question: Question, day: date) -> Point:
    left = (question.meet_by - day).days
    latest = day_in_words(question.meet_by)
    if left < 0:
        late = "1 day" if left == -1 else f"{-left} days"
        return Point("after_latest_date", f"{late} after the latest date, {latest}", False)
    if left == 0:
        return Point("on_latest_date", f"on the latest date itself, {latest}: no room for a change", False)
    before = "1 day" if left == 1 else f"{left} days"
    return Point("in_time", f"in time: {before} before the latest date, {latest}", True)


def _school_point(found: SchoolDay) -> Point:
    if found.meets:
        return Point("school_day" if found.known else "school_day_guessed", found.why, True)
    return Point("not_a_school_day", f"not a school day: {found.why}", False)


def _notice_points(question: Question, day: date) -> list[Point]:
    if day >= question.earliest:
        return []
    days = question.policy.notice_days
    wanted = "1 clear working day" if days == 1 else f"{days} clear working days"
    return [Point("short_notice", f"short notice: your authority gives people {wanted}", False)]


def _hours_points(policy: MeetingPolicy, start: time, end: time) -> list[Point]:
    if start < policy.day_starts or end > policy.day_ends or end <= start:
        hours = f"{_clock(policy.day_starts)} to {_clock(policy.day_ends)}"
        return [Point("outside_hours", f"outside the hours for meetings, {hours}", False)]
    if start < policy.lessons_start or end > policy.lessons_end:
        hours = f"{_clock(policy.lessons_start)} to {_clock(policy.lessons_end)}"
        return [Point("edge_of_day", f"partly outside the school's day, {hours}", False)]
    if start < policy.lunch_ends and end > policy.lunch_starts:
        return [Point("lunch", "over the school's lunch time", False)]
    return []


def _people_points(people: Sequence[Person], starts_at: datetime, ends_at: datetime) -> list[Point]:
    points = []
    for person in people:
        reasons = person.reasons(starts_at, ends_at)
        kind = next((kind for kind in BusyKind if kind in reasons), None)
        if kind is not None:
            points.append(_taken_point(person, kind, reasons[kind]))
    return points or [Point("nobody_booked", "nobody invited has another meeting then", True)]


def _taken_point(person: Person, kind: BusyKind, why: Taken) -> Point:
    suffix, words = _WHY[kind]
    text = words.format(name=person.name, what=why.what)
    if kind is BusyKind.LESSON:
        return Point(f"never_{suffix}" if why.hard else suffix, text, False)
    needed = ", and must be there" if person.required else ""
    return Point(f"{'required' if person.required else 'optional'}_{suffix}", f"{text}{needed}", False)


def _room_points(
    question: Question, starts_at: datetime, ends_at: datetime, free: Sequence[RoomTimes] | None
) -> list[Point]:
    if not question.rooms:
        return []
    if free is None:
        free = [room for room in question.rooms if not any(one.touches(starts_at, ends_at) for one in room.busy)]
    if not free:
        one = len(question.rooms) == 1
        return [Point("room_booked", f"{question.rooms[0].name} is booked" if one else "no room is free", False)]
    enough = [room for room in free if not 0 < room.seats < len(question.people)]
    if not enough:
        people = len(question.people)
        return [Point("room_small", f"{free[0].name} has {free[0].seats} seats, and {people} are invited", False)]
    names = [room.name for room in enough]
    return [Point("room_free", f"{_listed(names)} {'is' if len(names) == 1 else 'are'} free", True)]


def _unknown_points(question: Question, ends_at: datetime) -> list[Point]:
    unknown = [person.name for person in question.people if person.required and not person.knows(ends_at)]
    if not unknown:
        return []
    whose = "own diary of" if len(unknown) == 1 else "own diaries of"
    return [Point("required_unknown", f"not known: the {whose} {_listed(unknown)}", False, known=False)]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _clock(at: time) -> str:
    half = "am" if at.hour < 12 else "pm"
    hour = at.hour % 12 or 12
    return f"{hour}:{at.minute:02d}{half}" if at.minute else f"{hour}{half}"
