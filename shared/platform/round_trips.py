"""Statements that are said often, several of them in one round trip to PostgreSQL.

For a statement of a tenth of a millisecond, what SQLAlchemy and psycopg do around it and the way there and back are
most of the time. Here each is written and prepared once, and what can be said together is sent together, the BEGIN
before and the COMMIT behind included; PostgreSQL runs one after the other, each seeing what the one before did and
waited for. On SQLite, which has no way to go, they are handed to the driver at once.

What gives no answer that anybody waits for may be said `later`: with the next statement of the transaction, or with
its COMMIT.
"""

from __future__ import annotations

import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any, NamedTuple, cast

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection, Dialect, Engine, Select, UpdateBase, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

_NUMBERS = count(1)
_ON_POSTGRESQL = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_PREPARED = "prepared sayings"
_LATER = "said later"
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.PIPELINE_SYNC)


class Saying:
    """A statement that is said often; `of(...)` gives it its parameters.

    They may be text, numbers, instants and what JSON holds. An INSERT names the `columns` it is given, unless it names
    its values itself; defaults that Python would work out are not filled in.
    """

    def __init__(self, statement: Select[Any] | UpdateBase, columns: Sequence[str] | None = None) -> None:
        self.statement = statement
        self.columns = columns
        self._written: dict[str, _Written] = {}

    def of(self, **parameters: Any) -> Said:
        """Return what is to be said."""
        return Said(self, parameters)

    def on(self, dialect: Dialect) -> _Written:
        """Return the statement as a database is told it."""
        written = self._written.get(dialect.name)
        if written is None:
            written = self._written[dialect.name] = self._write(dialect)
        return written

    def _write(self, dialect: Dialect) -> _Written:
        compiled = self.statement.compile(dialect=dialect, column_keys=self.columns)
        order = tuple(compiled.positiontup or ())
        binding = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order]
        reading = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in self._answered()]
        return _Written(
            compiled.string,
            order,
            {name: value for name, value in compiled.params.items() if value is not None},
            binding,
            [(place, read) for place, read in enumerate(reading) if read is not None],
            isinstance(self.statement, UpdateBase),
        )

    def _answered(self) -> Sequence[Any]:
        return tuple(self.statement.exported_columns)


class Said(NamedTuple):
    """A saying with its parameters."""

    saying: Saying
    parameters: Mapping[str, Any]


class Told:
    """What those who listen for statements are told of one, as SQLAlchemy tells it of its own."""

    __slots__ = ("execution_options", "isdelete", "isinsert", "isupdate")

    def __init__(self, changes: bool, execution_options: Mapping[str, Any]) -> None:
        self.isinsert = self.isupdate = self.isdelete = changes
        self.execution_options = execution_options


class _Written(NamedTuple):
    sql: str
    order: Sequence[str]
    constants: Mapping[str, Any]
    binding: Sequence[Callable[[Any], Any] | None]
    reading: Sequence[tuple[int, Callable[[Any], Any]]]
    changes: bool

    def values(self, parameters: Mapping[str, Any]) -> list[bytes | None]:
        """Return the parameters in their order, as PostgreSQL is sent them."""
        given = {**self.constants, **parameters}
        return [_as_text(given[name]) for name in self.order]

    def bound(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the parameters in their order, as SQLite's driver takes them."""
        given = {**self.constants, **parameters} if self.constants else parameters
        return [
            given[name] if bind is None else bind(given[name])
            for name, bind in zip(self.order, self.binding, strict=True)
        ]

    def read(self, row: Sequence[Any]) -> Sequence[Any]:
        """Return a row as Python has its types."""
        if not self.reading:
            return row
        found = list(row)
        for place, read in self.reading:
            found[place] = read(found[place])
        return found


class _Prepared(NamedTuple):
    name: bytes
    as_row: Callable[[Sequence[Any]], Any]


def say(connection: Connection, *said: Said, commit: bool = False) -> list[list[Any]]:
    """Execute statements in their order; return the rows of each, whose columns are attributes.

    With `commit` the transaction ends with them, in the same round trip; on SQLite it ends with its block. Raises
    SQLAlchemy's errors.
    """
    if not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does by itself before its first statement
    for each in said:
        _tell_listeners(connection, each)
    if connection.dialect.name == "sqlite":
        return _executed(connection, said)
    info = connection.info
    waiting = info.pop(_LATER, ())
    try:
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        return _sent(driver, info.setdefault(_PREPARED, {}), [*waiting, *said], commit)[len(waiting) :]
    except BaseException as error:
        # Whatever it was, a plan kept too long perhaps or half an answer: this connection is not used again.
        connection.invalidate(error)
        if not isinstance(error, psycopg.Error):
            raise
        sql = "; ".join(each.saying.on(_ON_POSTGRESQL).sql for each in [*waiting, *said])
        raise DBAPIError.instance(sql, None, error, psycopg.Error, hide_parameters=True) from error


def say_later(connection: Connection, saying: Saying, rows: Sequence[Mapping[str, Any]]) -> None:
    """Say of each of some rows what gives no answer: where it is one row, with the next statement or with the COMMIT.

    What is said comes in its order, before whatever is said or asked next; what is rolled back meanwhile never happens.
    Of several rows, on SQLite, and where there is no transaction it is executed at once. Raises SQLAlchemy's errors, on
    PostgreSQL when it is executed.
    """
    if len(rows) != 1:
        connection.execute(saying.statement, list(rows))
        return
    said = saying.of(**rows[0])
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" or not connection.in_transaction() or driver.autocommit:
        say(connection, said)
    else:
        _tell_listeners(connection, said)
        connection.info.setdefault(_LATER, []).append(said)


def keep_order(engine: Engine) -> None:
    """Have what was said for later executed before whatever comes next on a connection to PostgreSQL."""

    def before_a_statement(connection: Connection, _cursor: object, _statement: str, *more: Any) -> None:
        if not isinstance(more[1], Told):
            _say_what_waits(connection)

    event.listen(engine, "before_cursor_execute", before_a_statement)
    event.listen(engine, "savepoint", lambda connection, _name: _say_what_waits(connection))
    event.listen(engine, "release_savepoint", lambda connection, _name, _context: _say_what_waits(connection))
    event.listen(engine, "rollback_savepoint", lambda connection, _name, _context: _forget_what_waits(connection))
    event.listen(engine, "commit", lambda connection: _say_what_waits(connection, commit=True))
    event.listen(engine, "rollback", _forget_what_waits)


def _say_what_waits(connection: Connection, *, commit: bool = False) -> None:
    if _LATER in connection.info:
        say(connection, commit=commit)


def _forget_what_waits(connection: Connection) -> None:
    if not (connection.invalidated or connection.closed):
        connection.info.pop(_LATER, None)


def _tell_listeners(connection: Connection, said: Said) -> None:
    written = said.saying.on(_dialect_of(connection))
    told = Told(written.changes, connection.get_execution_options())
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, written.sql, said.parameters, told, False)


def _dialect_of(connection: Connection) -> Dialect:
    return connection.dialect if connection.dialect.name == "sqlite" else _ON_POSTGRESQL


def forget_prepared(connection: Connection) -> None:
    """Prepare anew what is said next, where psycopg is about to forget what it prepared: when it rolls back."""
    if connection.invalidated or connection.closed:
        return
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    if driver.pgconn.transaction_status != TransactionStatus.IDLE:
        connection.info.pop(_PREPARED, None)


def _executed(connection: Connection, said: Sequence[Said]) -> list[list[Any]]:
    driver: Any = connection.connection.driver_connection
    answers = []
    for each in said:
        written = each.saying.on(connection.dialect)
        try:
            cursor = driver.execute(written.sql, written.bound(each.parameters))
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            raise DBAPIError.instance(written.sql, None, error, sqlite3.Error, hide_parameters=True) from error
        as_row = _row_of(tuple(column[0] for column in cursor.description)) if rows else tuple
        answers.append([as_row(written.read(row)) for row in rows])
    return answers


@cache
def _row_of(columns: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]
    make: Callable[[Sequence[Any]], Any] = row._make
    return make


def _sent(
    driver: psycopg.Connection[Any], prepared: dict[Saying, _Prepared], said: Sequence[Said], commit: bool
) -> list[list[Any]]:
    wire = driver.pgconn
    for saying, _ in said:
        if saying not in prepared:
            prepared[saying] = _prepare(wire, saying)
    begin = wire.transaction_status == TransactionStatus.IDLE and not driver.autocommit
    written = [each.saying.on(_ON_POSTGRESQL) for each in said]
    wire.enter_pipeline_mode()
    if begin:
        wire.send_query_params(b"BEGIN", None)
    for each, how in zip(said, written, strict=True):
        values = how.values(each.parameters)
        wire.send_query_prepared(prepared[each.saying].name, values, result_format=Format.BINARY)
    if commit:
        wire.send_query_params(b"COMMIT", None)
    wire.pipeline_sync()
    results = _results(wire)
    wire.exit_pipeline_mode()
    answers = []
    reading = Transformer(driver)
    for each, how, result in zip(said, written, results[begin:], strict=False):
        reading.set_pgresult(result)
        as_row = prepared[each.saying].as_row
        rows = reading.load_rows(0, result.ntuples, how.read)
        answers.append([as_row(row) for row in rows])
    return answers


def _prepare(wire: PGconn, saying: Saying) -> _Prepared:
    # A number of its own each time: whether the one before is still known to PostgreSQL need not be known here.
    name = f"saying_{next(_NUMBERS)}".encode()
    for result in (
        wire.prepare(name, saying.on(_ON_POSTGRESQL).sql.encode()),
        described := wire.describe_prepared(name),
    ):
        if result.status not in _GOOD:
            raise error_from_result(result)
    columns = [(described.fname(at) or b"").decode() for at in range(described.nfields)]
    return _Prepared(name, _row_of(tuple(columns)))


def _results(wire: PGconn) -> list[PGresult]:
    """Return the result of each statement when all have arrived; raises the error of the first that failed.

    libpq would wait by itself, but would let no other thread run meanwhile.
    """
    waiting = poll()
    waiting.register(wire.socket, POLLIN | POLLOUT)
    while wire.flush():
        if any(event & POLLIN for _, event in waiting.poll()):
            wire.consume_input()
    waiting.modify(wire.socket, POLLIN)
    results: list[PGresult] = []
    while True:
        while wire.is_busy():
            waiting.poll()
            wire.consume_input()
        result = wire.get_result()
        if result is None:
            continue  # the end of one statement's results
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        if result.status not in _GOOD:
            raise error_from_result(result)
        results.append(result)


def _as_text(value: Any) -> bytes | None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("An instant must be aware.")
        return value.isoformat().encode()
    if isinstance(value, dict | list):
        return json.dumps(value).encode()
    return None if value is None else str(value).encode()
