"""A plan that a later one has replaced, as the Virtual School shows and counts it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.virtual_school.application import cohort, rating
from services.virtual_school.application.monitoring import monitor_everyone
from services.virtual_school.domain.cohort import CohortFilter
from services.virtual_school.domain.plans import PlanState, Standing
from services.virtual_school.domain.rubric import Decision, Rating
from shared.contracts.pep import PlanApproved, PlanSuperseded
from shared.contracts.virtual_school import ConcernClosed, ConcernRaised
from shared.kernel.errors import Conflict
from shared.testing.pages import check_page

LAST_WEEK, LATER = date(2026, 11, 16), date(2026, 12, 11)


def approve_later(world: Any, *earlier: str) -> None:
    """Rate a later plan good, and hear pep say that it is in the care plan and what it replaces."""
    world.plan("c1", "later", LATER, submitted=1)
    with world.writing("cate") as work:
        rating.rate_plan(work, "later", submission=1, rating=Rating.GREEN, reasons=(), decision=Decision.APPROVE)
    world.hear(
        PlanApproved("c1", "later", 1, world.today),
        *[PlanSuperseded("c1", plan_id, world.today, "later") for plan_id in earlier],
    )


def text(world: Any, who: str, address: str) -> str:
    return check_page(world.client(who).get(address))


def test_the_childs_page_shows_it_as_replaced_and_leads_to_the_plan_that_counts(either: Any) -> None:
    either.child("c1", name="Amira Lindqvist")
    either.plan("c1", "p1", LAST_WEEK)
    approve_later(either, "p1")
    child, plan = text(either, "cate", "/children/c1"), text(either, "cate", "/plans/p1")
    assert "Replaced" in child
    assert "Late" not in child
    assert "A later plan replaced this one on Monday 23 November 2026." in plan
    assert "Rate this plan" not in plan
    assert 'href="/plans/later"' in either.client("cate").get("/plans/p1").text


def test_it_is_neither_due_nor_late_nor_to_rate(either: Any) -> None:
    either.child("c1")
    either.plan("c1", "p1", LAST_WEEK)
    either.plan("c1", "p2", LAST_WEEK, submitted=1)
    approve_later(either, "p1", "p2")
    with either.reading("head") as work:
        mine = cohort.my_work(work)
        page = cohort.view_cohort(work, CohortFilter())
        replaced = rating.plans_in(work, PlanState.SUPERSEDED)
    assert (mine.to_rate.total, mine.late_total, mine.returned_total) == (0, 0, 0)
    assert page.cohort.counts == {Standing.APPROVED: 1}
    assert {listed.plan.id for listed in replaced.plans} == {"p1", "p2"}
    listed = text(either, "head", "/plans?state=superseded")
    assert "Replaced" in listed
    assert "There is no such plan." not in listed


def test_the_plan_that_counts_is_one_that_is_not_replaced_even_if_the_other_was_opened_last(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "later", LATER, submitted=1)
    world.plan("c1", "p1", LATER + timedelta(days=3))
    world.hear(PlanSuperseded("c1", "p1", world.today, "later"))
    with world.reading("head") as work:
        (row,) = cohort.view_cohort(work, CohortFilter()).cohort.rows
    assert (row.plan_id, row.standing) == ("later", Standing.SUBMITTED)
    assert "Replaced" not in text(world, "head", "/children")


def test_it_cannot_be_rated_any_more_and_the_page_says_why(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", LAST_WEEK, submitted=1)
    approve_later(world, "p1")
    with world.writing("cate") as work, pytest.raises(Conflict) as refusal:
        rating.rate_plan(work, "p1", submission=1, rating=Rating.GREEN, reasons=(), decision=Decision.APPROVE)
    assert refusal.value.code == "plan_superseded"


def test_the_concern_that_it_was_late_closes_and_is_not_raised_again(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "later", LATER)
    world.plan("c1", "p1", LAST_WEEK)
    (raised,) = world.told(ConcernRaised)
    assert raised.rule == "plan_late"
    world.hear(PlanSuperseded("c1", "p1", world.today, "later"))
    assert world.told(ConcernClosed) == [ConcernClosed("c1", raised.concern_id, world.today, "resolved")]
    assert "a later plan replaced this one on 23 Nov 2026" in text(world, "sam", "/children/c1")
    with world.writing("cate") as work:
        monitor_everyone(work)
    assert len(world.told(ConcernRaised)) == 1


def test_the_figures_count_a_plan_replaced_too_late_but_not_one_that_never_fell_due(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "missed", LAST_WEEK)
    world.plan("c1", "never-due", world.today)
    approve_later(world, "missed", "never-due")
    world.wait(1)
    with world.reading("head") as work:
        figures = cohort.view_figures(work)
    assert (figures.plans_due, figures.plans_in_time) == (1, 0)


def test_a_plan_that_was_submitted_in_time_still_counts_when_it_is_replaced(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", world.today, submitted=1)
    approve_later(world, "p1")
    world.wait(1)
    with world.reading("head") as work:
        figures = cohort.view_figures(work)
    assert (figures.plans_due, figures.plans_in_time) == (1, 1)


def test_heard_twice_or_of_an_unknown_plan_it_changes_nothing(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", LATER)
    world.hear(*[PlanSuperseded("c1", plan_id, world.today, "later") for plan_id in ("p1", "p1", "unheard-of")])
    with world.reading("head") as work:
        (plan,) = cohort.view_child(work, "c1").plans
    assert (plan.state, plan.superseded_on, plan.version) == (PlanState.SUPERSEDED, world.today, 2)


def test_a_program_is_told_when_and_by_which_plan(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", LAST_WEEK)
    world.hear(PlanSuperseded("c1", "p1", world.today, "later"))
    answer = world.app.test_client().get("/api/plans/p1", headers=world.token("cate")).json
    assert (answer["state"], answer["superseded_on"], answer["superseded_by"]) == ("superseded", "2026-11-23", "later")
