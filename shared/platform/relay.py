"""From the outbox to the bus: what is committed is sent, in order, and deleted once the broker has it.

There is no cursor: identity values are not the order of commits, so a reader of "greater than the last" would skip what
commits late. A crash between the broker's confirm and the deletion sends a fact again; the inbox drops the second.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Any

from sqlalchemy import Row, Select, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.confirms import Outgoing
from shared.platform.crashpoints import crashpoint
from shared.platform.db import Database
from shared.platform.links import Publisher
from shared.platform.metrics import PUBLISHED, count_by_type
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.waking import Ear

WINDOW = 200
WAKE_SECONDS = 0.002
IDLE_WAKE_SECONDS = 0.01
POSTGRESQL_LOOK_ANYWAY_SECONDS = 0.25
LOOK_ANYWAY_SECONDS = 1.0
BUSY_AFTER_TRAFFIC_SECONDS = 2.0
REFUSED_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Relay:
    """Sends one service's facts. Only one relay of a service may run; see `shared.platform.single`."""

    def __init__(self, spec: ServiceSpec, runtime: Runtime, bus: Bus) -> None:
        self._spec = spec
        self._runtime = runtime
        self._bus = bus
        self._outbox: Table = spec.metadata.tables["outbox"]
        self._published: Table = spec.metadata.tables["published"]
        self._publisher: Publisher | None = None

    def send_pending(self) -> int:
        """Send everything that is committed, a window at a time; returns how many facts the broker took.

        Raises `BrokerUnavailable`; what was not confirmed stays in the outbox.
        """
        sent = 0
        while rows := self._next_window():
            if self._publisher is None:
                self._publisher = self._bus.open_publisher()
            crashpoint("before_publish")
            receipt = self._publisher.publish([Outgoing(row.event_id, row.type, row.payload) for row in rows])
            crashpoint("after_publish")
            taken = [row for row in rows if row.event_id in receipt.confirmed]
            self._forget(taken)
            count_by_type(PUBLISHED, self._spec.name, (row.type for row in taken))
            sent += len(receipt.confirmed)
            if receipt.refused:
                log.error("%s: %s facts were refused", self._spec.name, len(receipt.refused))
                raise BrokerUnavailable("The broker refused a fact; it stays in the outbox.")
        return sent

    def keep_alive(self) -> None:
        """Exchange heartbeats with the broker; raises `BrokerUnavailable`."""
        if self._publisher is not None:
            self._publisher.keep_alive()

    def close(self) -> None:
        """Close the link to the broker; the next sending opens a new one."""
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _next_window(self) -> Sequence[Row[Any]]:
        columns = self._outbox.c
        query: Select[Any] = (
            select(columns.id, columns.event_id, columns.type, columns.payload).order_by(columns.id).limit(WINDOW)
        )
        with self._runtime.database(self._spec.name).reading() as connection:
            return connection.execute(query).all()

    def _forget(self, rows: Sequence[Row[Any]]) -> None:
        """Delete what is safe with the broker, and count it."""
        if not rows:
            return
        now = self._runtime.clock.now()
        with self._runtime.database(self._spec.name).writing() as connection:
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(delete(self._outbox).where(self._outbox.c.id.in_([row.id for row in rows])))
            counts = Counter(row.type for row in rows)
            statement = upsert(self._published).values(
                [{"type": name, "count": count, "last_at": now} for name, count in sorted(counts.items())]
            )
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[self._published.c.type],
                    set_={
                        "count": self._published.c.count + statement.excluded.count,
                        "last_at": statement.excluded.last_at,
                    },
                )
            )


class CommitWatch:
    """Waits until somebody may have committed to a database.

    PostgreSQL says so (`shared.platform.waking`); on SQLite it looks at the file's version, more often for a while
    after there was something.
    """

    def __init__(self, database: Database) -> None:
        """Raise the database's errors when it cannot be reached."""
        self._sql: sqlite3.Connection | None = None
        self._ear: Ear | None = None
        if not database.is_sqlite:
            self._ear = Ear(database.engine)
        elif path := database.engine.url.database:
            self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._seen = self._version()
        self._last_change = monotonic()

    def note_traffic(self) -> None:
        """Look often for the next while."""
        self._last_change = monotonic()

    def wait(self, stop: threading.Event) -> None:
        """Return when there may be something new, when `stop` is set, or after a second at the latest."""
        if self._ear is not None:
            self._ear.wait(POSTGRESQL_LOOK_ANYWAY_SECONDS)
            return
        started = monotonic()
        while not stop.is_set() and (now := monotonic()) - started < LOOK_ANYWAY_SECONDS:
            version = self._version()
            if version != self._seen:
                self._seen = version
                self.note_traffic()
                return
            busy = now - self._last_change < BUSY_AFTER_TRAFFIC_SECONDS
            stop.wait(WAKE_SECONDS if busy else IDLE_WAKE_SECONDS)

    def close(self) -> None:
        """Stop watching."""
        if self._sql is not None:
            self._sql.close()
        if self._ear is not None:
            self._ear.close()

    def _version(self) -> int:
        return int(self._sql.execute("PRAGMA data_version").fetchone()[0]) if self._sql is not None else 0
