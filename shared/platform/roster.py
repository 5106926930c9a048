"""Who is who: people and their dated memberships of the team around a child.

In pep these tables are the truth. The other services keep a copy from pep's facts, so that each can answer who may see
a child without asking anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    MetaData,
    String,
    Table,
    and_,
    bindparam,
    column,
    insert,
    or_,
    select,
    table,
    update,
)

from shared.contracts.pep import PersonRecorded, TeamMemberJoined, TeamMemberLeft
from shared.contracts.roles import Role
from shared.platform.db import Json, new_metadata
from shared.platform.nested import Rows, nested
from shared.platform.service import InBulk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import BindParameter, ColumnElement

    from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class Person:
    """Someone known to the authority; `kinds` are the roles in which they may sign in.

    `language` is the one in which they wish to be written to besides English, by its code (`LANGUAGES`); empty: none.
    """

    id: str
    authority: str
    name: str
    email: str | None
    kinds: frozenset[Role]
    organisation: str
    school_urn: str | None = None
    active: bool = True
    language: str = ""


def share_a_desk(one: Person, other: Person) -> bool:
    """Tell whether two records may be of one designated teacher who has the pupils of both authorities on one desk.

    They must be here, of the same school and of different authorities. That they are one person is told by the account
    with which somebody signs in, never by what the records say.
    """
    teaches = Role.DESIGNATED_TEACHER in one.kinds & other.kinds
    same_school = one.school_urn is not None and one.school_urn == other.school_urn
    return teaches and same_school and one.authority != other.authority and one.active and other.active


def desks(people: Iterable[Person]) -> list[tuple[Person, ...]]:
    """Part the records that belong to one account into those between which somebody chooses: a desk each."""
    found: list[tuple[Person, ...]] = []
    for person in people:
        authorities = [{one.authority for one in desk} for desk in found]
        fits = [
            place
            for place, desk in enumerate(found)
            if share_a_desk(desk[0], person) and person.authority not in authorities[place]
        ]
        if fits:
            found[fits[0]] = (*found[fits[0]], person)
        else:
            found.append((person,))
    return found


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in the team around a child, from a date, until a last day (open when empty).

    A delegate `acts_for` a designated teacher (a person's id), in these `parts` of the plan or (none named) in all.
    """

    id: str
    child_id: str
    person_id: str
    role: Role
    from_date: date
    until: date | None
    name: str
    email: str | None
    organisation: str = ""
    acts_for: str = ""
    parts: tuple[str, ...] = ()
    language: str = ""

    def is_live(self, on: date) -> bool:
        """Tell whether the place is taken on a day."""
        return self.from_date <= on and (self.until is None or self.until >= on)


def _define(metadata: MetaData) -> tuple[Table, Table]:
    person = Table(
        "person",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("authority", String(40), nullable=False),
        Column("name", String(200), nullable=False),
        Column("email", String(254)),
        Column("kinds", Json, nullable=False),
        Column("organisation", String(200), nullable=False),
        Column("school_urn", String(20)),
        Column("active", Boolean, nullable=False),
        Column("language", String(10)),
    )
    membership = Table(
        "membership",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("child_id", String(36), nullable=False),
        Column("person_id", String(36), nullable=False),
        Column("role", String(40), nullable=False),
        Column("from_date", Date, nullable=False),
        Column("until", Date),
        Column("acts_for", String(36)),
        Column("parts", Json),
    )
    Index(None, membership.c.child_id)
    Index(None, membership.c.person_id)
    return person, membership


def add_tables(metadata: MetaData) -> None:
    """Add `person` and `membership` to a service's tables."""
    _define(metadata)


# The same two tables in every service: statements built on this pair run on any of the three databases.
PERSON, MEMBERSHIP = _define(new_metadata())
_OF_PERSON = (PERSON.c.name, PERSON.c.email, PERSON.c.organisation, PERSON.c.language)
_ONE_PERSON = select(PERSON).where(PERSON.c.id == bindparam("person_id"))


def person(connection: Connection, person_id: str) -> Person | None:
    """Return a person, or None when nobody has that id."""
    row = connection.execute(_ONE_PERSON, {"person_id": person_id}).mappings().first()
    return person_of_row(row) if row else None


def people(connection: Connection, authority: str | None = None, *, active_only: bool = True) -> list[Person]:
    """Return everybody of an authority (None: of every one), in the order of their names."""
    query = select(PERSON).order_by(PERSON.c.name)
    if authority is not None:
        query = query.where(PERSON.c.authority == authority)
    if active_only:
        query = query.where(PERSON.c.active)
    return [person_of_row(row) for row in connection.execute(query).mappings()]


def people_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, Person]:
    """Return the people with these ids; one query."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = connection.execute(select(PERSON).where(PERSON.c.id.in_(wanted))).mappings()
    return {row["id"]: person_of_row(row) for row in rows}


def team(connection: Connection, child_id: str, on: date) -> list[Membership]:
    """Return the team around a child on a day, in the order of the roles and names."""
    return [member for member in whole_team(connection, child_id) if member.is_live(on)]


def whole_team(connection: Connection, child_id: str) -> list[Membership]:
    """Return everyone who is, was or will be on a child's team."""
    query = _memberships().where(MEMBERSHIP.c.child_id == child_id)
    return in_order(_membership(row) for row in connection.execute(query).mappings())


def nested_team(child_id: ColumnElement[str]) -> ColumnElement[Any]:
    """Return a column with everyone who is, was or will be on a child's team; `nested_members` reads it."""
    both = MEMBERSHIP.join(PERSON, PERSON.c.id == MEMBERSHIP.c.person_id)
    return nested([*MEMBERSHIP.c, *_OF_PERSON], both, MEMBERSHIP.c.child_id == child_id)


def nested_members(rows: Rows) -> list[Membership]:
    """Return the team of a `nested_team` column, in the order of the roles and names."""
    return in_order(_membership(row) for row in rows)


def in_order(members: Iterable[Membership]) -> list[Membership]:
    """Return members of a team by role, name and first day."""
    order = {role: place for place, role in enumerate(Role)}
    return sorted(members, key=lambda member: (order[member.role], member.name, member.from_date))


def places_of(connection: Connection, person_id: str) -> list[Membership]:
    """Return every place on a team that a person has, had or will have, by child and first day; one query."""
    query = _memberships().where(MEMBERSHIP.c.person_id == person_id)
    rows = connection.execute(query.order_by(MEMBERSHIP.c.child_id, MEMBERSHIP.c.from_date)).mappings()
    return [_membership(row) for row in rows]


def membership(connection: Connection, membership_id: str) -> Membership | None:
    """Return a membership by its id, or None when there is none."""
    row = connection.execute(_memberships().where(MEMBERSHIP.c.id == membership_id)).mappings().first()
    return _membership(row) if row else None


def teams(connection: Connection, child_ids: Iterable[str], on: date) -> dict[str, list[Membership]]:
    """Return the teams of several children on a day; one query."""
    wanted = set(child_ids)
    found: dict[str, list[Membership]] = {child_id: [] for child_id in wanted}
    if wanted:
        query = _memberships().where(MEMBERSHIP.c.child_id.in_(wanted), live_on(on)).order_by(PERSON.c.name)
        for row in connection.execute(query).mappings():
            found[row["child_id"]].append(_membership(row))
    return found


def whole_teams(connection: Connection, child_ids: Iterable[str]) -> dict[str, list[Membership]]:
    """Return everyone who is, was or will be on the teams of several children; one query."""
    found: dict[str, list[Membership]] = {child_id: [] for child_id in child_ids}
    if found:
        rows = connection.execute(_memberships().where(MEMBERSHIP.c.child_id.in_(found))).mappings()
        for row in rows:
            found[row["child_id"]].append(_membership(row))
    return found


def live_on(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Return the condition that a membership is live on a day."""
    return and_(MEMBERSHIP.c.from_date <= on, or_(MEMBERSHIP.c.until.is_(None), MEMBERSHIP.c.until >= on))


# Each service has a table of children of its own; this much of it they have in common.
CHILD = table("child", column("id", String), column("authority", String))

# The policy asks this for every page: the statement is put together once.
_CIRCLE_OF = (
    select(CHILD.c.authority, MEMBERSHIP.c.person_id, MEMBERSHIP.c.role, MEMBERSHIP.c.acts_for, MEMBERSHIP.c.parts)
    .select_from(
        CHILD.outerjoin(
            MEMBERSHIP,
            and_(
                MEMBERSHIP.c.child_id == CHILD.c.id,
                MEMBERSHIP.c.person_id.in_(bindparam("people", expanding=True)),
                live_on(bindparam("day", type_=Date)),
            ),
        )
    )
    .where(CHILD.c.id == bindparam("child"))
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a person has on a child's team on a day: the roles and, for a delegate, for whom and in which parts.

    `parts` is None where the whole plan was delegated; without the role it means nothing.
    """

    roles: frozenset[Role] = frozenset()
    acts_for: str = ""
    parts: frozenset[str] | None = None


NOTHING_HELD = Held()


@dataclass(frozen=True, slots=True)
class Circle:
    """The authority that looks after a child, and what people have on the team on a day, by their ids.

    `authority` is empty where there is no such child.
    """

    authority: str = ""
    held: Mapping[str, Held] = field(default_factory=dict)

    def of(self, person_id: str) -> Held:
        """Return what a person has on the team."""
        return self.held.get(person_id, NOTHING_HELD)


def circle_of(connection: Connection, person_ids: Collection[str], child_id: str, on: date) -> Circle:
    """Return a child's authority, and what these people have on the team on a day; one query."""
    asked = {"people": sorted(person_ids), "child": child_id, "day": on}
    rows = connection.execute(_CIRCLE_OF, asked).all()
    places = [(row.person_id, Role(row.role), row.acts_for, row.parts) for row in rows if row.person_id is not None]
    return Circle(rows[0].authority if rows else "", _held(places))


def circle_around(authority: str, members: Iterable[Membership], on: date) -> Circle:
    """Return the same from everyone on a child's team, where they are known already."""
    live = [(one.person_id, one.role, one.acts_for, one.parts) for one in members if one.is_live(on)]
    return Circle(authority, _held(live))


def delegated_to(connection: Connection, person_ids: Collection[str], on: date) -> dict[str, Held]:
    """Return the children for whom a person is a delegate on a day, with what was delegated; one query."""
    query = select(MEMBERSHIP.c.child_id, MEMBERSHIP.c.acts_for, MEMBERSHIP.c.parts).where(
        MEMBERSHIP.c.person_id.in_(person_ids), MEMBERSHIP.c.role == Role.DELEGATE, live_on(on)
    )
    return _held((row.child_id, Role.DELEGATE, row.acts_for, row.parts) for row in connection.execute(query))


def _held(places: Iterable[tuple[str, Role, str | None, Sequence[str] | None]]) -> dict[str, Held]:
    """Return what is held in places, by their key: each is a key, a role, for whom and in which parts."""
    found: dict[str, Held] = {}
    for key, role, acts_for, parts in places:
        was = found.get(key, NOTHING_HELD)
        if role is not Role.DELEGATE:
            found[key] = replace(was, roles=was.roles | {role})
            continue
        limited = Role.DELEGATE not in was.roles or was.parts is not None
        delegated = (was.parts or frozenset()) | frozenset(parts) if parts and limited else None
        found[key] = Held(was.roles | {role}, was.acts_for or acts_for or "", delegated)
    return found


def authorities_of(connection: Connection, child_ids: Iterable[str]) -> dict[str, str]:
    """Return the authority that looks after each of these children; one query."""
    query = select(CHILD.c.id, CHILD.c.authority).where(CHILD.c.id.in_(set(child_ids)))
    return {row.id: row.authority for row in connection.execute(query)}


def children_of(connection: Connection, person_ids: Collection[str], on: date) -> dict[str, frozenset[Role]]:
    """Return the children on whose team a person is on a day, with the roles; by every id that they are known under."""
    query = select(MEMBERSHIP.c.child_id, MEMBERSHIP.c.role).where(MEMBERSHIP.c.person_id.in_(person_ids), live_on(on))
    found: dict[str, frozenset[Role]] = {}
    for child_id, role in connection.execute(query):
        found[child_id] = found.get(child_id, frozenset()) | {Role(role)}
    return found


def record_person(connection: Connection, someone: Person) -> None:
    """Add a person, or bring their record up to date."""
    values = {
        "authority": someone.authority,
        "name": someone.name,
        "email": someone.email,
        "kinds": sorted(someone.kinds),
        "organisation": someone.organisation,
        "school_urn": someone.school_urn,
        "active": someone.active,
        "language": someone.language or None,
    }
    if not connection.execute(update(PERSON).where(PERSON.c.id == someone.id).values(values)).rowcount:
        connection.execute(insert(PERSON).values(id=someone.id, **values))


def join(connection: Connection, membership: Membership) -> None:
    """Add a membership; one that is known already is left as it is."""
    known = connection.execute(select(MEMBERSHIP.c.id).where(MEMBERSHIP.c.id == membership.id)).first()
    if known is None:
        connection.execute(
            insert(MEMBERSHIP).values(
                id=membership.id,
                child_id=membership.child_id,
                person_id=membership.person_id,
                role=membership.role,
                from_date=membership.from_date,
                until=membership.until,
                acts_for=membership.acts_for or None,
                parts=list(membership.parts) or None,
            )
        )


def leave(connection: Connection, membership_id: str, until: date) -> None:
    """End a membership; `until` is its last day."""
    connection.execute(update(MEMBERSHIP).where(MEMBERSHIP.c.id == membership_id).values(until=until))


def when_person_recorded(work: Work, fact: PersonRecorded) -> None:
    """Keep the copy of a person."""
    record_person(
        work.connection,
        Person(
            id=fact.person_id,
            authority=fact.authority,
            name=fact.name,
            email=fact.email,
            kinds=frozenset(Role(kind) for kind in fact.kinds),
            organisation=fact.organisation,
            school_urn=fact.school_urn,
            active=fact.active,
            language=fact.language,
        ),
    )


def when_members_joined(work: Work, facts: Sequence[TeamMemberJoined]) -> None:
    """Keep the copies of memberships; a person not heard of yet is known by what a fact says of them."""
    connection = work.connection
    heard_of = people_by_id(connection, (fact.person_id for fact in facts))
    not_heard_of = {fact.person_id: fact for fact in facts if fact.person_id not in heard_of}
    where = authorities_of(connection, (fact.child_id for fact in not_heard_of.values())) if not_heard_of else {}
    for fact in not_heard_of.values():
        record_person(
            connection,
            Person(fact.person_id, where.get(fact.child_id, ""), fact.name, fact.email, frozenset(), organisation=""),
        )
    ids = {fact.membership_id for fact in facts}
    known = set(connection.execute(select(MEMBERSHIP.c.id).where(MEMBERSHIP.c.id.in_(ids))).scalars())
    rows = [
        {
            "id": fact.membership_id,
            "child_id": fact.child_id,
            "person_id": fact.person_id,
            "role": fact.role,
            "from_date": fact.from_date,
            "until": None,
            "acts_for": fact.acts_for,
            "parts": list(fact.parts) or None,
        }
        for fact in facts
        if fact.membership_id not in known
    ]
    if rows:
        connection.execute(insert(MEMBERSHIP), rows)


def when_member_left(work: Work, fact: TeamMemberLeft) -> None:
    """Keep the end of a membership."""
    leave(work.connection, fact.membership_id, fact.until)


ROSTER_SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {
    PersonRecorded: when_person_recorded,
    TeamMemberJoined: InBulk(when_members_joined),
    TeamMemberLeft: when_member_left,
}


def _memberships() -> Any:
    return select(MEMBERSHIP, *_OF_PERSON).join(PERSON, PERSON.c.id == MEMBERSHIP.c.person_id)


def person_of_row(row: Any) -> Person:
    """Return the person that a row of `PERSON` holds."""
    return Person(
        id=row["id"],
        authority=row["authority"],
        name=row["name"],
        email=row["email"],
        kinds=frozenset(Role(kind) for kind in row["kinds"]),
        organisation=row["organisation"],
        school_urn=row["school_urn"],
        active=row["active"],
        language=row["language"] or "",
    )


def _membership(row: Any) -> Membership:
    return Membership(
        id=row["id"],
        child_id=row["child_id"],
        person_id=row["person_id"],
        role=Role(row["role"]),
        from_date=row["from_date"],
        until=row["until"],
        name=row["name"],
        email=row["email"],
        organisation=row["organisation"],
        acts_for=row["acts_for"] or "",
        parts=tuple(row["parts"] or ()),
        language=row["language"] or "",
    )
