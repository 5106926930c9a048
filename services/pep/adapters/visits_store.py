"""Loading and saving the social worker's visits; what was recorded is never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from services.pep.adapters.pieces import in_pieces
from services.pep.adapters.tables_placement import placement
from services.pep.adapters.tables_review import visit as table
from services.pep.adapters.tables_review import visit_pattern
from services.pep.domain.visits import Visit, VisitPattern


def add(connection: Connection, visit: Visit) -> None:
    """Store a visit."""
    connection.execute(insert(table).values(asdict(visit)))


def of_children(connection: Connection, child_ids: Collection[str]) -> dict[str, list[Visit]]:
    """Return the visits to these children, the newest first; one query."""
    found: dict[str, list[Visit]] = defaultdict(list)
    for ids in in_pieces(child_ids):
        query = select(table).where(table.c.child_id.in_(ids))
        for row in connection.execute(query.order_by(table.c.visited_on.desc(), table.c.number.desc())).mappings():
            values = {str(name): value for name, value in row.items() if name != "number"}
            found[row["child_id"]].append(Visit(**values))
    return found


def set_pattern(connection: Connection, child_id: str, pattern: VisitPattern, by_name: str, at: datetime) -> None:
    """Store how often a child is to be visited from now on."""
    values = {"child_id": child_id, "pattern": pattern.value, "recorded_by_name": by_name, "recorded_at": at}
    connection.execute(insert(visit_pattern).values(values))


def patterns_of(
    connection: Connection, child_ids: Collection[str]
) -> dict[str, list[tuple[VisitPattern, str, datetime]]]:
    """Return how often these children were to be visited, with who said so and when, the newest first; one query."""
    found: dict[str, list[tuple[VisitPattern, str, datetime]]] = defaultdict(list)
    for ids in in_pieces(child_ids):
        these = select(visit_pattern).where(visit_pattern.c.child_id.in_(ids))
        for row in connection.execute(these.order_by(visit_pattern.c.number.desc())):
            found[row.child_id].append((VisitPattern(row.pattern), row.recorded_by_name, row.recorded_at))
    return found


def placed_on(connection: Connection, child_ids: Collection[str]) -> dict[str, date]:
    """Return since when each of these children lives where they live now, where that is recorded; one query."""
    found: dict[str, date] = {}
    for ids in in_pieces(child_ids):
        latest = select(placement.c.child_id, func.max(placement.c.since)).where(placement.c.child_id.in_(ids))
        found.update((row[0], row[1]) for row in connection.execute(latest.group_by(placement.c.child_id)))
    return found
