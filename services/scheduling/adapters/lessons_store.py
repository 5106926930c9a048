"""Keeps the lessons that children should not miss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from sqlalchemy import Connection, delete, insert, select

from services.scheduling.adapters.tables_times import lesson
from services.scheduling.domain.lessons import Lesson


def of_children(connection: Connection, child_ids: Iterable[str]) -> dict[str, tuple[Lesson, ...]]:
    """Return the lessons of children, by weekday or day and time; one query."""
    found: dict[str, list[Lesson]] = {}
    query = (
        select(lesson)
        .where(lesson.c.child_id.in_(sorted(set(child_ids))))
        .order_by(lesson.c.child_id, lesson.c.day, lesson.c.weekday, lesson.c.starts, lesson.c.id)
    )
    for row in connection.execute(query).mappings():
        found.setdefault(row["child_id"], []).append(Lesson(**row))
    return {child_id: tuple(lessons) for child_id, lessons in found.items()}


def add(connection: Connection, new: Lesson) -> None:
    """Keep a new lesson."""
    connection.execute(insert(lesson).values({one.name: getattr(new, one.name) for one in fields(new)}))


def forget(connection: Connection, lesson_id: str) -> None:
    """Forget a lesson."""
    connection.execute(delete(lesson).where(lesson.c.id == lesson_id))
