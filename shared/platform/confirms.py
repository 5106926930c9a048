"""Proof that RabbitMQ has a message: confirms counted by us.

kombu's `confirm_publish` waits for any confirm and never compares its number, so that after one time-out the next
message is "confirmed" by the confirm of the one before; and it waits for ever where the broker has stopped. Here a
window of messages is published with `mandatory`, and each is settled by its own number: confirmed, or refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from time import monotonic
from typing import Any

from shared.platform.wire import Wire

CONFIRM_SECONDS = 5.0


class Unconfirmed(Exception):
    """The broker did not settle every message in time; nobody may use this channel any more."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `id` is what the receipt calls it, and the `message_id` that travels."""

    id: str
    routing_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a window: the ids that are safe, and the others with the reason."""

    confirmed: frozenset[str]
    refused: dict[str, str] = field(default_factory=dict)


class ConfirmedChannel:
    """Publishes windows on a py-amqp channel (kombu's `pyamqp`) that is used for nothing else."""

    def __init__(self, channel: Any, content_type: str, *, timeout: float = CONFIRM_SECONDS) -> None:
        """Put the channel into confirm mode. `timeout` is in seconds, for a whole window."""
        self._timeout = timeout
        self._published = 0
        self._open: dict[int, str] = {}
        self._confirmed: set[str] = set()
        self._refused: dict[str, str] = {}
        channel.confirm_select()
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        self._wire = Wire(channel, on_confirm=self._on_ack)
        self._encoder = self._wire.encoder(content_type)

    def publish(self, exchange: str, messages: Sequence[Outgoing]) -> Receipt:
        """Publish a window and wait until each message of it is settled.

        Raises `Unconfirmed` when the broker leaves one open for longer than the time-out, and py-amqp's errors when
        the connection breaks; in both cases what was safe is unknown, and the channel is not to be used again.
        """
        self._confirmed, self._refused = set(), {}
        deadline = monotonic() + self._timeout
        frames = []
        for message in messages:
            self._published += 1
            self._open[self._published] = message.id
            frames.append(self._encoder.message(exchange, message.routing_key, message.id, message.body))
        self._wire.send(b"".join(frames), self._timeout)
        while self._open:
            left = deadline - monotonic()
            if left <= 0:
                raise Unconfirmed(f"{len(self._open)} of {len(messages)} messages were not confirmed in time.")
            with suppress(TimeoutError):
                self._wire.receive(left)
        # A message that no queue takes is returned first and confirmed afterwards.
        return Receipt(frozenset(self._confirmed - self._refused.keys()), dict(self._refused))

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._confirmed.update(self._settle(tag, multiple))

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._refused.update(dict.fromkeys(self._settle(tag, multiple), "The broker did not take it."))

    def _on_return(self, error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        self._refused[message.properties["message_id"]] = f"No queue takes it: {error}"

    def _settle(self, tag: int, multiple: bool) -> list[str]:
        if not multiple:
            return [self._open.pop(tag)] if tag in self._open else []
        # Open tags stand in the order of their numbers.
        return [self._open.pop(each) for each in list(takewhile(lambda number: number <= tag, self._open))]
