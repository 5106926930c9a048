"""Rows inside a row: what belongs to a thing comes with it in one statement, on SQLite and on PostgreSQL.

A page or an API answer about one thing needs rows of several tables. Asked for one table after the other, each costs a
round trip; as arrays inside one row they cost one together. They come in no order: sort them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import Boolean, ColumnElement, Date, FromClause, Text, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from shared.platform.db import Json, UtcDateTime

Rows = list[dict[str, Any]]


def as_written(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a `nested` column that is given as the text the database made of it; `rows_in` reads that."""
    return type_coerce(column, Text)


def rows_in(column: ColumnElement[Any], text: str | None) -> Rows:
    """Return the rows that the text of a `nested` column holds."""
    kind: _NestedRows = column.type  # type: ignore[assignment]
    return kind.rows_in(text)


def nested(
    columns: Iterable[ColumnElement[Any]], source: FromClause, *where: ColumnElement[bool]
) -> ColumnElement[Any]:
    """Return a column that holds the rows of `source` as a list of dictionaries by column name; empty for none.

    Columns may be of the types String, Text, Integer, Boolean, Date, `UtcDateTime` and `Json`.
    """
    chosen = tuple(columns)
    query = select(_JsonRows(*chosen)).select_from(source).where(*where)
    return query.scalar_subquery()


class _NestedRows(TypeDecorator[Rows]):
    """Gives the arrays back as Python has them when they are asked for by themselves."""

    impl = Text
    cache_ok = True

    def __init__(self, names: tuple[str, ...], readers: tuple[Callable[[Any], Any] | None, ...]) -> None:
        super().__init__()
        self.names = names
        self.readers = readers

    def process_result_value(self, value: str | None, dialect: object) -> Rows:
        """Return dictionaries; nothing found is an empty list."""
        return self.rows_in(value)

    def rows_in(self, text: str | None) -> Rows:
        """Return the rows of a text that the database gave."""
        rows: Sequence[Sequence[Any]] = orjson.loads(text) if text else ()
        pairs = tuple(zip(self.names, self.readers, strict=True))
        return [
            {
                name: field if read is None or field is None else read(field)
                for (name, read), field in zip(pairs, row, strict=True)
            }
            for row in rows
        ]


class _JsonRows(FunctionElement[Any]):
    """Every row as an array of its columns, all in one array, as text."""

    inherit_cache = True
    name = "json_rows"

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        super().__init__(*columns)
        names = tuple(str(column.key) for column in columns)
        self.type = _NestedRows(names, tuple(_reader(column.type) for column in columns))


@compiles(_JsonRows, "sqlite")
def _on_sqlite(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    written = [(column.type, compiler.process(column, **options)) for column in element.clauses]
    parts = ", ".join(f"json({text})" if isinstance(kind, Json) else text for kind, text in written)
    return f"json_group_array(json_array({parts}))"


@compiles(_JsonRows, "postgresql")
def _on_postgresql(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    parts = ", ".join(compiler.process(column, **options) for column in element.clauses)
    return f"CAST(json_agg(json_build_array({parts})) AS TEXT)"


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


_READERS: Mapping[type[TypeEngine[Any]], Callable[[Any], Any]] = {
    Date: date.fromisoformat,
    UtcDateTime: _instant,
    Boolean: bool,
}


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    return _READERS.get(type(kind))
