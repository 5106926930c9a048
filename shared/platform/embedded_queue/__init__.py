"""A durable queue with no server: kombu's transport `shared.platform.embedded_queue:Transport` on one SQLite file."""

from shared.platform.embedded_queue.queue_file import Leased, QueueFile, Sent
from shared.platform.embedded_queue.transport import EmbeddedChannel, Transport

__all__ = ["EmbeddedChannel", "Leased", "QueueFile", "Sent", "Transport"]
