"""The lessons that a child should not miss for a meeting: said by school and social worker, wished by the child."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.scheduling.adapters import lessons_store
from services.scheduling.application.lookup import child_of
from services.scheduling.domain.lessons import Lesson, check_lesson
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.ids import new_id
from shared.platform.access import may, standing
from shared.platform.work import Work

READ, RECORD = "scheduling.lessons.read", "scheduling.lessons.record"


@dataclass(frozen=True, slots=True)
class LessonWish:
    """What somebody says of a lesson: on a `weekday` (0 for Monday) until a day, or on one `day`; in minutes."""

    what: str
    weekday: int | None
    day: date | None
    starts: int
    ends: int
    until: date | None = None
    never: bool = False
    childs_wish: bool = False


@dataclass(frozen=True, slots=True)
class ChildsLessons:
    """The lessons of a child that are not over; `is_own` where the child looks themself."""

    child_id: str
    name: str
    lessons: tuple[Lesson, ...]
    may_record: bool
    is_own: bool


def lessons_of(work: Work, child_id: str) -> ChildsLessons:
    """Return the lessons a child should not miss."""
    found = standing(work, child_id)
    found.permit(READ)
    kept = lessons_store.of_children(work.connection, [child_id]).get(child_id, ())
    ahead = tuple(one for one in kept if not one.is_over(work.today))
    return ChildsLessons(
        child_id, child_of(work, child_id).name, ahead, may(work, RECORD, child_id), _is_child(work, child_id)
    )


def may_record_lessons(work: Work, child_id: str) -> None:
    """Let the actor say which lessons a child should not miss, or refuse."""
    standing(work, child_id).permit(RECORD)


def add_lesson(work: Work, child_id: str, wish: LessonWish) -> Lesson:
    """Keep a lesson; what a child says themself is their wish, and never rules a time out. Raises `InvalidInput`."""
    may_record_lessons(work, child_id)
    own = _is_child(work, child_id)
    lesson = Lesson(
        new_id(),
        child_id,
        wish.what,
        wish.weekday,
        wish.day,
        wish.starts,
        wish.ends,
        work.now,
        work.actor.name,
        until=wish.until,
        never=wish.never and not own,
        childs_wish=wish.childs_wish or own,
    )
    checked = check_lesson(lesson, work.today)
    lessons_store.add(work.connection, checked)
    return checked


def remove_lesson(work: Work, child_id: str, lesson_id: str) -> None:
    """Forget a lesson; a child may take back what they wished. Raises `NotFound`, `Conflict`."""
    may_record_lessons(work, child_id)
    kept = lessons_store.of_children(work.connection, [child_id]).get(child_id, ())
    lesson = next((one for one in kept if one.id == lesson_id), None)
    if lesson is None:
        raise NotFound("lesson_not_found", "This lesson is no longer on the list.")
    if _is_child(work, child_id) and not lesson.childs_wish:
        raise Conflict("not_your_wish", "You can take back what you wished. Ask your teacher about this one.")
    lessons_store.forget(work.connection, lesson_id)


def _is_child(work: Work, child_id: str) -> bool:
    """Tell whether the actor is the child, and nothing else on the team."""
    return standing(work, child_id).thing.team_roles == {Role.CHILD}
