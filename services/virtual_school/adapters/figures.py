"""Reads the Virtual School's figures: five queries whatever the number of children."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Row, Select, and_, case, func, or_, select

from services.virtual_school.adapters.cohort import CohortQuery
from services.virtual_school.adapters.tables import ATTENDANCE_WEEK, CHILD, CONCERN, PLAN, SUSPENSION
from services.virtual_school.domain.attendance import Attendance, monday_of, school_year_start
from services.virtual_school.domain.cohort import Figures
from services.virtual_school.domain.plans import Standing


def read_figures(
    connection: Connection, scope: ColumnElement[bool], today: date, threshold_percent: int | None
) -> Figures:
    """Return the figures of the children in a condition who are looked after."""
    since = school_year_start(today)
    children = select(CHILD.c.id).where(scope, CHILD.c.left_care_on.is_(None))
    query = CohortQuery(scope, today)
    standings = query.base(query.standing, func.count()).group_by(query.standing)
    by_standing = {Standing(standing): times for standing, times in connection.execute(standings)}
    plans = connection.execute(_plans(children, since, today)).one()
    attendance = connection.execute(_attendance(children, since, threshold_percent or 0)).one()
    suspensions = connection.execute(_suspensions(children, since)).one()
    concerns = connection.execute(_concerns(children, today)).one()
    return Figures(
        children=sum(by_standing.values()),
        by_standing=by_standing,
        plans_due=plans.due,
        plans_in_time=plans.in_time or 0,
        attendance=_sum(attendance),
        with_marks=attendance.children,
        under_threshold=attendance.under or 0,
        threshold_percent=threshold_percent,
        suspended_children=suspensions.children,
        suspensions=suspensions.suspensions or 0,
        suspension_sessions=suspensions.sessions or 0,
        exclusions=suspensions.exclusions or 0,
        concerns_unanswered=concerns.unanswered or 0,
        concerns_overdue=concerns.overdue or 0,
    )


def _plans(children: Select[Any], since: date, today: date) -> Executable:
    # A plan that was replaced by the day it was due, without being submitted, never fell due.
    fell_due = or_(
        PLAN.c.superseded_on.is_(None), PLAN.c.superseded_on > PLAN.c.due_on, PLAN.c.first_submitted_on.is_not(None)
    )
    in_time = func.sum(case((PLAN.c.first_submitted_on <= PLAN.c.due_on, 1), else_=0))
    return select(func.count().label("due"), in_time.label("in_time")).where(
        PLAN.c.child_id.in_(children), PLAN.c.due_on >= since, PLAN.c.due_on < today, fell_due
    )


def _attendance(children: Select[Any], since: date, threshold: int) -> Executable:
    week = ATTENDANCE_WEEK.c
    names = ("possible", "attended", "authorised", "unauthorised", "late")
    by_child = (
        select(*[func.sum(week[name]).label(name) for name in names])
        .where(week.child_id.in_(children), week.week >= monday_of(since))
        .group_by(week.child_id)
        .subquery()
    )
    under = case((by_child.c.attended * 100 < threshold * by_child.c.possible, 1), else_=0)
    return select(
        func.count().label("children"),
        func.sum(under).label("under"),
        *[func.coalesce(func.sum(by_child.c[name]), 0).label(name) for name in names],
    ).where(by_child.c.possible > 0)


def _suspensions(children: Select[Any], since: date) -> Executable:
    permanent = case((SUSPENSION.c.permanent, 1), else_=0)
    return select(
        func.count(func.distinct(SUSPENSION.c.child_id)).label("children"),
        func.sum(1 - permanent).label("suspensions"),
        func.sum(SUSPENSION.c.sessions).label("sessions"),
        func.sum(permanent).label("exclusions"),
    ).where(SUSPENSION.c.child_id.in_(children), SUSPENSION.c.starts_on >= since, SUSPENSION.c.withdrawn_at.is_(None))


def _concerns(children: Select[Any], today: date) -> Executable:
    raised = CONCERN.c.state == "raised"
    return select(
        func.sum(case((raised, 1), else_=0)).label("unanswered"),
        func.sum(case((and_(raised, CONCERN.c.answer_by < today), 1), else_=0)).label("overdue"),
    ).where(CONCERN.c.child_id.in_(children))


def _sum(row: Row[Any]) -> Attendance:
    return Attendance(int(row.possible), int(row.attended), int(row.authorised), int(row.unauthorised), int(row.late))
