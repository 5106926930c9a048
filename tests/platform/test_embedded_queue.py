"""The embedded queue through kombu's own door."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from amqp.exceptions import ChannelError, NotFound
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection, Consumer, Exchange, Producer, Queue

from shared.platform.embedded_queue import Sent
from shared.platform.embedded_queue.routing import reaches

TOPIC = Exchange("facts", type="topic")
DEAD = Exchange("facts.dead", type="direct")
BODIES = [b"zero", b"one", b"two", b"three", b"four", b"five", b"six"]


def connect(path: Path, lease_seconds: float = 30.0) -> Connection:
    options = {"path": str(path), "lease_seconds": lease_seconds}
    return Connection(transport="shared.platform.embedded_queue:Transport", transport_options=options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


@pytest.fixture
def queue() -> Queue:
    return Queue("listener", exchange=TOPIC, routing_key="pep.#")


@pytest.fixture
def connection(path: Path, queue: Queue) -> Iterator[Connection]:
    with connect(path) as opened:
        queue(opened.default_channel).declare()
        yield opened


def publish(connection: Connection, *bodies: str, routing_key: str = "pep.plan.opened.v1", **options: Any) -> None:
    producer = Producer(connection.default_channel, exchange=TOPIC, serializer="json")
    for body in bodies:
        producer.publish(body, routing_key=routing_key, **options)


def take(connection: Connection, queue: Queue, *, timeout: float = 0.05, prefetch: int = 0) -> list[Any]:
    """Every message that is ready, unacknowledged."""
    got: list[Any] = []
    with Consumer(connection.channel(), [queue], on_message=got.append, prefetch_count=prefetch or None):
        try:
            while True:
                connection.drain_events(timeout=timeout)
        except TimeoutError:
            return got


def bodies(messages: list[Any]) -> list[Any]:
    return [message.decode() for message in messages]


def test_messages_arrive_in_the_order_they_were_published(connection: Connection, queue: Queue) -> None:
    publish(connection, *[str(n) for n in range(250)])

    assert bodies(take(connection, queue)) == [str(n) for n in range(250)]


def test_a_message_carries_its_body_headers_type_and_route_unchanged(connection: Connection, queue: Queue) -> None:
    raw = b'{"a": "\xc3\xa9"}\x00\xff'
    connection.default_channel.basic_publish(
        connection.default_channel.prepare_message(
            raw, content_type="application/cloudevents+json", headers={"x": 1}, properties={"message_id": "m-1"}
        ),
        exchange="facts",
        routing_key="pep.plan.opened.v1",
    )

    (message,) = take(connection, queue)

    assert message.body == raw
    assert message.content_type == "application/cloudevents+json"
    assert message.headers == {"x": 1}
    assert message.properties["message_id"] == "m-1"
    assert message.delivery_info["routing_key"] == "pep.plan.opened.v1"
    assert message.delivery_info["redelivered"] is False


def test_an_acknowledged_message_leaves_nothing_in_the_file(connection: Connection, queue: Queue, path: Path) -> None:
    publish(connection, "something-personal")
    (message,) = take(connection, queue)
    message.ack()
    connection.release()

    left = b"".join(part.read_bytes() for part in path.parent.iterdir())

    assert b"something-personal" not in left


def test_the_file_can_be_read_by_its_owner_alone(connection: Connection, path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_a_closed_consumer_gives_back_what_it_held_at_its_old_place(
    connection: Connection, queue: Queue, path: Path
) -> None:
    publish(connection, "0", "1", "2")
    with connect(path) as other:
        held = take(other, queue)
        held[1].ack()

    again = take(connection, queue)

    assert bodies(again) == ["0", "2"]
    assert [message.headers["x-delivery-count"] for message in again] == [1, 1]
    assert all(message.delivery_info["redelivered"] for message in again)


def test_a_requeued_message_keeps_its_place(connection: Connection, queue: Queue) -> None:
    publish(connection, "0", "1", "2")
    first, *_ = take(connection, queue, prefetch=1)
    first.requeue()

    assert bodies(take(connection, queue)) == ["0", "1", "2"]


def test_one_acknowledgement_can_cover_all_before_it(connection: Connection, queue: Queue) -> None:
    publish(connection, "0", "1", "2", "3")
    held = take(connection, queue)
    held[2].ack(multiple=True)
    held[3].requeue()

    assert bodies(take(connection, queue)) == ["3"]


def test_no_more_is_delivered_than_the_prefetch_count(connection: Connection, queue: Queue) -> None:
    publish(connection, *"abcdef")

    assert bodies(take(connection, queue, prefetch=4)) == list("abcd")


def test_two_consumers_never_hold_the_same_message(connection: Connection, queue: Queue, path: Path) -> None:
    publish(connection, *[str(n) for n in range(10)])
    with connect(path) as other:
        ours = take(connection, queue, prefetch=4)
        theirs = take(other, queue)

        assert bodies(ours) == ["0", "1", "2", "3"]
        assert bodies(theirs) == ["4", "5", "6", "7", "8", "9"]


def test_a_lease_ends_by_itself_and_a_late_acknowledgement_takes_nothing_from_the_next_holder(
    path: Path, queue: Queue
) -> None:
    with connect(path, lease_seconds=0.2) as slow, connect(path, lease_seconds=0.2) as quick:
        queue(slow.default_channel).declare()
        publish(slow, "0")
        (late,) = take(slow, queue)
        time.sleep(0.25)
        (message,) = take(quick, queue)
        late.ack()
        message.requeue()

        assert bodies(take(quick, queue)) == ["0"]


def test_what_a_channel_could_not_give_back_when_it_closed_is_handed_out_again_at_once(
    connection: Connection, queue: Queue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_messages: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    publish(connection, "0", "1")
    failing = connect(path)
    take(failing, queue)
    for channel in list(failing.connection.channels):
        monkeypatch.setattr(channel.file, "release", full)
    with suppress(sqlite3.OperationalError):
        failing.release()
    with connect(path) as opened:
        assert bodies(take(opened, queue)) == ["0", "1"]


def test_a_publisher_reaches_a_queue_that_it_never_declared(connection: Connection, queue: Queue, path: Path) -> None:
    with connect(path) as other:
        publish(other, "hello")

    assert bodies(take(connection, queue)) == ["hello"]


def test_a_mandatory_message_that_no_queue_takes_is_refused(connection: Connection) -> None:
    with pytest.raises(ChannelError) as refusal:
        publish(connection, "x", routing_key="nobody.listens", mandatory=True)

    assert refusal.value.reply_code == 312


def test_an_unknown_exchange_is_an_error(connection: Connection) -> None:
    with pytest.raises(NotFound):
        connection.default_channel.basic_publish(
            connection.default_channel.prepare_message(b"x"), exchange="none", routing_key="a"
        )


def test_what_is_put_in_together_arrives_in_order_and_what_no_queue_takes_is_named(
    connection: Connection, queue: Queue
) -> None:
    words = [Sent(key, "{}", key.encode()) for key in ("pep.a", "nobody.listens", "pep.b", "nobody.else")]

    assert connection.default_channel.put(TOPIC.name, words) == [1, 3]

    taken = connection.channel().take(queue.name, 9, timeout=0)
    assert [(leased.routing_key, leased.body) for _, leased in taken] == [("pep.a", b"pep.a"), ("pep.b", b"pep.b")]


def test_what_is_taken_without_kombu_is_held_until_the_next_taking_says_that_it_is_done(
    connection: Connection, queue: Queue, path: Path
) -> None:
    connection.default_channel.put(TOPIC.name, [Sent("pep.a", "{}", body) for body in BODIES])
    channel = connection.channel()

    first = channel.take(queue.name, 3, timeout=0)
    second = channel.take(queue.name, 3, timeout=0, done=first[1][0])
    assert [leased.body for _, leased in (*first, *second)] == BODIES[:6]
    channel.close()

    again = connection.channel()
    rest = [(leased.body, leased.deliveries) for _, leased in again.take(queue.name, 9, timeout=0)]
    assert rest == [*[(body, 2) for body in BODIES[2:6]], (BODIES[6], 1)]
    started = time.monotonic()
    assert again.take(queue.name, 9, timeout=0.05) == []
    assert 0.05 <= time.monotonic() - started < 5


def test_a_message_delivered_too_often_goes_to_the_dead_letters(connection: Connection) -> None:
    dead = Queue("listener.dead", exchange=DEAD, routing_key="listener")
    queue = Queue(
        "listener",
        exchange=TOPIC,
        routing_key="pep.#",
        queue_arguments={
            "x-delivery-limit": 2,
            "x-dead-letter-exchange": "facts.dead",
            "x-dead-letter-routing-key": "listener",
        },
    )
    for each in (dead, queue):
        each(connection.default_channel).declare()
    publish(connection, "poison", "fine")

    deliveries = 0
    while held := take(connection, queue, prefetch=1):
        if held[0].decode() == "fine":
            break
        deliveries += 1
        held[0].requeue()
    (buried,) = take(connection, dead)

    assert deliveries == 3
    assert buried.decode() == "poison"
    assert buried.headers["x-death"][0]["reason"] == "delivery_limit"
    assert buried.headers["x-death"][0]["queue"] == "listener"


def test_a_message_is_never_buried_where_no_queue_takes_dead_letters(connection: Connection) -> None:
    DEAD(connection.default_channel).declare()
    queue = Queue(
        "listener",
        exchange=TOPIC,
        routing_key="pep.#",
        queue_arguments={"x-delivery-limit": 1, "x-dead-letter-exchange": "facts.dead"},
    )
    queue(connection.default_channel).declare()
    publish(connection, "kept")

    for _ in range(4):
        (message,) = take(connection, queue)
        message.requeue()
    (message,) = take(connection, queue)
    message.reject()

    assert bodies(take(connection, queue)) == ["kept"]


def test_a_waiting_consumer_wakes_within_milliseconds(connection: Connection, queue: Queue, path: Path) -> None:
    got: list[float] = []
    waits: list[float] = []
    with connect(path) as other, Consumer(connection.channel(), [queue], on_message=lambda _: got.append(time.time())):
        for _ in range(10):
            sent: list[float] = []

            def send(sent: list[float] = sent) -> None:
                time.sleep(0.02)
                sent.append(time.time())
                publish(other, "now")

            thread = threading.Thread(target=send)
            thread.start()
            connection.drain_events(timeout=5)
            thread.join()
            waits.append(got[-1] - sent[0])

    assert sorted(waits)[4] < 0.5  # without being woken it would look once a second


CONSUMER_THAT_HOLDS = """
import sys, time
from pathlib import Path
from kombu import Connection, Consumer, Queue
connection = Connection(
    transport="shared.platform.embedded_queue:Transport", transport_options={"path": sys.argv[1]}
)
held = []
with Consumer(connection.channel(), [Queue("listener")], on_message=held.append, auto_declare=False):
    while len(held) < 3:
        connection.drain_events(timeout=10)
    print("holding", flush=True)
    time.sleep(60)
"""


def test_killing_a_consumer_loses_nothing_and_frees_what_it_held_at_once(
    connection: Connection, queue: Queue, path: Path
) -> None:
    publish(connection, *[str(n) for n in range(10)])
    command = [sys.executable, "-c", CONSUMER_THAT_HOLDS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as consumer:
        assert consumer.stdout is not None
        assert consumer.stdout.readline() == "holding\n"
        assert bodies(take(connection, queue)) == []
        os.kill(consumer.pid, signal.SIGKILL)
        consumer.wait()

    started = time.monotonic()
    again = take(connection, queue, timeout=3)

    assert bodies(again) == [str(n) for n in range(10)]
    assert time.monotonic() - started < 10


def test_what_one_process_writes_is_seen_by_others_however_often_it_opens_the_file(
    connection: Connection, queue: Queue, path: Path
) -> None:
    # Opening and closing the file outside SQLite would drop this process's locks, and others would cut off its log.
    look = "import sys; from shared.platform.embedded_queue import QueueFile; q = QueueFile(sys.argv[1])"
    command = [sys.executable, "-c", f"{look}; print(q.size('listener')); q.close()", str(path)]
    for expected in (1, 2):
        publish(connection, "x")
        with connect(path) as another:
            another.connect()
        seen = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd()).stdout
        assert int(seen) == expected


@pytest.mark.parametrize(
    ("binding", "key", "expected"),
    [
        ("pep.#", "pep.plan.opened.v1", True),
        ("pep.#", "pep", True),
        ("pep.#", "peppermint.plan", False),
        ("pep.*", "pep.plan", True),
        ("pep.*", "pep.plan.opened", False),
        ("pep.*", "pep", False),
        ("#", "", True),
        ("#", "anything.at.all", True),
        ("#.opened", "opened", True),
        ("#.opened", "pep.plan.opened", True),
        ("#.opened", "pep.reopened", False),
        ("pep.#.v1", "pep.v1", True),
        ("pep.#.v1", "pep.plan.opened.v1", True),
        ("a.b", "aXb", False),
    ],
)
def test_topic_keys_match_as_in_amqp(binding: str, key: str, expected: bool) -> None:
    assert reaches("topic", binding, key) is expected


WORDS = st.sampled_from(["a", "b", "ab"])


def _by_definition(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    head, *rest = pattern
    if head == "#":
        return any(_by_definition(rest, words[n:]) for n in range(len(words) + 1))
    return bool(words) and head in ("*", words[0]) and _by_definition(rest, words[1:])


@given(st.lists(WORDS | st.sampled_from(["*", "#"]), min_size=1, max_size=4), st.lists(WORDS, min_size=1, max_size=5))
def test_topic_matching_agrees_with_its_definition(pattern: list[str], words: list[str]) -> None:
    assert reaches("topic", ".".join(pattern), ".".join(words)) is _by_definition(pattern, words)
