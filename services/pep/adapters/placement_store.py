"""Where children live, as stored."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from services.pep.adapters.tables_placement import placement as table
from services.pep.domain.placement import Placement, Traces, Watch
from shared.platform.nested import Rows, nested

_TRACES = (table.c.address, table.c.postcode, table.c.carer_phone)


def add(connection: Connection, placement: Placement) -> None:
    """Store what was recorded now."""
    connection.execute(insert(table).values(asdict(placement)))


def of_child(connection: Connection, child_id: str) -> list[Placement]:
    """Return everything recorded of where a child lives and lived, the oldest first."""
    query = select(table).where(table.c.child_id == child_id).order_by(table.c.number)
    rows = connection.execute(query).mappings()
    return [Placement(**{str(name): value for name, value in row.items() if name != "number"}) for row in rows]


def watch_over(connection: Connection, child_id: str) -> Watch:
    """Return what finds a child's homes, this one and those before, in a text."""
    return Watch(Traces(*row) for row in connection.execute(select(*_TRACES).where(table.c.child_id == child_id)))


def nested_traces(child_id: ColumnElement[str]) -> ColumnElement[Any]:
    """Return a column with what `watch_from` takes, for a statement that reads a child's record anyway."""
    return nested(_TRACES, table, table.c.child_id == child_id)


def watch_from(rows: Rows) -> Watch:
    """Return what finds a child's homes in a text, from a `nested_traces` column."""
    return Watch(Traces(**row) for row in rows)
