"""Who may send: on SQLite one relay of a service at a time, by a lock that the operating system gives back.

Two would lose and double nothing, but send everything twice. On PostgreSQL relays share the work by claims
(`shared.platform.claims`), and nobody is kept waiting.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from shared.platform.db import Database


@contextmanager
def turn_to_send(database: Database) -> Iterator[bool]:
    """Say whether a relay of this database may send while inside; false at once where another one does."""
    if not database.is_sqlite:
        yield True
        return
    file = os.open(f"{database.engine.url.database}.relay.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)
