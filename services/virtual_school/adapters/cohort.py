"""Reads the cohort: a constant number of queries whatever the number of children."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, case, func, literal, or_, select

from services.virtual_school.adapters.tables import ATTENDANCE_WEEK, CHILD, CONCERN, PLAN, SCHOOL, SUSPENSION
from services.virtual_school.domain.attendance import Attendance, monday_of, school_year_start
from services.virtual_school.domain.children import fold
from services.virtual_school.domain.cohort import PAGE_SIZE, Cohort, CohortFilter, CohortOrder, CohortRow
from services.virtual_school.domain.plans import Standing
from shared.contracts.roles import Role
from shared.platform.roster import MEMBERSHIP, PERSON, live_on


class CohortQuery:
    """The cohort as one statement, for the children in a condition (`scope`) on a day."""

    def __init__(self, scope: ColumnElement[bool], today: date) -> None:
        self.today = today
        self.scope = and_(scope, CHILD.c.left_care_on.is_(None))
        since = school_year_start(today)
        self.plan = current_plans()
        self.attendance = _attendance(since)
        self.suspensions = _suspensions(since)
        self.concerns = _concerns()
        self.caseworkers = _caseworkers(today)
        self.standing = _standing(self.plan, today)

    def base(self, *columns: Any) -> Select[Any]:
        """Return a query over every child with what belongs to them."""
        joined: FromClause = CHILD
        for part in (self.plan, self.attendance, self.suspensions, self.concerns, self.caseworkers):
            joined = joined.outerjoin(part, part.c.child_id == CHILD.c.id)
        joined = joined.outerjoin(SCHOOL, SCHOOL.c.urn == CHILD.c.school_urn)
        return select(*columns).select_from(joined).where(self.scope)

    def narrowed(self, query: Select[Any], asked: CohortFilter, *, by_state: bool) -> Select[Any]:
        """Return the query narrowed to what is asked."""
        for condition in self._conditions(asked):
            query = query.where(condition)
        return query.where(self.standing == asked.state.value) if by_state and asked.state else query

    def _conditions(self, asked: CohortFilter) -> Iterator[ColumnElement[bool]]:
        if asked.phase:
            yield CHILD.c.phase == asked.phase
        if asked.school:
            yield CHILD.c.school_urn == asked.school
        if asked.year_group is not None:
            yield CHILD.c.year_group == asked.year_group
        if asked.caseworker:
            yield CHILD.c.id.in_(_children_of_caseworker(asked.caseworker, self.today))
        if asked.concerns:
            yield func.coalesce(self.concerns.c.live, 0) > 0
        if asked.under is not None:
            yield self.attendance.c.attended * 100 < asked.under * self.attendance.c.possible
        for word in fold(asked.search).split():
            like = f"%{_escaped(word)}%"
            yield or_(
                CHILD.c.name_folded.like(like, escape="\\"), func.lower(CHILD.c.reference).like(like, escape="\\")
            )

    def order(self, asked: CohortFilter) -> list[ColumnElement[Any]]:
        """Return what to sort by; children without a value come last either way."""
        share = self.attendance.c.attended * 1000 / func.nullif(self.attendance.c.possible, 0)
        keys: dict[CohortOrder, ColumnElement[Any]] = {
            CohortOrder.NAME: CHILD.c.name_folded,
            CohortOrder.DUE: self.plan.c.due_on,
            CohortOrder.ATTENDANCE: share,
            CohortOrder.SUSPENSIONS: func.coalesce(self.suspensions.c.times, 0),
            CohortOrder.CONCERNS: func.coalesce(self.concerns.c.live, 0),
            CohortOrder.SCHOOL: SCHOOL.c.name,
            CohortOrder.YEAR_GROUP: CHILD.c.year_group,
        }
        key = keys[asked.order]
        return [
            case((key.is_(None), 1), else_=0),
            key.desc() if asked.descending else key.asc(),
            CHILD.c.name_folded,
            CHILD.c.id,
        ]

    def columns(self) -> list[Any]:
        """Return the columns of a row."""
        return [
            CHILD.c.id,
            CHILD.c.name,
            CHILD.c.reference,
            CHILD.c.phase,
            CHILD.c.year_group,
            func.coalesce(SCHOOL.c.name, CHILD.c.school_urn, "").label("school"),
            func.coalesce(self.caseworkers.c.name, "").label("caseworker"),
            self.plan.c.id.label("plan_id"),
            self.standing.label("standing"),
            func.coalesce(self.plan.c.term, "").label("term"),
            self.plan.c.due_on,
            func.coalesce(self.plan.c.submission, 0).label("submission"),
            *[
                func.coalesce(self.attendance.c[name], 0).label(name)
                for name in ("possible", "attended", "authorised", "unauthorised", "late")
            ],
            func.coalesce(self.suspensions.c.times, 0).label("suspensions"),
            func.coalesce(self.concerns.c.live, 0).label("concerns"),
            func.coalesce(self.concerns.c.unanswered, 0).label("unanswered"),
        ]


def read_cohort(
    connection: Connection, scope: ColumnElement[bool], asked: CohortFilter, today: date, *, whole: bool = False
) -> Cohort:
    """Return a page of the cohort, or (`whole`) all of it; two queries."""
    query = CohortQuery(scope, today)
    counting = query.narrowed(query.base(query.standing, func.count()), asked, by_state=False).group_by(query.standing)
    counts = {Standing(standing): times for standing, times in connection.execute(counting)}
    total = counts.get(asked.state, 0) if asked.state else sum(counts.values())
    page = min(asked.page, max(1, -(-total // PAGE_SIZE)))
    rows = query.narrowed(query.base(*query.columns()), asked, by_state=True).order_by(*query.order(asked))
    if not whole:
        rows = rows.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Cohort(tuple(_row(row) for row in connection.execute(rows)), total, counts, page)


def caseworkers_of(connection: Connection, scope: ColumnElement[bool], today: date) -> list[tuple[str, str]]:
    """Return (id, name) of the caseworkers of the children in a condition; one query."""
    query = (
        select(PERSON.c.id, PERSON.c.name)
        .distinct()
        .join(MEMBERSHIP, MEMBERSHIP.c.person_id == PERSON.c.id)
        .join(CHILD, CHILD.c.id == MEMBERSHIP.c.child_id)
        .where(scope, MEMBERSHIP.c.role == Role.VIRTUAL_SCHOOL_CASEWORKER.value, live_on(today))
        .order_by(PERSON.c.name)
    )
    return [(person_id, name) for person_id, name in connection.execute(query)]


def current_plans() -> FromClause:
    """Return the plan that counts now for each child: the one opened last that no later plan has replaced."""
    newest = func.row_number().over(
        partition_by=PLAN.c.child_id, order_by=(PLAN.c.opened_on.desc(), PLAN.c.due_on.desc(), PLAN.c.id.desc())
    )
    ranked = select(PLAN, newest.label("newest")).where(PLAN.c.state != "superseded").subquery("ranked")
    return select(ranked).where(ranked.c.newest == 1).subquery("current_plan")


def _standing(plan: FromClause, today: date) -> ColumnElement[str]:
    return case(
        (plan.c.state.is_(None), literal(Standing.NONE.value)),
        (and_(plan.c.state == "open", plan.c.due_on < today), literal(Standing.LATE.value)),
        (plan.c.state == "open", literal(Standing.DUE.value)),
        else_=plan.c.state,
    )


def _attendance(since: date) -> FromClause:
    week = ATTENDANCE_WEEK.c
    sums = [func.sum(week[name]).label(name) for name in ("possible", "attended", "authorised", "unauthorised", "late")]
    return (
        select(week.child_id, *sums).where(week.week >= monday_of(since)).group_by(week.child_id).subquery("attendance")
    )


def _suspensions(since: date) -> FromClause:
    return (
        select(SUSPENSION.c.child_id, func.count().label("times"))
        .where(SUSPENSION.c.starts_on >= since, SUSPENSION.c.withdrawn_at.is_(None))
        .group_by(SUSPENSION.c.child_id)
        .subquery("suspensions")
    )


def _concerns() -> FromClause:
    unanswered = func.sum(case((CONCERN.c.state == "raised", 1), else_=0))
    return (
        select(CONCERN.c.child_id, func.count().label("live"), unanswered.label("unanswered"))
        .where(CONCERN.c.state != "closed")
        .group_by(CONCERN.c.child_id)
        .subquery("concerns")
    )


def _caseworkers(today: date) -> FromClause:
    return (
        select(MEMBERSHIP.c.child_id, func.min(PERSON.c.name).label("name"))
        .join(PERSON, PERSON.c.id == MEMBERSHIP.c.person_id)
        .where(MEMBERSHIP.c.role == Role.VIRTUAL_SCHOOL_CASEWORKER.value, live_on(today))
        .group_by(MEMBERSHIP.c.child_id)
        .subquery("caseworkers")
    )


def _children_of_caseworker(person_id: str, today: date) -> Select[tuple[str]]:
    return select(MEMBERSHIP.c.child_id).where(
        MEMBERSHIP.c.person_id == person_id,
        MEMBERSHIP.c.role == Role.VIRTUAL_SCHOOL_CASEWORKER.value,
        live_on(today),
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _row(row: Row[Any]) -> CohortRow:
    return CohortRow(
        child_id=row.id,
        name=row.name,
        reference=row.reference,
        phase=row.phase,
        year_group=row.year_group,
        school=row.school,
        caseworker=row.caseworker,
        plan_id=row.plan_id,
        standing=Standing(row.standing),
        term=row.term,
        due_on=row.due_on,
        submission=row.submission,
        attendance=Attendance(row.possible, row.attended, row.authorised, row.unauthorised, row.late),
        suspensions=row.suspensions,
        concerns=row.concerns,
        unanswered=row.unanswered,
    )
