"""The bus keeps its promises on the embedded queue and on RabbitMQ, and says so in time when it cannot."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.confirms import Outgoing
from shared.platform.links import Listener
from shared.testing.proxy import Proxy

TWO = ("pep", "scheduling")


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    if request.param == "embedded":
        return Bus(f"embedded:///{tmp_path / 'queue.sqlite'}", services=TWO)
    made: Bus = request.getfixturevalue("new_rabbitmq_bus")(services=TWO)
    return made


def facts(*numbers: int) -> list[Outgoing]:
    return [Outgoing(f"id-{n}", "pep.plan.opened.v1", str(n).encode()) for n in numbers]


def fetch_all(listener: Listener, expected: int) -> list[bytes]:
    got: list[bytes] = []
    while len(got) < expected:
        deliveries = listener.fetch(50, timeout=5)
        assert deliveries, f"only {len(got)} of {expected} came"
        got += [delivery.body for delivery in deliveries]
        listener.acknowledge(deliveries)
    return got


def test_what_is_published_is_confirmed_and_heard_in_order(bus: Bus) -> None:
    publisher, listener = bus.open_publisher(), bus.open_listener("scheduling")

    receipts = [publisher.publish(facts(*range(start, start + 150))) for start in (0, 150)]

    assert [len(receipt.confirmed) for receipt in receipts] == [150, 150]
    assert fetch_all(listener, 300) == [str(n).encode() for n in range(300)]
    for link in (publisher, listener):
        link.close()
    assert bus.depths() == {"pep": (0, 0), "scheduling": (0, 0)}


def test_a_service_does_not_hear_itself(bus: Bus) -> None:
    publisher, listener = bus.open_publisher(), bus.open_listener("pep")
    publisher.publish(facts(1))

    assert listener.fetch(10, timeout=0.2) == []
    for link in (publisher, listener):
        link.close()


def test_what_no_queue_takes_is_refused_and_its_neighbours_are_not(bus: Bus) -> None:
    publisher = bus.open_publisher()
    lost = Outgoing("lost", "nobody.listens", b"x")

    for _ in range(2):  # the confirms of the second window must not be mixed up with those of the first
        receipt = publisher.publish([*facts(1), lost, *facts(2)])
        assert receipt.confirmed == {"id-1", "id-2"}
        assert receipt.refused.keys() == {"lost"}
        assert "NO_ROUTE" in receipt.refused["lost"]
    publisher.close()


def test_what_a_listener_left_unacknowledged_comes_again_and_says_so(bus: Bus) -> None:
    publisher, listener = bus.open_publisher(), bus.open_listener("scheduling")
    publisher.publish(facts(1, 2, 3))
    deliveries = listener.fetch(3, timeout=5)
    while len(deliveries) < 3:
        deliveries += listener.fetch(3, timeout=5)
    listener.acknowledge(deliveries[:1])
    listener.close()

    again = bus.open_listener("scheduling")
    came = again.fetch(10, timeout=5)
    while len(came) < 2:
        came += again.fetch(10, timeout=5)

    assert [(delivery.body, delivery.redelivered) for delivery in came] == [(b"2", True), (b"3", True)]
    again.close()
    publisher.close()


def test_dead_letters_are_counted_and_can_be_revived(bus: Bus) -> None:
    publisher, listener = bus.open_publisher(), bus.open_listener("scheduling")
    publisher.publish(facts(1))
    (delivery,) = listener.fetch(1, timeout=5)
    listener._channel.basic_reject(delivery.tag, requeue=False)
    deadline = time.monotonic() + 5
    while bus.depths()["scheduling"] != (0, 1):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert bus.revive_dead_letters("scheduling") == 1

    assert fetch_all(listener, 1) == [b"1"]
    assert bus.depths()["scheduling"] == (0, 0)
    for link in (publisher, listener):
        link.close()


@pytest.mark.rabbitmq
def test_a_frozen_broker_makes_publishing_fail_in_time_and_closing_does_not_hang(far_bus: Bus, proxy: Proxy) -> None:
    publisher = far_bus.open_publisher()
    publisher.publish(facts(1))
    proxy.freeze()

    started = time.monotonic()
    with pytest.raises(BrokerUnavailable):
        publisher.publish(facts(2))
    publisher.close()

    assert time.monotonic() - started < 10
    proxy.thaw()
    fresh = far_bus.open_publisher()
    assert fresh.publish(facts(2)).confirmed == {"id-2"}
    fresh.close()


@pytest.mark.rabbitmq
def test_whoever_waits_on_a_frozen_broker_can_be_broken_off(far_bus: Bus, proxy: Proxy) -> None:
    listener = far_bus.open_listener("scheduling")
    proxy.freeze()
    outcome: list[object] = []

    def wait() -> None:
        try:
            outcome.append(listener.fetch(10, timeout=60))
        except BrokerUnavailable as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    assert far_bus.break_off_stuck(after_seconds=5) == 0
    assert far_bus.break_off_stuck(after_seconds=0.1) == 1
    thread.join(5)

    assert not thread.is_alive()
    assert isinstance(outcome[0], BrokerUnavailable)
    listener.close()


@pytest.mark.rabbitmq
def test_a_cut_connection_is_reported_and_a_new_one_goes_on(far_bus: Bus, proxy: Proxy) -> None:
    publisher, listener = far_bus.open_publisher(), far_bus.open_listener("scheduling")
    publisher.publish(facts(1))
    assert fetch_all(listener, 1) == [b"1"]
    proxy.cut()

    with pytest.raises(BrokerUnavailable):
        listener.fetch(1, timeout=5)
    with pytest.raises(BrokerUnavailable):
        publisher.publish(facts(2))
    for link in (publisher, listener):
        link.close()

    publisher, listener = far_bus.open_publisher(), far_bus.open_listener("scheduling")
    publisher.publish(facts(2))
    heard: list[bytes] = []
    while b"2" not in heard:  # 1 may come again: its acknowledgement may have been cut
        heard += fetch_all(listener, 1)
    assert heard in ([b"2"], [b"1", b"2"])
    for link in (publisher, listener):
        link.close()
