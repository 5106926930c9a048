"""The gate of an inbox: which facts are news, which are duplicates, and which came too early."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from shared.contracts.envelope import Envelope
from shared.platform.inbox_tables import EVENT, POSITION, Held


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
        """Lock the positions of the envelopes' subjects and read what is held of them; two statements (SQLite)."""
        keys = sorted({_key(envelope) for envelope in envelopes})
        held: dict[Key, dict[int, _Held]] = defaultdict(dict)
        if not keys:
            return cls(connection, {}, held)
        position = lock_positions(connection, keys)
        columns = EVENT.c
        rows = connection.execute(
            select(columns.id, columns.source, columns.subject, columns.version, columns.state, columns.attempts).where(
                tuple_(columns.source, columns.subject).in_(keys), columns.state != Held.DISCARDED
            )
        )
        for row in rows:
            tried = row.state != Held.WAITING or row.attempts > 0
            held[Key(row.source, row.subject)][row.version] = _Held(row.id, tried=tried)
        return cls(connection, position, held)

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

    def save(self, connection: Connection, now: datetime) -> None:
        """Write the new positions and what is held; at most three statements."""
        set_positions(connection, {key: self._position[key] for key in sorted(self._moved)})
        if self._used:
            connection.execute(delete(EVENT).where(EVENT.c.id.in_(self._used)))
        rows = [
            _row(each.envelope, now)
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
    """Return the positions of subjects (0 for new ones), locked until the end of the transaction.

    On PostgreSQL a new subject needs a row to lock, or two consumers could each hold the fact the other waits for; and
    the rows are locked in one order. On SQLite the transaction is the only writer.
    """
    query = select(POSITION).where(tuple_(POSITION.c.source, POSITION.c.subject).in_(keys))
    if connection.dialect.name == "postgresql":
        new = postgresql.insert(POSITION).on_conflict_do_nothing()
        connection.execute(new, [{**key._asdict(), "version": 0} for key in keys])
        query = query.order_by(POSITION.c.source, POSITION.c.subject).with_for_update()
    found = {Key(row.source, row.subject): row.version for row in connection.execute(query)}
    return {key: found.get(key, 0) for key in keys}


def set_positions(connection: Connection, positions: dict[Key, int]) -> None:
    """Write the numbers of the last facts that were dealt with; one statement, run for each."""
    if not positions:
        return
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = upsert(POSITION)
    # With the rows beside the statement, not in it, it is compiled once for good.
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[POSITION.c.source, POSITION.c.subject], set_={"version": statement.excluded.version}
        ),
        [{**key._asdict(), "version": at} for key, at in positions.items()],
    )


def _key(envelope: Envelope) -> Key:
    return Key(envelope.source, envelope.subject)


def _row(envelope: Envelope, now: datetime) -> dict[str, Any]:
    return {
        "source": envelope.source,
        "subject": envelope.subject,
        "version": envelope.subject_version,
        "type": envelope.type,
        "payload": envelope.to_bytes(),
        "state": Held.WAITING,
        "attempts": 0,
        "next_attempt_at": None,
        "reason": "",
        "received_at": now,
    }
