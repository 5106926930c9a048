"""The kombu transport over `QueueFile`: what `Connection(transport="shared.platform.embedded_queue:Transport")` opens.

It follows RabbitMQ where a consumer can tell the difference: `mandatory` returns what no queue would take, an unknown
exchange is an error, a requeued message keeps its place, redelivery is flagged and counted in `x-delivery-count`.
"""
# mypy: disable-error-code="assignment,no-untyped-call,override,union-attr"
# kombu's own signatures are partly typed, and every transport narrows them.

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty
from time import monotonic, sleep
from typing import Any

from amqp.exceptions import ChannelError, NotFound, PreconditionFailed
from amqp.protocol import queue_declare_ok_t
from kombu.transport import base, virtual

from shared.kernel.ids import new_id
from shared.platform.embedded_queue.queue_file import LEASE_SECONDS, Leased, NoSuchExchange, QueueFile

BATCH = 100
WAKE_SECONDS = 0.002
IDLE_WAKE_SECONDS = 0.01
BUSY_AFTER_TRAFFIC_SECONDS = 2.0
LOOK_ANYWAY_SECONDS = 1.0

_TRAVELS = ("content-type", "content-encoding", "headers")


class Qos:
    """What a channel was handed and has not acknowledged yet; the leases in the file are the truth."""

    def __init__(self, channel: EmbeddedChannel, prefetch_count: int = 0) -> None:
        self.channel = channel
        self.prefetch_count = prefetch_count
        self._held: OrderedDict[int, Leased] = OrderedDict()

    def can_consume(self) -> bool:
        """Say whether the prefetch count leaves room for another message."""
        return not self.prefetch_count or len(self._held) < self.prefetch_count

    def can_consume_max_estimate(self) -> int | None:
        """Return how many more messages there is room for, or None without a limit."""
        return max(self.prefetch_count - len(self._held), 0) if self.prefetch_count else None

    def append(self, message: Any, delivery_tag: int) -> None:
        """Accept what kombu says it delivered; the lease was noted when it was taken."""

    def note(self, delivery_tag: int, leased: Leased) -> None:
        """Remember what a delivery tag stands for."""
        self._held[delivery_tag] = leased

    def ack(self, delivery_tag: int, *, multiple: bool = False) -> None:
        """Delete one message, or all up to and including it."""
        tags = [tag for tag in self._held if tag <= delivery_tag] if multiple else [delivery_tag]
        self.channel.file.delete([self._held[tag] for tag in tags])
        for tag in tags:
            del self._held[tag]

    def reject(self, delivery_tag: int, requeue: bool = False) -> None:
        """Put a message back at its old place, or send it to the dead letters."""
        leased = self._held.pop(delivery_tag)
        if requeue:
            self.channel.file.release([leased])
        else:
            self.channel.file.reject(leased)

    def restore_unacked(self) -> list[Any]:
        """Put back everything held; returns an empty list, the errors kombu looks for."""
        self.channel.file.release(list(self._held.values()))
        self._held.clear()
        return []

    def restore_unacked_once(self, stderr: object = None) -> None:
        """Put back everything held, when the channel closes."""
        self.restore_unacked()


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

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Make everything published inside durable together; when it ends, all of it is."""
        with self.file.writing():
            yield

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
        with self.file.writing():
            try:
                queues = self.file.queues_for(exchange, routing_key)
            except NoSuchExchange as error:
                raise _not_found("exchange", exchange) from error
            if mandatory and not queues:
                raise ChannelError("NO_ROUTE", (60, 40), "Channel.basic_publish", 312)
            for queue in queues:
                self.file.put(queue, exchange, routing_key, properties, body)

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
        self._next_tag += 1
        if keep:
            self.qos.note(self._next_tag, leased)
        properties = dict(leased.properties)
        travels = {key: properties.pop(key, None) for key in _TRAVELS}
        headers = dict(travels.pop("headers") or {})
        if leased.deliveries > 1:
            headers["x-delivery-count"] = leased.deliveries - 1
        properties["delivery_tag"] = self._next_tag
        properties["delivery_info"] = {
            "exchange": leased.exchange,
            "routing_key": leased.routing_key,
            "redelivered": leased.deliveries > 1,
        }
        return {**travels, "headers": headers, "body": leased.body, "properties": properties}

    def _free_abandoned(self) -> None:
        if monotonic() - self._looked_at >= LOOK_ANYWAY_SECONDS:
            self._looked_at = monotonic()
            self.file.release_of_the_dead()

    def close(self) -> None:
        """Put back what was not acknowledged, and close the file."""
        if self.closed:
            return
        super().close()
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
            busy = now - self._last_traffic < BUSY_AFTER_TRAFFIC_SECONDS
            sleep(WAKE_SECONDS if busy else IDLE_WAKE_SECONDS)
            if any(channel.file.data_version() != version for channel, version in seen):
                return


def _not_found(kind: str, name: str) -> NotFound:
    return NotFound(f"NOT_FOUND - no {kind} {name!r}", (50, 10))
