"""What is added to the agendas of meetings, and who the child would like to start."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, update

from services.scheduling.adapters.tables_together import agenda_point, agenda_start
from services.scheduling.domain.agenda import Point, Wish


def points_of(connection: Connection, meeting_id: str) -> list[Point]:
    """Return the points added to a meeting's agenda, in their order."""
    query = select(agenda_point).where(agenda_point.c.meeting_id == meeting_id)
    ordered = query.order_by(agenda_point.c.position, agenda_point.c.at, agenda_point.c.id)
    return [Point(**{**row, "wish": Wish(row["wish"])}) for row in connection.execute(ordered).mappings()]


def add_point(connection: Connection, point: Point) -> None:
    """Store a new point."""
    values = {column.name: getattr(point, column.name) for column in agenda_point.c}
    connection.execute(insert(agenda_point).values(values | {"wish": point.wish.value}))


def change_point(connection: Connection, point: Point) -> None:
    """Store what a point says now, and for whom."""
    this = agenda_point.c.id == point.id
    connection.execute(update(agenda_point).where(this).values(text=point.text, wish=point.wish.value))


def take_out(connection: Connection, point_id: str) -> None:
    """Take a point out."""
    connection.execute(delete(agenda_point).where(agenda_point.c.id == point_id))


def put_in_order(connection: Connection, points: Iterable[Point]) -> None:
    """Store the places of some points."""
    for point in points:
        connection.execute(update(agenda_point).where(agenda_point.c.id == point.id).values(position=point.position))


def starter_of(connection: Connection, meeting_id: str) -> str:
    """Return the role that the child would like to start; empty where they did not say."""
    query = select(agenda_start.c.role).where(agenda_start.c.meeting_id == meeting_id)
    return str(connection.execute(query).scalar() or "")


def put_starter(connection: Connection, meeting_id: str, role: str) -> None:
    """Store which role the child would like to start; empty takes it back."""
    connection.execute(delete(agenda_start).where(agenda_start.c.meeting_id == meeting_id))
    if role:
        connection.execute(insert(agenda_start).values(meeting_id=meeting_id, role=role))
