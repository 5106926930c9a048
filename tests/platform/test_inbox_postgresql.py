"""On PostgreSQL, where two consumers can truly work at once, each fact still takes effect once and in order."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.registry import event_name, to_data
from shared.platform.desk import held_events, overview_of
from shared.platform.inbox import Inbox
from shared.platform.runtime import Runtime
from shared.platform.settings import embedded
from shared.testing.ledger import effects, fact, listener
from shared.testing.runtimes import MONDAY_MORNING

pytestmark = pytest.mark.postgresql

CHILDREN, FACTS = 4, 30


def body(child_id: str, version: int) -> bytes:
    said = fact(child_id, version)
    return Envelope(
        id=f"{child_id}-{version}",
        source="pep",
        type=event_name(type(said)),
        subject=f"child/{child_id}",
        subject_version=version,
        time=MONDAY_MORNING,
        data=to_data(said),
        correlation_id="c-1",
    ).to_bytes()


@pytest.mark.parametrize("consumers", [2, 4])
def test_consumers_that_race_for_shuffled_and_repeated_facts_keep_the_order(
    new_postgresql_database: Callable[[], str], tmp_path: Path, consumers: int
) -> None:
    spec = listener()
    settings = embedded(tmp_path, port=1, smtp_port=1, secret="for tests", environ={})
    databases = {**settings.databases, "scheduling": new_postgresql_database()}
    runtime = Runtime(dataclasses.replace(settings, databases=databases))
    spec.metadata.create_all(runtime.database("scheduling").engine)
    chance = random.Random(consumers)
    sent = [body(f"child-{child}", version) for child in range(CHILDREN) for version in range(1, FACTS + 1)]
    failures: list[BaseException] = []

    def consume(seed: int) -> None:
        own = random.Random(seed)
        mine = [each for each in sent if own.random() < 0.7] + shares[seed]
        own.shuffle(mine)
        inbox = Inbox(spec, runtime, ("pep", "scheduling"))
        try:
            while mine:
                size = own.randint(1, 12)
                inbox.receive(mine[:size], carefully=own.random() < 0.2)
                mine = mine[size:]
            inbox.try_held()
        except BaseException as error:
            failures.append(error)

    # Each fact goes to one consumer for certain and to each of the others perhaps.
    shares: list[list[bytes]] = [[] for _ in range(consumers)]
    for each in sent:
        shares[chance.randrange(consumers)].append(each)
    threads = [threading.Thread(target=consume, args=(seed,)) for seed in range(consumers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Inbox(spec, runtime, ("pep", "scheduling")).try_held()

    with runtime.database("scheduling").reading() as connection:
        assert held_events(connection) == []
        assert effects(connection, spec) == {f"child-{n}": list(range(1, FACTS + 1)) for n in range(CHILDREN)}
    assert overview_of(runtime, spec).applied == {"pep": CHILDREN * FACTS}
    assert failures == []
    runtime.close()
