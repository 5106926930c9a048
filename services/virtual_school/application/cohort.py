"""The cohort page, a child's page, the list of what to do next, and the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.virtual_school.adapters import (
    attendance_store,
    children_store,
    concerns_store,
    figures,
    plans_queries,
    plans_store,
    suspensions_store,
)
from services.virtual_school.adapters import cohort as cohort_queries
from services.virtual_school.adapters.policy_files import policy_for
from services.virtual_school.application.visibility import child_for, scope
from services.virtual_school.domain.attendance import Attendance, school_year_start
from services.virtual_school.domain.children import Child, School
from services.virtual_school.domain.cohort import Cohort, CohortFilter, CohortOrder, CohortRow, Figures
from services.virtual_school.domain.concerns import Concern, ConcernState
from services.virtual_school.domain.plans import Plan, PlanState, Standing
from services.virtual_school.domain.ratings import RatedPlan
from services.virtual_school.domain.rubric import Rubric
from services.virtual_school.domain.suspensions import Suspension
from shared.platform import roster
from shared.platform.access import may, note_children
from shared.platform.work import Work

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class CohortPage:
    """A page of the cohort with what its filters can be set to."""

    cohort: Cohort
    asked: CohortFilter
    schools: tuple[School, ...]
    caseworkers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ChildView:
    """All the Virtual School has of one child, for those who may see it."""

    child: Child
    school: School | None
    team: tuple[roster.Membership, ...]
    plans: tuple[Plan, ...]
    ratings: tuple[RatedPlan, ...]
    rubric: Rubric
    attendance: Attendance
    weeks: tuple[tuple[date, Attendance], ...]
    suspensions: tuple[Suspension, ...]
    concerns: tuple[Concern, ...]
    names: dict[str, str]
    may_record_attendance: bool
    may_record_suspension: bool
    may_answer_concerns: bool


@dataclass(frozen=True, slots=True)
class MyWork:
    """What waits for the actor: plans to rate, concerns nobody answered, plans that are late, plans returned."""

    to_rate: plans_queries.PlanPage
    concerns: tuple[tuple[Concern, str], ...]
    late: tuple[CohortRow, ...]
    late_total: int
    returned: tuple[CohortRow, ...]
    returned_total: int


def view_cohort(work: Work, asked: CohortFilter) -> CohortPage:
    """Return a page of the children the actor is responsible for; four queries whatever their number."""
    condition = scope(work, "virtual_school.cohort.read")
    return CohortPage(
        cohort=cohort_queries.read_cohort(work.connection, condition, asked, work.today),
        asked=asked,
        schools=tuple(children_store.schools_of(work.connection, condition)),
        caseworkers=tuple(cohort_queries.caseworkers_of(work.connection, condition, work.today)),
    )


def whole_cohort(work: Work, asked: CohortFilter) -> Cohort:
    """Return every child that is asked for, not a page of them; two queries."""
    action = "virtual_school.cohort.export"
    found = cohort_queries.read_cohort(work.connection, scope(work, action), asked, work.today, whole=True)
    note_children(work, action, (row.child_id for row in found.rows))
    return found


def view_figures(work: Work) -> Figures:
    """Return the figures over the children the actor is responsible for, this school year."""
    rule = policy_for(work.actor.authority, work.today).concerns.attendance
    return figures.read_figures(
        work.connection,
        scope(work, "virtual_school.figures.read"),
        work.today,
        rule.threshold_percent if rule else None,
    )


def view_child(work: Work, child_id: str) -> ChildView:
    """Return a child's page; raises `NotFound` or `Denied`."""
    child = child_for(work, "virtual_school.child.read", child_id)
    connection = work.connection
    since = school_year_start(work.today)
    weeks = attendance_store.weeks_of(connection, child_id, since)
    concerns = concerns_store.of_children(connection, [child_id])[child_id]
    owners = roster.people_by_id(connection, [concern.owner_id for concern in concerns if concern.owner_id])
    return ChildView(
        child=child,
        school=children_store.load_school(connection, child.school_urn),
        team=tuple(roster.team(connection, child_id, work.today)),
        plans=tuple(plans_store.of_children(connection, [child_id])[child_id]),
        ratings=tuple(plans_store.ratings_of(connection, child_id=child_id)),
        rubric=policy_for(child.authority, work.today).rubric,
        attendance=attendance_store.totals(connection, [child_id], since, work.today)[child_id],
        weeks=tuple(weeks),
        suspensions=tuple(suspensions_store.of_children(connection, [child_id])[child_id]),
        concerns=tuple(concerns),
        names={person_id: person.name for person_id, person in owners.items()},
        may_record_attendance=may(work, "virtual_school.attendance.record", child_id),
        may_record_suspension=may(work, "virtual_school.suspension.record", child_id),
        may_answer_concerns=may(work, "pep.concern.answer", child_id),
    )


def view_concerns(work: Work, states: tuple[ConcernState, ...], most: int = MOST_LISTED) -> list[tuple[Concern, str]]:
    """Return the concerns the actor may see with the child's name, first to answer first."""
    condition = scope(work, "virtual_school.concern.read")
    return concerns_store.among(work.connection, condition, states, most)


def my_work(work: Work) -> MyWork:
    """Return what waits for the actor."""
    condition = scope(work, "virtual_school.worklist.read")
    late = CohortFilter(state=Standing.LATE, order=CohortOrder.DUE)
    returned = CohortFilter(state=Standing.RETURNED, order=CohortOrder.DUE)
    late_plans = cohort_queries.read_cohort(work.connection, condition, late, work.today)
    returned_plans = cohort_queries.read_cohort(work.connection, condition, returned, work.today)
    return MyWork(
        to_rate=plans_queries.plans_in(
            work.connection, scope(work, "virtual_school.plan.rate"), PlanState.SUBMITTED, 1
        ),
        concerns=tuple(view_concerns(work, (ConcernState.RAISED,))),
        late=late_plans.rows,
        late_total=late_plans.total,
        returned=returned_plans.rows,
        returned_total=returned_plans.total,
    )
