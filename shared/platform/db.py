"""The databases: one way to open a transaction, on SQLite and on PostgreSQL.

The drivers begin no transaction by themselves. SQLAlchemy's defaults on SQLite lose updates (the driver starts the
transaction at the first write, after our reads), so a writing transaction begins with BEGIN IMMEDIATE, and one writer
at a time is let through within a process: the busy handler sleeps, a lock does not. Reading needs no transaction, and
psycopg forgets a connection's prepared statements whenever one is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from enum import Enum, auto
from time import monotonic
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from shared.platform.round_trips import forget_prepared, keep_order
from shared.platform.waking import Waker
from shared.platform.writers import Turns

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = JSON

RESTED_SECONDS = 0.5
"""For how long a connection may rest in the pool and be trusted without a try."""


class Access(Enum):
    """What a connection was opened for; none of these where machinery opens one for itself."""

    ASKING = auto()
    READING = auto()
    NOTING = auto()
    WRITING = auto()


ONLY_LOOKS = frozenset({Access.ASKING, Access.READING})


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, `timestamptz` in PostgreSQL, text in UTC in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant must be aware.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_metadata() -> MetaData:
    """Return an empty table collection whose constraints get predictable names."""
    return MetaData(naming_convention=NAMING_CONVENTION)


def row_of(record: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as a row: `dataclasses.asdict` would copy whatever they hold."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


class Database:
    """One service's database. `url` is a SQLAlchemy address (`sqlite:////path` or `postgresql+psycopg://…`)."""

    def __init__(self, url: str, *, pool_size: int = 5, busy_seconds: float = 30.0) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        # Hidden parameters: what a failed statement held must not reach logs or the reason of a parked event.
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "hide_parameters": True}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": busy_seconds, "check_same_thread": False}
        self.engine: Engine = create_engine(url, **options)
        # Many rows for one plain INSERT go as one statement, not as one for each.
        self.engine.dialect.use_insertmanyvalues_wo_returning = not self.is_sqlite
        self._waker = None if self.is_sqlite else Waker(self.asking)
        self._turns = Turns(self.engine.url.database or "") if self.is_sqlite else None
        event.listen(self.engine, "begin", _begin)
        event.listen(self.engine, "before_cursor_execute", _refuse_to_change)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
        else:
            keep_order(self.engine)
            event.listen(self.engine, "rollback", forget_prepared)
            event.listen(self.engine, "checkin", _note_rest)
            event.listen(self.engine, "checkout", self._try_if_rested)

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Open a connection for single questions, outside of any transaction; each meets the newest state."""
        with self.engine.connect() as connection:
            yield connection.execution_options(suite_access=Access.ASKING)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that only reads; a statement that would change something raises `RuntimeError`.

        Each statement meets the newest state, as in any transaction of PostgreSQL that asks for no more, so none is
        opened: there it would cost two more round trips and all prepared statements. SQLite does as PostgreSQL.
        """
        with self.engine.connect() as connection:
            yield connection.execution_options(suite_access=Access.READING)

    @contextmanager
    def noting(self, *, one_row: bool = False) -> Iterator[Connection]:
        """Open a connection for one statement that writes, which alone is the transaction.

        SQLite says it anew for each row, so there it has a transaction around it unless it is of `one_row`.
        """
        if self.is_sqlite and not one_row:
            with self.writing() as connection:
                yield connection
            return
        turn = nullcontext() if self._turns is None else self._turns.turn()
        with turn, self.engine.connect() as connection:
            yield connection.execution_options(suite_access=Access.NOTING)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that may write; it is committed at the end, or rolled back when an error leaves it."""
        turn = nullcontext() if self._turns is None else self._turns.turn()
        with turn, self.engine.connect() as connection:
            connection = connection.execution_options(suite_access=Access.WRITING)
            with connection.begin():
                yield connection

    def _try_if_rested(self, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Try a pooled connection that nobody has used for a while; a server that was restarted has dropped it."""
        if monotonic() - record.info.get("rests_since", monotonic()) < RESTED_SECONDS:
            return
        try:
            self.engine.dialect.do_ping(connection)
        except self.engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            raise DisconnectionError from error

    def wake_relay(self) -> None:
        """Say that facts were committed; call it after the commit. On SQLite the relay sees it by itself."""
        if self._waker is not None:
            self._waker.wake()

    def close(self) -> None:
        """Close every pooled connection."""
        if self._waker is not None:
            self._waker.close()
        if self._turns is not None:
            self._turns.close()
        self.engine.dispose()


def _note_rest(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = monotonic()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin a transaction where one is needed: at once on SQLite, with the first statement on PostgreSQL."""
    access = connection.get_execution_options().get("suite_access")
    if connection.dialect.name == "sqlite":
        if access in (None, Access.WRITING):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if access is Access.WRITING else "BEGIN")
    else:
        driver: Any = connection.connection.driver_connection
        alone = access not in (None, Access.WRITING)
        if driver.autocommit != alone:
            driver.autocommit = alone


def _refuse_to_change(_connection: object, _cursor: object, _statement: object, *more: Any) -> None:
    context = more[1]
    if context.execution_options.get("suite_access") in ONLY_LOOKS and (
        context.isinsert or context.isupdate or context.isdelete
    ):
        raise RuntimeError("What is opened for reading changes nothing.")
