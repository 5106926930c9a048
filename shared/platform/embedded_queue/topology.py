"""The SQLite file itself, and what stands in it besides messages: exchanges, queues and bindings."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shared.platform.embedded_queue.routing import reaches

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

_WRITERS: dict[str, threading.RLock] = {}
_WRITERS_GUARD = threading.Lock()


class NoSuchExchange(LookupError):
    """Nothing of this name was declared."""


class TopologyFile:
    """One connection to the file. Use it from one thread at a time."""

    def __init__(self, path: str | Path) -> None:
        """Open the file, making it (readable by its owner alone) if need be; raises `sqlite3.Error`."""
        self.path = str(Path(path).absolute())
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
        """Close the connection."""
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


def _make_private(path: str) -> None:
    """Make the file if it is not there. One that is must not be touched: closing it would drop SQLite's locks on it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
