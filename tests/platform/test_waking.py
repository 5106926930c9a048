"""A relay on PostgreSQL is woken by a commit, not by its own looking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from shared.platform.db import Database
from shared.platform.waking import Ear

pytestmark = pytest.mark.postgresql


@pytest.fixture
def database(new_postgresql_database: Callable[[], str]) -> Iterator[Database]:
    opened = Database(new_postgresql_database())
    yield opened
    opened.close()


def test_a_commit_wakes_a_waiting_relay_at_once(database: Database) -> None:
    ear = Ear(database.engine)
    database.wake_relay()
    started = time.monotonic()
    ear.wait(20)
    assert time.monotonic() - started < 10
    ear.close()


def test_a_burst_of_commits_is_a_few_notifications(database: Database) -> None:
    ear = Ear(database.engine)
    for _ in range(500):
        database.wake_relay()
    heard = 0
    while True:
        started = time.monotonic()
        ear.wait(1.5)
        if time.monotonic() - started >= 1.4:
            break
        heard += 1
    assert 1 <= heard < 50
    ear.close()


def test_a_database_that_is_closed_wakes_nobody_and_does_not_hang(database: Database) -> None:
    database.wake_relay()
    database.close()
    database.wake_relay()
