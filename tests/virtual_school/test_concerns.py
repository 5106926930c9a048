from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.virtual_school.adapters.policy_files import policy_for
from services.virtual_school.domain.attendance import Attendance
from services.virtual_school.domain.concerns import (
    ChildFacts,
    Concern,
    ConcernState,
    Findings,
    Outcome,
    Rule,
    evaluate,
)
from services.virtual_school.domain.plans import Plan, PlanState
from services.virtual_school.domain.suspensions import Suspension
from shared.platform.bank_holidays import ENGLAND_AND_WALES

TODAY = date(2026, 11, 20)  # a Friday
RULES = policy_for("northmoor", TODAY).concerns
GOOD = Attendance(possible=60, attended=58, authorised=2)
LOW = Attendance(possible=60, attended=50, authorised=10)
SUSPENSION = Suspension(
    "s1", "c1", date(2026, 11, 12), date(2026, 11, 13), 4, False, ("DB",), "p1", datetime(2026, 11, 12, 9, tzinfo=UTC)
)
PLAN = Plan("p1", "c1", "termly", "2026-autumn", date(2026, 9, 7), date(2026, 11, 10), date(2026, 11, 19))
FINE = ChildFacts(
    child_id="c1",
    in_care=True,
    year_group=8,
    has_school=True,
    no_school_since=None,
    left_care_on=None,
    attendance=GOOD,
    window_from=date(2026, 10, 10),
    suspensions=(),
    plans=(),
    concerns=(),
)


def judge(facts: ChildFacts, today: date = TODAY) -> Findings:
    return evaluate(facts, RULES, today, ENGLAND_AND_WALES)


def raised(facts: ChildFacts, today: date = TODAY) -> Concern:
    """Return the one concern that is raised, as it is kept."""
    (fired,) = judge(facts, today).fired
    return Concern("k1", "c1", fired.rule, fired.cause, today, fired.answer_by, fired.evidence)


def test_a_child_who_does_well_raises_nothing() -> None:
    assert judge(FINE) == Findings((), ())


def test_low_attendance_raises_a_concern_with_its_figures() -> None:
    concern = raised(replace(FINE, attendance=LOW))
    assert concern.rule is Rule.ATTENDANCE_LOW
    assert concern.evidence == {
        "attended": "50",
        "possible": "60",
        "percentage": "83.3",
        "from": "2026-10-10",
        "to": "2026-11-20",
        "threshold": "92",
    }
    assert concern.answer_by == date(2026, 11, 27)


def test_too_few_sessions_say_nothing_about_attendance() -> None:
    assert not judge(replace(FINE, attendance=Attendance(possible=19, attended=1, unauthorised=18))).fired


def test_attendance_exactly_at_the_threshold_is_not_low() -> None:
    assert not judge(replace(FINE, attendance=Attendance(possible=100, attended=92))).fired
    assert judge(replace(FINE, attendance=Attendance(possible=1000, attended=919))).fired


def test_low_attendance_closes_on_recovery_and_may_be_raised_again_for_a_new_spell() -> None:
    first = raised(replace(FINE, attendance=LOW))
    assert judge(replace(FINE, attendance=LOW, concerns=(first,))) == Findings((), ())
    (over,) = judge(replace(FINE, attendance=GOOD, concerns=(first,))).over
    assert over.outcome is Outcome.RESOLVED
    assert over.evidence["percentage"] == "96.6"
    closed = replace(first, state=ConcernState.CLOSED)
    again = raised(replace(FINE, attendance=LOW, concerns=(closed,)))
    assert again.cause != first.cause


def test_too_few_sessions_do_not_close_low_attendance() -> None:
    first = raised(replace(FINE, attendance=LOW))
    assert not judge(replace(FINE, attendance=Attendance(possible=4, attended=4), concerns=(first,))).over


def test_a_suspension_is_raised_once_and_is_over_when_answered_and_served() -> None:
    concern = raised(replace(FINE, suspensions=(SUSPENSION,)))
    assert concern.evidence["starts_on"] == "2026-11-12"
    assert concern.answer_by == date(2026, 11, 24)
    facts = replace(FINE, suspensions=(SUSPENSION,), concerns=(concern,))
    assert judge(facts) == Findings((), ())
    answered = replace(concern, state=ConcernState.ANSWERED, answered_on=TODAY)
    (over,) = judge(replace(facts, concerns=(answered,))).over
    assert over.evidence == {"answered_on": "2026-11-20", "ended_on": "2026-11-13"}
    closed = replace(answered, state=ConcernState.CLOSED)
    assert judge(replace(facts, concerns=(closed,))) == Findings((), ())


def test_a_suspension_still_running_stays_open_though_answered() -> None:
    running = replace(SUSPENSION, ends_on=TODAY)
    concern = replace(raised(replace(FINE, suspensions=(running,))), state=ConcernState.ANSWERED, answered_on=TODAY)
    assert not judge(replace(FINE, suspensions=(running,), concerns=(concern,))).over


def test_a_suspension_withdrawn_closes_its_concern_as_mistaken() -> None:
    concern = raised(replace(FINE, suspensions=(SUSPENSION,)))
    (over,) = judge(replace(FINE, concerns=(concern,))).over
    assert over.outcome is Outcome.MISTAKEN


def test_an_old_suspension_raises_nothing() -> None:
    old = replace(SUSPENSION, starts_on=date(2026, 3, 3), ends_on=date(2026, 3, 4))
    assert not judge(replace(FINE, suspensions=(old,))).fired


def test_a_plan_is_late_from_the_day_after_its_due_date() -> None:
    facts = replace(FINE, plans=(PLAN,))
    assert not judge(facts, date(2026, 11, 19)).fired
    assert raised(facts).evidence == {"term": "2026-autumn", "due_on": "2026-11-19"}


@pytest.mark.parametrize("state", [PlanState.SUBMITTED, PlanState.RETURNED, PlanState.APPROVED])
def test_a_plan_that_was_submitted_is_not_late(state: PlanState) -> None:
    assert not judge(replace(FINE, plans=(replace(PLAN, state=state, submission=1),))).fired


def test_a_late_plan_is_over_when_it_or_a_later_one_is_submitted() -> None:
    concern = raised(replace(FINE, plans=(PLAN,)))
    submitted = replace(PLAN, state=PlanState.SUBMITTED, submission=1, first_submitted_on=TODAY)
    later = replace(submitted, id="p2", opened_on=date(2026, 11, 1))
    earlier = replace(submitted, id="p0", opened_on=date(2026, 4, 1))
    for plans in ((submitted,), (PLAN, later)):
        (over,) = judge(replace(FINE, plans=plans, concerns=(concern,))).over
        assert over.evidence == {"submitted_on": "2026-11-20"}
    assert not judge(replace(FINE, plans=(PLAN, earlier), concerns=(concern,))).over


def test_no_school_is_raised_after_the_days_the_authority_set_and_closes_when_one_is_found() -> None:
    facts = replace(FINE, has_school=False, no_school_since=date(2026, 11, 6), attendance=Attendance())
    assert not judge(facts, date(2026, 11, 19)).fired
    concern = raised(facts)
    assert concern.evidence == {"since": "2026-11-06", "days": "10", "unit": "working_days", "limit": "10"}
    assert not judge(replace(facts, concerns=(concern,))).over
    (over,) = judge(replace(FINE, concerns=(concern,))).over
    assert over.outcome is Outcome.RESOLVED


@pytest.mark.parametrize("year_group", [-1, 12, 13])
def test_no_school_is_not_raised_outside_the_authoritys_year_groups(year_group: int) -> None:
    facts = replace(FINE, has_school=False, no_school_since=date(2026, 1, 6), year_group=year_group)
    assert not judge(facts).fired


def test_a_child_no_longer_looked_after_raises_nothing_and_every_concern_closes() -> None:
    concern = raised(replace(FINE, attendance=LOW))
    left = replace(FINE, in_care=False, left_care_on=TODAY, attendance=LOW, plans=(PLAN,), concerns=(concern,))
    findings = judge(left)
    assert not findings.fired
    assert [over.evidence for over in findings.over] == [{"left_care_on": "2026-11-20"}]


@given(
    attendance=st.builds(
        lambda attended, missed: Attendance(attended + missed, attended, missed), st.integers(0, 80), st.integers(0, 80)
    ),
    suspended=st.booleans(),
    due_on=st.dates(date(2026, 9, 1), date(2026, 12, 31)),
    since=st.none() | st.dates(date(2026, 9, 1), TODAY),
)
def test_what_was_raised_is_never_raised_twice(
    attendance: Attendance, suspended: bool, due_on: date, since: date | None
) -> None:
    facts = replace(
        FINE,
        attendance=attendance,
        suspensions=(SUSPENSION,) if suspended else (),
        plans=(replace(PLAN, due_on=due_on),),
        has_school=since is None,
        no_school_since=since,
    )
    first = judge(facts)
    kept = tuple(
        Concern(str(n), "c1", fired.rule, fired.cause, TODAY, fired.answer_by, fired.evidence)
        for n, fired in enumerate(first.fired)
    )
    assert judge(replace(facts, concerns=kept)) == Findings((), ())
