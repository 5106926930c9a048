"""Loading and saving children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.pep.adapters.tables_child import child as table
from services.pep.adapters.tables_child import review_held
from services.pep.domain.children import Child
from services.pep.domain.terms import Phase
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, NoSuchRecord, Stale
from shared.platform.roster import MEMBERSHIP, live_on

CHUNK = 400


@dataclass(frozen=True, slots=True)
class ChildFilter:
    """What a list of children is narrowed to.

    `search` is part of a name or of a reference; `ids` are the children that the reader may see, None for all.
    `without_social_worker_on` keeps the children who have no social worker on that day.
    """

    search: str = ""
    phase: str = ""
    year_group: int | None = None
    school_urn: str = ""
    in_care: bool | None = True
    without_social_worker_on: date | None = None
    ids: frozenset[str] | None = None


def load(connection: Connection, child_id: str) -> Child:
    """Return a child; raises `NotFound`."""
    row = connection.execute(select(table).where(table.c.id == child_id)).mappings().first()
    if row is None:
        raise NoSuchRecord
    return _with_reviews(connection, [row])[0]


def name_of(connection: Connection, child_id: str) -> str:
    """Return the name of a child, or an empty text when there is none."""
    return connection.execute(select(table.c.name).where(table.c.id == child_id)).scalar_one_or_none() or ""


def lock(connection: Connection, child_id: str) -> None:
    """Let nobody else change the team around a child until this transaction ends (SQLite has one writer anyway)."""
    connection.execute(select(table.c.id).where(table.c.id == child_id).with_for_update())


def load_many(connection: Connection, ids: Iterable[str]) -> dict[str, Child]:
    """Return the children with these ids; two queries for each 400."""
    found: dict[str, Child] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        query = select(table).where(table.c.id.in_(wanted[start : start + CHUNK]))
        rows = connection.execute(query).mappings().all()
        found.update({child.id: child for child in _with_reviews(connection, rows)})
    return found


def every_id(connection: Connection) -> list[str]:
    """Return the id of every child there ever was."""
    return list(connection.execute(select(table.c.id).order_by(table.c.id)).scalars())


def schools_attended(connection: Connection) -> set[str]:
    """Return the URNs of the schools on whose roll a child is."""
    query = select(table.c.school_urn).where(table.c.school_urn.is_not(None)).distinct()
    return {str(urn) for urn in connection.execute(query).scalars()}


def by_reference(connection: Connection, authority: str) -> dict[str, Child]:
    """Return every child of an authority by the reference; two queries."""
    rows = connection.execute(select(table).where(table.c.authority == authority)).mappings().all()
    return {child.reference: child for child in _with_reviews(connection, rows, every=True)}


def in_care(connection: Connection, authority: str, *, after: str, limit: int) -> list[Child]:
    """Return the next children of an authority who are looked after, by id behind `after`; two queries."""
    query = (
        select(table)
        .where(table.c.authority == authority, table.c.left_care_on.is_(None), table.c.id > after)
        .order_by(table.c.id)
        .limit(limit)
    )
    return _with_reviews(connection, connection.execute(query).mappings().all())


def ids_in_care(connection: Connection, authority: str) -> list[str]:
    """Return the ids of the children of an authority who are looked after."""
    query = select(table.c.id).where(table.c.authority == authority, table.c.left_care_on.is_(None))
    return list(connection.execute(query).scalars())


def find_reference(connection: Connection, authority: str, reference: str) -> str | None:
    """Return the id of the child whom the authority knows by `reference`."""
    query = select(table.c.id).where(table.c.authority == authority, table.c.reference == reference)
    return connection.execute(query).scalar_one_or_none()


def page(
    connection: Connection, authorities: Collection[str], chosen: ChildFilter, *, offset: int, limit: int
) -> tuple[list[Child], int]:
    """Return one page of the children chosen among these authorities', in the order of their names, and their number.

    Three queries, however long the list.
    """
    conditions = _conditions(authorities, chosen)
    total = connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
    query: Select[Any] = (
        select(table)
        .where(*conditions)
        .order_by(table.c.name == "", func.lower(table.c.name), table.c.reference, table.c.id)
        .offset(offset)
        .limit(limit)
    )
    return _with_reviews(connection, connection.execute(query).mappings().all()), total


def add(connection: Connection, children: Sequence[Child]) -> None:
    """Store new children; raises `Conflict` where the authority knows a child by that reference already."""
    if not children:
        return
    try:
        connection.execute(insert(table), [_values(child) for child in children])
    except IntegrityError as error:
        if "reference" not in str(error.orig) or "has_a_reference" in str(error.orig):
            raise
        raise Conflict("child_known", "The authority knows a child by this reference already.") from error
    reviews = [{"child_id": child.id, "held_on": on} for child in children for on in child.reviews_held]
    if reviews:
        connection.execute(insert(review_held), reviews)


def save(connection: Connection, child: Child) -> Child:
    """Save a child as changed from the version it was read at, and return it with the next version.

    Raises `Stale` when somebody else saved the child in between.
    """
    saved = replace(child, version=child.version + 1)
    statement = update(table).where(table.c.id == child.id, table.c.version == child.version).values(_values(saved))
    if connection.execute(statement).rowcount == 0:
        raise Stale("child_changed", "Someone else changed this record since you opened it.", child_id=child.id)
    connection.execute(delete(review_held).where(review_held.c.child_id == child.id))
    if saved.reviews_held:
        connection.execute(
            insert(review_held), [{"child_id": child.id, "held_on": on} for on in sorted(set(saved.reviews_held))]
        )
    return saved


def with_identity(connection: Connection, authority: str, identifier: str, born_on: date | None) -> Child | None:
    """Return the one child of an authority with this reference or UPN and date of birth, or None."""
    named = or_(table.c.reference == identifier, table.c.upn == identifier.upper())
    query = select(table).where(table.c.authority == authority, table.c.born_on == born_on, named)
    found = _with_reviews(connection, list(connection.execute(query).mappings()))
    return found[0] if len(found) == 1 else None


def save_ages(connection: Connection, children: Sequence[Child]) -> None:
    """Save the year group and phase of children as changed from the versions they were read at; one statement.

    Raises `Stale` when somebody else saved one of them in between.
    """
    if not children:
        return
    statement = (
        update(table)
        .where(table.c.id == bindparam("child_id"), table.c.version == bindparam("seen"))
        .values(year_group=bindparam("group"), phase=bindparam("in_phase"), version=table.c.version + 1)
    )
    rows = [
        {"child_id": child.id, "seen": child.version, "group": child.year_group, "in_phase": child.phase.value}
        for child in children
    ]
    if connection.execute(statement, rows).rowcount != len(rows):
        raise Stale("child_changed", "Someone else changed one of these records in the meantime.")


def _conditions(authorities: Collection[str], chosen: ChildFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [table.c.authority.in_(authorities)]
    if chosen.search.strip():
        text = chosen.search.strip().lower()
        conditions.append(
            or_(
                func.lower(table.c.name).contains(text, autoescape=True),
                func.lower(table.c.known_as).contains(text, autoescape=True),
                func.lower(table.c.reference).contains(text, autoescape=True),
            )
        )
    if chosen.phase:
        conditions.append(table.c.phase == chosen.phase)
    if chosen.year_group is not None:
        conditions.append(table.c.year_group == chosen.year_group)
    if chosen.school_urn:
        conditions.append(table.c.school_urn == chosen.school_urn)
    if chosen.in_care is not None:
        conditions.append(table.c.left_care_on.is_(None) if chosen.in_care else table.c.left_care_on.is_not(None))
    if chosen.without_social_worker_on is not None:
        on_team = select(MEMBERSHIP.c.id).where(
            MEMBERSHIP.c.child_id == table.c.id,
            MEMBERSHIP.c.role == Role.SOCIAL_WORKER,
            live_on(chosen.without_social_worker_on),
        )
        conditions.append(~on_team.exists())
    if chosen.ids is not None:
        conditions.append(table.c.id.in_(chosen.ids))
    return conditions


def _values(child: Child) -> dict[str, Any]:
    return {column.name: getattr(child, column.name) for column in table.columns}


def _with_reviews(connection: Connection, rows: Sequence[Mapping[Any, Any]], *, every: bool = False) -> list[Child]:
    """Return rows as children, with the reviews held; `every` reads them all rather than name thousands of ids."""
    held: dict[str, list[date]] = defaultdict(list)
    if rows:
        query = select(review_held.c.child_id, review_held.c.held_on).order_by(review_held.c.held_on)
        if not every:
            query = query.where(review_held.c.child_id.in_([row["id"] for row in rows]))
        for child_id, on in connection.execute(query):
            held[child_id].append(on)
    return [_child(row, tuple(held[row["id"]])) for row in rows]


def _child(row: Mapping[Any, Any], reviews: tuple[date, ...]) -> Child:
    return Child(**{**row, "phase": Phase(row["phase"]), "reviews_held": reviews})
