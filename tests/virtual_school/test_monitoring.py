from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from services.virtual_school.app import SPEC
from services.virtual_school.application import cohort, suspensions
from services.virtual_school.application.attendance import record_marks
from services.virtual_school.domain.attendance_codes import Session
from services.virtual_school.domain.concerns import Concern, ConcernState, Outcome, Rule
from shared.contracts.pep import (
    ChildDetailsChanged,
    ChildLeftCare,
    ChildSchoolChanged,
    ConcernAnswered,
    PlanSubmitted,
)
from shared.contracts.virtual_school import ConcernClosed, ConcernRaised
from shared.platform.access import system_actor
from shared.platform.work import writing_work


def run_job(world: Any) -> None:
    (job,) = SPEC.jobs
    with writing_work(world.runtime, SPEC, system_actor("northmoor")) as work:
        job.run(work)


def concerns(world: Any, who: str = "head") -> list[Concern]:
    with world.reading(who) as work:
        return [concern for concern, _ in cohort.view_concerns(work, tuple(ConcernState))]


def attend(world: Any, child_id: str, days: int, code: str, *, replace: bool = False) -> None:
    """Record the last school days up to today with one code."""
    wanted: list[date] = []
    day = world.today
    while len(wanted) < days:
        if day.weekday() < 5:
            wanted.append(day)
        day -= timedelta(days=1)
    marks = [(day, session, code) for day in wanted for session in Session]
    with world.writing("cate") as work:
        record_marks(work, child_id, marks, replace_held=replace)


def suspend(world: Any, child_id: str = "c1") -> str:
    with world.writing("dora") as work:
        return suspensions.record_suspension(
            work,
            child_id,
            starts_on=world.today,
            ends_on=world.today,
            sessions=2,
            permanent=False,
            reasons=("DB",),
        ).id


def test_low_attendance_is_raised_with_evidence_as_the_marks_arrive(world: Any) -> None:
    world.child("c1")
    attend(world, "c1", 12, "O")
    (concern,) = concerns(world)
    (told,) = world.told(ConcernRaised)
    assert told == ConcernRaised("c1", concern.id, "attendance_low", world.today, date(2026, 11, 30), concern.evidence)
    assert told.evidence["percentage"] == "0.0"


def test_nothing_is_raised_twice_however_often_the_rules_run(world: Any) -> None:
    world.child("c1")
    attend(world, "c1", 12, "O")
    suspend(world)
    world.plan("c1", "p1", date(2026, 11, 20))
    for _ in range(3):
        run_job(world)
        world.wait(1)
    assert sorted(fact.rule for fact in world.told(ConcernRaised)) == ["attendance_low", "plan_late", "suspension"]


def test_attendance_that_recovers_closes_the_concern(world: Any) -> None:
    world.child("c1")
    attend(world, "c1", 12, "O")
    attend(world, "c1", 12, "/", replace=True)
    (concern,) = concerns(world)
    assert concern.state is ConcernState.CLOSED
    assert concern.outcome is Outcome.RESOLVED
    assert concern.closing_evidence is not None
    assert concern.closing_evidence["percentage"] == "100.0"
    assert world.told(ConcernClosed) == [ConcernClosed("c1", concern.id, world.today, "resolved")]


def test_a_plan_becomes_late_by_time_alone_and_its_concern_closes_when_it_is_submitted(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", world.today)
    run_job(world)
    assert concerns(world) == []
    world.wait(1)
    run_job(world)
    (concern,) = concerns(world)
    assert concern.rule is Rule.PLAN_LATE
    world.submit("c1", "p1", 1, concern.raised_on - timedelta(days=1))
    (concern,) = concerns(world)
    assert concern.state is ConcernState.CLOSED


def test_a_suspension_is_raised_at_once_and_closes_when_answered_and_served(world: Any) -> None:
    world.child("c1")
    suspend(world)
    (concern,) = concerns(world, "sam")
    assert concern.rule is Rule.SUSPENSION
    world.hear(ConcernAnswered("c1", concern.id, "action", world.today, "sam", date(2026, 12, 4)))
    (concern,) = concerns(world)
    assert (concern.state, concern.owner_id) == (ConcernState.ANSWERED, "sam")
    world.wait(1)
    run_job(world)
    (concern,) = concerns(world)
    assert concern.state is ConcernState.CLOSED


def test_a_suspension_withdrawn_closes_its_concern_as_mistaken(world: Any) -> None:
    world.child("c1")
    suspension_id = suspend(world)
    with world.writing("cate") as work:
        suspensions.withdraw_suspension(work, suspension_id)
    (concern,) = concerns(world)
    assert concern.outcome is Outcome.MISTAKEN
    assert [fact.outcome for fact in world.told(ConcernClosed)] == ["mistaken"]


def test_no_school_is_raised_after_ten_working_days_and_closes_with_a_school(world: Any) -> None:
    world.child("c1")
    world.hear(ChildSchoolChanged("c1", date(2026, 11, 10)))
    assert concerns(world) == []
    world.wait(1)
    run_job(world)
    (concern,) = concerns(world)
    assert concern.evidence == {"since": "2026-11-10", "days": "10", "unit": "working_days", "limit": "10"}
    world.hear(ChildSchoolChanged("c1", world.today, "900001"))
    assert concerns(world)[0].state is ConcernState.CLOSED


def test_what_is_late_or_missing_when_it_is_first_heard_of_is_raised_at_once(world: Any) -> None:
    world.child("c1", school_urn=None, no_school_since=date(2026, 10, 1), year_group=-1)
    assert concerns(world) == []
    world.hear(ChildDetailsChanged("c1", "primary", 0, "Child c1"))
    world.child("c2", school_urn=None, no_school_since=date(2026, 10, 1))
    world.child("c3")
    world.plan("c3", "p3", date(2026, 11, 20))
    assert {(concern.child_id, concern.rule) for concern in concerns(world)} == {
        ("c1", Rule.NO_SCHOOL),
        ("c2", Rule.NO_SCHOOL),
        ("c3", Rule.PLAN_LATE),
    }


def test_a_plan_that_is_told_of_again_is_judged_once_it_is_known_what_became_of_it(world: Any) -> None:
    world.child("c1")
    for plan_id, submitted in (("p1", 1), ("p2", 0)):
        world.plan("c1", plan_id, date(2026, 11, 20), opened_on=date(2026, 9, 7), submitted=submitted)
    assert concerns(world) == []
    run_job(world)
    assert [concern.cause for concern in concerns(world)] == ["p2"]


def test_a_child_who_comes_back_into_care_is_watched_again(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", world.today)
    world.hear(ChildLeftCare("c1", world.today))
    world.wait(1)
    run_job(world)
    assert concerns(world) == []
    world.child("c1", entered_care_on=world.today)
    assert [concern.rule for concern in concerns(world)] == [Rule.PLAN_LATE]


def test_leaving_care_closes_every_concern_and_stops_the_rules(world: Any) -> None:
    world.child("c1")
    suspend(world)
    world.plan("c1", "p1", date(2026, 11, 20))
    world.hear(ChildLeftCare("c1", world.today))
    assert {concern.state for concern in concerns(world)} == {ConcernState.CLOSED}
    world.wait(30)
    run_job(world)
    assert len(concerns(world)) == 2


def test_a_concern_answered_late_stays_closed_and_an_unknown_one_is_no_trouble(world: Any) -> None:
    world.child("c1")
    suspension_id = suspend(world)
    (concern,) = concerns(world)
    with world.writing("cate") as work:
        suspensions.withdraw_suspension(work, suspension_id)
    world.hear(ConcernAnswered("c1", concern.id, "early_meeting", world.today))
    world.hear(ConcernAnswered("c1", "nobody-knows", "action", world.today))
    (concern,) = concerns(world)
    assert (concern.state, concern.answer) == (ConcernState.CLOSED, "early_meeting")


def test_facts_about_a_child_or_plan_not_known_here_change_nothing(world: Any) -> None:
    world.hear(ChildDetailsChanged("zz", "primary", 3, "Nobody"))
    world.hear(ChildSchoolChanged("zz", world.today), ChildLeftCare("zz", world.today))
    world.hear(PlanSubmitted("zz", "pz", 1, "2026-autumn", world.today, world.today, 5, 5, 1, 0, views_given=False))
    assert concerns(world) == []


def test_a_child_is_called_what_pep_calls_them_now(world: Any) -> None:
    world.child("c1")
    world.hear(ChildDetailsChanged("c1", "post_16", 12, "New Name"))
    with world.reading("sam") as work:
        child = cohort.view_child(work, "c1").child
    assert (child.name, child.phase, child.year_group) == ("New Name", "post_16", 12)
