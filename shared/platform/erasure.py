"""Erasing a child's record: every row of a service that is the child's, and what keeps it from coming back.

Which rows are the child's follows from the tables themselves: those that name the child (`child_id`), and those that
name something of the child's (`plan_id` where the plans are the child's, and so on). A new table is covered on the day
it is made. What stays is a tombstone, and the audit, which holds ids only.

Facts about an erased child that are still on their way are taken for old ones: the position of every source is moved
to the end, so that nothing of them takes effect and nothing has to be looked up for each fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)

from shared.platform.db import UtcDateTime, new_metadata
from shared.platform.gate import Key, set_positions
from shared.platform.inbox_tables import THE_END
from shared.platform.kept_forms import KEPT as KEPT_FORM
from shared.platform.settings import SERVICES

if TYPE_CHECKING:
    from shared.contracts.pep import RecordErased
    from shared.platform.work import Work

STAYS = frozenset({"audit_entry", "tombstone"})
"""What outlives a record: it holds ids, actions, dates and counts, never what the record said."""

SUBJECT_TABLES = ("outbox", "inbox_event", "event_mending", "subject_version")
RECORD = "record/"
"""The subject of what is told of an erased record; facts about the child itself may be waiting behind one another."""

_ID = re.compile(r"[A-Za-z0-9_-]{2,64}")


@dataclass(frozen=True, slots=True)
class Erased:
    """A record that is to be erased here: whose, with which people who were known through it alone, by which rule."""

    child_id: str
    authority: str
    rule: str
    due_on: date
    asked_by: str
    approved_by: str
    at: datetime
    people: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of an erased record. `counts` are the rows erased, by service and table.

    `mark` is the reference under which the authority knew the child, as only this installation can work it out.
    """

    number: int
    child_id: str
    authority: str
    mark: str
    rule: str
    due_on: date
    asked_by: str
    approved_by: str
    erased_at: datetime
    people: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]


def _define(metadata: MetaData) -> Table:
    return Table(
        "tombstone",
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("child_id", String(36), nullable=False, unique=True),
        Column("authority", String(40), nullable=False),
        Column("mark", String(64), nullable=False),
        Column("rule", String(40), nullable=False),
        Column("due_on", Date, nullable=False),
        Column("asked_by", String(36), nullable=False),
        Column("approved_by", String(36), nullable=False),
        Column("erased_at", UtcDateTime, nullable=False),
        Column("people", JSON, nullable=False),
        Column("counts", JSON, nullable=False),
        sqlite_autoincrement=True,
    )


def add_tables(metadata: MetaData) -> None:
    """Add `tombstone` to a service's tables."""
    _define(metadata)


TOMBSTONE = _define(new_metadata())

Whose = Callable[[ColumnElement[str]], ColumnElement[bool]]


def rows_of_child(metadata: MetaData, whose: Whose) -> dict[Table, ColumnElement[bool]]:
    """Return which rows of which tables are a child's, the tables that lean on others first.

    `whose` says of a column with a child's id whether it is the child meant.
    """
    found: dict[Table, ColumnElement[bool]] = {}
    depth: dict[Table, int] = {}
    for table in metadata.sorted_tables:
        if table.name not in STAYS and (table.name == "child" or "child_id" in table.c):
            found[table] = whose(table.c.id if table.name == "child" else table.c.child_id)
    while more := {
        table: or_(*(column.in_(select(owner.c.id).where(found[owner])) for column, owner in _owners(table, found)))
        for table in metadata.sorted_tables
        if table not in found and table.name not in STAYS and _owners(table, found)
    }:
        found |= more

    def deep(table: Table) -> int:
        if table not in depth:
            depth[table] = 0
            depth[table] = 1 + max((deep(owner) for _, owner in _owners(table, found) if owner is not table), default=0)
        return depth[table]

    return dict(sorted(found.items(), key=lambda one: (-deep(one[0]), one[0].name)))


def _owners(table: Table, owned: Iterable[Table]) -> list[tuple[Column[Any], Table]]:
    """Return the columns of a table that name a row of a table of the child's: by a foreign key, or by their name."""
    kept = [owner for owner in owned if "id" in owner.c]
    by_name = {f"{owner.name}_id": owner for owner in kept}
    found = []
    for column in table.columns:
        owner = next((key.column.table for key in column.foreign_keys), by_name.get(column.name))
        if owner is not None and any(owner is each for each in kept):
            found.append((column, owner))
    return found


def people_tables(metadata: MetaData) -> list[Table]:
    """Return the tables that are about a person and no child: accounts, sessions, kept forms."""
    of_child = rows_of_child(metadata, lambda column: column.is_not(None))
    return [
        table
        for table in metadata.sorted_tables
        if table.name == "person" or ("person_id" in table.c and table not in of_child and table.name not in STAYS)
    ]


def erase(
    work: Work, erased: Erased, forget: Callable[[Work, Erased], Mapping[str, int]] | None = None
) -> Mapping[str, int]:
    """Erase every row of a child's in this service, and leave a tombstone; return how many rows of which tables.

    Done again, it erases what has come back and leaves the tombstone as it is. `forget` takes the child out of what is
    kept about many at once. The facts of the child that were not sent yet are erased with the rest: whoever waits for
    them is told of the erasure under a subject of its own.
    """
    connection = work.connection
    _hear_no_more(connection, work.service, _subjects(erased))
    counts = dict(forget(work, erased)) if forget is not None else {}
    rows = rows_of_child(work.metadata, lambda column: column == erased.child_id)
    things = _ids(connection, rows) | {erased.child_id}
    for table, condition in rows.items():
        _count(counts, table.name, connection.execute(delete(table).where(condition)).rowcount)
    for table in people_tables(work.metadata):
        column = table.c.id if table.name == "person" else table.c.person_id
        _count(counts, table.name, connection.execute(delete(table).where(column.in_(erased.people))).rowcount)
    for name in SUBJECT_TABLES:
        table = work.metadata.tables[name]
        _count(counts, name, connection.execute(delete(table).where(table.c.subject.in_(_subjects(erased)))).rowcount)
    _count(counts, KEPT_FORM.name, _erase_kept_forms(connection, things))
    known = find(connection, erased.child_id)
    if known is None:
        connection.execute(
            insert(TOMBSTONE).values(
                child_id=erased.child_id,
                authority=erased.authority,
                mark=erased.mark,
                rule=erased.rule,
                due_on=erased.due_on,
                asked_by=erased.asked_by,
                approved_by=erased.approved_by,
                erased_at=erased.at,
                people=list(erased.people),
                counts={work.service: counts},
            )
        )
    return counts


def follow(
    work: Work,
    fact: RecordErased,
    answer: Callable[[str, Mapping[str, int]], object],
    forget: Callable[[Work, Erased], Mapping[str, int]] | None = None,
) -> None:
    """Erase what this service has of a child, as pep has done, and tell it with `answer` how many rows there were."""
    erased = Erased(
        fact.child_id,
        fact.authority,
        fact.rule,
        fact.due_on,
        fact.asked_by,
        fact.approved_by,
        fact.erased_at,
        fact.people,
    )
    told_before = find(work.connection, fact.child_id) is not None
    counts = erase(work, erased, forget)
    if not told_before or counts:
        work.publish(f"{RECORD}{fact.child_id}", answer(fact.child_id, counts))


def erase_what_came_back(work: Work) -> None:
    """Erase again whatever names a child whose record was erased: what was on its way into the tables meanwhile."""
    gone = select(TOMBSTONE.c.child_id)
    if work.connection.execute(gone.limit(1)).first() is None:
        return
    for table, condition in rows_of_child(work.metadata, lambda column: column.in_(gone)).items():
        work.connection.execute(delete(table).where(condition))


def find(connection: Connection, child_id: str) -> Tombstone | None:
    """Return the tombstone of a child's record."""
    row = connection.execute(select(TOMBSTONE).where(TOMBSTONE.c.child_id == child_id)).mappings().first()
    return _tombstone(row) if row else None


def tombstones(connection: Connection, authority: str = "", *, limit: int | None = None) -> list[Tombstone]:
    """Return the tombstones of an authority, or of all, the latest first."""
    query = select(TOMBSTONE).order_by(TOMBSTONE.c.number.desc()).limit(limit)
    if authority:
        query = query.where(TOMBSTONE.c.authority == authority)
    return [_tombstone(row) for row in connection.execute(query).mappings()]


def note_counts(connection: Connection, child_id: str, service: str, counts: Mapping[str, int]) -> None:
    """Keep what another service has erased; the first time it says so."""
    known = find(connection, child_id)
    if known is not None and service not in known.counts:
        added = {**known.counts, service: dict(counts)}
        connection.execute(update(TOMBSTONE).where(TOMBSTONE.c.child_id == child_id).values(counts=added))


def _subjects(erased: Erased) -> list[str]:
    people = [f"{kind}/{person_id}" for person_id in erased.people for kind in ("person", "sessions")]
    return [f"child/{erased.child_id}", *people]


def _hear_no_more(connection: Connection, service: str, subjects: Iterable[str]) -> None:
    """Take every fact about these subjects for an old one; whoever applies one just now is waited for."""
    others = [source for source in SERVICES if source != service]
    set_positions(connection, {Key(source, subject): THE_END for source in others for subject in sorted(subjects)})


def _ids(connection: Connection, rows: Mapping[Table, ColumnElement[bool]]) -> set[str]:
    found: set[str] = set()
    for table, condition in rows.items():
        if "id" in table.c and isinstance(table.c.id.type, String):
            found.update(connection.execute(select(table.c.id).where(condition)).scalars())
    return found


def _erase_kept_forms(connection: Connection, things: set[str]) -> int:
    """Erase the forms that were to be sent to an address of the child's, or name the child; there are few of them."""
    meant = [
        row.id
        for row in connection.execute(select(KEPT_FORM.c.id, KEPT_FORM.c.path, KEPT_FORM.c.fields))
        if not things.isdisjoint(_ID.findall(" ".join([row.path, *(value for _, value in row.fields)])))
    ]
    return connection.execute(delete(KEPT_FORM).where(KEPT_FORM.c.id.in_(meant))).rowcount if meant else 0


def _count(counts: dict[str, int], name: str, rows: int) -> None:
    if rows > 0:
        counts[name] = counts.get(name, 0) + rows


def _tombstone(row: Mapping[Any, Any]) -> Tombstone:
    return Tombstone(**{**row, "people": tuple(row["people"])})
