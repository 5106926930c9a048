"""What is committed is sent, once the broker has it, it is gone from the outbox, and nothing else is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shared.platform.access import system_actor
from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.desk import overview_of, unsent_events
from shared.platform.relay import CommitWatch, Relay
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.single import turn_to_send
from shared.platform.work import writing_work
from shared.testing.bus import deliver_everything, publish
from shared.testing.ledger import effects, fact, listener, teller
from shared.testing.runtimes import make_runtime


@pytest.fixture
def spec() -> ServiceSpec:
    return teller()


@pytest.fixture
def hearer() -> ServiceSpec:
    return listener()


@pytest.fixture
def runtime(tmp_path: Path, spec: ServiceSpec, hearer: ServiceSpec) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, [spec, hearer])
    yield made
    made.close()


def unsent(runtime: Runtime, spec: ServiceSpec) -> int:
    with runtime.database(spec.name).reading() as connection:
        return connection.execute(select(func.count()).select_from(spec.metadata.tables["outbox"])).scalar_one()


def test_facts_reach_the_other_service_in_order_and_leave_the_outbox(
    runtime: Runtime, spec: ServiceSpec, hearer: ServiceSpec
) -> None:
    publish(runtime, spec, "child/a", *[fact("a", n) for n in range(450)])
    publish(runtime, spec, "child/b", fact("b", 0))

    deliver_everything(runtime, [spec, hearer])

    with runtime.database("scheduling").reading() as connection:
        assert effects(connection, hearer) == {"a": list(range(450)), "b": [0]}
    assert unsent(runtime, spec) == 0
    assert overview_of(runtime, spec).published == {"pep.child.details_changed.v1": 451}


def test_what_is_rolled_back_is_never_sent(runtime: Runtime, spec: ServiceSpec, hearer: ServiceSpec) -> None:
    def publish_and_fail() -> None:
        with writing_work(runtime, spec, system_actor("northmoor")) as work:
            work.publish("child/a", fact("a", 1))
            work.flush()
            raise LookupError

    with pytest.raises(LookupError):
        publish_and_fail()

    assert deliver_everything(runtime, [spec, hearer]) == 0


def test_without_a_broker_facts_stay_in_the_outbox_in_order(runtime: Runtime, spec: ServiceSpec) -> None:
    publish(runtime, spec, "child/a", fact("a", 1), fact("a", 2))
    relay = Relay(spec, runtime, Bus("amqp://guest:guest@127.0.0.1:1//"))

    with pytest.raises(BrokerUnavailable):
        relay.send_pending()

    with runtime.database("pep").reading() as connection:
        waiting = unsent_events(connection, spec.metadata)
    assert [each.subject_version for each in waiting] == [1, 2]


def test_a_fact_that_no_queue_takes_stays_in_the_outbox_and_the_rest_goes(
    runtime: Runtime, hearer: ServiceSpec
) -> None:
    publish(runtime, hearer, "child/a", fact("a", 1))  # a name of pep's, which scheduling may not use and nobody hears
    lonely = Bus(runtime.settings.broker, services=("scheduling",))

    with pytest.raises(BrokerUnavailable):
        Relay(hearer, runtime, lonely).send_pending()

    assert unsent(runtime, hearer) == 1


def test_a_commit_wakes_the_relay_within_milliseconds(runtime: Runtime, spec: ServiceSpec) -> None:
    watch = CommitWatch(runtime.database("pep"))
    stop = threading.Event()
    waits = []
    for n in range(10):
        committed: list[float] = []

        def commit(n: int = n, committed: list[float] = committed) -> None:
            time.sleep(0.02)
            publish(runtime, spec, "child/a", fact("a", n))
            committed.append(time.monotonic())

        thread = threading.Thread(target=commit)
        thread.start()
        watch.wait(stop)
        woken = time.monotonic()
        thread.join()
        waits.append(woken - committed[0])
    watch.close()

    assert sorted(waits)[5] < 0.5  # without being woken it would look once a second


def test_on_sqlite_only_one_relay_of_a_service_may_send(runtime: Runtime) -> None:
    pep, scheduling = runtime.database("pep"), runtime.database("scheduling")
    with turn_to_send(pep) as first, turn_to_send(pep) as second, turn_to_send(scheduling) as other:
        assert (first, second, other) == (True, False, True)
    with turn_to_send(pep) as again:
        assert again


def test_an_address_that_is_neither_embedded_nor_amqp_is_refused() -> None:
    for address in ("filesystem://", "sqla+sqlite:///x", "redis://localhost", "memory://"):
        with pytest.raises(ValueError, match="embedded"):
            Bus(address)
