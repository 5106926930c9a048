"""Loads and saves the copies of children and schools, and finds whom an actor may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, insert, select, true, update

from services.virtual_school.adapters.tables import CHILD, SCHOOL
from services.virtual_school.domain.children import Child, School, fold
from shared.contracts.roles import Role
from shared.platform.roster import MEMBERSHIP, live_on

Item = TypeVar("Item")
CHUNK = 500


def in_chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Cut a long list into lists that fit into one statement."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def load(connection: Connection, child_id: str) -> Child | None:
    """Return a child, or None when nobody has that id."""
    row = connection.execute(select(CHILD).where(CHILD.c.id == child_id)).first()
    return _child(row) if row else None


def name_of(connection: Connection, child_id: str) -> str:
    """Return the name of a child, or an empty text when nobody has that id."""
    return connection.execute(select(CHILD.c.name).where(CHILD.c.id == child_id)).scalar_one_or_none() or ""


def load_many(connection: Connection, child_ids: Sequence[str]) -> list[Child]:
    """Return children by id (at most `CHUNK` ids); one query."""
    return [_child(row) for row in connection.execute(select(CHILD).where(CHILD.c.id.in_(child_ids)))]


def save(connection: Connection, child: Child) -> None:
    """Add a child, or bring the copy up to date."""
    values: dict[str, Any] = {
        "authority": child.authority,
        "reference": child.reference,
        "upn": child.upn,
        "name": child.name,
        "name_folded": fold(child.name),
        "phase": child.phase,
        "year_group": child.year_group,
        "school_urn": child.school_urn,
        "no_school_since": child.no_school_since,
        "entered_care_on": child.entered_care_on,
        "left_care_on": child.left_care_on,
    }
    if not connection.execute(update(CHILD).where(CHILD.c.id == child.id).values(values)).rowcount:
        connection.execute(insert(CHILD).values(id=child.id, **values))


def ids_in_care(connection: Connection) -> list[str]:
    """Return the ids of all children who are looked after."""
    return list(connection.execute(select(CHILD.c.id).where(CHILD.c.left_care_on.is_(None))).scalars())


def visible(
    person_ids: Collection[str], roles: frozenset[Role], on: date, *, all_of: str | None
) -> ColumnElement[bool]:
    """Return the condition on `child` that an actor may see the row.

    All children of the authority `all_of`, or (None) those on whose team the person is on a day in one of `roles`.
    """
    if all_of is not None:
        return CHILD.c.authority == all_of
    return CHILD.c.id.in_(
        select(MEMBERSHIP.c.child_id).where(
            MEMBERSHIP.c.person_id.in_(person_ids), MEMBERSHIP.c.role.in_([str(role) for role in roles]), live_on(on)
        )
    )


def keys_of(connection: Connection, condition: ColumnElement[bool]) -> list[tuple[str, str, str | None]]:
    """Return (id, reference, UPN) of the children in a condition: what a file may name them by."""
    query = select(CHILD.c.id, CHILD.c.reference, CHILD.c.upn).where(condition)
    return [(row.id, row.reference, row.upn) for row in connection.execute(query)]


def schools_of(connection: Connection, condition: ColumnElement[bool] | None = None) -> list[School]:
    """Return the schools of the children in a condition, in the order of their names."""
    attended = select(CHILD.c.school_urn).where(
        true() if condition is None else condition, CHILD.c.left_care_on.is_(None)
    )
    rows = connection.execute(select(SCHOOL).where(SCHOOL.c.urn.in_(attended)).order_by(SCHOOL.c.name))
    return [_school(row) for row in rows]


def load_school(connection: Connection, urn: str | None) -> School | None:
    """Return a school, or None when it is not known here (yet)."""
    row = connection.execute(select(SCHOOL).where(SCHOOL.c.urn == urn)).first() if urn else None
    return _school(row) if row else None


def save_school(connection: Connection, school: School) -> None:
    """Add a school, or bring the copy up to date."""
    values = {"name": school.name, "phase": school.phase, "town": school.town, "open": school.open}
    if not connection.execute(update(SCHOOL).where(SCHOOL.c.urn == school.urn).values(values)).rowcount:
        connection.execute(insert(SCHOOL).values(urn=school.urn, **values))


def _school(row: Row[Any]) -> School:
    return School(row.urn, row.name, row.phase, row.town, row.open)


def _child(row: Row[Any]) -> Child:
    return Child(
        id=row.id,
        authority=row.authority,
        reference=row.reference,
        upn=row.upn,
        name=row.name,
        phase=row.phase,
        year_group=row.year_group,
        school_urn=row.school_urn,
        no_school_since=row.no_school_since,
        entered_care_on=row.entered_care_on,
        left_care_on=row.left_care_on,
    )
