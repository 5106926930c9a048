"""Loading and saving disagreements about a care plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.pep.adapters.pieces import in_pieces
from services.pep.adapters.tables_review import disagreement as table
from services.pep.domain.disagreements import Disagreement, Stage, StageStep
from shared.kernel.errors import NoSuchRecord, Stale


def add(connection: Connection, dispute: Disagreement) -> None:
    """Store a new disagreement."""
    connection.execute(insert(table).values(_values(dispute)))


def load(connection: Connection, disagreement_id: str) -> Disagreement:
    """Return a disagreement; raises `NotFound`."""
    row = connection.execute(select(table).where(table.c.id == disagreement_id)).mappings().first()
    if row is None:
        raise NoSuchRecord
    return _disagreement(row)


def save(connection: Connection, dispute: Disagreement) -> Disagreement:
    """Store a changed disagreement and return it with its new version; raises `Stale`."""
    saved = replace(dispute, version=dispute.version + 1)
    unchanged = (table.c.id == dispute.id, table.c.version == dispute.version)
    if connection.execute(update(table).where(*unchanged).values(_values(saved))).rowcount != 1:
        raise Stale("disagreement_changed", "Somebody changed this in the meantime. Look at it again.")
    return saved


def of_children(connection: Connection, child_ids: Collection[str]) -> dict[str, list[Disagreement]]:
    """Return the disagreements about these children, the newest first; one query."""
    found: dict[str, list[Disagreement]] = defaultdict(list)
    for ids in in_pieces(child_ids):
        query = select(table).where(table.c.child_id.in_(ids)).order_by(table.c.raised_on.desc(), table.c.id)
        for row in connection.execute(query).mappings():
            found[row["child_id"]].append(_disagreement(row))
    return found


def _values(dispute: Disagreement) -> dict[str, Any]:
    steps = [asdict(step) | {"stage": step.stage.value, "on": step.on.isoformat()} for step in dispute.steps]
    return asdict(dispute) | {"steps": steps, "is_open": dispute.is_open}


def _disagreement(row: Mapping[Any, Any]) -> Disagreement:
    steps = tuple(
        StageStep(Stage(step["stage"]), date.fromisoformat(step["on"]), step["note"], step["by_name"])
        for step in row["steps"]
    )
    values = {name: value for name, value in row.items() if name != "is_open"}
    return Disagreement(**{**values, "steps": steps})
