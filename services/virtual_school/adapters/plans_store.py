"""Loads and saves the copies of plans and their meetings, and the decisions on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.virtual_school.adapters.tables import PLAN, PLAN_MEETING, RATING
from services.virtual_school.domain.plans import Plan, PlanMeeting, PlanState
from services.virtual_school.domain.ratings import RatedPlan
from services.virtual_school.domain.rubric import Decision, Rating
from shared.kernel.errors import Conflict, Stale


def load(connection: Connection, plan_id: str) -> Plan | None:
    """Return a plan, or None when it is not known here."""
    row = connection.execute(select(PLAN).where(PLAN.c.id == plan_id)).first()
    return read_plan(row) if row else None


def of_children(connection: Connection, child_ids: Sequence[str]) -> dict[str, list[Plan]]:
    """Return the plans of children, newest first; one query."""
    found: dict[str, list[Plan]] = {child_id: [] for child_id in child_ids}
    query = select(PLAN).where(PLAN.c.child_id.in_(child_ids)).order_by(PLAN.c.opened_on.desc(), PLAN.c.due_on.desc())
    for row in connection.execute(query):
        found[row.child_id].append(read_plan(row))
    return found


def add(connection: Connection, plan: Plan) -> None:
    """Add a plan."""
    connection.execute(insert(PLAN).values(id=plan.id, version=plan.version, **_values(plan)))


def save(connection: Connection, plan: Plan) -> Plan:
    """Save a plan whose `version` is the one that was read; return it with the next. Raises `Stale`."""
    statement = (
        update(PLAN)
        .where(PLAN.c.id == plan.id, PLAN.c.version == plan.version)
        .values(version=plan.version + 1, **_values(plan))
    )
    if not connection.execute(statement).rowcount:
        raise Stale("plan_changed", "This plan changed since you opened the page. Look at it again before you decide.")
    return replace(plan, version=plan.version + 1)


def load_meeting(connection: Connection, plan_id: str) -> PlanMeeting | None:
    """Return what is known of a plan's meeting."""
    row = connection.execute(select(PLAN_MEETING).where(PLAN_MEETING.c.plan_id == plan_id)).first()
    return PlanMeeting(row.plan_id, row.child_id, row.meeting_id, row.starts_at, row.held_on) if row else None


def save_meeting(connection: Connection, meeting: PlanMeeting) -> None:
    """Keep what is known of a plan's meeting."""
    connection.execute(delete(PLAN_MEETING).where(PLAN_MEETING.c.plan_id == meeting.plan_id))
    connection.execute(
        insert(PLAN_MEETING).values(
            plan_id=meeting.plan_id,
            child_id=meeting.child_id,
            meeting_id=meeting.meeting_id,
            starts_at=meeting.starts_at,
            held_on=meeting.held_on,
        )
    )


def add_rating(connection: Connection, rated: RatedPlan) -> None:
    """Keep a decision; raises `Conflict` when the submission has one already."""
    try:
        with connection.begin_nested():
            connection.execute(
                insert(RATING).values(
                    id=rated.id,
                    plan_id=rated.plan_id,
                    child_id=rated.child_id,
                    submission=rated.submission,
                    rating=rated.rating.value,
                    decision=rated.decision.value,
                    reasons=list(rated.reasons),
                    feedback=rated.feedback,
                    policy_from=rated.policy_from,
                    decided_at=rated.decided_at,
                    decided_by=rated.decided_by,
                    decided_by_name=rated.decided_by_name,
                )
            )
    except IntegrityError as error:
        raise Conflict("plan_already_decided", "This submission has already been decided.") from error


def ratings_of(connection: Connection, *, plan_id: str | None = None, child_id: str | None = None) -> list[RatedPlan]:
    """Return the decisions on a plan or a child's plans, newest first."""
    query = select(RATING).order_by(RATING.c.decided_at.desc())
    if plan_id is not None:
        query = query.where(RATING.c.plan_id == plan_id)
    if child_id is not None:
        query = query.where(RATING.c.child_id == child_id)
    return [_rated(row) for row in connection.execute(query)]


def children_with_ratings(connection: Connection) -> list[str]:
    """Return the ids of the children of whom a plan was decided."""
    return list(connection.execute(select(RATING.c.child_id).distinct()).scalars())


def decision_on(connection: Connection, plan_id: str, submission: int) -> RatedPlan | None:
    """Return the decision on one submission of a plan, or None while there is none."""
    query = select(RATING).where(RATING.c.plan_id == plan_id, RATING.c.submission == submission)
    row = connection.execute(query).first()
    return _rated(row) if row else None


def read_plan(row: Row[Any]) -> Plan:
    """Return a row of `plan` as a value."""
    return Plan(
        id=row.id,
        child_id=row.child_id,
        kind=row.kind,
        term=row.term,
        opened_on=row.opened_on,
        meet_by=row.meet_by,
        due_on=row.due_on,
        state=PlanState(row.state),
        submission=row.submission,
        first_submitted_on=row.first_submitted_on,
        submitted_on=row.submitted_on,
        headings=row.headings,
        answered=row.answered,
        targets=row.targets,
        pupil_premium_pence=row.pupil_premium_pence,
        views_given=row.views_given,
        decided_on=row.decided_on,
        next_due_on=row.next_due_on,
        superseded_on=row.superseded_on,
        superseded_by=row.superseded_by,
        version=row.version,
    )


def _values(plan: Plan) -> dict[str, Any]:
    return {
        "child_id": plan.child_id,
        "kind": plan.kind,
        "term": plan.term,
        "opened_on": plan.opened_on,
        "meet_by": plan.meet_by,
        "due_on": plan.due_on,
        "state": plan.state.value,
        "submission": plan.submission,
        "first_submitted_on": plan.first_submitted_on,
        "submitted_on": plan.submitted_on,
        "headings": plan.headings,
        "answered": plan.answered,
        "targets": plan.targets,
        "pupil_premium_pence": plan.pupil_premium_pence,
        "views_given": plan.views_given,
        "decided_on": plan.decided_on,
        "next_due_on": plan.next_due_on,
        "superseded_on": plan.superseded_on,
        "superseded_by": plan.superseded_by,
    }


def _rated(row: Row[Any]) -> RatedPlan:
    return RatedPlan(
        id=row.id,
        plan_id=row.plan_id,
        child_id=row.child_id,
        submission=row.submission,
        rating=Rating(row.rating),
        decision=Decision(row.decision),
        reasons=tuple(row.reasons),
        feedback=row.feedback,
        policy_from=row.policy_from,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decided_by_name=row.decided_by_name,
    )
