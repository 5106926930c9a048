"""kill -9 of any process, at any moment: nothing is lost, nothing takes effect twice, and order is kept.

Real processes are killed at the named crash points and at random, on the embedded queue with SQLite and, where they
answer, on RabbitMQ with PostgreSQL. Two ways of doing it wrong go through the same trial, and must be found out.
"""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from shared.testing.crash_trial import Installation, judge, stop, wait_until_sound
from shared.testing.servers import RABBITMQ

KILLED = -signal.SIGKILL
CHILDREN = 3


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("servers", marks=[pytest.mark.postgresql, pytest.mark.rabbitmq])],
)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = tmp_path_factory.mktemp("installation")
    if request.param == "embedded":
        made = Installation(home)
    else:
        new_database = request.getfixturevalue("new_postgresql_database")
        bus = request.getfixturevalue("new_rabbitmq_bus")(services=("pep", "scheduling"))
        databases = {"pep": new_database(), "scheduling": new_database()}
        made = Installation(home, RABBITMQ, bus.exchange.name.removesuffix("pep-suite"), databases)
    made.prepare()
    return made


@pytest.fixture
def embedded(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    made.prepare()
    return made


def tell(installation: Installation, times: int = 4) -> None:
    process = installation.start_telling(CHILDREN, times)
    process.join(60)
    assert process.exitcode == 0


@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
def test_killing_who_tells_loses_nothing_that_was_committed(installation: Installation, point: str) -> None:
    before = judge(installation).told
    for passes in (1, 2, 5):
        process = installation.start_telling(CHILDREN, 4, crash=f"{point}:{passes}")
        process.join(60)
        assert process.exitcode == KILLED
    assert judge(installation).told - before == {"before_commit": 0 + 1 + 4, "after_commit": 1 + 2 + 5}[point]
    worker = installation.start_worker()
    tell(installation, 1)

    verdict = wait_until_sound(installation)
    stop(worker)

    assert verdict.is_sound, verdict


@pytest.mark.parametrize("point", ["before_publish", "after_publish", "before_effect_commit", "after_effect"])
def test_killing_the_worker_loses_nothing_and_applies_nothing_twice(installation: Installation, point: str) -> None:
    for passes in (1, 2) if installation.databases is None else (1,):
        worker = installation.start_worker(crash=f"{point}:{passes}")
        while worker.is_alive():
            tell(installation, 1)
        assert worker.exitcode == KILLED
    worker = installation.start_worker()

    verdict = wait_until_sound(installation)
    stop(worker)

    assert verdict.is_sound, verdict


def test_killing_the_worker_at_what_it_holds_loses_nothing(installation: Installation) -> None:
    # The deaths leave facts handed out and unfinished. They are stored and tried together, and, as it dies of that too,
    # one by one.
    first = installation.start_worker(crash="after_effect:1")
    while first.is_alive():
        tell(installation, 1)
    stopped_before_commit = installation.start_worker(crash="before_effect_commit:1")
    while stopped_before_commit.is_alive():
        tell(installation, 1)
    for point in ("before_held_together", "before_held_effect"):
        killed = installation.start_worker(crash=f"{point}:1")
        killed.join(60)
        assert killed.exitcode == KILLED
    assert (first.exitcode, stopped_before_commit.exitcode) == (KILLED, KILLED)
    worker = installation.start_worker()

    verdict = wait_until_sound(installation)
    stop(worker)

    assert verdict.is_sound, verdict


def test_killing_the_worker_at_random_loses_nothing(installation: Installation) -> None:
    chance = random.Random(20261121)
    telling = installation.start_telling(CHILDREN, 100)
    kills = 0
    while telling.is_alive() or kills < 6:
        worker = installation.start_worker()
        time.sleep(chance.uniform(0.05, 0.5))
        worker.kill()
        worker.join()
        kills += 1
    worker = installation.start_worker()

    verdict = wait_until_sound(installation)
    stop(worker)

    assert telling.exitcode == 0
    assert verdict.is_sound, verdict
    assert verdict.told >= 100 * CHILDREN


def test_acknowledging_before_the_work_would_be_found_out(embedded: Installation) -> None:
    tell(embedded)
    worker = embedded.start_worker("before_effect_commit:1", "acknowledge_first")
    worker.join(60)
    assert worker.exitcode == KILLED
    worker = embedded.start_worker(way="acknowledge_first")
    tell(embedded)

    verdict = wait_until_sound(embedded, seconds=1.5)
    stop(worker)

    assert verdict.lost > 0


def test_working_without_an_inbox_would_be_found_out(embedded: Installation) -> None:
    tell(embedded)
    worker = embedded.start_worker("after_effect:1", "no_inbox")
    worker.join(60)
    assert worker.exitcode == KILLED
    worker = embedded.start_worker(way="no_inbox")

    verdict = wait_until_sound(embedded, seconds=1.5)
    stop(worker)

    assert verdict.twice > 0


def test_the_judge_finds_what_was_never_sent(embedded: Installation) -> None:
    tell(embedded, 1)

    verdict = judge(embedded)

    assert verdict.lost == CHILDREN
    assert verdict.left_over == (f"{CHILDREN} in the outbox",)
