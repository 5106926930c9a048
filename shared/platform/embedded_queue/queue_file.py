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

import itertools
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from time import monotonic
from typing import Any

from shared.platform.embedded_queue.topology import TopologyFile

LEASE_SECONDS = 30.0

# A restarted container gives its process the old number again; the mark tells the two apart.
_MARKS: dict[int, str] = {}

# What this process has open. What one that was closed could not give back (the disk was full, say) is abandoned.
_OPEN: set[str] = set()
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to put in; `properties` is JSON."""

    routing_key: str
    properties: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Leased:
    """A message handed to a consumer; `properties` is JSON, and `deliveries` counts this delivery too."""

    id: int
    queue: str
    exchange: str
    routing_key: str
    properties: str
    body: bytes
    deliveries: int
    lease: str


class QueueFile(TopologyFile):
    """One connection to the file. Use it from one thread at a time."""

    def __init__(self, path: str | Path, *, lease_seconds: float = LEASE_SECONDS) -> None:
        """Open the file, making it (readable by its owner alone) if need be; raises `sqlite3.Error`."""
        super().__init__(path)
        self.lease_seconds = lease_seconds
        self.holder = f"{_this_process()}.{next(_NUMBERS)}"
        _OPEN.add(self.holder)

    def close(self) -> None:
        """Close the connection; what it still holds counts as abandoned."""
        _OPEN.discard(self.holder)
        super().close()

    def put(self, exchange: str, messages: Sequence[Sent]) -> list[int]:
        """Add messages at the ends of the queues they reach, all of them durable together when this returns.

        Returns the places in the sequence of those that no queue takes; raises `NoSuchExchange`.
        """
        reached: dict[str, list[str]] = {}
        nowhere, rows = [], []
        with self.writing():
            for place, message in enumerate(messages):
                key = message.routing_key
                if key not in reached:
                    reached[key] = self.queues_for(exchange, key)
                if not reached[key]:
                    nowhere.append(place)
                rows += [(queue, exchange, key, message.properties, message.body) for queue in reached[key]]
            self._sql.executemany(
                "INSERT INTO message (queue, exchange, routing_key, properties, body) VALUES (?, ?, ?, ?, ?)", rows
            )
        return nowhere

    def lease(
        self, queues: Sequence[str], limit: int, *, keep: bool = True, done: Sequence[Leased] = ()
    ) -> list[Leased]:
        """Take up to `limit` ready messages of the queues, oldest first, for `lease_seconds`.

        With `keep` false they are deleted at once, which is what a consumer that does not acknowledge asks for. Those
        that are `done` are deleted in the same transaction. A message that has been delivered more often than its
        queue's `x-delivery-limit` goes to the dead letters.
        """
        if not done and not self._ready(queues, 1):
            return []
        taken: list[Leased] = []
        with self.writing():
            self.delete(done)
            token = os.urandom(8).hex()
            limits = {name: self._arguments(name) for name in queues}
            for row in self._ready(queues, limit):
                message = Leased(row[0], row[1], row[2], row[3], row[4], row[5], row[6] + 1, token)
                arguments = limits[message.queue]
                worn_out = row[6] > arguments.get("x-delivery-limit", row[6])
                if not (worn_out and self._bury(message, arguments, "delivery_limit")):
                    taken.append(message)
            until = monotonic() + self.lease_seconds
            self._sql.execute(
                "UPDATE message SET lease = ?, holder = ?, leased_until = ?, deliveries = deliveries + 1"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (token, self.holder, until, json.dumps([message.id for message in taken])),
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
        """End the leases whose holder on this machine is gone; returns how many. A lease ends by itself anyway."""
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
        properties = json.loads(message.properties)
        properties["headers"] = {**(properties.get("headers") or {}), "x-death": [death]}
        if queues:
            self.put(exchange, [Sent(routing_key, json.dumps(properties), message.body)])
            self._sql.execute("DELETE FROM message WHERE id = ?", (message.id,))
        return bool(queues)


def _this_process() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_MARKS.setdefault(pid, os.urandom(4).hex())}"


def _is_gone(holder: str) -> bool:
    host, pid, _mark = holder.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    if holder.startswith(f"{_this_process()}."):
        return holder not in _OPEN
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
