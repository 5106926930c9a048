"""The service's copy of children and schools: what a meeting needs to know of them, fed by pep's facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from services.scheduling.adapters.tables import child, school


@dataclass(frozen=True, slots=True)
class Child:
    """A child in care as meetings know them; `school_name` is empty while the school is unknown or there is none."""

    id: str
    name: str
    school_urn: str | None = None
    school_name: str = ""
    left_care_on: date | None = None


@dataclass(frozen=True, slots=True)
class School:
    """A school as meetings know it."""

    urn: str
    name: str
    town: str = ""


def record_child(connection: Connection, child_id: str, authority: str, name: str, school_urn: str | None) -> None:
    """Keep the copy of a child who is looked after, by an authority: a new one, or again."""
    values = {"authority": authority, "name": name, "school_urn": school_urn, "left_care_on": None}
    if not connection.execute(update(child).where(child.c.id == child_id).values(values)).rowcount:
        connection.execute(insert(child).values(id=child_id, **values))


def change_child(connection: Connection, child_id: str, values: dict[str, Any]) -> None:
    """Bring the copy of a child up to date; raises `LookupError` for one whose authority was not heard of yet."""
    if not connection.execute(update(child).where(child.c.id == child_id).values(values)).rowcount:
        raise LookupError(f"Nothing was heard of the child {child_id} yet.")


def record_school(connection: Connection, urn: str, name: str, town: str) -> None:
    """Bring the copy of a school up to date."""
    values = {"name": name, "town": town}
    if not connection.execute(update(school).where(school.c.urn == urn).values(**values)).rowcount:
        connection.execute(insert(school).values(urn=urn, **values))


def load_child(connection: Connection, child_id: str) -> Child | None:
    """Return the copy of a child, or None when nothing was heard of them yet."""
    return load_children(connection, [child_id]).get(child_id)


def name_of(connection: Connection, child_id: str) -> str:
    """Return the name of a child, or an empty text when nothing was heard of them yet."""
    return connection.execute(select(child.c.name).where(child.c.id == child_id)).scalar_one_or_none() or ""


def load_children(connection: Connection, child_ids: Iterable[str]) -> dict[str, Child]:
    """Return the copies of several children."""
    wanted = sorted(set(child_ids))
    found: dict[str, Child] = {}
    for at in range(0, len(wanted), 500):
        query = (
            select(
                child.c.id, child.c.name, child.c.school_urn, school.c.name.label("school_name"), child.c.left_care_on
            )
            .outerjoin(school, school.c.urn == child.c.school_urn)
            .where(child.c.id.in_(wanted[at : at + 500]))
        )
        for row in connection.execute(query).mappings():
            found[row["id"]] = Child(
                row["id"], row["name"], row["school_urn"], row["school_name"] or "", row["left_care_on"]
            )
    return found


def all_child_ids(connection: Connection, authority: str) -> list[str]:
    """Return the ids of every child of an authority that was heard of."""
    return list(connection.execute(select(child.c.id).where(child.c.authority == authority)).scalars())


def find_schools(connection: Connection, urn_or_name: str) -> list[School]:
    """Return the schools with this URN, or with this name, or else whose names contain it; without regard to case."""
    text = urn_or_name.strip()
    lowered = text.lower()
    for condition in (
        school.c.urn == text,
        func.lower(school.c.name) == lowered,
        func.lower(school.c.name).contains(lowered, autoescape=True),
    ):
        rows = connection.execute(select(school).where(condition).order_by(school.c.name).limit(20)).mappings()
        found = [School(row["urn"], row["name"], row["town"]) for row in rows]
        if found:
            return found
    return []


def load_school(connection: Connection, urn: str) -> School | None:
    """Return a school by its URN, or None."""
    row = connection.execute(select(school).where(school.c.urn == urn)).mappings().first()
    return School(row["urn"], row["name"], row["town"]) if row else None
