"""What events cost in SQL: the same few statements, however many are sent or taken in at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

import shared.platform.consumer as consumer_module
import shared.platform.round_trips as round_trips
from shared.contracts.pep import ChildDetailsChanged
from shared.platform.access import system_actor
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.db import Database
from shared.platform.relay import Relay
from shared.platform.round_trips import Said
from shared.platform.runtime import Runtime
from shared.platform.service import InBulk
from shared.platform.settings import embedded
from shared.platform.waking import NOTIFY
from shared.platform.work import Work, writing_work
from shared.testing.ledger import fact, make_service, teller

SIZES = (1, 10, 200)


def take_over(work: Work, facts: Sequence[ChildDetailsChanged]) -> None:
    rows = [{"child_id": each.child_id, "number": each.year_group} for each in facts]
    work.connection.execute(insert(work.metadata.tables["effect"]), rows)


PEP, SCHEDULING = teller(), make_service("scheduling", {ChildDetailsChanged: InBulk(take_over)})


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    settings = embedded(tmp_path, port=1, smtp_port=1, secret="for tests", environ={})
    if request.param == "postgresql":
        make = request.getfixturevalue("new_postgresql_database")
        settings = dataclasses.replace(settings, databases={"pep": make(), "scheduling": make()})
    made = Runtime(settings)
    for spec in (PEP, SCHEDULING):
        spec.metadata.create_all(made.database(spec.name).engine)
    yield made
    made.close()


@contextmanager
def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Gather what is executed: a statement that the driver runs for each of many rows as often as that.

    What travels to PostgreSQL in one round trip is one line.
    """
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        sent_below = isinstance(context, round_trips.Told) and not database.is_sqlite
        asides = sent_below or statement.startswith(("BEGIN", "PRAGMA", "SET"))
        if not asides and "INTO effect" not in statement:
            seen.extend([statement.split()[0]] * (len(parameters) if many else 1))

    def send(driver: Any, prepared: Any, said: Sequence[Said], commit: bool) -> list[list[Any]]:
        if said[0].saying is not NOTIFY:
            words = [each.saying.on(round_trips._ON_POSTGRESQL).sql.split()[0] for each in said]
            seen.append(" ".join([*words, "COMMIT"] if commit else words))
        return sent(driver, prepared, said, commit)

    sent = round_trips._sent
    event.listen(database.engine, "before_cursor_execute", note)
    with monkeypatch.context() as patch:
        patch.setattr(round_trips, "_sent", send)
        yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_window_and_a_batch_cost_the_same_statements_whatever_their_size(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "LOOK_AT_HELD_SECONDS", 3600)  # what happens by the clock is not counted
    bus = Bus(runtime.settings.broker, services=("pep", "scheduling"))
    relay, consumer = Relay(PEP, runtime, bus), Consumer(SCHEDULING, runtime, bus)
    consumer.take_in(0)
    told: dict[int, list[str]] = {}
    heard: dict[int, list[str]] = {}
    for size in SIZES:
        with writing_work(runtime, PEP, system_actor("northmoor")) as work:
            for n in range(size):
                work.publish(f"child/{n}", fact(str(n), size))
        with counted(runtime.database("pep"), monkeypatch) as told[size]:
            assert relay.send_pending() == size
        with counted(runtime.database("scheduling"), monkeypatch) as heard[size]:
            assert consumer.take_in(0) == size
    relay.close()
    consumer.close()

    sqlite = runtime.database("pep").is_sqlite
    # The window is looked for, deleted and counted.
    window = ["SELECT", "DELETE", "INSERT"] if sqlite else ["WITH", "DELETE INSERT COMMIT"]
    # Positions are looked up (on PostgreSQL made or locked), what is held is looked up, positions are written.
    batch = ["SELECT", "SELECT", "INSERT"] if sqlite else ["INSERT SELECT", "INSERT"]
    assert told == dict.fromkeys(SIZES, window)
    assert heard == dict.fromkeys(SIZES, batch)
