"""Links to the embedded queue: a window is one transaction, and so are a burst and the goodbye to the one before it."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from kombu.entity import Queue

from shared.contracts.envelope import CONTENT_TYPE
from shared.platform.confirms import Outgoing, Receipt
from shared.platform.embedded_queue import Sent
from shared.platform.links import Delivery, Listener, Opened, Publisher, closed_on_error


class EmbeddedPublisher(Publisher):
    """Publishes to the embedded queue, whose commit is the confirm."""

    def __init__(self, opened: Opened, exchange: str) -> None:
        super().__init__(opened)
        self._exchange = exchange

    def publish(self, messages: Sequence[Outgoing], *, exchange: str | None = None) -> Receipt:
        """See `Publisher.publish`."""
        sent = [Sent(message.routing_key, _properties(message.id), message.body) for message in messages]
        with self._talking():
            nowhere = self._channel.put(self._exchange if exchange is None else exchange, sent)
        refused = {messages[place].id: "No queue takes it: NO_ROUTE" for place in nowhere}
        return Receipt(frozenset(message.id for message in messages if message.id not in refused), refused)


class EmbeddedListener(Listener):
    """Hears a queue of the embedded broker; what it fetched is leased to it until that is dealt with."""

    def __init__(self, opened: Opened, queue: Queue) -> None:
        super().__init__(opened)
        self._queue = queue.name
        self._receives = True
        with closed_on_error(self._connection), self._talking():
            self._channel.queue_declare(queue.name, passive=True)

    def fetch(self, limit: int, timeout: float, *, done: Sequence[Delivery] = ()) -> list[Delivery]:
        """See `Listener.fetch`."""
        if not self._receives:
            self.acknowledge(done)
            return []
        with self._talking():
            taken = self._channel.take(self._queue, limit, timeout, done=done[-1].tag if done else None)
        return [Delivery(leased.body, leased.deliveries > 1, tag) for tag, leased in taken]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See `Listener.acknowledge`."""
        if deliveries:
            with self._talking():
                self._channel.basic_ack(deliveries[-1].tag, multiple=True)

    def stop_receiving(self) -> None:
        """See `Listener.stop_receiving`."""
        self._receives = False


def _properties(message_id: str) -> str:
    properties = {"message_id": message_id, "delivery_mode": 2, "content-type": CONTENT_TYPE}
    return orjson.dumps(properties).decode()
