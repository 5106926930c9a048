"""What is said with every event: together on the way to PostgreSQL, one after the other in effect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    cast,
    event,
    func,
    insert,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from shared.kernel.clock import LONDON
from shared.platform import round_trips
from shared.platform.db import Database, Json, UtcDateTime
from shared.platform.round_trips import Said, Saying, say, say_later

THING = Table(
    "thing",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("at", UtcDateTime),
)
AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
NAMES = Saying(select(THING.c.id, THING.c.name).order_by(THING.c.id))


def adding(dialect: str) -> Saying:
    inserting = postgresql.insert if dialect == "postgresql" else sqlite.insert
    columns = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in THING.c}
    return Saying(inserting(THING).values(columns))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("new_postgresql_database")() if on_postgresql else f"sqlite:///{tmp_path}/a.sqlite"
    opened = Database(url)
    THING.metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def on_postgresql(new_postgresql_database: Callable[[], str]) -> Iterator[Database]:
    opened = Database(new_postgresql_database())
    THING.metadata.create_all(opened.engine)
    yield opened
    opened.close()


def add(connection: Connection, number: int, name: str = "a", *, commit: bool = False) -> None:
    new = adding(connection.dialect.name)
    say(connection, new.of(new_id=number, new_name=name, new_at=AT), commit=commit)


def names(database: Database) -> list[tuple[int, str]]:
    with database.asking() as connection:
        (rows,) = say(connection, NAMES.of())
    return [(row.id, row.name) for row in rows]


def test_each_statement_sees_what_those_before_it_did(database: Database) -> None:
    new = adding(database.engine.dialect.name)
    with database.writing() as connection:
        before, _, after = say(
            connection, NAMES.of(), new.of(new_id=2**40, new_name="Tilly Förde £", new_at=None), NAMES.of()
        )
    assert list(before) == []
    assert [(row.id, row.name) for row in after] == [(2**40, "Tilly Förde £")]
    assert names(database) == [(2**40, "Tilly Förde £")]


def test_an_instant_is_kept_as_an_ordinary_statement_keeps_it(database: Database) -> None:
    with database.writing() as connection:
        add(connection, 1)
    with database.reading() as connection:
        assert connection.execute(select(THING.c.at)).scalar_one() == AT


def test_a_naive_instant_is_refused(database: Database) -> None:
    naive = adding(database.engine.dialect.name).of(new_id=1, new_name="a", new_at=AT.replace(tzinfo=None))
    with pytest.raises(Exception, match="aware"), database.writing() as connection:
        say(connection, naive)
    assert names(database) == []


def test_a_block_that_fails_undoes_what_was_said_in_it(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        add(connection, 1)
        raise ZeroDivisionError
    assert names(database) == []


def test_what_is_committed_with_the_statements_stays_whatever_follows(on_postgresql: Database) -> None:
    with pytest.raises(ZeroDivisionError), on_postgresql.writing() as connection:
        add(connection, 1, commit=True)
        raise ZeroDivisionError
    assert names(on_postgresql) == [(1, "a")]


def test_one_that_fails_takes_the_others_with_it_and_the_next_go_starts_afresh(database: Database) -> None:
    new = adding(database.engine.dialect.name)
    with pytest.raises(IntegrityError) as caught, database.writing() as connection:
        say(connection, *[new.of(new_id=number, new_name="private", new_at=AT) for number in (1, 1, 2)])
    assert "private" not in str(caught.value)
    assert names(database) == []
    with database.writing() as connection:
        add(connection, 1)
    assert names(database) == [(1, "a")]


def test_a_server_that_drops_the_connection_shows_as_a_database_error_once(on_postgresql: Database) -> None:
    with pytest.raises(OperationalError), on_postgresql.writing() as connection:
        add(connection, 1)
        ours = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with on_postgresql.asking() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": ours})
        say(connection, NAMES.of())
    with on_postgresql.writing() as connection:
        add(connection, 2)
    assert names(on_postgresql) == [(2, "a")]


def test_a_plan_that_no_longer_fits_is_made_anew(on_postgresql: Database) -> None:
    assert names(on_postgresql) == []
    with on_postgresql.writing() as connection:
        connection.execute(text("ALTER TABLE thing ALTER COLUMN id TYPE integer"))
        connection.execute(text("INSERT INTO thing VALUES (1, 'a', NULL)"))
    with pytest.raises(DBAPIError, match="cached plan"):
        names(on_postgresql)
    assert names(on_postgresql) == [(1, "a")]


def test_more_than_the_network_takes_at_once_goes_through_both_ways(on_postgresql: Database) -> None:
    echo = Saying(select(bindparam("said", type_=String()).label("heard")))
    with on_postgresql.asking() as connection:
        answers = say(connection, *[echo.of(said=letter * 8_000_000) for letter in "abc"])
    assert [rows[0].heard[-1] for rows in answers] == ["a", "b", "c"]
    assert {len(rows[0].heard) for rows in answers} == {8_000_000}


def test_other_threads_run_while_an_answer_is_awaited(on_postgresql: Database) -> None:
    """The first waits for a lock that only the second can give back."""
    locks = Saying(select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)).label("nothing")))
    held, done = threading.Event(), threading.Event()

    def wait_for_it() -> None:
        held.wait(10)
        with on_postgresql.writing() as connection:
            say(connection, locks.of(key=7))
        done.set()

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    with on_postgresql.writing() as connection:
        say(connection, locks.of(key=7))
        held.set()
        with on_postgresql.asking() as other:
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not other.execute(waiting).scalar_one():
                done.wait(0.01)
        assert not done.is_set()
    thread.join(10)
    assert done.is_set()


def test_what_psycopg_forgets_with_a_rollback_is_prepared_anew(on_postgresql: Database) -> None:
    with on_postgresql.writing() as connection:
        say(connection, NAMES.of())
    for _ in range(8):  # until psycopg itself has prepared something
        with on_postgresql.writing() as connection:
            connection.execute(select(THING.c.name)).all()
    with pytest.raises(ZeroDivisionError), on_postgresql.writing() as connection:
        connection.execute(select(THING.c.name)).all()
        raise ZeroDivisionError
    with on_postgresql.writing() as connection:
        assert say(connection, NAMES.of()) == [[]]


KEPT = Table(
    "kept",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("body", Json, nullable=False),
    Column("on", Date),
    Column("yes", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
KEEP = Saying(insert(KEPT).inline(), [column.name for column in KEPT.c])
EVERY = Saying(select(KEPT).order_by(KEPT.c.id))
BODY = {"what": "Förde £", "cost": 3, "why": None}
ROW = {"id": 1, "body": BODY, "on": AT.date(), "yes": False, "at": AT.astimezone(LONDON)}


@pytest.fixture
def keeping(database: Database) -> Database:
    KEPT.metadata.create_all(database.engine)
    return database


def bodies(database: Database) -> list[int]:
    with database.asking() as connection:
        (rows,) = say(connection, EVERY.of())
    return [row.id for row in rows]


def test_what_is_said_is_kept_and_read_as_an_ordinary_statement_keeps_and_reads_it(keeping: Database) -> None:
    with keeping.writing() as connection:
        say(connection, KEEP.of(**ROW))
        connection.execute(insert(KEPT), {**ROW, "id": 2, "on": None, "yes": True})
        ordinary = [tuple(row) for row in connection.execute(select(KEPT).order_by(KEPT.c.id))]
        (said,) = say(connection, EVERY.of())
        texts = connection.execute(select(cast(KEPT.c.body, String), type_coerce(KEPT.c.at, String))).all()
    assert [tuple(row) for row in said] == ordinary
    assert said[0].body == BODY
    assert (said[0].at, said[0].at.tzinfo, said[0].yes, said[0].on) == (AT, UTC, False, AT.date())
    assert texts[0] == texts[1]


def test_what_is_said_for_later_comes_before_the_next_statement_and_before_the_commit(keeping: Database) -> None:
    with keeping.writing() as connection:
        say_later(connection, KEEP, [ROW])
        assert connection.execute(select(KEPT.c.id)).scalars().all() == [1]
        say_later(connection, KEEP, [{**ROW, "id": 2}])
        assert [row.id for row in say(connection, EVERY.of())[0]] == [1, 2]
        say_later(connection, KEEP, [{**ROW, "id": 3}])
        say_later(connection, KEEP, [{**ROW, "id": 4}, {**ROW, "id": 5}])
        assert bodies(keeping) == []
        say_later(connection, KEEP, [{**ROW, "id": 6}])
    assert bodies(keeping) == [1, 2, 3, 4, 5, 6]


def test_what_was_said_for_later_is_gone_when_the_transaction_is(keeping: Database) -> None:
    with pytest.raises(ZeroDivisionError), keeping.writing() as connection:
        say_later(connection, KEEP, [ROW])
        raise ZeroDivisionError
    with keeping.writing() as connection:
        connection.execute(select(KEPT.c.id))
    assert bodies(keeping) == []


def test_a_savepoint_takes_back_what_was_said_for_later_within_it_alone(keeping: Database) -> None:
    with keeping.writing() as connection:
        say_later(connection, KEEP, [ROW])
        with pytest.raises(ZeroDivisionError), connection.begin_nested():
            say_later(connection, KEEP, [{**ROW, "id": 2}])
            raise ZeroDivisionError
        with connection.begin_nested():
            say_later(connection, KEEP, [{**ROW, "id": 3}])
    assert bodies(keeping) == [1, 3]


def test_a_commit_that_brings_what_cannot_be_stored_stores_nothing_and_says_so(keeping: Database) -> None:
    with pytest.raises(IntegrityError) as caught, keeping.writing() as connection:
        say(connection, KEEP.of(**ROW))
        say_later(connection, KEEP, [ROW])
    assert "Förde" not in str(caught.value)
    assert bodies(keeping) == []


def test_what_is_said_for_later_travels_with_the_commit(
    on_postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    KEPT.metadata.create_all(on_postgresql.engine)
    sent: list[tuple[int, bool]] = []
    send = round_trips._sent

    def note(driver: Any, prepared: Any, said: Sequence[Said], commit: bool) -> list[list[Any]]:
        sent.append((len(said), commit))
        return send(driver, prepared, said, commit)

    monkeypatch.setattr(round_trips, "_sent", note)
    with on_postgresql.writing() as connection:
        assert say(connection, EVERY.of()) == [[]]
        say_later(connection, KEEP, [ROW])
        say_later(connection, KEEP, [{**ROW, "id": 2}])
    assert sent == [(1, False), (2, True)]
    assert bodies(on_postgresql) == [1, 2]


def test_where_one_only_reads_nothing_that_changes_is_said(keeping: Database) -> None:
    for opened in (keeping.asking, keeping.reading):
        with pytest.raises(RuntimeError, match="changes nothing"), opened() as connection:
            say(connection, KEEP.of(**ROW))
        with pytest.raises(RuntimeError, match="changes nothing"), opened() as connection:
            say_later(connection, KEEP, [ROW])
    with keeping.noting() as connection:
        say_later(connection, KEEP, [ROW])
    assert bodies(keeping) == [1]


def test_those_who_count_statements_hear_of_each_once(keeping: Database) -> None:
    heard: list[str] = []
    with keeping.writing() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: heard.append(call[2].split()[0]))
        say_later(connection, KEEP, [ROW])
        say(connection, EVERY.of())
        say_later(connection, KEEP, [{**ROW, "id": 2}])
        connection.execute(select(KEPT.c.id))
    assert heard == ["INSERT", "SELECT", "INSERT", "SELECT"]
