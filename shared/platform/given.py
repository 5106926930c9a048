"""Rows handed to one statement as a single parameter, so that it costs one statement however many rows there are.

They travel as JSON, which both databases unfold. With a parameter for each value a statement would be compiled, sent
and planned anew for every number of rows; run once for each row, it would cost a round trip for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, Column, FromClause, String, bindparam, cast, func, select
from sqlalchemy.sql import sqltypes

PARAMETER = "given"


def given(dialect: str, *columns: Column[Any]) -> FromClause:
    """Return a table `given` with columns named and typed as these, filled from the parameter of `as_given`.

    The types may be text and numbers. `dialect` is `sqlite` or `postgresql`.
    """
    rows = bindparam(PARAMETER, type_=String())
    if dialect == "postgresql":
        parts = [Column(column.name, _plain(column)) for column in columns]
        unfolded = func.json_to_recordset(cast(rows, JSON)).table_valued(*parts, name="given")
        return unfolded.render_derived(name="given", with_types=True)
    each = func.json_each(rows).table_valued("value", name="one")
    members = [
        func.json_extract(each.c.value, f"$.{column.name}", type_=_plain(column)).label(column.name)
        for column in columns
    ]
    return select(*members).select_from(each).subquery("given")


def as_given(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the parameter that fills `given`."""
    return {PARAMETER: orjson.dumps(rows).decode()}


def _plain(column: Column[Any]) -> sqltypes.TypeEngine[Any]:
    return String() if isinstance(column.type, String) else column.type
