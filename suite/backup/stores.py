"""The databases as a backup sees them: held still for a moment, seen as they were then, copied, and filled again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import make_url

from suite.home import Refusal

HOLD_SECONDS = 10.0
HELD_TABLES = ("inbox_position", "subject_version", "outbox", "inbox_event")
"""Every fact that is told or takes effect writes to one of these, in this order."""

Rows = list[tuple[object, ...]]


class Busy(Exception):
    """A database could not be held just now."""


class Store(Protocol):
    """One database."""

    name: str
    file_name: str

    def hold(self) -> None:
        """Let nobody write until `release`; raises `Busy`."""

    def pin(self) -> None:
        """From now on, see it as it is at this moment."""

    def release(self) -> None:
        """Let others write again; what was pinned is still seen."""

    def close(self) -> None:
        """Give up everything."""

    def rows(self, query: str) -> Rows:
        """Ask what is seen."""

    def tables(self) -> list[str]:
        """Name its tables."""

    def copy(self, target: Path) -> None:
        """Write what is seen to a file that is not there yet."""

    def fill(self, source: Path) -> None:
        """Fill it, empty as it is, from such a file."""


@dataclass
class SqliteStore:
    """A SQLite file; it is copied with SQLite's own backup, which knows of the write-ahead log."""

    name: str
    path: Path

    def __post_init__(self) -> None:
        self.file_name = f"{self.name}.sqlite"
        self._holder: sqlite3.Connection | None = None
        self._seer: sqlite3.Connection | None = None

    def hold(self) -> None:
        """Take the write lock."""
        self._holder = self._open()
        try:
            self._holder.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise Busy(f"{self.name}: {error}") from error

    def pin(self) -> None:
        """Start a reading transaction."""
        self._seer = self._open()
        self._seer.execute("BEGIN")
        self._seer.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def release(self) -> None:
        """Give the write lock back."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def close(self) -> None:
        """Close both connections."""
        self.release()
        if self._seer is not None:
            self._seer.close()
            self._seer = None

    def rows(self, query: str) -> Rows:
        """Ask what was pinned."""
        return self._seen().execute(query).fetchall()

    def tables(self) -> list[str]:
        """Name its tables."""
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        return [str(row[0]) for row in self.rows(query)]

    def copy(self, target: Path) -> None:
        """Copy what was pinned; the copy is one file without a log beside it."""
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(target)) as copied:
            self._seen().backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")

    def fill(self, source: Path) -> None:
        """Copy a file to where the database belongs; raises `Refusal` for one that is damaged."""
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as kept:
            if kept.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise Refusal(f"{source.name} in this backup is damaged.")
        shutil.copyfile(source, self.path)
        self.path.chmod(0o600)

    def _open(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise Refusal(f"{self.path} is not there.")
        return sqlite3.connect(self.path, timeout=HOLD_SECONDS, isolation_level=None)

    def _seen(self) -> sqlite3.Connection:
        if self._seer is None:
            raise RuntimeError("Nothing is pinned.")
        return self._seer


@dataclass
class PostgresqlStore:
    """A PostgreSQL database; it is copied by pg_dump from an exported snapshot, and filled by pg_restore."""

    name: str
    address: str

    def __post_init__(self) -> None:
        self.file_name = f"{self.name}.dump"
        self._holder: psycopg.Connection | None = None
        self._seer: psycopg.Connection | None = None
        self._snapshot = ""

    def hold(self) -> None:
        """Lock the tables that every fact writes to."""
        self._holder = self._open()
        try:
            self._holder.execute(f"SET lock_timeout = '{int(HOLD_SECONDS)}s'")
            self._holder.execute(f"LOCK TABLE {', '.join(HELD_TABLES)} IN SHARE MODE")
        except psycopg.OperationalError as error:
            raise Busy(f"{self.name}: {type(error).__name__}") from error
        except psycopg.errors.UndefinedTable as error:
            raise Refusal(f"The database of {self.name} has no tables of the suite.") from error

    def pin(self) -> None:
        """Export a snapshot."""
        self._seer = self._open()
        self._seer.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = self._seer.execute("SELECT pg_export_snapshot()").fetchone()
        self._snapshot = str(row[0]) if row else ""

    def release(self) -> None:
        """Unlock the tables."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def close(self) -> None:
        """Close both connections; the snapshot goes with them."""
        self.release()
        if self._seer is not None:
            self._seer.close()
            self._seer = None

    def rows(self, query: str) -> Rows:
        """Ask what was pinned."""
        if self._seer is None:
            raise RuntimeError("Nothing is pinned.")
        return self._seer.execute(query).fetchall()

    def tables(self) -> list[str]:
        """Name its tables."""
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        return [str(row[0]) for row in self.rows(query)]

    def copy(self, target: Path) -> None:
        """Dump what was pinned."""
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self._call("pg_dump", ["--format=custom", f"--snapshot={self._snapshot}", f"--file={target}"])

    def fill(self, source: Path) -> None:
        """Restore a dump as one transaction; raises `Refusal` unless the database is empty."""
        with closing(self._open()) as connection:
            query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            if (row := connection.execute(query).fetchone()) is None or row[0]:
                raise Refusal(f"The database of {self.name} is not empty: restore into an empty one.")
        words = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(source)]
        self._call("pg_restore", words)

    def _open(self) -> psycopg.Connection:
        url = make_url(self.address).set(drivername="postgresql")
        try:
            return psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5)
        except psycopg.OperationalError as error:
            raise Refusal(f"The database of {self.name} cannot be reached: {str(error).splitlines()[0]}") from error

    def _call(self, program: str, words: Sequence[str]) -> None:
        if shutil.which(program) is None:
            raise Refusal(f"{program} is not installed here: install PostgreSQL's client programs.")
        url = make_url(self.address)
        named = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGDATABASE": url.database}
        environ = {key: str(value) for key, value in named.items() if value is not None}
        secret = {"PGPASSWORD": str(url.password)} if url.password is not None else {}
        given = [*words, f"--dbname={url.database}"] if program == "pg_restore" else words
        done = subprocess.run(
            [program, "--no-password", *given],
            env={**os.environ, **environ, **secret},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Refusal(f"{program} failed for {self.name}: {said[0] if said else done.returncode}")


def store_for(name: str, address: str) -> Store:
    """Return the store of a database address."""
    if address.startswith("sqlite"):
        return SqliteStore(name, Path(make_url(address).database or ""))
    return PostgresqlStore(name, address)


@contextmanager
def still(stores: Sequence[Store]) -> Iterator[Mapping[str, Store]]:
    """See all stores as they were at one moment, inside the block; others may write again almost at once.

    All are held, then all are pinned, then all are let go: no fact can be gone from one and not yet in another except
    on the broker. Raises `Busy`.
    """
    try:
        for store in stores:
            store.hold()
        for store in stores:
            store.pin()
        for store in stores:
            store.release()
        yield {store.name: store for store in stores}
    finally:
        for store in stores:
            store.close()
