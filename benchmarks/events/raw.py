"""The limits of the machine under the same libraries: commits alone, publishing alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from kombu import Connection, Exchange, Producer, Queue

from shared.platform import claims
from shared.platform.bus import Bus
from shared.platform.confirms import Outgoing

BODY = b'{"number": 1, "at": "2026-11-20T09:00:00+00:00", "text": "' + b"x" * 400 + b'"}'
WINDOW = 200


def commits(dsn: str, count: int) -> float:
    """Return rows a second: psycopg, one row a commit."""
    with psycopg.connect(dsn) as connection:
        started = time.perf_counter()
        for number in range(count):
            connection.execute("INSERT INTO handled (number, sent_at) VALUES (%s, %s)", (number, 0.0))
            connection.commit()
        return count / (time.perf_counter() - started)


def kombu_one_by_one(broker: str, queue_name: str, count: int) -> float:
    """Return messages a second: kombu's own `confirm_publish`, one message at a time, to a quorum queue."""
    with quorum_queue(broker, queue_name, confirm_publish=True) as (connection, exchange):
        producer = Producer(connection.default_channel, exchange=exchange)
        started = time.perf_counter()
        for _ in range(count):
            producer.publish(BODY, routing_key="a", content_type="application/json", mandatory=True)
        return count / (time.perf_counter() - started)


def kombu_window(broker: str, queue_name: str, count: int) -> float:
    """Return messages a second: kombu's channel, a window of messages out before their confirms are awaited."""
    with quorum_queue(broker, queue_name) as (connection, exchange):
        channel = connection.default_channel
        waiting: set[int] = set()

        def note(tag: int, multiple: bool) -> None:
            waiting.difference_update([each for each in waiting if each <= tag] if multiple else (tag,))

        channel.confirm_select()
        channel.events["basic_ack"].add(note)
        started = time.perf_counter()
        for first in range(0, count, WINDOW):
            window = range(first + 1, min(first + WINDOW, count) + 1)
            waiting.update(window)
            for number in window:
                properties = {"message_id": str(number), "delivery_mode": 2}
                message = channel.prepare_message(BODY, content_type="application/json", properties=properties)
                channel.basic_publish(message, exchange=exchange.name, routing_key="a", mandatory=True)
            while waiting:
                connection.drain_events(timeout=10)
        return count / (time.perf_counter() - started)


def our_window(bus: Bus, count: int) -> float:
    """Return messages a second: the suite's publisher, in windows as its relay sends them."""
    publisher = bus.open_publisher()
    try:
        started = time.perf_counter()
        for first in range(0, count, claims.WINDOW):
            window = range(first, min(first + claims.WINDOW, count))
            publisher.publish([Outgoing(str(n), "pep.bench.measured.v1", BODY) for n in window])
        return count / (time.perf_counter() - started)
    finally:
        publisher.close()


@contextmanager
def quorum_queue(broker: str, name: str, **options: Any) -> Iterator[tuple[Connection, Exchange]]:
    """Give a connection and an exchange that leads to a quorum queue; both are deleted afterwards."""
    with Connection(broker, transport_options=options) as connection:
        exchange = Exchange(name, type="topic", durable=True)
        queue = Queue(name, exchange, routing_key="#", durable=True, queue_arguments={"x-queue-type": "quorum"})
        queue(connection.default_channel).declare()
        try:
            yield connection, exchange
        finally:
            with Connection(broker) as cleaning:
                queue(cleaning.default_channel).delete()
                exchange(cleaning.default_channel).delete()
