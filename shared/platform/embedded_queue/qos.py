"""What a channel was handed and has not acknowledged yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from shared.platform.embedded_queue.queue_file import Leased

if TYPE_CHECKING:
    from shared.platform.embedded_queue.transport import EmbeddedChannel


class Qos:
    """kombu's view of what a channel holds; the leases in the file are the truth."""

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

    def up_to(self, delivery_tag: int) -> list[int]:
        """Return the tags of what is held, as far as this one."""
        return list(takewhile(lambda tag: tag <= delivery_tag, self._held))

    def held(self, tags: Sequence[int]) -> list[Leased]:
        """Return what delivery tags stand for."""
        return [self._held[tag] for tag in tags]

    def forget(self, tags: Sequence[int]) -> None:
        """Hold these no more."""
        for tag in tags:
            del self._held[tag]

    def ack(self, delivery_tag: int, *, multiple: bool = False) -> None:
        """Delete one message, or all up to and including it."""
        tags = self.up_to(delivery_tag) if multiple else [delivery_tag]
        self.channel.file.delete(self.held(tags))
        self.forget(tags)

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
