"""What speaks for and against a time for a meeting, in words a worker can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.term_calendar import SchoolDay, TermCalendar
from shared.kernel.clock import LONDON
from shared.kernel.working_days import add_working_days


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch of time in which somebody is already booked (aware instants)."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the time must suit (`required`) or had better suit.

    `busy` is when they have other PEP meetings, `diary` when their own diary says that they are busy. `knows_diary`
    tells whether that was read lately: if not, an empty `diary` says nothing.
    """

    id: str
    name: str
    required: bool
    busy: tuple[Busy, ...] = ()
    diary: tuple[Busy, ...] = ()
    knows_diary: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What a time is looked for: whose, from when, by when, for how long, under which policy."""

    today: date
    meet_by: date
    minutes: int
    policy: MeetingPolicy
    calendar: TermCalendar
    people: tuple[Person, ...]

    @property
    def earliest(self) -> date:
        """Return the first day that leaves the authority's clear working days of notice."""
        return add_working_days(self.today, self.policy.notice_days + 1, self.calendar.bank_holidays)


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know about a time; `good` says whether it speaks for the time or against it."""

    code: str
    text: str
    good: bool


def judge(
    question: Question, starts_at: datetime, ends_at: datetime, people: Sequence[Person] | None = None
) -> tuple[Point, ...]:
    """Return what speaks for and against one time, however poor it is; the poor points come first.

    `people` are those who may be booked then, where that is known already; otherwise everybody is looked at.
    """
    local, local_end = starts_at.astimezone(LONDON), ends_at.astimezone(LONDON)
    points = [
        _date_point(question, local.date()),
        _school_point(question.calendar.look_up(local.date())),
        *_notice_points(question, local.date()),
        *_hours_points(question.policy, local.time(), local_end.time()),
        *_people_points(question.people if people is None else people, starts_at, ends_at),
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
    def is_taken(times: Sequence[Busy]) -> bool:
        return any(one.starts_at < ends_at and one.ends_at > starts_at for one in times)

    points = []
    for person in people:
        how = "required" if person.required else "optional"
        needed = ", and must be there" if person.required else ""
        if is_taken(person.busy):
            text = f"{person.name} is already booked for another PEP meeting{needed}"
            points.append(Point(f"{how}_booked", text, False))
        elif is_taken(person.diary):
            points.append(Point(f"{how}_busy", f"{person.name}'s own diary says that they are busy{needed}", False))
    return points or [Point("nobody_booked", "nobody invited has another PEP meeting then", True)]


def _clock(at: time) -> str:
    half = "am" if at.hour < 12 else "pm"
    hour = at.hour % 12 or 12
    return f"{hour}:{at.minute:02d}{half}" if at.minute else f"{hour}{half}"
