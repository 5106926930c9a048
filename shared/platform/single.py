"""One at a time: a lock that the operating system or PostgreSQL gives back when its holder dies.

Two relays of one service would still lose and double nothing, but they would send out of order and make the inboxes
hold facts for no reason.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.platform.db import Database


class Lock:
    """A held lock."""

    def still_held(self) -> bool:
        """Say whether nobody else can have it."""
        return True


class _AdvisoryLock(Lock):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def still_held(self) -> bool:
        """Say whether the session that holds the lock is alive."""
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True


@contextmanager
def only_one(database: Database, name: str) -> Iterator[Lock | None]:
    """Hold the lock `name` of a database while inside; gives None at once if somebody else holds it."""
    if database.is_sqlite:
        yield from _by_file(database, name)
    else:
        yield from _by_session(database, name)


def _by_file(database: Database, name: str) -> Iterator[Lock | None]:
    file = os.open(f"{database.engine.url.database}.{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield Lock()
    finally:
        os.close(file)


def _by_session(database: Database, name: str) -> Iterator[Lock | None]:
    key = zlib.crc32(name.encode())
    connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
            yield None
            return
        yield _AdvisoryLock(connection)
    finally:
        # The connection is thrown away, not pooled: with it goes the lock.
        with suppress(DBAPIError):
            connection.invalidate()
        connection.close()
