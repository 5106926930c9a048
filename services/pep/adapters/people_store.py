"""Finding people: the list of staff, and what a change must know of a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, String, cast, func, or_, select

from services.pep.adapters.tables import metadata
from services.pep.domain.team import STAFF
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.roster import PERSON, Person

SUBJECT_VERSION = metadata.tables["subject_version"]


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the list of staff is narrowed to; `search` is part of a name, an address or an organisation."""

    search: str = ""
    role: Role | None = None
    school_urn: str = ""
    here: bool = True


def page(
    connection: Connection, authority: str, chosen: PeopleFilter, *, offset: int, limit: int
) -> tuple[list[Person], int]:
    """Return one page of the staff chosen, in the order of their names, and how many there are; three queries."""
    conditions = _conditions(authority, chosen)
    total = connection.execute(select(func.count()).select_from(PERSON).where(*conditions)).scalar_one()
    query = (
        select(PERSON.c.id)
        .where(*conditions)
        .order_by(func.lower(PERSON.c.name), PERSON.c.id)
        .offset(offset)
        .limit(limit)
    )
    ids = connection.execute(query).scalars().all()
    found = roster.people_by_id(connection, ids)
    return [found[person_id] for person_id in ids], total


def anybody(connection: Connection, authority: str, role: Role) -> bool:
    """Tell whether anybody who is here may act in a role."""
    query = select(PERSON.c.id).where(*_conditions(authority, PeopleFilter(role=role))).limit(1)
    return connection.execute(query).first() is not None


def school_urns(connection: Connection, authority: str) -> list[str]:
    """Return the URNs of the schools at which somebody who is here works."""
    query = select(PERSON.c.school_urn).where(
        PERSON.c.authority == authority, PERSON.c.active, PERSON.c.school_urn.is_not(None)
    )
    return list(connection.execute(query.distinct()).scalars())


def with_email(connection: Connection, authority: str, email: str, *, but: str) -> Person | None:
    """Return a member of staff who is here and has this e-mail address, other than the person `but`."""
    query = select(PERSON.c.id).where(
        *_conditions(authority, PeopleFilter()), func.lower(PERSON.c.email) == email.lower(), PERSON.c.id != but
    )
    found = connection.execute(query.limit(1)).scalar_one_or_none()
    return roster.person(connection, found) if found else None


def lock(connection: Connection, person_id: str) -> None:
    """Let nobody else change this person until this transaction ends (SQLite has one writer anyway)."""
    connection.execute(select(PERSON.c.id).where(PERSON.c.id == person_id).with_for_update())


def version(connection: Connection, person_id: str) -> int:
    """Return the version of a person's record: each change is a fact told of them, so the facts' number counts them."""
    query = select(SUBJECT_VERSION.c.version).where(SUBJECT_VERSION.c.subject == f"person/{person_id}")
    return connection.execute(query).scalar_one_or_none() or 0


def _conditions(authority: str, chosen: PeopleFilter) -> list[ColumnElement[bool]]:
    kinds = cast(PERSON.c.kinds, String)
    wanted = STAFF if chosen.role is None else (chosen.role,)
    conditions = [
        PERSON.c.authority == authority,
        PERSON.c.active.is_(chosen.here),
        or_(*(kinds.contains(f'"{role.value}"', autoescape=True) for role in wanted)),
    ]
    if chosen.school_urn:
        conditions.append(PERSON.c.school_urn == chosen.school_urn)
    columns = (PERSON.c.name, PERSON.c.email, PERSON.c.organisation)
    conditions += [
        or_(*(func.lower(column).contains(word, autoescape=True) for column in columns))
        for word in chosen.search.lower().split()
    ]
    return conditions
