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
from contextlib import suppress
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.claims import HELD_SECONDS, Claims
from shared.platform.confirms import Outgoing, Receipt
from shared.platform.crashpoints import crashpoint
from shared.platform.db import Database
from shared.platform.given import as_given, given
from shared.platform.links import Publisher
from shared.platform.metrics import PUBLISHED, count_by_type
from shared.platform.round_trips import Saying, say
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.waking import Ear

WAKE_SECONDS = 0.002
IDLE_WAKE_SECONDS = 0.01
POSTGRESQL_LOOK_ANYWAY_SECONDS = 0.25
LOOK_ANYWAY_SECONDS = 1.0
BUSY_AFTER_TRAFFIC_SECONDS = 2.0
REFUSED_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Relay:
    """Sends one service's facts. On PostgreSQL any number may run (`shared.platform.claims`), on SQLite one."""

    def __init__(self, spec: ServiceSpec, runtime: Runtime, bus: Bus) -> None:
        self._spec = spec
        self._runtime = runtime
        self._bus = bus
        self._database = runtime.database(spec.name)
        outbox, dialect = spec.metadata.tables["outbox"], self._database.engine.dialect.name
        self._claims = Claims(outbox)
        self._deletion = _deletion(outbox, dialect)
        self._counting = _counting(spec.metadata.tables["published"], dialect)
        self._connection: Connection | None = None
        self._publisher: Publisher | None = None

    def send_pending(self) -> int:
        """Send everything that is committed, a window at a time; returns how many facts the broker took.

        Raises `BrokerUnavailable`; what was not confirmed stays in the outbox.
        """
        sent = 0
        more = True
        while more:
            taken, more = self._send_claimed() if self._shares else self._send_next()
            sent += taken
        return sent

    def keep_alive(self) -> None:
        """Exchange heartbeats with the broker; raises `BrokerUnavailable`."""
        if self._publisher is not None:
            self._publisher.keep_alive()

    def close(self) -> None:
        """Close the link to the broker and give up what is claimed; the next sending opens a new one."""
        if self._connection is not None:
            with suppress(DBAPIError):
                # Thrown away, not pooled: its session is set up for a relay.
                self._connection.invalidate()
            self._connection.close()
            self._connection = None
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    @property
    def _shares(self) -> bool:
        return not self._database.is_sqlite

    def _send_claimed(self) -> tuple[int, bool]:
        """Send a window within the transaction that claims it; return how many facts, and whether to look for more."""
        connection = self._own_connection()
        with connection.begin():
            rows = self._claims.next_window(connection)
            if not rows:
                return 0, False
            receipt = self._publish(rows)
            self._forget(connection, rows, receipt)
        return self._account_for(rows, receipt), not self._claims.is_the_rest(rows)

    def _send_next(self) -> tuple[int, bool]:
        """Send a window that nobody else sends; the database is free for writers meanwhile."""
        with self._database.reading() as connection:
            rows = self._claims.next_window(connection)
        if not rows:
            return 0, False
        receipt = self._publish(rows)
        with self._database.writing() as connection:
            self._forget(connection, rows, receipt)
        return self._account_for(rows, receipt), not self._claims.is_the_rest(rows)

    def _own_connection(self) -> Connection:
        """Return the connection that claims; it need not wait for the disk, since what it deletes may come again."""
        if self._connection is None:
            self._connection = self._database.engine.connect()
            with self._connection.begin():
                self._connection.exec_driver_sql("SET synchronous_commit = off")
                self._connection.exec_driver_sql(f"SET idle_in_transaction_session_timeout = '{HELD_SECONDS}s'")
        return self._connection

    def _publish(self, rows: Sequence[Row[Any]]) -> Receipt:
        if self._publisher is None:
            self._publisher = self._bus.open_publisher()
        crashpoint("before_publish")
        receipt = self._publisher.publish([Outgoing(row.event_id, row.type, row.payload) for row in rows])
        crashpoint("after_publish")
        return receipt

    def _forget(self, connection: Connection, rows: Sequence[Row[Any]], receipt: Receipt) -> None:
        """Delete what is safe with the broker, and count it: two statements, with the commit in one round trip."""
        taken = [row for row in rows if row.event_id in receipt.confirmed]
        if not taken:
            return
        counts = Counter(row.type for row in taken)
        say(
            connection,
            self._deletion.of(**as_given([{"id": row.id} for row in taken])),
            self._counting.of(
                now=self._runtime.clock.now(),
                **as_given([{"type": name, "count": count} for name, count in sorted(counts.items())]),
            ),
            commit=True,
        )

    def _account_for(self, rows: Sequence[Row[Any]], receipt: Receipt) -> int:
        """Count what was sent; raises `BrokerUnavailable` when something was refused."""
        count_by_type(PUBLISHED, self._spec.name, (row.type for row in rows if row.event_id in receipt.confirmed))
        if receipt.refused:
            log.error("%s: %s facts were refused", self._spec.name, len(receipt.refused))
            raise BrokerUnavailable("The broker refused a fact; it stays in the outbox.")
        return len(receipt.confirmed)


def _deletion(outbox: Table, dialect: str) -> Saying:
    safe = given(dialect, outbox.c.id)
    return Saying(delete(outbox).where(outbox.c.id.in_(select(safe.c.id))))


def _counting(published: Table, dialect: str) -> Saying:
    counted = given(dialect, published.c.type, published.c.count)
    now = bindparam("now", type_=published.c.last_at.type)
    upsert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # SQLite needs the condition to tell ON CONFLICT from a join.
    rows = select(counted.c.type, counted.c.count, now).where(true())
    statement = upsert(published).from_select(["type", "count", "last_at"], rows)
    return Saying(
        statement.on_conflict_do_update(
            index_elements=[published.c.type],
            set_={"count": published.c.count + statement.excluded.count, "last_at": statement.excluded.last_at},
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
