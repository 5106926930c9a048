"""The audit of a service: who did what to which child's record, when, acting for whom, why, and by which way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, func, insert, select

from shared.platform.audit_tables import ENTRY
from shared.platform.roster import CHILD
from shared.platform.round_trips import Saying, say_later
from shared.platform.trail import Kind, Step, Trail

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from shared.platform.db import Database

Row = dict[str, Any]

_KEPT = tuple(column.name for column in ENTRY.c if column.name not in {"id", "number", "previous", "seal"})
_KEEP = Saying(insert(ENTRY).inline(), _KEPT)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `way` is page, api or suite; `number` its place in the chain, none while it waits to be sealed."""

    id: int
    authority: str
    at: datetime
    person_id: str
    acting_as: str
    organisation: str
    kind: Kind
    action: str
    child_id: str
    way: str
    why: str
    correlation_id: str
    number: int | None = None
    previous: str | None = None
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries of a child's record are looked for: of one person, from and until an instant (not included)."""

    child_id: str
    person_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def rows(steps: Iterable[Step], trail: Trail, now: datetime, correlation_id: str) -> list[Row]:
    """Return steps as rows of the table, each of the authority in which its actor acted."""
    return [
        {
            "authority": step.actor.authority,
            "at": now,
            "person_id": step.actor.person_id[:36],
            "acting_as": step.acting_as,
            "organisation": step.actor.organisation,
            "kind": step.kind,
            "action": step.action,
            "child_id": step.child_id,
            "way": trail.way,
            "why": step.why,
            "correlation_id": correlation_id,
        }
        for step in steps
    ]


def keep(connection: Connection, kept: Sequence[Row]) -> None:
    """Write entries in the transaction that is open, at the latest with its COMMIT."""
    if kept:
        say_later(connection, _KEEP, kept)


class Keeper:
    """Writes what the requests of a process looked at, before their answers leave.

    Requests that come at once share a transaction: whoever has the turn writes what all others have brought, so that a
    busy process waits for the disk once and not once for each answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._brought: deque[_Brought] = deque()
        self._turn = threading.Lock()

    def keep(self, kept: Sequence[Row]) -> None:
        """Write entries in a transaction of their own; they are stored when this returns.

        Raises what the database raises, for each of those that shared the transaction.
        """
        mine = _Brought(kept)
        self._brought.append(mine)
        with self._turn:
            if not mine.written:
                self._write_all()
        if mine.error is not None:
            raise mine.error

    def _write_all(self) -> None:
        taken: list[_Brought] = []
        while self._brought:
            taken.append(self._brought.popleft())
        error: BaseException | None = None
        try:
            found = [row for each in taken for row in each.kept]
            with self._database.noting(one_row=len(found) == 1) as connection:
                keep(connection, found)
        except Exception as failed:
            error = failed
        for each in taken:
            each.written, each.error = True, error


@dataclass
class _Brought:
    kept: Sequence[Row]
    written: bool = False
    error: BaseException | None = None


def of_child(connection: Connection, asked: Asked, *, limit: int, offset: int = 0) -> tuple[list[Entry], int]:
    """Return the entries about a child's record, the latest first, and how many there are in all; two queries."""
    condition = _condition(asked)
    total = connection.execute(select(func.count()).select_from(ENTRY).where(condition)).scalar_one()
    query = select(ENTRY).where(condition).order_by(ENTRY.c.at.desc(), ENTRY.c.id.desc())
    return [entry_of(row) for row in connection.execute(query.limit(limit).offset(offset)).mappings()], total


def people_who_looked(connection: Connection, child_id: str) -> list[str]:
    """Return the ids of everybody who has an entry about a child's record."""
    query = select(ENTRY.c.person_id).distinct().where(_about(child_id), ENTRY.c.person_id != "")
    return list(connection.execute(query).scalars())


def entry_of(row: Any) -> Entry:
    """Return a row of the table as an entry."""
    return Entry(**{**row, "kind": Kind(row["kind"])})


def _about(child_id: str) -> ColumnElement[bool]:
    """Return the condition for a child's entries: those of the child's authority, whatever others tried in vain.

    Of a record that was erased nobody knows any more whose it was.
    """
    whose = select(CHILD.c.authority).where(CHILD.c.id == child_id).scalar_subquery()
    return and_(ENTRY.c.child_id == child_id, ENTRY.c.authority == func.coalesce(whose, ENTRY.c.authority))


def _condition(asked: Asked) -> ColumnElement[bool]:
    conditions = [_about(asked.child_id)]
    if asked.person_id:
        conditions.append(ENTRY.c.person_id == asked.person_id)
    if asked.since is not None:
        conditions.append(ENTRY.c.at >= asked.since)
    if asked.until is not None:
        conditions.append(ENTRY.c.at < asked.until)
    return and_(*conditions)
