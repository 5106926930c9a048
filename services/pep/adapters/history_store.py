"""The history: entries are added, never changed and never taken out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from services.pep.adapters.tables_plan import history as history_table
from services.pep.domain.history import HistoryEntry
from shared.platform.db import row_of
from shared.platform.round_trips import Saying, say_later

_ADD = Saying(insert(history_table).inline(), [column.name for column in history_table.c if column.name != "number"])


def add_entries(connection: Connection, entries: Collection[HistoryEntry]) -> None:
    """Append entries in their order, at the latest with the transaction's COMMIT."""
    if entries:
        say_later(connection, _ADD, [row_of(entry) | {"facts": dict(entry.facts)} for entry in entries])


def history_of(connection: Connection, child_id: str, plan_id: str = "") -> list[HistoryEntry]:
    """Return a child's history, the newest first; of one plan, with what concerns the child whatever the plan."""
    query = select(history_table).where(history_table.c.child_id == child_id)
    if plan_id:
        query = query.where(history_table.c.plan_id.in_([plan_id, ""]))
    return [entry_of(row) for row in connection.execute(query.order_by(history_table.c.number.desc())).mappings()]


def entry_of(row: Mapping[Any, Any]) -> HistoryEntry:
    """Return a row of the table as a step."""
    return HistoryEntry(**{name: value for name, value in row.items() if name != "number"})
