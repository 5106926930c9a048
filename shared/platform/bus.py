"""The way from one service's outbox to the other services' inboxes: an embedded queue, or RabbitMQ.

One topic exchange, and for each service one durable queue that hears what the other services say. Which broker carries
it is one address: `embedded:////path/of/queue.sqlite` or `amqp://user:password@host:5672//`.

Every process that opens the bus declares the whole of it, so that no fact is sent before there is a queue to take it.
"""
# mypy: disable-error-code="no-untyped-call"
# kombu is only partly typed.

from __future__ import annotations

import socket
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from shared.platform.confirms import CONFIRM_SECONDS, Outgoing
from shared.platform.embedded_links import EmbeddedListener, EmbeddedPublisher
from shared.platform.links import (
    BrokerUnavailable,
    Link,
    Listener,
    Opened,
    Publisher,
    as_bytes,
    broker_errors,
    close_connection,
    closed_on_error,
)
from shared.platform.rabbitmq_links import RabbitListener, RabbitPublisher
from shared.platform.settings import SERVICES

__all__ = ["BrokerUnavailable", "Bus"]

LinkType = TypeVar("LinkType", bound=Link)

EXCHANGE = "pep-suite"
CONNECT_SECONDS = 5.0
SOCKET_SECONDS = 10.0
HEARTBEAT_SECONDS = 5
DELIVERY_LIMIT = 50
QUEUE_LENGTH_LIMIT = 1_000_000

_EMBEDDED_TRANSPORT = "shared.platform.embedded_queue:Transport"


_TCP_OPTIONS = {
    getattr(socket, name): value
    for name, value in {"TCP_USER_TIMEOUT": int(SOCKET_SECONDS * 1000)}.items()
    if hasattr(socket, name)
}


class Bus:
    """Where facts travel. Opens publishers and listeners; each belongs to the thread that opened it.

    `namespace` starts every name on the broker, so that tests can share one. With `declares` off everything must be
    there already: for logins that may make nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        services: Sequence[str] = SERVICES,
        namespace: str = "",
        lease_seconds: float = 30.0,
        confirm_seconds: float = CONFIRM_SECONDS,
        declares: bool = True,
    ) -> None:
        """Raise `ValueError` for an address that is neither `embedded://` nor `amqp://` (or `amqps://`)."""
        scheme, _, rest = url.partition("://")
        if scheme not in ("embedded", "amqp", "amqps"):
            raise ValueError("The broker's address must start with embedded:// or amqp://.")
        self.is_embedded = scheme == "embedded"
        self.services = tuple(services)
        self._url = url
        self._path = rest
        self._lease_seconds = lease_seconds
        self._confirm_seconds = confirm_seconds
        self._declares = declares
        self._links: weakref.WeakSet[Link] = weakref.WeakSet()
        self.exchange = Exchange(f"{namespace}{EXCHANGE}", type="topic", durable=True)
        self._graveyard = Exchange(f"{namespace}{EXCHANGE}.dead", type="direct", durable=True)
        self._queues = {service: self._queue(f"{namespace}{service}.facts") for service in self.services}
        self._dead = {
            service: Queue(
                f"{namespace}{service}.facts.dead",
                exchange=self._graveyard,
                routing_key=f"{namespace}{service}.facts",
                durable=True,
                queue_arguments=None if self.is_embedded else {"x-queue-type": "quorum"},
            )
            for service in self.services
        }

    def open_publisher(self) -> Publisher:
        """Open a link to publish on; raises `BrokerUnavailable`."""
        name = self.exchange.name
        if self.is_embedded:
            return self._noted(EmbeddedPublisher(self._connect(), name))
        return self._noted(RabbitPublisher(self._connect(), name, confirm_within=self._confirm_seconds))

    def open_listener(self, service: str) -> Listener:
        """Open a link to a service's queue; raises `BrokerUnavailable`."""
        queue = self._queues[service]
        if self.is_embedded:
            return self._noted(EmbeddedListener(self._connect(), queue))
        return self._noted(RabbitListener(self._connect(), queue))

    def declare(self, channel: Any) -> None:
        """Make the exchanges, queues and bindings, whoever comes first."""
        self._graveyard(channel).declare()
        self.exchange(channel).declare()
        for service, queue in self._queues.items():
            self._dead[service](channel).declare()
            queue(channel).declare()
            for other in self.services:
                if other != service:
                    queue(channel).bind_to(self.exchange, routing_key=f"{other}.#")

    def depths(self) -> dict[str, tuple[int, int]]:
        """Return, for each service, how many messages wait in its queue and in its dead letters."""
        with self._channel() as channel:
            return {service: (_depth(channel, self._queues[service]), _depth(channel, self._dead[service]))
                    for service in self.services}  # fmt: skip

    def revive_dead_letters(self, service: str) -> int:
        """Put a service's dead letters back into its queue; returns how many."""
        revived = 0
        with self._channel() as channel:
            publisher = self.open_publisher()
            try:
                while (message := channel.basic_get(self._dead[service].name)) is not None:
                    outgoing = Outgoing(f"revived-{revived}", self._queues[service].name, as_bytes(message.body))
                    if publisher.publish([outgoing], exchange="").refused:
                        break
                    channel.basic_ack(message.delivery_tag)
                    revived += 1
            finally:
                publisher.close()
        return revived

    def remove(self) -> None:
        """Delete everything this bus declared, with what it holds; for tests."""
        with self._channel() as channel:
            for queue in (*self._queues.values(), *self._dead.values()):
                channel.queue_delete(queue.name)
            for exchange in (self.exchange, self._graveyard):
                channel.exchange_delete(exchange.name)

    def break_off_stuck(self, after_seconds: float) -> int:
        """Break off every link that has waited for the broker longer than it ever should; returns how many."""
        stuck = [
            link for link in list(self._links) if link.busy_since and monotonic() - link.busy_since > after_seconds
        ]
        for link in stuck:
            link.break_off()
        return len(stuck)

    def _noted(self, link: LinkType) -> LinkType:
        self._links.add(link)
        return link

    def _queue(self, name: str) -> Queue:
        arguments: dict[str, Any] = {
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": self._graveyard.name,
            "x-dead-letter-routing-key": name,
        }
        if not self.is_embedded:
            arguments |= {
                "x-queue-type": "quorum",
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
                "x-max-length": QUEUE_LENGTH_LIMIT,
            }
        return Queue(name, durable=True, queue_arguments=arguments)

    def _connect(self) -> Opened:
        if self.is_embedded:
            options = {"path": self._path, "lease_seconds": self._lease_seconds}
            connection = Connection(transport=_EMBEDDED_TRANSPORT, transport_options=options)
        else:
            options = {
                "read_timeout": SOCKET_SECONDS,
                "write_timeout": SOCKET_SECONDS,
                "socket_settings": _TCP_OPTIONS,
            }
            connection = Connection(
                self._url,
                connect_timeout=CONNECT_SECONDS,
                # Without a name py-amqp takes any certificate that somebody trusted has signed, whoever it is for.
                ssl={"server_hostname": urlsplit(self._url).hostname} if self._url.startswith("amqps:") else False,
                heartbeat=HEARTBEAT_SECONDS,
                transport_options=options,
            )
        with closed_on_error(connection), broker_errors(connection):
            connection.connect()
            # Never `default_channel`: it connects again by itself, and without end.
            channel = connection.channel()
            if self._declares:
                self.declare(channel)
        return Opened(connection, channel)

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        connection, channel = self._connect()
        try:
            with broker_errors(connection):
                yield channel
        finally:
            close_connection(connection)


def _depth(channel: Any, queue: Queue) -> int:
    return int(channel.queue_declare(queue=queue.name, passive=True).message_count)
