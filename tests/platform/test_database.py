"""Transactions: what is promised on SQLite, where SQLAlchemy's defaults promise less."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Executable, Integer, Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from shared.platform import db, writers
from shared.platform.db import Database, UtcDateTime, new_metadata

metadata = new_metadata()
counter = Table("counter", metadata, Column("id", Integer, primary_key=True), Column("value", Integer, nullable=False))
moment = Table("moment", metadata, Column("id", Integer, primary_key=True), Column("at", UtcDateTime))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    metadata.create_all(opened.engine)
    with opened.writing() as connection:
        connection.execute(insert(counter).values(id=1, value=0))
    yield opened
    opened.close()


def test_no_update_is_lost_when_many_read_then_write(database: Database) -> None:
    other = Database(database.url)  # as a second process has it: no lock in common

    def add(through: Database) -> None:
        for _ in range(25):
            with through.writing() as connection:
                value = connection.execute(select(counter.c.value)).scalar_one()
                connection.execute(update(counter).values(value=value + 1))

    threads = [threading.Thread(target=add, args=(through,)) for through in (database, other, database, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    with database.reading() as connection:
        assert connection.execute(select(counter.c.value)).scalar_one() == 100


def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(update(counter).values(value=7))
        connection.execute(insert(counter).values(id=1, value=0))
    with database.reading() as connection:
        assert connection.execute(select(counter.c.value)).scalar_one() == 0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgresql_database")()
    opened = Database(url)
    metadata.create_all(opened.engine)
    with opened.writing() as connection:
        connection.execute(insert(counter).values(id=1, value=0))
    yield opened
    opened.close()


@pytest.mark.parametrize("change", [update(counter).values(value=7), delete(counter), insert(counter).values(value=7)])
@pytest.mark.parametrize("way", ["reading", "asking"])
def test_what_is_opened_for_reading_changes_nothing(either: Database, way: str, change: Executable) -> None:
    with pytest.raises(RuntimeError, match="changes nothing"), getattr(either, way)() as connection:
        connection.execute(change)
    with either.reading() as connection:
        assert connection.execute(select(counter.c.id, counter.c.value)).all() == [(1, 0)]


def test_a_note_is_there_for_everybody_when_it_is_done(either: Database) -> None:
    other = Database(either.url)
    with either.noting() as connection:
        connection.execute(insert(counter), [{"id": 2, "value": 5}, {"id": 3, "value": 6}])
    with other.reading() as connection:
        assert set(connection.execute(select(counter.c.value)).scalars()) == {0, 5, 6}
    with pytest.raises(IntegrityError), either.noting() as connection:
        connection.execute(insert(counter), [{"id": 4, "value": 8}, {"id": 1, "value": 9}])
    with other.reading() as connection:
        assert set(connection.execute(select(counter.c.value)).scalars()) == {0, 5, 6}
    other.close()


def test_a_note_of_one_row_needs_no_transaction_around_it(either: Database) -> None:
    other = Database(either.url)
    with either.noting(one_row=True) as connection:
        connection.execute(insert(counter), {"id": 2, "value": 5})
        with other.reading() as reader:
            assert set(reader.execute(select(counter.c.value)).scalars()) == {0, 5}
    with pytest.raises(IntegrityError), either.noting(one_row=True) as connection:
        connection.execute(insert(counter), {"id": 1, "value": 9})
    with other.reading() as reader:
        assert set(reader.execute(select(counter.c.value)).scalars()) == {0, 5}
    other.close()


def test_a_writer_after_a_reader_has_a_transaction_of_its_own(either: Database) -> None:
    with either.reading() as connection:
        assert connection.execute(select(counter.c.value)).scalar_one() == 0
    with pytest.raises(ZeroDivisionError), either.writing() as connection:
        connection.execute(update(counter).values(value=1))
        raise ZeroDivisionError
    with either.reading() as connection:
        assert connection.execute(select(counter.c.value)).scalar_one() == 0


@pytest.mark.postgresql
def test_statements_stay_prepared_from_one_reading_to_the_next(new_postgresql_database: Callable[[], str]) -> None:
    opened = Database(new_postgresql_database(), pool_size=1)
    metadata.create_all(opened.engine)
    for _ in range(8):
        with opened.reading() as connection:
            connection.execute(select(counter.c.value)).all()
    with opened.reading() as connection:
        prepared = connection.execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()
    assert [one for one in prepared if "counter" in one]
    opened.close()


def test_an_instant_comes_back_aware_and_equal(database: Database) -> None:
    summer = datetime(2026, 7, 1, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    with database.writing() as connection:
        connection.execute(insert(moment).values(id=1, at=summer))
    with database.reading() as connection:
        found = connection.execute(select(moment.c.at)).scalar_one()
    assert found == summer
    assert found.tzinfo is UTC


def test_a_naive_instant_is_refused(database: Database) -> None:
    naive = datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(StatementError, match="aware"), database.writing() as connection:
        connection.execute(insert(moment).values(id=1, at=naive))


@pytest.mark.postgresql
def test_a_connection_that_died_while_it_rested_is_replaced(
    new_postgresql_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "RESTED_SECONDS", 0.0)
    opened, other = (Database(url) for url in [new_postgresql_database()] * 2)
    with opened.reading() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with other.reading() as connection:
        assert connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid}).scalar_one()
    with opened.reading() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid
    opened.close()
    other.close()


@pytest.mark.postgresql
def test_a_connection_just_used_is_not_tried_again(
    new_postgresql_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Database(new_postgresql_database())
    tried: list[object] = []
    monkeypatch.setattr(opened.engine.dialect, "do_ping", lambda connection: tried.append(connection) or True)
    for _ in range(3):
        with opened.reading() as connection:
            connection.execute(text("SELECT 1"))
    assert tried == []
    opened.close()


def test_a_writer_that_is_stopped_in_the_middle_holds_nobody_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "PATIENCE_SECONDS", 0.0)
    other = Database(database.url)  # as a second process has it
    entered, go_on = threading.Event(), threading.Event()

    def keep_the_turn() -> None:
        with other._turns.turn():  # type: ignore[union-attr]
            entered.set()
            go_on.wait(20)

    stopped = threading.Thread(target=keep_the_turn)
    stopped.start()
    assert entered.wait(20)
    with database.writing() as connection:
        connection.execute(update(counter).values(value=1))
    go_on.set()
    stopped.join()
    other.close()
    with database.reading() as connection:
        assert connection.execute(select(counter.c.value)).scalar_one() == 1
