"""The education part of care plans, and the concerns in them, to and from the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from services.pep.adapters.tables_plan import care_plan_concern as concern_table
from services.pep.adapters.tables_plan import care_plan_education as education_table
from services.pep.domain.care_plan import Agreed, AgreedTarget, EducationPart
from services.pep.domain.concerns import Answer, Concern, ConcernState
from shared.kernel.errors import NoSuchRecord, Stale


def add_education_part(connection: Connection, part: EducationPart, written_at: datetime) -> None:
    """Store a new education part; earlier ones stay."""
    values = asdict(part) | {"written_at": written_at, "agreed": [asdict(one) for one in part.agreed]}
    values["targets"] = [
        asdict(one) | {"by_date": one.by_date.isoformat() if one.by_date else None} for one in part.targets
    ]
    values["sources"] = list(part.sources)
    connection.execute(insert(education_table).values(values))


def education_parts_of(connection: Connection, child_id: str) -> list[EducationPart]:
    """Return what was written into a child's care plan, the newest first."""
    query = (
        select(education_table).where(education_table.c.child_id == child_id).order_by(education_table.c.number.desc())
    )
    return [_part(row) for row in connection.execute(query).mappings()]


def last_approvals(connection: Connection, child_ids: Collection[str]) -> dict[str, date]:
    """Return for each of these children who has an education part when the newest was approved; one query."""
    table = education_table.c
    query = (
        select(table.child_id, func.max(table.approved_on))
        .where(table.child_id.in_(child_ids))
        .group_by(table.child_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def find_concern(connection: Connection, concern_id: str) -> Concern | None:
    """Return a concern, or None."""
    row = connection.execute(select(concern_table).where(concern_table.c.id == concern_id)).mappings().first()
    return _concern(row) if row else None


def load_concern(connection: Connection, concern_id: str) -> Concern:
    """Return a concern; raises `NotFound`."""
    concern = find_concern(connection, concern_id)
    if concern is None:
        raise NoSuchRecord
    return concern


def concerns_of(connection: Connection, child_id: str) -> list[Concern]:
    """Return a child's concerns, the newest first."""
    query = (
        select(concern_table)
        .where(concern_table.c.child_id == child_id)
        .order_by(concern_table.c.raised_on.desc(), concern_table.c.id)
    )
    return [_concern(row) for row in connection.execute(query).mappings()]


def concerns_to_act_on(
    connection: Connection, answered_for: Collection[str], child_ids: Collection[str]
) -> list[Concern]:
    """Return the open concerns of the children one answers for, and what was promised and not done for any of these."""
    promised = and_(
        concern_table.c.child_id.in_(child_ids),
        concern_table.c.owner_id != "",
        concern_table.c.state == ConcernState.ANSWERED.value,
        concern_table.c.done_on.is_(None),
    )
    to_answer = and_(concern_table.c.child_id.in_(answered_for), concern_table.c.state == ConcernState.OPEN.value)
    query = select(concern_table).where(or_(promised, to_answer))
    return [_concern(row) for row in connection.execute(query).mappings()]


def add_concern(connection: Connection, concern: Concern) -> None:
    """Store a new concern."""
    connection.execute(insert(concern_table).values(_concern_values(concern)))


def save_concern(connection: Connection, concern: Concern) -> Concern:
    """Store a changed concern and return it with its new version; raises `Stale`."""
    values = _concern_values(concern) | {"version": concern.version + 1}
    changed = connection.execute(
        update(concern_table)
        .where(concern_table.c.id == concern.id, concern_table.c.version == concern.version)
        .values(values)
    ).rowcount
    if not changed:
        raise Stale("concern_changed", "Somebody changed this concern in the meantime. Look at it again.")
    return replace(concern, version=concern.version + 1)


def _concern_values(concern: Concern) -> dict[str, Any]:
    return asdict(concern) | {"evidence": dict(concern.evidence)}


def _concern(row: Mapping[Any, Any]) -> Concern:
    values = dict(row)
    values["state"] = ConcernState(values["state"])
    values["answer"] = Answer(values["answer"]) if values["answer"] else None
    return Concern(**values)


def _part(row: Mapping[Any, Any]) -> EducationPart:
    values = {name: value for name, value in row.items() if name not in ("number", "written_at")}
    values["agreed"] = tuple(Agreed(**one) for one in values["agreed"])
    values["targets"] = tuple(
        AgreedTarget(**{**one, "by_date": date.fromisoformat(one["by_date"]) if one["by_date"] else None})
        for one in values["targets"]
    )
    values["sources"] = tuple(values["sources"])
    return EducationPart(**values)
