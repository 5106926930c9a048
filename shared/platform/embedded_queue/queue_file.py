"""A durable queue in one SQLite file, shared by any number of processes of one machine.

Why it exists: of the transports that come with kombu, none that works without a server keeps a message whose consumer
is killed; each takes the message out of its store when it is delivered. Here a delivered message stays where it is
under a lease. An acknowledgement deletes it; a lease that ends, or whose process is gone, makes the message ready
again at its old place in the queue, so order is kept.

Topology (exchanges, queues, bindings) lives in the file as well, so a publisher reaches a queue it never declared.

Lease times are readings of the monotonic clock, which every process of a machine shares and nobody can set. A reading
from before a restart of the machine shows by lying further ahead than a lease lasts, and counts as ended.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from time import monotonic
from typing import Any

from shared.platform.embedded_queue.routing import reaches

LEASE_SECONDS = 30.0
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS exchange (name TEXT PRIMARY KEY, type TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queue (name TEXT PRIMARY KEY, arguments TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS binding (
    exchange TEXT NOT NULL REFERENCES exchange (name) ON DELETE CASCADE,
    queue TEXT NOT NULL REFERENCES queue (name) ON DELETE CASCADE,
    routing_key TEXT NOT NULL,
    PRIMARY KEY (exchange, queue, routing_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL REFERENCES queue (name) ON DELETE CASCADE,
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    properties TEXT NOT NULL,
    body BLOB NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    holder TEXT,
    leased_until REAL
);
CREATE INDEX IF NOT EXISTS message_by_queue ON message (queue, id);
CREATE INDEX IF NOT EXISTS message_held ON message (holder) WHERE lease IS NOT NULL;
"""

# A restarted container gives its process the old number again; the mark tells the two apart.
_MARKS: dict[int, str] = {}

_WRITERS: dict[str, threading.RLock] = {}
_WRITERS_GUARD = threading.Lock()


class NoSuchExchange(LookupError):
    """Nothing of this name was declared."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A message handed to a consumer; `deliveries` counts this delivery too."""

    id: int
    queue: str
    exchange: str
    routing_key: str
    properties: Mapping[str, Any]
    body: bytes
    deliveries: int
    lease: str


class QueueFile:
    """One connection to the file. Use it from one thread at a time."""

    def __init__(self, path: str | Path, *, lease_seconds: float = LEASE_SECONDS) -> None:
        """Open the file, making it (readable by its owner alone) if need be; raises `sqlite3.Error`."""
        self.path = str(Path(path).absolute())
        self.lease_seconds = lease_seconds
        self.holder = _this_process()
        self._depth = 0
        with _WRITERS_GUARD:
            self._writer = _WRITERS.setdefault(self.path, threading.RLock())
            _make_private(self.path)
        self._sql = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        with self._writer:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                self._sql.execute(f"PRAGMA {pragma}").fetchall()
            if not self._sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_held'").fetchone():
                self._sql.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the connection; leases are left to whoever holds them."""
        self._sql.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do what is inside in one transaction, durable when it ends; may be nested."""
        with self._writer:
            if self._depth:
                yield
                return
            self._sql.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self._sql.execute("COMMIT")
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def data_version(self) -> int:
        """Return a number that changes when another connection has committed."""
        return int(self._sql.execute("PRAGMA data_version").fetchone()[0])

    # Topology

    def declare_exchange(self, name: str, exchange_type: str) -> None:
        """Make an exchange; raises `ValueError` if it exists with another type."""
        reaches(exchange_type, "", "")
        with self.writing():
            self._sql.execute("INSERT OR IGNORE INTO exchange VALUES (?, ?)", (name, exchange_type))
            held = self.exchange_type(name)
        if held != exchange_type:
            raise ValueError(f"Exchange {name!r} is of type {held}, not {exchange_type}.")

    def exchange_type(self, name: str) -> str:
        """Return the type of an exchange; raises `NoSuchExchange`."""
        row = self._sql.execute("SELECT type FROM exchange WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise NoSuchExchange(name)
        return str(row[0])

    def delete_exchange(self, name: str) -> None:
        """Delete an exchange and its bindings."""
        with self.writing():
            self._sql.execute("DELETE FROM exchange WHERE name = ?", (name,))

    def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Make a queue, or replace the arguments of one that exists."""
        text = json.dumps(dict(arguments), sort_keys=True)
        row = self._sql.execute("SELECT arguments FROM queue WHERE name = ?", (name,)).fetchone()
        if row is not None and row[0] == text:
            return
        with self.writing():
            self._sql.execute(
                "INSERT INTO queue VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET arguments = excluded.arguments",
                (name, text),
            )

    def has_queue(self, name: str) -> bool:
        """Say whether a queue exists."""
        return self._sql.execute("SELECT 1 FROM queue WHERE name = ?", (name,)).fetchone() is not None

    def delete_queue(self, name: str) -> None:
        """Delete a queue, its bindings and its messages."""
        with self.writing():
            self._sql.execute("DELETE FROM queue WHERE name = ?", (name,))

    def bind(self, exchange: str, queue: str, routing_key: str) -> None:
        """Let messages of an exchange with a matching key reach a queue; raises `NoSuchExchange`."""
        self.exchange_type(exchange)
        with self.writing():
            self._sql.execute("INSERT OR IGNORE INTO binding VALUES (?, ?, ?)", (exchange, queue, routing_key))

    def unbind(self, exchange: str, queue: str, routing_key: str) -> None:
        """Undo `bind`."""
        with self.writing():
            self._sql.execute(
                "DELETE FROM binding WHERE exchange = ? AND queue = ? AND routing_key = ?",
                (exchange, queue, routing_key),
            )

    def bindings(self) -> list[tuple[str, str, str]]:
        """Return every binding as (queue, exchange, routing key)."""
        return list(self._sql.execute("SELECT queue, exchange, routing_key FROM binding ORDER BY 1, 2, 3"))

    def queues_for(self, exchange: str, routing_key: str) -> list[str]:
        """Return the queues a message would reach, in order of name; raises `NoSuchExchange`."""
        if not exchange:
            return [routing_key] if self.has_queue(routing_key) else []
        exchange_type = self.exchange_type(exchange)
        rows = self._sql.execute("SELECT queue, routing_key FROM binding WHERE exchange = ?", (exchange,))
        return sorted({queue for queue, key in rows if reaches(exchange_type, key, routing_key)})

    # Messages

    def put(self, queue: str, exchange: str, routing_key: str, properties: Mapping[str, Any], body: bytes) -> None:
        """Add a message at the end of a queue."""
        with self.writing():
            self._sql.execute(
                "INSERT INTO message (queue, exchange, routing_key, properties, body) VALUES (?, ?, ?, ?, ?)",
                (queue, exchange, routing_key, json.dumps(properties), body),
            )

    def lease(self, queues: Sequence[str], limit: int, *, keep: bool = True) -> list[Leased]:
        """Take up to `limit` ready messages of the queues, oldest first, for `lease_seconds`.

        With `keep` false they are deleted at once, which is what a consumer that does not acknowledge asks for.
        A message that has been delivered more often than its queue's `x-delivery-limit` goes to the dead letters.
        """
        if not self._ready(queues, 1):
            return []
        taken: list[Leased] = []
        with self.writing():
            token = os.urandom(8).hex()
            limits = {name: self._arguments(name) for name in queues}
            for row in self._ready(queues, limit):
                message = Leased(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5], row[6] + 1, token)
                arguments = limits[message.queue]
                worn_out = row[6] > arguments.get("x-delivery-limit", row[6])
                if not (worn_out and self._bury(message, arguments, "delivery_limit")):
                    taken.append(message)
            until = monotonic() + self.lease_seconds
            self._sql.executemany(
                "UPDATE message SET lease = ?, holder = ?, leased_until = ?, deliveries = deliveries + 1 WHERE id = ?",
                [(token, self.holder, until, message.id) for message in taken],
            )
            if not keep:
                self.delete(taken)
        return taken

    def delete(self, messages: Sequence[Leased]) -> None:
        """Delete messages that were dealt with; one whose lease went to somebody else meanwhile stays."""
        with self.writing():
            self._sql.executemany(
                "DELETE FROM message WHERE id = ? AND lease = ?", [(message.id, message.lease) for message in messages]
            )

    def release(self, messages: Sequence[Leased]) -> None:
        """Make messages ready again at their old places."""
        with self.writing():
            self._sql.executemany(
                "UPDATE message SET lease = NULL, holder = NULL, leased_until = NULL WHERE id = ? AND lease = ?",
                [(message.id, message.lease) for message in messages],
            )

    def reject(self, message: Leased) -> None:
        """Send a message to the dead letters of its queue; drop it only where the queue names no dead letters."""
        with self.writing():
            arguments = self._arguments(message.queue)
            if "x-dead-letter-exchange" not in arguments:
                self.delete([message])
            elif not (self._holds(message) and self._bury(message, arguments, "rejected")):
                self.release([message])

    def release_of_the_dead(self) -> int:
        """End the leases whose process of this machine is gone; returns how many. A lease ends by itself anyway."""
        rows = self._sql.execute("SELECT DISTINCT holder FROM message WHERE lease IS NOT NULL").fetchall()
        gone = [(holder,) for (holder,) in rows if _is_gone(holder)]
        if not gone:
            return 0
        with self.writing():
            return self._sql.executemany(
                "UPDATE message SET lease = NULL, holder = NULL, leased_until = NULL WHERE holder = ?", gone
            ).rowcount

    def size(self, queue: str) -> int:
        """Return how many messages a queue holds, leased ones included."""
        return int(self._sql.execute("SELECT count(*) FROM message WHERE queue = ?", (queue,)).fetchone()[0])

    def purge(self, queue: str) -> int:
        """Delete the messages of a queue that nobody holds; returns how many."""
        with self.writing():
            now = monotonic()
            return self._sql.execute(
                "DELETE FROM message WHERE queue = ? AND (lease IS NULL OR leased_until NOT BETWEEN ? AND ?)",
                (queue, now, now + self.lease_seconds),
            ).rowcount

    def _ready(self, queues: Sequence[str], limit: int) -> list[tuple[Any, ...]]:
        now = monotonic()
        rows: list[tuple[Any, ...]] = []
        for queue in queues:
            # One queue at a time, so that the index gives the order and no more is read than is wanted.
            rows += self._sql.execute(
                "SELECT id, queue, exchange, routing_key, properties, body, deliveries FROM message"
                " WHERE queue = ? AND (lease IS NULL OR leased_until NOT BETWEEN ? AND ?) ORDER BY id LIMIT ?",
                (queue, now, now + self.lease_seconds, limit),
            )
        return sorted(rows, key=itemgetter(0))[:limit]

    def _arguments(self, queue: str) -> dict[str, Any]:
        row = self._sql.execute("SELECT arguments FROM queue WHERE name = ?", (queue,)).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def _holds(self, message: Leased) -> bool:
        sql = "SELECT 1 FROM message WHERE id = ? AND lease = ?"
        return self._sql.execute(sql, (message.id, message.lease)).fetchone() is not None

    def _bury(self, message: Leased, arguments: Mapping[str, Any], reason: str) -> bool:
        """Move a message to the dead letters; false, and nothing done, where no queue would take it."""
        exchange = arguments.get("x-dead-letter-exchange")
        if exchange is None:
            return False
        routing_key = arguments.get("x-dead-letter-routing-key", message.routing_key)
        queues = self.queues_for(exchange, routing_key)
        death = {
            "queue": message.queue,
            "reason": reason,
            "count": 1,
            "exchange": message.exchange,
            "routing-keys": [message.routing_key],
        }
        properties = {**message.properties, "headers": {**message.properties.get("headers", {}), "x-death": [death]}}
        for queue in queues:
            self.put(queue, exchange, routing_key, properties, message.body)
        if queues:
            self._sql.execute("DELETE FROM message WHERE id = ?", (message.id,))
        return bool(queues)


def _make_private(path: str) -> None:
    """Make the file if it is not there. One that is must not be touched: closing it would drop SQLite's locks on it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _this_process() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_MARKS.setdefault(pid, os.urandom(4).hex())}"


def _is_gone(holder: str) -> bool:
    host, pid, _mark = holder.rsplit(":", 2)
    if host != socket.gethostname() or holder == _this_process():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
