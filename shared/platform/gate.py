"""The gate of an inbox: which facts are news, which are duplicates, and which came too early."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    case,
    delete,
    insert,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from shared.contracts.envelope import Envelope
from shared.platform.given import as_given, given
from shared.platform.inbox_tables import EVENT, POSITION, Held
from shared.platform.round_trips import Saying, say


class Key(NamedTuple):
    """A subject, as one source speaks of it."""

    source: str
    subject: str


@dataclass
class _Held:
    """A held fact: in the table if it has an `id`, else new in this transaction. `tried` if it failed or is parked."""

    id: int | None = None
    envelope: Envelope | None = None
    tried: bool = False


@dataclass
class Gate:
    """The gate for one transaction, and the subjects that occur in it."""

    connection: Connection
    _position: dict[Key, int]
    _held: dict[Key, dict[int, _Held]]
    _moved: set[Key] = field(default_factory=set)
    _used: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, connection: Connection, envelopes: Sequence[Envelope]) -> Gate:
        """Lock the positions of the envelopes' subjects and read what is held of them; two statements."""
        keys = sorted({_key(envelope) for envelope in envelopes})
        held: dict[Key, dict[int, _Held]] = defaultdict(dict)
        if not keys:
            return cls(connection, {}, held)
        dialect = connection.dialect.name
        asked = as_given([key._asdict() for key in keys])
        found, rows = say(connection, _positions_of(dialect).of(**asked), _held_of(dialect).of(**asked))
        for row in rows:
            tried = row.state != Held.WAITING or row.attempts > 0
            held[Key(row.source, row.subject)][row.version] = _Held(row.id, tried=tried)
        return cls(connection, _by_key(keys, found), held)

    @property
    def holds_something(self) -> bool:
        """Whether facts about these subjects are held."""
        return any(self._held.values())

    def admit(self, envelope: Envelope) -> Iterator[Envelope]:
        """Yield what is to be applied now: nothing, the envelope, or it and those that waited for it."""
        key = _key(envelope)
        held = self._held[key]
        if envelope.subject_version != self._position[key] + 1 or envelope.subject_version in held:
            self.hold(envelope)
            return
        self._advance(key)
        yield envelope
        while (waiting := held.get(self._position[key] + 1)) is not None and not waiting.tried:
            del held[self._position[key] + 1]
            self._advance(key)
            yield self._take(waiting)

    def hold(self, envelope: Envelope) -> None:
        """Keep an envelope in the table, unless it is a duplicate."""
        key = _key(envelope)
        if envelope.subject_version > self._position[key]:
            self._held[key].setdefault(envelope.subject_version, _Held(envelope=envelope))

    def save(self, connection: Connection, now: datetime, *, attempts: int = 0) -> None:
        """Write the new positions and what is held, as tried so often already; at most three statements."""
        set_positions(connection, {key: self._position[key] for key in sorted(self._moved)})
        if self._used:
            connection.execute(delete(EVENT).where(EVENT.c.id.in_(self._used)))
        rows = [
            _row(each.envelope, now, attempts)
            for by_version in self._held.values()
            for each in by_version.values()
            if each.envelope is not None
        ]
        if rows:
            connection.execute(insert(EVENT), rows)

    def _advance(self, key: Key) -> None:
        self._position[key] += 1
        self._moved.add(key)

    def _take(self, waiting: _Held) -> Envelope:
        if waiting.envelope is not None:
            return waiting.envelope
        payload = self.connection.execute(select(EVENT.c.payload).where(EVENT.c.id == waiting.id)).scalar_one()
        self._used.append(waiting.id or 0)
        return Envelope.from_bytes(payload)


def lock_positions(connection: Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """Return the positions of subjects (0 for new ones), locked until the end of the transaction; one statement.

    On PostgreSQL a new subject needs a row to lock, or two consumers could each hold the fact the other waits for; and
    the rows are made and locked in one order. On SQLite the transaction is the only writer.
    """
    statement = _positions_of(connection.dialect.name)
    (found,) = say(connection, statement.of(**as_given([key._asdict() for key in keys])))
    return _by_key(keys, found)


def set_positions(connection: Connection, positions: dict[Key, int]) -> None:
    """Write the numbers of the last facts that were dealt with; one statement. A position never goes back."""
    if positions:
        rows = [{**key._asdict(), "version": at} for key, at in positions.items()]
        say(connection, _move(connection.dialect.name).of(**as_given(rows)))


def _by_key(keys: Sequence[Key], found: Sequence[Any]) -> dict[Key, int]:
    positions = {Key(row.source, row.subject): row.version for row in found}
    return {key: positions.get(key, 0) for key in keys}


@cache
def _positions_of(dialect: str) -> Saying:
    keys = given(dialect, POSITION.c.source, POSITION.c.subject)
    if dialect == "sqlite":
        return Saying(select(POSITION).join_from(keys, POSITION, _same(POSITION, keys)))
    new = select(keys.c.source, keys.c.subject, literal(0)).order_by(*keys.c)
    insertion = postgresql.insert(POSITION).from_select(["source", "subject", "version"], new)
    # A row that is there is written as it was: that locks it, and waits for whoever holds it.
    return Saying(
        insertion.on_conflict_do_update(
            index_elements=[POSITION.c.source, POSITION.c.subject], set_={"version": POSITION.c.version}
        ).returning(POSITION.c.source, POSITION.c.subject, POSITION.c.version)
    )


@cache
def _held_of(dialect: str) -> Saying:
    keys = given(dialect, EVENT.c.source, EVENT.c.subject)
    columns = EVENT.c
    return Saying(
        select(columns.id, columns.source, columns.subject, columns.version, columns.state, columns.attempts)
        .join_from(keys, EVENT, _same(EVENT, keys))
        .where(columns.state != Held.DISCARDED)
    )


@cache
def _move(dialect: str) -> Saying:
    moved = given(dialect, *POSITION.c)
    upsert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # SQLite needs the condition to tell ON CONFLICT from a join.
    statement = upsert(POSITION).from_select(["source", "subject", "version"], select(*moved.c).where(true()))
    reached = case(
        (POSITION.c.version > statement.excluded.version, POSITION.c.version), else_=statement.excluded.version
    )
    return Saying(
        statement.on_conflict_do_update(
            index_elements=[POSITION.c.source, POSITION.c.subject], set_={"version": reached}
        )
    )


def _same(table: Table, keys: FromClause) -> ColumnElement[bool]:
    return and_(table.c.source == keys.c.source, table.c.subject == keys.c.subject)


def _key(envelope: Envelope) -> Key:
    return Key(envelope.source, envelope.subject)


def _row(envelope: Envelope, now: datetime, attempts: int) -> dict[str, Any]:
    return {
        "source": envelope.source,
        "subject": envelope.subject,
        "version": envelope.subject_version,
        "type": envelope.type,
        "payload": envelope.to_bytes(),
        "state": Held.WAITING,
        "attempts": attempts,
        "next_attempt_at": None,
        "reason": "",
        "received_at": now,
    }
