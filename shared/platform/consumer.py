"""Takes a service's messages from the bus and hands them to its inbox; acknowledges when the inbox has committed."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

from shared.platform.bus import Bus
from shared.platform.crashpoints import crashpoint
from shared.platform.inbox import Inbox
from shared.platform.links import BrokerUnavailable, Delivery, Listener
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

BATCH = 250
LOOK_AT_HELD_SECONDS = 1.0


class Consumer:
    """Hears for one service. Several may run at once; one is enough."""

    def __init__(self, spec: ServiceSpec, runtime: Runtime, bus: Bus) -> None:
        self._spec = spec
        self._bus = bus
        self._inbox = Inbox(spec, runtime, bus.services)
        self._listener: Listener | None = None
        self._done: list[Delivery] = []
        self._look_at_held = 0.0

    def take_in(self, timeout: float) -> int:
        """Deal with one batch, waiting up to `timeout` seconds for it; returns the number of messages.

        Also tries the held facts that are due. Raises `BrokerUnavailable` and the database's errors; nothing is lost
        by either, and `close` makes ready for another go.
        """
        if self._listener is None:
            self._listener = self._bus.open_listener(self._spec.name)
        count = self._deal_with_batch(self._listener, timeout)
        if monotonic() >= self._look_at_held:
            self._inbox.try_held()
            self._look_at_held = monotonic() + LOOK_AT_HELD_SECONDS
        return count

    def finish(self) -> None:
        """Deal with what has already arrived, and take no more."""
        if self._listener is not None:
            self._listener.stop_receiving()
            while self._deal_with_batch(self._listener, timeout=0.01):
                pass

    def close(self) -> None:
        """Close the link to the broker; what was not dealt with comes again."""
        if self._listener is not None:
            with suppress(BrokerUnavailable):
                self._listener.acknowledge(self._done)
            self._listener.close()
            self._listener, self._done = None, []

    def _deal_with_batch(self, listener: Listener, timeout: float) -> int:
        """Take the next batch, which acknowledges the one before: on the embedded queue both are one transaction."""
        deliveries = listener.fetch(BATCH, timeout, done=self._done)
        self._done = []
        if deliveries:
            carefully = any(delivery.redelivered for delivery in deliveries)
            if self._inbox.receive([delivery.body for delivery in deliveries], carefully=carefully):
                self._look_at_held = 0.0
            crashpoint("after_effect")
            self._done = deliveries
        return len(deliveries)
