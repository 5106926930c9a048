"""Lessons that a child should not miss for a meeting: every week or on one day, at school's word or the child's wish.

A meeting in school time takes a child out of a lesson in front of the class; children ask that it is not one they need
or like. Most lessons only speak against a time; an exam, or another that the child should `never` miss, rules it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.scheduling.domain.busy import WHOLE_DAY, Busy, BusyKind, Weekly
from services.scheduling.domain.question import Person
from shared.kernel.clock import london_time
from shared.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson of a child's, on a `weekday` (0 for Monday) until a day, or on one `day`; in minutes of the day."""

    id: str
    child_id: str
    what: str
    weekday: int | None
    day: date | None
    starts: int
    ends: int
    recorded_at: datetime
    recorded_by: str
    until: date | None = None
    never: bool = False
    childs_wish: bool = False

    def is_over(self, today: date) -> bool:
        """Tell whether it no longer says anything of a day to come."""
        last = self.day or self.until
        return last is not None and last < today


def check_lesson(lesson: Lesson, today: date) -> Lesson:
    """Return a lesson that can be meant, tidied; raises `InvalidInput` by field otherwise."""
    errors: dict[str, list[str]] = {}
    what = " ".join(lesson.what.split()).rstrip(".")
    if not what:
        errors["what"] = ["Enter what it is, for example maths."]
    if (lesson.weekday is None) == (lesson.day is None):
        errors["weekday"] = ["Select a day of the week, or enter one date: not both."]
    if not 0 <= lesson.starts < lesson.ends <= WHOLE_DAY:
        errors["ends"] = ["It must end after it starts."]
    if lesson.day is not None and lesson.day < today:
        errors["day"] = ["The date must be today or later."]
    if lesson.until is not None and lesson.until < today:
        errors["until"] = ["The last day must be today or later."]
    if lesson.until is not None and lesson.day is not None:
        errors["until"] = ["Leave this empty: it is on one date only."]
    if errors:
        raise InvalidInput(errors)
    return replace(lesson, what=what)


def with_lessons(child_id: str, name: str, lessons: Iterable[Lesson]) -> Person | None:
    """Return a child as their lessons stand in the way of times, or None where there are none."""
    busy: list[Busy] = []
    weekly: list[Weekly] = []
    for one in lessons:
        what = f"{one.what}, which {name} {'asked not to miss' if one.childs_wish else 'should not miss'}"
        if one.weekday is not None:
            last = one.until or date.max
            weekly.append(Weekly(one.weekday, one.starts, one.ends, BusyKind.LESSON, what, one.never, last=last))
        elif one.day is not None:
            starts_at = london_time(one.day, *divmod(one.starts, 60))
            ends_at = starts_at + timedelta(minutes=one.ends - one.starts)
            busy.append(Busy(starts_at, ends_at, BusyKind.LESSON, what, one.never))
    if not busy and not weekly:
        return None
    return Person(child_id, name, True, tuple(busy), tuple(weekly))
