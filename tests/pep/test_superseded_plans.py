"""What happens to a child's earlier plans when a later one is approved."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from services.pep.app import SPEC
from services.pep.application import plans
from services.pep.domain.plan import Plan, PlanKind, PlanState
from shared.contracts.envelope import Envelope
from shared.contracts.pep import PlanApproved, PlanSuperseded
from shared.contracts.registry import from_data
from shared.contracts.scheduling import MeetingCancelled
from shared.contracts.virtual_school import PlanQualityApproved
from shared.testing.pages import check_page
from tests.pep.plan_world import TODAY, World


def approve_later(world: World) -> Plan:
    later = world.open(meet_by=date(2027, 3, 1), due_on=date(2027, 3, 12))
    world.fill_in(later)
    world.submit(later, "School closed by flood")
    world.approve(later)
    return world.plan(later)


def test_every_earlier_plan_is_replaced_and_the_others_are_told_of_each(world: World) -> None:
    approved = world.approved()
    early = world.open(kind=PlanKind.EARLY, due_on=date(2026, 12, 18))
    beyond = world.open(meet_by=date(2027, 6, 1), due_on=date(2027, 6, 30))
    later = approve_later(world)
    told = sorted(world.told(PlanSuperseded), key=lambda fact: fact.plan_id)
    expected = [PlanSuperseded(world.child.id, plan.id, TODAY, later.id) for plan in (approved, early)]
    assert told == sorted(expected, key=lambda fact: fact.plan_id)
    assert [world.plan(plan).state for plan in (approved, early, beyond, later)] == [
        PlanState.SUPERSEDED,
        PlanState.SUPERSEDED,
        PlanState.DUE,
        PlanState.APPROVED,
    ]


def test_the_approval_is_told_before_what_it_replaces_and_nothing_is_told_twice(world: World) -> None:
    world.open()
    later = approve_later(world)
    kinds = [type(fact) for fact in told_last(world, 2)]
    assert kinds == [PlanApproved, PlanSuperseded]
    world.hear(PlanQualityApproved(later.child_id, later.id, 1, "green", (), TODAY))
    assert len(world.told(PlanSuperseded)) == 1


def told_last(world: World, many: int) -> list[Any]:
    table = SPEC.metadata.tables["outbox"]
    with world.runtime.database("pep").reading() as connection:
        rows = connection.execute(select(table.c.payload).order_by(table.c.id)).scalars().all()
    envelopes = [Envelope.from_bytes(row) for row in rows[-many:]]
    return [from_data(one.type, one.data) for one in envelopes]


def test_its_page_says_that_it_was_replaced_and_asks_for_no_meeting(world: World) -> None:
    plan = world.open()
    approve_later(world)
    words = check_page(world.client("sam").get(f"/plans/{plan.id}"))
    assert "Replaced by a later plan" in words
    assert "Meeting No meeting took place" in words
    assert "Go to the meeting to arrange" not in words
    with world.looking("sam") as work:
        assert [item.key for item in plans.worklist_items(work) if plan.id in item.key] == []


def test_hearing_that_its_meeting_was_closed_leaves_it_replaced(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    approve_later(world)
    world.hear(MeetingCancelled(plan.child_id, plan.id, "meeting", "plan_superseded"), actor="", acting_as="")
    assert world.plan(plan).state is PlanState.SUPERSEDED
    assert "See the meeting" not in check_page(world.client("sam").get(f"/plans/{plan.id}"))
