"""Keeps drafts of a term: the draft, its lines, and who is away in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, literal_column, or_, select, update

from services.scheduling.adapters.tables import meeting
from services.scheduling.adapters.tables_term_plan import term_day_off, term_placement, term_plan
from services.scheduling.domain.meeting import MeetingState
from services.scheduling.domain.term_draft import Options, Placement, PlacementState, PlanState, Progress, TermPlan
from services.scheduling.domain.term_question import DayOff
from shared.kernel.errors import Stale

_CHUNK = 500

# What was arranged or called off otherwise meanwhile is no longer in the draft, whoever did it and wherever.
_OPEN = [PlacementState.PLANNED, PlacementState.UNPLACED, PlacementState.LEFT_OUT, PlacementState.TO_SEND]
_OVER = and_(
    meeting.c.state != MeetingState.TO_ARRANGE.value, term_placement.c.state.in_([state.value for state in _OPEN])
)
_STATE: ColumnElement[str] = case((_OVER, literal_column("'gone'")), else_=term_placement.c.state)
_LINES = select(*(one for one in term_placement.c if one.name != "state"), _STATE.label("state")).join(
    meeting, meeting.c.id == term_placement.c.meeting_id
)


def add(connection: Connection, new: TermPlan) -> None:
    """Store a new draft."""
    connection.execute(insert(term_plan).values(id=new.id, **_values(new)))


def load(connection: Connection, term_plan_id: str) -> TermPlan | None:
    """Return a draft, or None."""
    row = connection.execute(select(term_plan).where(term_plan.c.id == term_plan_id)).mappings().first()
    return _plan(row) if row else None


def of_authority(connection: Connection, authority: str, limit: int = 50) -> list[TermPlan]:
    """Return the drafts of an authority that were not discarded, the newest first."""
    query = select(term_plan).where(term_plan.c.authority == authority, term_plan.c.state != PlanState.DISCARDED.value)
    rows = connection.execute(query.order_by(term_plan.c.made_at.desc(), term_plan.c.id).limit(limit)).mappings()
    return [_plan(row) for row in rows]


def save(connection: Connection, changed: TermPlan) -> TermPlan:
    """Store a changed draft and return it with its new version; raises `Stale` when it was changed meanwhile."""
    stored = replace(changed, version=changed.version + 1)
    this = (term_plan.c.id == changed.id, term_plan.c.version == changed.version)
    if connection.execute(update(term_plan).where(*this).values(**_values(stored))).rowcount != 1:
        raise Stale("term_plan_changed", "Somebody changed this draft while you were looking at it. Look at it again.")
    return stored


def claim_due(connection: Connection, now: datetime, silent_since: datetime) -> TermPlan | None:
    """Take the draft that waits longest to be planned, or one whose planner fell silent; None where there is none."""
    waits = term_plan.c.state == PlanState.WAITING.value
    left = and_(term_plan.c.state == PlanState.PLANNING.value, term_plan.c.beat_at < silent_since)
    query = select(term_plan.c.id, term_plan.c.version).where(or_(waits, left))
    row = connection.execute(query.order_by(term_plan.c.made_at).limit(1)).first()
    if row is None:
        return None
    claimed = {"state": PlanState.PLANNING.value, "started_at": now, "beat_at": now, "version": row.version + 1}
    this = (term_plan.c.id == row.id, term_plan.c.version == row.version)
    if connection.execute(update(term_plan).where(*this).values(**claimed)).rowcount != 1:
        return None
    return load(connection, row.id)


def note_progress(connection: Connection, term_plan_id: str, progress: Progress, now: datetime) -> bool:
    """Note how far a planner is; return whether it should go on: nobody asked it to stop, or discarded the draft."""
    goes_on = (term_plan.c.id == term_plan_id, term_plan.c.state == PlanState.PLANNING.value)
    changes = {"progress": progress.as_data(), "beat_at": now}
    if connection.execute(update(term_plan).where(*goes_on).values(**changes)).rowcount != 1:
        return False
    return not connection.execute(select(term_plan.c.stop_asked).where(term_plan.c.id == term_plan_id)).scalar_one()


def ask_to_stop(connection: Connection, term_plan_id: str) -> None:
    """Ask whoever plans a draft to be content with what there is; the planner hears of it within a second."""
    connection.execute(update(term_plan).where(term_plan.c.id == term_plan_id).values(stop_asked=True))


def sending(connection: Connection) -> TermPlan | None:
    """Return a draft whose invitations are to be sent."""
    query = select(term_plan).where(term_plan.c.state == PlanState.SENDING.value).order_by(term_plan.c.made_at).limit(1)
    row = connection.execute(query).mappings().first()
    return _plan(row) if row else None


def placements(
    connection: Connection,
    term_plan_id: str,
    *,
    states: Collection[PlacementState] = (),
    child_ids: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Placement]:
    """Return the lines of a draft by time: all, or those in some states or of some children.

    A meeting that was arranged or called off otherwise meanwhile is `GONE`, whatever its line says.
    """
    query = _LINES.where(term_placement.c.term_plan_id == term_plan_id)
    if states:
        query = query.where(_STATE.in_([state.value for state in states]))
    query = query.order_by(term_placement.c.starts_at.nulls_last(), term_placement.c.meeting_id).limit(limit)
    found = [_placement(row) for row in connection.execute(query).mappings()]
    return found if child_ids is None else [one for one in found if one.child_id in child_ids]


def placement(connection: Connection, term_plan_id: str, meeting_id: str) -> Placement | None:
    """Return the line of one meeting, or None."""
    this = (term_placement.c.term_plan_id == term_plan_id, term_placement.c.meeting_id == meeting_id)
    row = connection.execute(_LINES.where(*this)).mappings().first()
    return _placement(row) if row else None


def of_child(connection: Connection, child_id: str) -> list[Placement]:
    """Return every line that any draft has of a child."""
    rows = connection.execute(_LINES.where(term_placement.c.child_id == child_id)).mappings()
    return [_placement(row) for row in rows]


def replace_placements(connection: Connection, term_plan_id: str, lines: Iterable[Placement]) -> None:
    """Put these lines in the place of those that a draft had."""
    connection.execute(delete(term_placement).where(term_placement.c.term_plan_id == term_plan_id))
    rows = [{**asdict(one), "state": one.state.value} for one in lines]
    for at in range(0, len(rows), _CHUNK):
        connection.execute(insert(term_placement), rows[at : at + _CHUNK])


def save_placement(connection: Connection, changed: Placement) -> Placement:
    """Store a changed line and return it with its new version; raises `Stale` when it was changed meanwhile."""
    stored = replace(changed, version=changed.version + 1)
    values = {**asdict(stored), "state": stored.state.value}
    this = (
        term_placement.c.term_plan_id == changed.term_plan_id,
        term_placement.c.meeting_id == changed.meeting_id,
        term_placement.c.version == changed.version,
    )
    if connection.execute(update(term_placement).where(*this).values(**values)).rowcount != 1:
        raise Stale("placement_changed", "Somebody changed this meeting in the draft meanwhile. Look at it again.")
    return stored


def mark_all(connection: Connection, term_plan_id: str, was: PlacementState, now: PlacementState) -> int:
    """Give every line in one state another; return how many."""
    this = (term_placement.c.term_plan_id == term_plan_id, term_placement.c.state == was.value)
    changes: dict[str, Any] = {"state": now.value, "version": term_placement.c.version + 1}
    return connection.execute(update(term_placement).where(*this).values(**changes)).rowcount


def counts(connection: Connection, term_plan_ids: Collection[str]) -> Mapping[str, Mapping[PlacementState, int]]:
    """Return how many lines of each draft are in each state; one query."""
    found: dict[str, dict[PlacementState, int]] = {one: dict.fromkeys(PlacementState, 0) for one in term_plan_ids}
    query = (
        select(term_placement.c.term_plan_id, _STATE, func.count())
        .join(meeting, meeting.c.id == term_placement.c.meeting_id)
        .where(term_placement.c.term_plan_id.in_(sorted(term_plan_ids)))
        .group_by(term_placement.c.term_plan_id, _STATE)
    )
    for plan_id, state, count in connection.execute(query):
        found[plan_id][PlacementState(state)] = count
    return found


def days_off(connection: Connection, term_plan_id: str) -> list[tuple[int, DayOff]]:
    """Return who is away in a draft, each with the number by which it is taken back."""
    query = select(term_day_off).where(term_day_off.c.term_plan_id == term_plan_id)
    rows = connection.execute(query.order_by(term_day_off.c.first, term_day_off.c.id)).mappings()
    return [(row["id"], DayOff(row["person_id"], row["first"], row["last"])) for row in rows]


def add_day_off(connection: Connection, term_plan_id: str, off: DayOff) -> None:
    """Let somebody be away in a draft."""
    values = {"term_plan_id": term_plan_id, "person_id": off.person_id, "first": off.first, "last": off.last}
    connection.execute(insert(term_day_off).values(**values))


def remove_day_off(connection: Connection, term_plan_id: str, number: int) -> bool:
    """Take back that somebody is away; return whether there was such."""
    this = (term_day_off.c.term_plan_id == term_plan_id, term_day_off.c.id == number)
    return connection.execute(delete(term_day_off).where(*this)).rowcount == 1


def forget_old(connection: Connection, made_before: datetime) -> int:
    """Delete drafts that were made long ago and are not being worked on; return how many."""
    states = [PlanState.READY.value, PlanState.SENT.value, PlanState.DISCARDED.value]
    old = select(term_plan.c.id).where(term_plan.c.made_at < made_before, term_plan.c.state.in_(states))
    ids = list(connection.execute(old).scalars())
    for table in (term_placement, term_day_off):
        connection.execute(delete(table).where(table.c.term_plan_id.in_(ids)))
    connection.execute(delete(term_plan).where(term_plan.c.id.in_(ids)))
    return len(ids)


def _values(one: TermPlan) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in TermPlan.__dataclass_fields__ if name != "id"}
    return values | {
        "state": one.state.value,
        "options": asdict(one.options),
        "progress": one.progress.as_data(),
    }


def _plan(row: Mapping[Any, Any]) -> TermPlan:
    return TermPlan(
        **{
            **row,
            "state": PlanState(row["state"]),
            "options": Options(**row["options"]),
            "progress": Progress(**row["progress"]),
        }
    )


def _placement(row: Mapping[Any, Any]) -> Placement:
    return Placement(**{**row, "state": PlacementState(row["state"])})
