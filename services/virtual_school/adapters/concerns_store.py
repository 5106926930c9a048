"""Loads and saves concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.virtual_school.adapters.children_store import in_chunks
from services.virtual_school.adapters.tables import CHILD, CONCERN
from services.virtual_school.domain.concerns import Concern, ConcernState, Outcome, Rule
from shared.kernel.errors import Stale


def load(connection: Connection, concern_id: str) -> Concern | None:
    """Return a concern, or None when there is none of that id."""
    row = connection.execute(select(CONCERN).where(CONCERN.c.id == concern_id)).first()
    return read_concern(row) if row else None


def of_children(connection: Connection, child_ids: Sequence[str]) -> dict[str, list[Concern]]:
    """Return the concerns of children, newest first; one query."""
    found: dict[str, list[Concern]] = {child_id: [] for child_id in child_ids}
    query = select(CONCERN).where(CONCERN.c.child_id.in_(child_ids)).order_by(CONCERN.c.raised_on.desc(), CONCERN.c.id)
    for row in connection.execute(query):
        found[row.child_id].append(read_concern(row))
    return found


def children_with_concerns(connection: Connection) -> list[str]:
    """Return the ids of the children of whom a concern was raised."""
    return list(connection.execute(select(CONCERN.c.child_id).distinct()).scalars())


def among(
    connection: Connection, condition: ColumnElement[bool], states: Sequence[ConcernState], most: int
) -> list[tuple[Concern, str]]:
    """Return concerns in some states with the child's name, of the children in a condition, first to answer first."""
    query = (
        select(CONCERN, CHILD.c.name.label("child_name"))
        .join(CHILD, CHILD.c.id == CONCERN.c.child_id)
        .where(condition, CONCERN.c.state.in_([state.value for state in states]))
        .order_by(CONCERN.c.answer_by, CHILD.c.name, CONCERN.c.id)
        .limit(most)
    )
    return [(read_concern(row), row.child_name) for row in connection.execute(query)]


def add(connection: Connection, concerns: Sequence[Concern]) -> list[Concern]:
    """Add concerns; return those that nobody else added first, as one cause of a child is held once."""
    upsert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    added: set[str] = set()
    for chunk in in_chunks(concerns):
        statement = upsert(CONCERN).values([{"id": each.id, "version": 1, **_values(each)} for each in chunk])
        added.update(connection.execute(statement.on_conflict_do_nothing().returning(CONCERN.c.id)).scalars())
    return [concern for concern in concerns if concern.id in added]


def save(connection: Connection, concern: Concern) -> None:
    """Save a concern whose `version` is the one that was read; raises `Stale`."""
    statement = (
        update(CONCERN)
        .where(CONCERN.c.id == concern.id, CONCERN.c.version == concern.version)
        .values(version=concern.version + 1, **_values(concern))
    )
    if not connection.execute(statement).rowcount:
        raise Stale("concern_changed", "This concern changed meanwhile. Look at it again.")


def _values(concern: Concern) -> dict[str, Any]:
    return {
        "child_id": concern.child_id,
        "rule": concern.rule.value,
        "cause": concern.cause,
        "raised_on": concern.raised_on,
        "answer_by": concern.answer_by,
        "evidence": dict(concern.evidence),
        "state": concern.state.value,
        "answer": concern.answer,
        "answered_on": concern.answered_on,
        "owner_id": concern.owner_id,
        "by_date": concern.by_date,
        "closed_on": concern.closed_on,
        "outcome": concern.outcome.value if concern.outcome else None,
        "closing_evidence": dict(concern.closing_evidence) if concern.closing_evidence is not None else None,
    }


def read_concern(row: Row[Any]) -> Concern:
    """Return a row of `concern` as a value."""
    return Concern(
        id=row.id,
        child_id=row.child_id,
        rule=Rule(row.rule),
        cause=row.cause,
        raised_on=row.raised_on,
        answer_by=row.answer_by,
        evidence=row.evidence,
        state=ConcernState(row.state),
        answer=row.answer,
        answered_on=row.answered_on,
        owner_id=row.owner_id,
        by_date=row.by_date,
        closed_on=row.closed_on,
        outcome=Outcome(row.outcome) if row.outcome else None,
        closing_evidence=row.closing_evidence,
        version=row.version,
    )
