"""Open connections to the broker: one that publishes, one that listens. Each belongs to the thread that opened it.

Every call has a time limit, and any failure shows as `BrokerUnavailable`; then the link is closed and opened anew.
"""
# mypy: disable-error-code="no-untyped-call"
# kombu is only partly typed.

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError

from shared.platform.confirms import Outgoing, Receipt, Unconfirmed

CLOSE_SECONDS = 2.0


class BrokerUnavailable(Exception):
    """The broker cannot be reached, or stopped answering."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came; `redelivered` if somebody was handed it before and did not finish."""

    body: bytes
    redelivered: bool
    tag: int


class Opened(NamedTuple):
    """A connection and its one channel, on which everything is declared."""

    connection: Connection
    channel: Any


class Link:
    """What a publisher and a listener share: a connection that the watchdog may break."""

    def __init__(self, opened: Opened) -> None:
        self.busy_since: float | None = None
        self._connection, self._channel = opened

    def keep_alive(self) -> None:
        """Exchange heartbeats; call it at least every second or two while nothing else happens.

        Raises `BrokerUnavailable` when the broker has been silent for too long.
        """

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


class Publisher(Link, ABC):
    """Publishes windows of messages."""

    @abstractmethod
    def publish(self, messages: Sequence[Outgoing], *, exchange: str | None = None) -> Receipt:
        """Publish messages in their order; those the receipt calls confirmed are safe with the broker.

        Raises `BrokerUnavailable`; then any of them may have arrived, and the link is to be closed.
        """


class Listener(Link, ABC):
    """Hears one service's queue."""

    @abstractmethod
    def fetch(self, limit: int, timeout: float, *, done: Sequence[Delivery] = ()) -> list[Delivery]:
        """Return up to `limit` messages in their order, waiting up to `timeout` seconds for the first.

        First the broker is told that those in `done`, and all before them, are dealt with. Raises `BrokerUnavailable`.
        """

    @abstractmethod
    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these, and all before them, are dealt with; raises `BrokerUnavailable`."""

    @abstractmethod
    def stop_receiving(self) -> None:
        """Ask for no more; what has arrived can still be fetched and acknowledged."""


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
