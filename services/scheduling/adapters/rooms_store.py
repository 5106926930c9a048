"""Keeps rooms, and that no room has two meetings at one time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.scheduling.adapters.tables import school
from services.scheduling.adapters.tables_times import room, room_claim
from services.scheduling.domain.busy import Busy
from services.scheduling.domain.rooms import Room
from shared.kernel.errors import Conflict

CELL_SECONDS = 15 * 60


def load(connection: Connection, room_id: str) -> Room | None:
    """Return a room, or None."""
    found = _load_where(connection, room.c.id == room_id)
    return found[0] if found else None


def of_school(connection: Connection, authorities: Collection[str], school_urn: str) -> list[Room]:
    """Return the rooms that authorities keep of a school, by name."""
    return _load_where(connection, room.c.authority.in_(sorted(authorities)), room.c.school_urn == school_urn)


def of_authorities(connection: Connection, authorities: Collection[str]) -> list[Room]:
    """Return the rooms that are authorities' own, by building and name."""
    return _load_where(connection, room.c.authority.in_(sorted(authorities)), room.c.school_urn.is_(None))


def wanted(connection: Connection, schools: Iterable[tuple[str, str]], room_ids: Iterable[str]) -> list[Room]:
    """Return the open rooms of schools, each (authority, URN), and those with these ids; one query."""
    conditions: list[ColumnElement[bool]] = [room.c.id.in_(sorted(set(room_ids)))]
    by_authority: dict[str, set[str]] = {}
    for authority, urn in schools:
        by_authority.setdefault(authority, set()).add(urn)
    for authority, urns in by_authority.items():
        conditions.append(and_(room.c.authority == authority, room.c.school_urn.in_(sorted(urns)), room.c.is_open))
    return _load_where(connection, or_(*conditions))


def keep(connection: Connection, kept: Room, now: datetime, by: str) -> None:
    """Keep a room: a new one, or in the place of what was known of it. Raises `Conflict` where its name is taken."""
    same_site = room.c.school_urn == kept.school_urn if kept.school_urn else room.c.site == kept.site
    same_name = (room.c.authority == kept.authority, same_site, func.lower(room.c.name) == kept.name.lower())
    if connection.execute(select(room.c.id).where(*same_name, room.c.id != kept.id)).first():
        raise Conflict("room_exists", f"There is a room called {kept.name} there already.")
    values: dict[str, Any] = {
        "authority": kept.authority,
        "school_urn": kept.school_urn,
        "site": "" if kept.school_urn else kept.site,
        "name": kept.name,
        "seats": kept.seats,
        "is_open": kept.is_open,
        "recorded_at": now,
        "recorded_by": by,
    }
    if not connection.execute(update(room).where(room.c.id == kept.id).values(values)).rowcount:
        connection.execute(insert(room).values(id=kept.id, **values))


def bookings(
    connection: Connection, room_ids: Iterable[str], first: datetime, last: datetime
) -> dict[str, list[tuple[str, Busy]]]:
    """Return when rooms are booked between two instants, each with the id of the meeting; one query."""
    ids = sorted(set(room_ids))
    if not ids:
        return {}
    span = room_claim.c.cell.between(int(first.timestamp()) // CELL_SECONDS, int(last.timestamp()) // CELL_SECONDS)
    query = select(room_claim).where(room_claim.c.room_id.in_(ids), span)
    ordered = query.order_by(room_claim.c.room_id, room_claim.c.meeting_id, room_claim.c.cell)
    cells: dict[tuple[str, str], list[int]] = {}
    for row in connection.execute(ordered):
        cells.setdefault((row.room_id, row.meeting_id), []).append(row.cell)
    found: dict[str, list[tuple[str, Busy]]] = {}
    for (room_id, meeting_id), taken in cells.items():
        found.setdefault(room_id, []).extend((meeting_id, one) for one in _stretches(taken))
    return found


def replace_claims(connection: Connection, meeting_id: str, room_id: str, cells: range) -> None:
    """Book a room for a meeting in these quarters of an hour, and no other; raises `Conflict` (`room_booked`)."""
    connection.execute(delete(room_claim).where(room_claim.c.meeting_id == meeting_id))
    if not room_id or not cells:
        return
    in_the_way = select(room_claim.c.cell).where(room_claim.c.room_id == room_id, room_claim.c.cell.in_(list(cells)))
    if connection.execute(in_the_way).first():
        raise _booked(room_id)
    rows = [{"room_id": room_id, "cell": cell, "meeting_id": meeting_id} for cell in cells]
    try:
        with connection.begin_nested():
            connection.execute(insert(room_claim), rows)
    except IntegrityError as error:
        raise _booked(room_id) from error


def _booked(room_id: str) -> Conflict:
    told = "The room has just been booked for another meeting at that time. Choose another room or time."
    return Conflict("room_booked", told, room_id=room_id)


def _stretches(cells: list[int]) -> Iterable[Busy]:
    first = cells[0]
    for cell, following in pairwise([*cells, -1]):
        if following != cell + 1:
            yield Busy(_instant(first), _instant(cell + 1))
            first = following


def _instant(cell: int) -> datetime:
    return datetime.fromtimestamp(cell * CELL_SECONDS, UTC)


def _load_where(connection: Connection, *conditions: ColumnElement[bool]) -> list[Room]:
    query = (
        select(room, school.c.name.label("school_name"))
        .outerjoin(school, school.c.urn == room.c.school_urn)
        .where(*conditions)
        .order_by(school.c.name, room.c.site, room.c.name, room.c.id)
    )
    return [
        Room(
            row["id"],
            row["authority"],
            row["school_name"] or row["site"] or "The school",
            row["name"],
            row["seats"],
            row["school_urn"],
            row["is_open"],
        )
        for row in connection.execute(query).mappings()
    ]
