from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.virtual_school.domain.plans import Plan, PlanState, Standing, check_ratable, term_words
from shared.kernel.errors import Conflict

PLAN = Plan("p1", "c1", "termly", "2026-autumn", date(2026, 9, 7), date(2026, 11, 10), date(2026, 11, 19))
SUBMITTED = replace(
    PLAN, state=PlanState.SUBMITTED, submission=2, first_submitted_on=date(2026, 11, 1), submitted_on=date(2026, 11, 20)
)


def test_an_open_plan_is_due_until_its_date_and_late_after_it() -> None:
    assert PLAN.standing(date(2026, 11, 19)) is Standing.DUE
    assert PLAN.standing(date(2026, 11, 20)) is Standing.LATE
    assert SUBMITTED.standing(date(2027, 1, 1)) is Standing.SUBMITTED


def test_in_time_looks_at_the_first_submission() -> None:
    assert PLAN.in_time is None
    assert SUBMITTED.in_time is True
    assert replace(SUBMITTED, first_submitted_on=date(2026, 11, 20)).in_time is False


def test_a_plan_has_a_title_in_words() -> None:
    assert PLAN.title == "Termly plan, autumn 2026"
    assert term_words("whenever") == "whenever"


@pytest.mark.parametrize(
    ("plan", "submission", "code"),
    [
        (PLAN, 1, "plan_not_submitted"),
        (SUBMITTED, 1, "submission_superseded"),
        (replace(SUBMITTED, state=PlanState.APPROVED), 2, "plan_already_decided"),
        (replace(SUBMITTED, state=PlanState.RETURNED), 2, "plan_already_decided"),
        (replace(SUBMITTED, state=PlanState.SUPERSEDED), 2, "plan_superseded"),
        (replace(PLAN, state=PlanState.SUPERSEDED), 1, "plan_superseded"),
    ],
)
def test_only_the_newest_submission_is_decided_and_only_once(plan: Plan, submission: int, code: str) -> None:
    with pytest.raises(Conflict) as refusal:
        check_ratable(plan, submission)
    assert refusal.value.code == code


def test_a_submitted_plan_may_be_decided() -> None:
    check_ratable(SUBMITTED, 2)
