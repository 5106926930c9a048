"""Loading and saving schools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from services.pep.adapters.tables_child import school as table
from services.pep.domain.schools import School

CHUNK = 400


def find(connection: Connection, urn: str) -> School | None:
    """Return a school by its URN, or None when it is not known."""
    row = connection.execute(select(table).where(table.c.urn == urn)).mappings().first()
    return School(**row) if row else None


def find_many(connection: Connection, urns: Iterable[str]) -> dict[str, School]:
    """Return the schools with these URNs."""
    found: dict[str, School] = {}
    wanted = sorted(set(urns))
    for start in range(0, len(wanted), CHUNK):
        query = select(table).where(table.c.urn.in_(wanted[start : start + CHUNK]))
        found.update({row["urn"]: School(**row) for row in connection.execute(query).mappings()})
    return found


def everything(connection: Connection) -> dict[str, School]:
    """Return every school by URN."""
    return {row["urn"]: School(**row) for row in connection.execute(select(table)).mappings()}


def search(connection: Connection, text: str, *, limit: int) -> tuple[list[School], int]:
    """Return the first open schools whose name, town or URN has `text`, and how many there are in all."""
    words = text.strip().lower()
    condition = table.c.status.startswith("Open")
    if words:
        condition &= or_(
            func.lower(table.c.name).contains(words, autoescape=True),
            func.lower(table.c.town).contains(words, autoescape=True),
            table.c.urn == words,
        )
    total = connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
    query = select(table).where(condition).order_by(func.lower(table.c.name), table.c.urn).limit(limit)
    return [School(**row) for row in connection.execute(query).mappings()], total


def add(connection: Connection, schools: Sequence[School]) -> None:
    """Store schools that were not known."""
    if schools:
        connection.execute(insert(table), [_values(school) for school in schools])


def save(connection: Connection, schools: Sequence[School]) -> None:
    """Bring known schools up to date."""
    if schools:
        statement = update(table).where(table.c.urn == bindparam("_urn"))
        connection.execute(statement, [{**_values(school), "_urn": school.urn} for school in schools])


def _values(school: School) -> dict[str, Any]:
    return {column.name: getattr(school, column.name) for column in table.columns}
