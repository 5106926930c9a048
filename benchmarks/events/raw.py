"""The limits of the machine under the same libraries: commits alone, publishing alone."""

from __future__ import annotations

import time

import psycopg
from kombu import Connection, Exchange, Producer, Queue

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
    with Connection(broker, transport_options={"confirm_publish": True}) as connection:
        exchange = Exchange(queue_name, type="topic", durable=True)
        arguments = {"x-queue-type": "quorum"}
        queue = Queue(queue_name, exchange, routing_key="#", durable=True, queue_arguments=arguments)
        queue(connection.default_channel).declare()
        producer = Producer(connection.default_channel, exchange=exchange)
        started = time.perf_counter()
        for _ in range(count):
            producer.publish(BODY, routing_key="a", content_type="application/json", mandatory=True)
        rate = count / (time.perf_counter() - started)
        queue(connection.default_channel).delete()
        exchange(connection.default_channel).delete()
    return rate


def kombu_window(bus: Bus, count: int) -> float:
    """Return messages a second: kombu with our window of sequence numbers, to a quorum queue."""
    publisher = bus.open_publisher()
    try:
        started = time.perf_counter()
        for first in range(0, count, WINDOW):
            publisher.publish([Outgoing(str(n), "pep.bench.measured.v1", BODY) for n in range(first, first + WINDOW)])
        return count / (time.perf_counter() - started)
    finally:
        publisher.close()
