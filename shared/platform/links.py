"""Open connections to the broker: one that publishes, one that listens. Each belongs to the thread that opened it.

Every call has a time limit, and any failure shows as `BrokerUnavailable`; then the link is closed and opened anew.
"""
# mypy: disable-error-code="no-untyped-call"
# kombu is only partly typed.

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

from amqp.exceptions import AMQPError, ChannelError
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.exceptions import KombuError
from kombu.messaging import Consumer

from shared.contracts.envelope import CONTENT_TYPE
from shared.platform.confirms import ConfirmedChannel, Outgoing, Receipt, Unconfirmed

PREFETCH = 200
CLOSE_SECONDS = 2.0


class BrokerUnavailable(Exception):
    """The broker cannot be reached, or stopped answering."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came; `redelivered` if somebody was handed it before and did not finish."""

    body: bytes
    redelivered: bool
    message: Any


class Opened(NamedTuple):
    """A connection and its one channel, on which everything is declared."""

    connection: Connection
    channel: Any


class Link:
    """What a publisher and a listener share: a connection that the watchdog may break."""

    def __init__(self, opened: Opened, *, embedded: bool) -> None:
        self.busy_since: float | None = None
        self._embedded = embedded
        self._connection, self._channel = opened

    def keep_alive(self) -> None:
        """Exchange heartbeats; call it at least every second or two while nothing else happens.

        Raises `BrokerUnavailable` when the broker has been silent for too long.
        """
        if self._embedded:
            return
        with self._talking():
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=0.001)
            self._connection.heartbeat_check()

    def close(self) -> None:
        """Close the link; what was not acknowledged goes back to the queue."""
        close_connection(self._connection)

    def break_off(self) -> None:
        """Close the socket under whoever waits on it."""
        _close_socket(self._connection)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        self.busy_since = monotonic()
        try:
            with broker_errors(self._connection):
                yield
        finally:
            self.busy_since = None


class Publisher(Link):
    """Publishes windows of messages."""

    def __init__(self, opened: Opened, exchange: str, *, confirm_within: float | None) -> None:
        """`confirm_within` (seconds for a window) is None on the embedded queue, whose commit is the confirm."""
        super().__init__(opened, embedded=confirm_within is None)
        self._exchange = exchange
        with closed_on_error(self._connection), self._talking():
            self._confirmed = (
                None if confirm_within is None else ConfirmedChannel(self._channel, timeout=confirm_within)
            )

    def publish(self, messages: Sequence[Outgoing], *, exchange: str | None = None) -> Receipt:
        """Publish messages in their order; those the receipt calls confirmed are safe with the broker.

        Raises `BrokerUnavailable`; then any of them may have arrived, and the link is to be closed.
        """
        target = self._exchange if exchange is None else exchange
        with self._talking():
            if self._confirmed is not None:
                return self._confirmed.publish(target, messages, content_type=CONTENT_TYPE)
            return self._publish_embedded(target, messages)

    def _publish_embedded(self, exchange: str, messages: Sequence[Outgoing]) -> Receipt:
        confirmed, refused = [], {}
        with self._channel.one_transaction():
            for message in messages:
                prepared = self._channel.prepare_message(
                    message.body, content_type=CONTENT_TYPE, properties={"message_id": message.id, "delivery_mode": 2}
                )
                try:
                    self._channel.basic_publish(
                        prepared, exchange=exchange, routing_key=message.routing_key, mandatory=True
                    )
                    confirmed.append(message.id)
                except ChannelError as error:
                    refused[message.id] = f"No queue takes it: {error}"
        return Receipt(frozenset(confirmed), refused)


class Listener(Link):
    """Hears one service's queue."""

    def __init__(self, opened: Opened, queue: Queue, *, embedded: bool) -> None:
        super().__init__(opened, embedded=embedded)
        self._arrived: list[Any] = []
        with closed_on_error(self._connection), self._talking():
            self._consumer = Consumer(
                self._channel, [queue], on_message=self._arrived.append, auto_declare=False, prefetch_count=PREFETCH
            )
            self._consumer.consume()

    def fetch(self, limit: int, timeout: float) -> list[Delivery]:
        """Return up to `limit` messages in their order, waiting up to `timeout` seconds for the first.

        Raises `BrokerUnavailable`.
        """
        with self._talking():
            wait = timeout
            while len(self._arrived) < limit:
                try:
                    self._connection.drain_events(timeout=0.0001 if self._arrived else wait)
                except TimeoutError:
                    break
            if not self._embedded:
                self._connection.heartbeat_check()
        taken, self._arrived[:] = self._arrived[:limit], self._arrived[limit:]
        return [
            Delivery(as_bytes(message.body), bool(message.delivery_info.get("redelivered")), message)
            for message in taken
        ]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these, and all before them, are dealt with; raises `BrokerUnavailable`."""
        if deliveries:
            with self._talking():
                deliveries[-1].message.ack(multiple=True)

    def stop_receiving(self) -> None:
        """Ask for no more; what has arrived can still be fetched and acknowledged."""
        with self._talking():
            self._consumer.cancel()


def as_bytes(body: Any) -> bytes:
    """Return a body as it travelled; py-amqp decodes some into text."""
    return body.encode() if isinstance(body, str) else bytes(body)


@contextmanager
def broker_errors(connection: Connection) -> Iterator[None]:
    """Turn whatever the broker's client raises into `BrokerUnavailable`."""
    try:
        yield
    except TimeoutError as error:
        raise BrokerUnavailable("The broker did not answer in time.") from error
    except (
        AMQPError,
        KombuError,
        Unconfirmed,
        OSError,
        *connection.connection_errors,
        *connection.channel_errors,
    ) as error:
        raise BrokerUnavailable(str(error) or type(error).__name__) from error


@contextmanager
def closed_on_error(connection: Connection) -> Iterator[None]:
    """Close a connection if what is inside fails."""
    try:
        yield
    except BaseException:
        close_connection(connection)
        raise


def close_connection(connection: Connection) -> None:
    """Close politely but not for long: py-amqp waits without end for the answer to its goodbye."""
    sock = _socket(connection)
    if sock is not None:
        with suppress(OSError):
            sock.settimeout(CLOSE_SECONDS)
    with suppress(Exception):
        connection.release()
    _close_socket(connection)


def _close_socket(connection: Connection) -> None:
    sock = _socket(connection)
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            sock.close()


def _socket(connection: Connection) -> socket.socket | None:
    transport = getattr(connection._connection, "transport", None)
    sock = getattr(transport, "sock", None)
    return sock if isinstance(sock, socket.socket) else None
