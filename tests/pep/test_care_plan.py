"""Approval writes the care plan; concerns are answered in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.pep.adapters import (
    children_store,
    tables_plan,  # noqa: F401 - declares the tables
)
from services.pep.application import care_plan, concerns, plans
from services.pep.domain.concerns import Answer, ConcernState
from services.pep.domain.plan import PlanState
from shared.contracts.pep import (
    ConcernAnswered,
    MeetingRequested,
    PlanApproved,
)
from shared.contracts.virtual_school import ConcernClosed, PlanQualityApproved
from shared.kernel.errors import Conflict, Denied, InvalidInput, Stale
from tests.pep.plan_world import TODAY, World


def test_approval_writes_the_education_part_of_the_care_plan(world: World) -> None:
    plan = world.approved()
    (told,) = world.told(PlanApproved)
    with world.looking("ira") as work:
        page = care_plan.read_care_plan(work, world.child.id)
    assert page.current is not None
    assert (page.current.plan_id, page.current.rating) == (plan.id, "green")
    labels = {agreed.label: agreed.text for agreed in page.current.agreed}
    assert labels["What does the child enjoy outside lessons?"] == "Some words"
    assert labels["Is a change planned or likely before the next plan?"] == "No"
    assert labels["Special educational needs"] == "No special educational needs"
    assert [target.what for target in page.current.targets] == ["Read a chapter book alone"]
    assert page.current.next_due_on == told.next_due_on
    assert told.next_due_on is not None
    assert told.next_due_on > date(2027, 2, 1)
    assert page.next_review is not None
    assert page.plan_to_iro is not None
    assert page.plan_to_iro.on < page.next_review.on


def test_the_education_part_is_on_the_reviewing_officers_list(world: World) -> None:
    world.approved()
    with world.looking("ira") as work:
        items = plans.worklist_items(work)
    assert [(item.what, item.by) for item in items] == [
        ("Read the education part of Amara’s care plan", date(2026, 12, 9))
    ]


def test_what_a_review_has_considered_leaves_the_reviewing_officers_list(world: World) -> None:
    world.approved()
    with world.acting("ira") as work:
        children_store.save(work.connection, replace(world.child, reviews_held=(TODAY,)))
    with world.looking("ira") as work:
        assert plans.worklist_items(work) == []


def test_a_later_approved_plan_replaces_the_earlier_one(world: World) -> None:
    first = world.approved()
    later = world.open(meet_by=date(2027, 3, 1), due_on=date(2027, 3, 12))
    world.fill_in(later)
    world.submit(later, "Everybody was ill")
    assert world.plan(first).state is PlanState.APPROVED
    world.hear(PlanQualityApproved(later.child_id, later.id, 1, "green", (), TODAY))
    assert world.plan(first).state is PlanState.SUPERSEDED
    with world.looking("sam") as work:
        page = care_plan.read_care_plan(work, world.child.id)
    assert page.current is not None
    assert page.current.plan_id == later.id
    assert [part.plan_id for part in page.earlier] == [first.id]


def test_a_concern_is_answered_by_an_action_with_owner_and_date(world: World) -> None:
    world.open()
    world.concern()
    world.concern()
    with world.looking("sam") as work:
        (item,) = concerns.worklist_items(work)
        page = concerns.read_concern(work, "concern")
    assert item.what == "Answer a concern about Amara: attendance is low"
    assert item.by == date(2026, 11, 30)
    assert {owner.person_id for owner in page.owners} == {"sam", "dee", "ira", "val", "cal"}
    with world.acting("sam") as work:
        concerns.answer_by_action(
            work,
            "concern",
            action="Walk to school with Amara",
            owner_id="cal",
            by_date=date(2026, 12, 1),
            seen_version=1,
        )
    (told,) = world.told(ConcernAnswered)
    assert (told.answer, told.owner_id, told.by_date) == ("action", "cal", date(2026, 12, 1))
    with world.looking("cal") as work:
        (promised,) = concerns.worklist_items(work)
    assert promised.what == "Do what you promised for Amara: Walk to school with Amara"
    with world.acting("cal") as work:
        done = concerns.finish_promised_action(work, "concern", 2)
    assert done.done_on == TODAY
    with world.looking("cal") as work:
        assert concerns.worklist_items(work) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"action": "Ring"}, "action"),
        ({"owner_id": ""}, "owner_id"),
        ({"owner_id": "new"}, "owner_id"),
        ({"by_date": None}, "by_date"),
        ({"by_date": date(2026, 11, 22)}, "by_date"),
    ],
)
def test_an_action_without_words_owner_or_date_is_refused(world: World, given: dict[str, Any], field: str) -> None:
    world.concern()
    whole: dict[str, Any] = {"action": "Walk to school", "owner_id": "cal", "by_date": TODAY} | given
    with world.acting("sam") as work, pytest.raises(InvalidInput) as caught:
        concerns.answer_by_action(work, "concern", seen_version=1, **whole)
    assert list(caught.value.errors) == [field]


def test_an_early_meeting_goes_back_to_scheduling_and_reopens_the_plan(world: World) -> None:
    plan = world.approved()
    world.concern()
    with world.acting("sam") as work:
        answered = concerns.answer_by_early_meeting(work, "concern", 1)
    assert (answered.answer, answered.by_date) == (Answer.EARLY_MEETING, date(2026, 12, 7))
    (told,) = world.told(MeetingRequested)
    assert (told.plan_id, told.concern_id, told.meet_by) == (plan.id, "concern", date(2026, 12, 7))
    world.arrange(plan, "early")
    assert world.plan(plan).state is PlanState.APPROVED
    world.hold(plan, "early")
    assert world.plan(plan).state is PlanState.HELD
    assert world.submit(plan).submission == 2
    world.hear(PlanQualityApproved(plan.child_id, plan.id, 2, "green", (), TODAY))
    with world.looking("ira") as work:
        page = care_plan.read_care_plan(work, world.child.id)
    assert page.current is not None
    assert (page.current.submission, len(page.earlier)) == (2, 1)


def test_a_concern_is_answered_once(world: World) -> None:
    world.open()
    world.concern()
    with world.acting("sam") as work:
        concerns.answer_by_early_meeting(work, "concern", 1)
    with world.acting("sam") as work, pytest.raises(Stale):
        concerns.answer_by_early_meeting(work, "concern", 1)
    with world.acting("sam") as work, pytest.raises(Conflict):
        concerns.answer_by_early_meeting(work, "concern", 2)
    assert len(world.told(MeetingRequested)) == 1


def test_a_closed_concern_leaves_the_list(world: World) -> None:
    world.open()
    world.concern()
    world.hear(ConcernClosed(world.child.id, "concern", TODAY, "resolved"), actor="", acting_as="")
    with world.looking("sam") as work:
        assert concerns.worklist_items(work) == []
        page = care_plan.read_care_plan(work, world.child.id)
    assert page.concerns[0].state is ConcernState.CLOSED
    assert page.history[0].words == "Closed the concern “Attendance is low”: resolved"
    assert page.history[0].who == "Virtual School monitoring"


def test_only_the_social_worker_answers_concerns(world: World) -> None:
    world.concern()
    with world.acting("dee") as work, pytest.raises(Denied):
        concerns.answer_by_early_meeting(work, "concern", 1)
    with world.looking("cal") as work, pytest.raises(Denied):
        concerns.read_concern(work, "concern")
