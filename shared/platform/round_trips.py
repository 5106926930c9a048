"""Statements that are said with every event, several of them in one round trip to PostgreSQL.

For a statement of a tenth of a millisecond, what SQLAlchemy and psycopg do around it and the way there and back are
most of the time. Here each is prepared once on a connection, and what can be said together is sent together, the BEGIN
before and the COMMIT behind included; PostgreSQL runs one after the other, each seeing what the one before did and
waited for. On SQLite, which has no way to go, they are simply executed.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any, NamedTuple, cast

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection, Select, UpdateBase
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

_NUMBERS = count(1)
_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_PREPARED = "prepared sayings"
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.PIPELINE_SYNC)


class Saying:
    """A statement that is said often; `of(...)` gives it its parameters, which may be text, numbers and instants."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self.statement = statement

    def of(self, **parameters: Any) -> Said:
        """Return what is to be said."""
        return Said(self, parameters)

    @cached_property
    def written(self) -> _Written:
        """The statement as PostgreSQL is told it, with numbered parameters."""
        compiled = self.statement.compile(dialect=_DIALECT)
        return _Written(compiled.string, tuple(compiled.positiontup or ()), dict(compiled.params))


class Said(NamedTuple):
    """A saying with its parameters."""

    saying: Saying
    parameters: Mapping[str, Any]


class _Written(NamedTuple):
    sql: str
    order: Sequence[str]
    constants: Mapping[str, Any]

    def values(self, parameters: Mapping[str, Any]) -> list[bytes | None]:
        given = {**self.constants, **parameters}
        return [_as_text(given[name]) for name in self.order]


class _Prepared(NamedTuple):
    name: bytes
    as_row: Callable[..., Any]


def say(connection: Connection, *said: Said, commit: bool = False) -> list[list[Any]]:
    """Execute statements in their order; return the rows of each, whose columns are attributes.

    With `commit` the transaction ends with them, in the same round trip; on SQLite it ends with its block. Raises
    SQLAlchemy's errors.
    """
    if connection.dialect.name == "sqlite":
        return [_executed(connection, each) for each in said]
    if not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does by itself before its first statement
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        return _sent(driver, connection.info.setdefault(_PREPARED, {}), said, commit)
    except BaseException as error:
        # Whatever it was, a plan kept too long perhaps or half an answer: this connection is not used again.
        connection.invalidate(error)
        if not isinstance(error, psycopg.Error):
            raise
        sql = "; ".join(each.saying.written.sql for each in said)
        raise DBAPIError.instance(sql, None, error, psycopg.Error, hide_parameters=True) from error


def forget_prepared(connection: Connection) -> None:
    """Prepare anew what is said next, where psycopg is about to forget what it prepared: when it rolls back."""
    if connection.invalidated or connection.closed:
        return
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    if driver.pgconn.transaction_status != TransactionStatus.IDLE:
        connection.info.pop(_PREPARED, None)


def _executed(connection: Connection, said: Said) -> list[Any]:
    result = connection.execute(said.saying.statement, said.parameters)
    return list(result) if result.returns_rows else []


def _sent(
    driver: psycopg.Connection[Any], prepared: dict[Saying, _Prepared], said: Sequence[Said], commit: bool
) -> list[list[Any]]:
    wire = driver.pgconn
    for saying, _ in said:
        if saying not in prepared:
            prepared[saying] = _prepare(wire, saying)
    begin = wire.transaction_status == TransactionStatus.IDLE and not driver.autocommit
    wire.enter_pipeline_mode()
    if begin:
        wire.send_query_params(b"BEGIN", None)
    for each in said:
        values = each.saying.written.values(each.parameters)
        wire.send_query_prepared(prepared[each.saying].name, values, result_format=Format.BINARY)
    if commit:
        wire.send_query_params(b"COMMIT", None)
    wire.pipeline_sync()
    results = _results(wire)
    wire.exit_pipeline_mode()
    answers = []
    reading = Transformer(driver)
    for each, result in zip(said, results[begin:], strict=False):
        reading.set_pgresult(result)
        answers.append(reading.load_rows(0, result.ntuples, prepared[each.saying].as_row))
    return answers


def _prepare(wire: PGconn, saying: Saying) -> _Prepared:
    # A number of its own each time: whether the one before is still known to PostgreSQL need not be known here.
    name = f"saying_{next(_NUMBERS)}".encode()
    for result in (wire.prepare(name, saying.written.sql.encode()), described := wire.describe_prepared(name)):
        if result.status not in _GOOD:
            raise error_from_result(result)
    columns = [(described.fname(at) or b"").decode() for at in range(described.nfields)]
    row: Any = namedtuple("Row", columns)  # type: ignore[misc]
    return _Prepared(name, row._make)


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
    return None if value is None else str(value).encode()
