"""Links to RabbitMQ: windows with counted confirms go out, bursts come in, heartbeats go both ways."""
# mypy: disable-error-code="no-untyped-call"
# kombu is only partly typed.

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kombu.entity import Queue
from kombu.messaging import Consumer

from shared.contracts.envelope import CONTENT_TYPE
from shared.platform.confirms import ConfirmedChannel, Outgoing, Receipt
from shared.platform.links import Delivery, Link, Listener, Opened, Publisher, closed_on_error
from shared.platform.wire import Wire

PREFETCH = 500


class RabbitLink(Link):
    """What both kinds share: heartbeats."""

    def keep_alive(self) -> None:
        """Exchange heartbeats; raises `BrokerUnavailable` when the broker has been silent for too long."""
        with self._talking():
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=0)
            self._connection.heartbeat_check()


class RabbitPublisher(RabbitLink, Publisher):
    """Publishes to RabbitMQ; `confirm_within` is in seconds, for a window."""

    def __init__(self, opened: Opened, exchange: str, *, confirm_within: float) -> None:
        super().__init__(opened)
        self._exchange = exchange
        with closed_on_error(self._connection), self._talking():
            self._confirmed = ConfirmedChannel(self._channel, CONTENT_TYPE, timeout=confirm_within)

    def publish(self, messages: Sequence[Outgoing], *, exchange: str | None = None) -> Receipt:
        """See `Publisher.publish`."""
        with self._talking():
            return self._confirmed.publish(self._exchange if exchange is None else exchange, messages)


class RabbitListener(RabbitLink, Listener):
    """Hears a queue of RabbitMQ, which sends up to `PREFETCH` messages ahead."""

    def __init__(self, opened: Opened, queue: Queue) -> None:
        super().__init__(opened)
        self._arrived: list[Delivery] = []
        with closed_on_error(self._connection), self._talking():
            self._wire = Wire(self._channel, on_delivery=self._on_delivery)
            self._consumer = Consumer(
                self._channel, [queue], on_message=_never, auto_declare=False, prefetch_count=PREFETCH
            )
            self._consumer.consume()

    def fetch(self, limit: int, timeout: float, *, done: Sequence[Delivery] = ()) -> list[Delivery]:
        """See `Listener.fetch`."""
        self.acknowledge(done)
        with self._talking():
            wait = 0.0 if self._arrived else timeout
            while len(self._arrived) < limit:
                try:
                    self._wire.receive(wait)
                except TimeoutError:
                    break
                if self._arrived:
                    wait = 0.0
            self._connection.heartbeat_check()
        taken, self._arrived[:] = self._arrived[:limit], self._arrived[limit:]
        return taken

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See `Listener.acknowledge`."""
        if deliveries:
            with self._talking():
                self._channel.basic_ack(deliveries[-1].tag, multiple=True)

    def stop_receiving(self) -> None:
        """See `Listener.stop_receiving`."""
        with self._talking():
            self._consumer.cancel()

    def _on_delivery(self, tag: int, redelivered: bool, body: bytes) -> None:
        self._arrived.append(Delivery(body, redelivered, tag))


def _never(_message: object) -> None:
    """Take a message from kombu, which is never given one."""
    raise AssertionError("A delivery went past the wire.")
