"""Tells a relay on PostgreSQL that something was committed, at once and without slowing the writers.

NOTIFY within a transaction takes a lock that all commits share, which costs busy writers two thirds of their speed. So
it is sent after the commit, by a thread of its own: the first at once, then at most every two milliseconds for a
process, so that a burst of commits is a few notifications. It is a hint only: the relay looks anyway now and then.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from select import POLLIN, poll
from typing import Any, cast

from sqlalchemy import Connection, Engine, func, select, true
from sqlalchemy.exc import SQLAlchemyError

from shared.platform.round_trips import Saying, say

CHANNEL = "pep_suite_outbox"
# A notification is a transaction, too; as a hint it need not wait for the disk.
NOTIFY = Saying(select(func.set_config("synchronous_commit", "off", true()), func.pg_notify(CHANNEL, "")))
PAUSE_SECONDS = 0.002

log = logging.getLogger(__name__)


class Waker:
    """Sends the notifications of one process for one database."""

    def __init__(self, ask: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`ask` opens a connection outside of any transaction."""
        self._ask = ask
        self._wanted = threading.Event()
        self._closed = False
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have the relay look soon; returns at once."""
        self._wanted.set()
        if self._thread is None:
            with self._guard:
                if self._thread is None and not self._closed:
                    self._thread = threading.Thread(target=self._send_until_closed, name="waker", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Send no more."""
        self._closed = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(2)

    def _send_until_closed(self) -> None:
        pause = threading.Event()
        while not self._closed:
            self._wanted.wait()
            self._wanted.clear()
            if self._closed:
                return
            try:
                with self._ask() as connection:
                    while not self._closed:
                        say(connection, NOTIFY.of())
                        pause.wait(PAUSE_SECONDS)
                        if not self._wanted.wait(1.0):
                            break
                        self._wanted.clear()
            except SQLAlchemyError:
                log.warning("A relay could not be woken; it looks by itself", exc_info=True)
                pause.wait(1.0)


class Ear:
    """Hears the notifications; owned by one relay."""

    def __init__(self, engine: Engine) -> None:
        """Raise SQLAlchemy's errors when the database cannot be reached."""
        self._pooled = engine.raw_connection()
        self._driver = cast("Any", self._pooled.driver_connection)
        self._driver.autocommit = True
        self._driver.execute(f"LISTEN {CHANNEL}")
        self._arriving = poll()
        self._arriving.register(self._driver.pgconn.socket, POLLIN)

    def wait(self, seconds: float) -> None:
        """Return when somebody committed, or after that time; raises psycopg's errors when the connection is gone."""
        wire = self._driver.pgconn
        if self._arriving.poll(1000 * seconds):
            wire.consume_input()
        while wire.notifies():
            pass

    def close(self) -> None:
        """Hear no more."""
        self._pooled.invalidate()
