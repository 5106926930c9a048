"""Several relays on PostgreSQL share one outbox: each fact is sent once, and those of a subject in their order."""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, delete

from shared.contracts.envelope import Envelope
from shared.platform.access import system_actor
from shared.platform.bus import Bus
from shared.platform.claims import WINDOW, Claims
from shared.platform.confirms import Receipt
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.settings import embedded
from shared.platform.work import writing_work
from shared.testing.bus import publish
from shared.testing.ledger import fact, teller

pytestmark = pytest.mark.postgresql

DIES_WITH_A_CLAIM = """
import sys, time
from sqlalchemy import create_engine
from shared.platform.claims import Claims
from shared.testing.ledger import teller

with create_engine(sys.argv[1]).begin() as connection:
    print(len(Claims(teller().metadata.tables["outbox"]).next_window(connection)), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def spec() -> ServiceSpec:
    return teller()


@pytest.fixture
def runtime(new_postgresql_database: Callable[[], str], tmp_path: Path, spec: ServiceSpec) -> Iterator[Runtime]:
    settings = embedded(tmp_path, port=1, smtp_port=1, secret="for tests", environ={})
    made = Runtime(
        dataclasses.replace(settings, databases={**settings.databases, "pep": new_postgresql_database()}, pool_size=10)
    )
    spec.metadata.create_all(made.database("pep").engine)
    yield made
    made.close()


def tell(runtime: Runtime, spec: ServiceSpec, said: dict[str, int]) -> None:
    for child, count in said.items():
        publish(runtime, spec, f"child/{child}", *[fact(child, n) for n in range(count)])


@contextmanager
def claiming(runtime: Runtime, claims: Claims) -> Iterator[tuple[Connection, Sequence[Row[Any]]]]:
    with runtime.database("pep").writing() as connection:
        yield connection, claims.next_window(connection)


def names(rows: Sequence[Row[Any]]) -> list[str]:
    return [f"{row.subject.removeprefix('child/')}{row.version}" for row in rows]


def test_a_claimed_subject_is_left_alone_until_what_was_claimed_is_deleted(runtime: Runtime, spec: ServiceSpec) -> None:
    outbox = spec.metadata.tables["outbox"]
    claims = Claims(outbox)
    tell(runtime, spec, {"a": 2})

    with claiming(runtime, claims) as (ours, mine):
        tell(runtime, spec, {"a": 1, "b": 1})
        with claiming(runtime, claims) as (_, theirs):
            assert (names(mine), names(theirs)) == (["a1", "a2"], ["b1"])
        ours.execute(delete(outbox).where(outbox.c.id.in_([row.id for row in mine])))
        with claiming(runtime, claims) as (_, theirs):
            assert names(theirs) == ["b1"]
    with claiming(runtime, claims) as (_, rest):
        assert names(rest) == ["a3", "b1"]


def test_what_lies_behind_a_window_that_others_hold_is_found(runtime: Runtime, spec: ServiceSpec) -> None:
    claims = Claims(spec.metadata.tables["outbox"], window=3)
    tell(runtime, spec, {"a": 7, "b": 2})

    with claiming(runtime, claims) as (_, mine), claiming(runtime, claims) as (_, theirs):
        assert names(mine) == ["a1", "a2", "a3"]
        assert names(theirs) == ["b1", "b2"]


def test_a_great_outbox_of_one_claimed_subject_is_not_searched_to_its_end(runtime: Runtime, spec: ServiceSpec) -> None:
    claims = Claims(spec.metadata.tables["outbox"], window=3)
    tell(runtime, spec, {"a": 100, "b": 1})

    with claiming(runtime, claims), claiming(runtime, claims) as (_, theirs):
        assert names(theirs) == []


def test_relays_that_race_send_each_fact_once_and_in_order(runtime: Runtime, spec: ServiceSpec) -> None:
    outbox = spec.metadata.tables["outbox"]
    sent: list[tuple[str, int]] = []
    shares: dict[int, int] = defaultdict(int)
    told = threading.Event()

    def relay(number: int) -> None:
        claims = Claims(outbox, window=7)
        own = random.Random(number)
        while True:
            nothing_more = told.is_set()
            with claiming(runtime, claims) as (connection, rows):
                sent.extend((row.subject, row.version) for row in rows)
                shares[number] += len(rows)
                time.sleep(own.uniform(0, 0.002))
                connection.execute(delete(outbox).where(outbox.c.id.in_([row.id for row in rows])))
            if nothing_more and not rows:
                return

    relays = [threading.Thread(target=relay, args=(number,)) for number in range(4)]
    for thread in relays:
        thread.start()
    for _ in range(12):
        tell(runtime, spec, {f"c{n}": 4 for n in range(6)})
    told.set()
    for thread in relays:
        thread.join(30)

    by_subject: dict[str, list[int]] = defaultdict(list)
    for subject, version in sent:
        by_subject[subject].append(version)
    assert by_subject == {f"child/c{n}": list(range(1, 49)) for n in range(6)}
    assert sum(1 for count in shares.values() if count) > 1


def test_what_a_killed_relay_had_claimed_is_free_at_once(runtime: Runtime, spec: ServiceSpec) -> None:
    claims = Claims(spec.metadata.tables["outbox"])
    tell(runtime, spec, {"a": 2})
    doomed = subprocess.Popen(
        [sys.executable, "-c", DIES_WITH_A_CLAIM, runtime.settings.databases["pep"]], stdout=subprocess.PIPE
    )
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"2\n"
    with claiming(runtime, claims) as (_, mine):
        assert names(mine) == []

    doomed.send_signal(signal.SIGKILL)
    doomed.wait(10)
    doomed.stdout.close()

    deadline = time.monotonic() + 10
    freed: list[str] = []
    while not freed and time.monotonic() < deadline:
        with claiming(runtime, claims) as (_, mine):
            freed = names(mine)
    assert freed == ["a1", "a2"]


def test_two_relays_share_the_work_over_the_broker(
    runtime: Runtime, spec: ServiceSpec, new_rabbitmq_bus: Callable[..., Bus]
) -> None:
    bus = new_rabbitmq_bus(services=("pep", "scheduling"))
    both_have_claimed = threading.Barrier(2)
    sent: list[int] = []

    class Together(Relay):
        """Sends its first window when the other has one, too."""

        def _publish(self, rows: Sequence[Row[Any]]) -> Receipt:
            if self._publisher is None:
                both_have_claimed.wait(10)
            return super()._publish(rows)

    def send() -> None:
        relay = Together(spec, runtime, bus)
        sent.append(relay.send_pending())
        relay.close()

    with writing_work(runtime, spec, system_actor("northmoor")) as work:
        for n in range(WINDOW):
            for said in range(3):
                work.publish(f"child/{n}", fact(str(n), said))
    relays = [threading.Thread(target=send) for _ in range(2)]
    for thread in relays:
        thread.start()
    for thread in relays:
        thread.join(30)

    assert len(sent) == 2
    assert all(sent)
    assert sum(sent) == 3 * WINDOW
    assert heard_by(bus) == {f"child/{n}": [1, 2, 3] for n in range(WINDOW)}


def heard_by(bus: Bus) -> dict[str, list[int]]:
    heard: dict[str, list[int]] = defaultdict(list)
    listener = bus.open_listener("scheduling")
    while sum(len(versions) for versions in heard.values()) < 3 * WINDOW:
        batch = listener.fetch(500, timeout=5)
        assert batch
        for envelope in (Envelope.from_bytes(delivery.body) for delivery in batch):
            heard[envelope.subject].append(envelope.subject_version)
        listener.acknowledge(batch)
    assert not listener.fetch(1, timeout=0.1)
    listener.close()
    return heard
