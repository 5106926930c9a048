"""The Virtual School on SQLite and on PostgreSQL: the whole way, and two people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import product
from typing import Any

from sqlalchemy import update

from services.virtual_school.adapters.tables import PLAN
from services.virtual_school.application import cohort, rating, suspensions
from services.virtual_school.application.attendance import import_attendance
from services.virtual_school.application.monitoring import monitor_everyone
from services.virtual_school.domain.cohort import CohortFilter, CohortOrder
from services.virtual_school.domain.concerns import ConcernState
from services.virtual_school.domain.plans import PlanState, Standing
from services.virtual_school.domain.ratings import RatedPlan
from services.virtual_school.domain.rubric import Decision, Rating
from services.virtual_school.domain.uploads import Upload
from shared.contracts.pep import ConcernAnswered
from shared.contracts.virtual_school import ConcernClosed, ConcernRaised, PlanQualityApproved
from shared.kernel.errors import Conflict, DomainError


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment; return what each gave, or the refusal it met."""
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def marks(world: Any, child_id: str, code: str) -> bytes:
    days = [day for n in range(40) if (day := world.today - timedelta(days=n)).weekday() < 5]
    rows = [f"R-{child_id},{day},{session},{code}" for day in days for session in ("AM", "PM")]
    return "\n".join(["reference,date,session,code", *rows]).encode()


def send(world: Any, content: bytes, *, replace: bool = False) -> Upload:
    with world.writing("head") as work:
        return import_attendance(work, content, "marks.csv", replace_held=replace)


def test_the_whole_way(either: Any) -> None:
    either.child("c1", name="Amira Lindqvist")
    either.plan("c1", "p1", date(2026, 11, 20))
    either.child("c2", "sam", "carl", name="Bo Tállis")
    either.plan("c2", "p2", submitted=1)
    send(either, marks(either, "c1", "O"))
    send(either, marks(either, "c2", "/"))
    assert send(either, marks(either, "c2", "L")).kept == send(either, marks(either, "c2", "L"), replace=True).replaced
    with either.writing("dora") as work:
        suspension = suspensions.record_suspension(
            work, "c1", starts_on=either.today, ends_on=either.today, sessions=1, permanent=False, reasons=("TH",)
        )
    with either.writing("carl") as work:
        rating.rate_plan(work, "p2", submission=1, rating=Rating.GREEN, reasons=(), decision=Decision.APPROVE)
    raised = {fact.rule: fact for fact in either.told(ConcernRaised)}
    assert set(raised) == {"attendance_low", "suspension", "plan_late"}
    either.hear(ConcernAnswered("c1", raised["suspension"].concern_id, "action", either.today, "sam"))
    with either.writing("cate") as work:
        suspensions.withdraw_suspension(work, suspension.id)
        monitor_everyone(work)
    with either.reading("head") as work:
        page = cohort.view_cohort(work, CohortFilter())
        figures = cohort.view_figures(work)
        mine = cohort.my_work(work)
        approved = rating.plans_in(work, PlanState.APPROVED)
        answered = cohort.view_concerns(work, (ConcernState.CLOSED,))
        assert cohort.view_child(work, "c2").attendance.late == page.cohort.rows[1].attendance.late > 0
    assert page.cohort.counts == {Standing.LATE: 1, Standing.APPROVED: 1}
    assert (figures.by_standing, figures.plans_due, figures.suspensions) == (page.cohort.counts, 1, 0)
    assert (figures.under_threshold, figures.with_marks, figures.concerns_unanswered) == (1, 2, 2)
    assert (mine.late_total, len(mine.concerns), approved.total, len(answered)) == (1, 2, 1, 1)


def test_every_order_and_filter_is_understood(either: Any) -> None:
    either.child("c1", name="Amira Lindqvist")
    either.child("c2", name="Bo Tállis", school_urn=None)
    send(either, marks(either, "c1", "O"))
    asked = {
        "phase": "secondary",
        "year_group": 8,
        "search": "amira",
        "under": 95,
        "concerns": True,
        "caseworker": "cate",
        "school": "900001",
        "state": Standing.NONE,
    }
    for order, descending in product(CohortOrder, (False, True)):
        with either.reading("cate") as work:
            narrow = cohort.view_cohort(work, CohortFilter(order=order, descending=descending, **asked))
            wide = cohort.view_cohort(work, CohortFilter(order=order, descending=descending))
        assert [row.child_id for row in narrow.cohort.rows] == ["c1"]
        assert wide.cohort.total == 2


def test_two_who_decide_at_the_same_moment_decide_once(either: Any) -> None:
    either.child("c1")
    either.plan("c1", "p1", submitted=1)

    def decide(who: str) -> RatedPlan:
        with either.writing(who) as work:
            return rating.rate_plan(
                work, "p1", submission=1, rating=Rating.GREEN, reasons=(), decision=Decision.APPROVE
            )

    outcomes = at_once(lambda: decide("cate"), lambda: decide("head"))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "RatedPlan"]
    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert refusal.code == "plan_already_decided"
    assert len(either.told(PlanQualityApproved)) == 1


def test_the_same_file_sent_twice_at_the_same_moment_is_recorded_once(either: Any) -> None:
    either.child("c1")
    content = marks(either, "c1", "O")
    outcomes = at_once(lambda: send(either, content), lambda: send(either, content))
    assert all(isinstance(outcome, Upload) for outcome in outcomes), outcomes
    with either.reading("head") as work:
        view = cohort.view_child(work, "c1")
    assert sum(attendance.possible for _, attendance in view.weeks) == view.attendance.possible == outcomes[0].rows
    assert [concern.rule for concern in view.concerns] == ["attendance_low"]


def test_a_concern_found_twice_at_the_same_moment_is_raised_once(either: Any) -> None:
    either.child("c1")
    either.plan("c1", "p1", either.today)
    either.wait(1)

    def look() -> None:
        with either.writing("head") as work:
            monitor_everyone(work)

    assert at_once(look, look, look) == [None, None, None]
    assert len(either.told(ConcernRaised)) == 1


def test_a_concern_over_twice_at_the_same_moment_is_closed_once(either: Any) -> None:
    either.child("c1")
    either.plan("c1", "p1", date(2026, 11, 20))
    either.plan("c1", "p2", date(2026, 12, 18))
    with either.runtime.database("virtual_school").writing() as connection:
        submitted = update(PLAN).where(PLAN.c.id == "p1")
        connection.execute(submitted.values(state="submitted", submission=1, first_submitted_on=either.today))

    def look() -> None:
        with either.writing("head") as work:
            monitor_everyone(work)

    assert at_once(look, look, look) == [None, None, None]
    assert len(either.told(ConcernClosed)) == 1
