"""The kombu transport over `QueueFile`: what `Connection(transport="shared.platform.embedded_queue:Transport")` opens.

It follows RabbitMQ where a consumer can tell the difference: `mandatory` returns what no queue would take, an unknown
exchange is an error, a requeued message keeps its place, redelivery is flagged and counted in `x-delivery-count`.
"""
# mypy: disable-error-code="assignment,no-untyped-call,override,union-attr"
# kombu's own signatures are partly typed, and every transport narrows them.

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty
from time import monotonic, sleep
from typing import Any

from amqp.exceptions import ChannelError, NotFound, PreconditionFailed
from amqp.protocol import queue_declare_ok_t
from kombu.transport import base, virtual

from shared.kernel.ids import new_id
from shared.platform.embedded_queue.qos import Qos
from shared.platform.embedded_queue.queue_file import LEASE_SECONDS, Leased, QueueFile, Sent
from shared.platform.embedded_queue.topology import NoSuchExchange

BATCH = 100
WAKE_SECONDS = 0.002
IDLE_WAKE_SECONDS = 0.01
BUSY_AFTER_TRAFFIC_SECONDS = 2.0
LOOK_ANYWAY_SECONDS = 1.0

_TRAVELS = ("content-type", "content-encoding", "headers")


class EmbeddedChannel(virtual.Channel):
    """A channel; it has the file open for as long as it lives."""

    QoS = Qos
    body_encoding = None
    from_transport_options = ()

    def __init__(self, connection: Transport, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.file: QueueFile = connection.open_file()
        self._next_tag = 0
        self._without_ack: set[str] = set()
        self._looked_at = 0.0
        self._last_traffic = 0.0

    # Topology

    def exchange_declare(
        self,
        exchange: str,
        type: str = "direct",  # noqa: A002
        passive: bool = False,
        **_options: Any,
    ) -> None:
        """Make an exchange; raises `NotFound` when passive and absent, `PreconditionFailed` on another type."""
        try:
            if passive:
                self.file.exchange_type(exchange)
            else:
                self.file.declare_exchange(exchange, type)
        except NoSuchExchange as error:
            raise _not_found("exchange", exchange) from error
        except ValueError as error:
            raise PreconditionFailed(str(error), (40, 10)) from error

    def exchange_delete(self, exchange: str, if_unused: bool = False, nowait: bool = False) -> None:
        """Delete an exchange and its bindings."""
        self.file.delete_exchange(exchange)

    def queue_declare(
        self, queue: str = "", passive: bool = False, arguments: Mapping[str, Any] | None = None, **_options: Any
    ) -> queue_declare_ok_t:
        """Make a queue, or give one that exists these arguments; raises `NotFound` when passive and absent."""
        name = queue or f"amq.gen-{new_id()}"
        if not passive:
            self.file.declare_queue(name, arguments or {})
        elif not self.file.has_queue(name):
            raise _not_found("queue", name)
        return queue_declare_ok_t(name, self.file.size(name), 0)

    def queue_bind(
        self, queue: str, exchange: str = "", routing_key: str = "", arguments: object = None, **_options: Any
    ) -> None:
        """Bind a queue; raises `NotFound` if it or the exchange is absent."""
        if not self.file.has_queue(queue):
            raise _not_found("queue", queue)
        try:
            self.file.bind(exchange, queue, routing_key)
        except NoSuchExchange as error:
            raise _not_found("exchange", exchange) from error

    def queue_unbind(
        self, queue: str, exchange: str = "", routing_key: str = "", arguments: object = None, **_options: Any
    ) -> None:
        """Undo `queue_bind`."""
        self.file.unbind(exchange, queue, routing_key)

    def queue_delete(self, queue: str, if_unused: bool = False, if_empty: bool = False, **_options: Any) -> None:
        """Delete a queue with what it holds."""
        if not (if_empty and self.file.size(queue)):
            self.file.delete_queue(queue)

    def list_bindings(self) -> Iterator[tuple[str, str, str]]:
        """Yield (queue, exchange, routing key)."""
        yield from self.file.bindings()

    def _purge(self, queue: str) -> int:
        return self.file.purge(queue)

    # Publishing

    def basic_publish(
        self,
        message: dict[str, Any],
        exchange: str = "",
        routing_key: str = "",
        mandatory: bool = False,
        **_options: Any,
    ) -> None:
        """Put a message in every queue it reaches; durable when this returns.

        Raises `NotFound` for an unknown exchange and, if `mandatory`, `ChannelError` 312 when no queue takes it.
        """
        properties = {**message["properties"], **{key: message.get(key) for key in _TRAVELS}}
        for name in ("delivery_info", "delivery_tag", "body_encoding"):
            properties.pop(name, None)
        body = message["body"].encode() if isinstance(message["body"], str) else bytes(message["body"] or b"")
        if self.put(exchange, [Sent(routing_key, json.dumps(properties), body)]) and mandatory:
            raise ChannelError("NO_ROUTE", (60, 40), "Channel.basic_publish", 312)

    def put(self, exchange: str, messages: Sequence[Sent]) -> list[int]:
        """Put many messages in the queues they reach, durable together when this returns.

        Returns the places in the sequence of those that no queue takes; raises `NotFound` for an unknown exchange.
        """
        try:
            return self.file.put(exchange, messages)
        except NoSuchExchange as error:
            raise _not_found("exchange", exchange) from error

    # Consuming

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[[Any], Any], consumer_tag: str, **options: Any
    ) -> None:
        """Start to consume; raises `NotFound` for an unknown queue."""
        if not self.file.has_queue(queue):
            raise _not_found("queue", queue)
        if no_ack:
            self._without_ack.add(queue)
        super().basic_consume(queue, no_ack, callback, consumer_tag, **options)

    def basic_get(self, queue: str, no_ack: bool = False, **_options: Any) -> Any:
        """Return one message, or None."""
        self._free_abandoned()
        leased = self.file.lease([queue], 1, keep=not no_ack)
        return self.Message(self._delivery(leased[0], keep=not no_ack), channel=self) if leased else None

    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None:
        """Delete a message that was dealt with, or with `multiple` every one up to it."""
        self.qos.ack(delivery_tag, multiple=multiple)

    def take(self, queue: str, limit: int, timeout: float, *, done: int | None = None) -> list[tuple[int, Leased]]:
        """Take up to `limit` messages of a queue without kombu's wrapping, each with its delivery tag.

        Those up to the tag `done` are deleted in the same transaction. Waits up to `timeout` seconds for the first;
        returns an empty list if there is none.
        """
        self._free_abandoned()
        deadline = monotonic() + timeout
        tags = [] if done is None else self.qos.up_to(done)
        while True:
            seen = self.file.data_version()
            taken = self.file.lease([queue], limit, done=self.qos.held(tags))
            self.qos.forget(tags)
            if taken:
                self._last_traffic = monotonic()
                return [(self._tag(leased), leased) for leased in taken]
            tags = []
            if not self._wait_for_change(seen, deadline):
                return []
            self._free_abandoned()

    def _wait_for_change(self, seen: int, deadline: float) -> bool:
        """Return when somebody has written, or after a second in case a lease ended; false when time is up."""
        look_again = monotonic() + LOOK_ANYWAY_SECONDS
        while (now := monotonic()) < look_again and self.file.data_version() == seen:
            if now >= deadline:
                return False
            sleep(_pause_after(self._last_traffic, now))
        return True

    def _get_many(self, queues: Sequence[str], timeout: float | None = None) -> None:
        self._free_abandoned()
        room = self.qos.can_consume_max_estimate()
        count = 0
        for kept in (True, False):
            names = [name for name in queues if (name in self._without_ack) is not kept]
            if not names:
                continue
            for leased in self.file.lease(names, min(BATCH, BATCH if room is None else room), keep=kept):
                count += 1
                self.connection._deliver(self._delivery(leased, keep=kept), leased.queue)
        if not count:
            raise Empty

    def _delivery(self, leased: Leased, *, keep: bool) -> dict[str, Any]:
        tag = self._tag(leased, keep=keep)
        properties = json.loads(leased.properties)
        travels = {key: properties.pop(key, None) for key in _TRAVELS}
        headers = dict(travels.pop("headers") or {})
        if leased.deliveries > 1:
            headers["x-delivery-count"] = leased.deliveries - 1
        properties["delivery_tag"] = tag
        properties["delivery_info"] = {
            "exchange": leased.exchange,
            "routing_key": leased.routing_key,
            "redelivered": leased.deliveries > 1,
        }
        return {**travels, "headers": headers, "body": leased.body, "properties": properties}

    def _tag(self, leased: Leased, *, keep: bool = True) -> int:
        self._next_tag += 1
        if keep:
            self.qos.note(self._next_tag, leased)
        return self._next_tag

    def _free_abandoned(self) -> None:
        if monotonic() - self._looked_at >= LOOK_ANYWAY_SECONDS:
            self._looked_at = monotonic()
            self.file.release_of_the_dead()

    def close(self) -> None:
        """Put back what was not acknowledged, and close the file."""
        if self.closed:
            return
        try:
            super().close()
        finally:
            self.file.close()


class Transport(virtual.Transport):
    """The transport. `transport_options`: `path` (of the file, required) and `lease_seconds`."""

    Channel = EmbeddedChannel
    driver_type = "sqlite"
    driver_name = "embedded"
    can_parse_url = False
    connection_errors = (*base.Transport.connection_errors, sqlite3.Error)
    implements = base.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset(["direct", "topic", "fanout"]), heartbeats=False
    )

    def open_file(self) -> QueueFile:
        """Open the queue's file once more; raises `ValueError` if no path was given."""
        options = self.client.transport_options
        if not options.get("path"):
            raise ValueError("The embedded queue needs the path of its file.")
        return QueueFile(options["path"], lease_seconds=float(options.get("lease_seconds", LEASE_SECONDS)))

    def driver_version(self) -> str:
        """Return the version of SQLite."""
        return sqlite3.sqlite_version

    def drain_events(self, connection: object, timeout: float | None = None) -> None:
        """Deliver what is ready; wait for it up to `timeout` seconds, then raise `TimeoutError`."""
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            seen = [(channel, channel.file.data_version()) for channel in self.channels]
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                self._wait_for_change(seen, deadline)
            else:
                self._last_traffic = monotonic()
                return

    _last_traffic = 0.0

    def _wait_for_change(self, seen: Sequence[tuple[EmbeddedChannel, int]], deadline: float | None) -> None:
        look_again = monotonic() + LOOK_ANYWAY_SECONDS
        while (now := monotonic()) < look_again:
            if deadline is not None and now >= deadline:
                raise TimeoutError("Nothing arrived in time.")
            sleep(_pause_after(self._last_traffic, now))
            if any(channel.file.data_version() != version for channel, version in seen):
                return


def _pause_after(last_traffic: float, now: float) -> float:
    """Return for how long to sleep before the next look: shortly for a while after there was something."""
    return WAKE_SECONDS if now - last_traffic < BUSY_AFTER_TRAFFIC_SECONDS else IDLE_WAKE_SECONDS


def _not_found(kind: str, name: str) -> NotFound:
    return NotFound(f"NOT_FOUND - no {kind} {name!r}", (50, 10))
