"""How a meeting went stands with the plan, for whoever reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from shared.contracts.scheduling import InviteeState, MeetingHeld, MeetingRestated
from shared.testing.pages import check_page
from tests.pep.plan_world import World

HELD_ON = date(2026, 12, 2)
STARTS, ENDS = datetime(2026, 12, 2, 14, 30, tzinfo=UTC), datetime(2026, 12, 2, 15, 30, tzinfo=UTC)
INVITED = (
    InviteeState("sam", "social_worker", True, "accepted"),
    InviteeState("dee", "designated_teacher", True, "declined"),
)


@pytest.mark.parametrize("restated", [False, True], ids=["told when it was held", "said again"])
def test_the_plan_says_that_its_meeting_was_not_quorate_and_how_the_child_took_part(
    world: World, restated: bool
) -> None:
    plan = world.open()
    world.arrange(plan)
    went = {
        "quorate": False,
        "why_counted": "heard_before",
        "apologies": ("dee",),
        "participation": "PN1",
        "child_attended": True,
        "child_conveyed": "spoke",
    }
    told: object = MeetingHeld(plan.child_id, plan.id, "meeting", HELD_ON, ("sam",), **went)
    if restated:
        told = MeetingRestated(
            plan.child_id, plan.id, "meeting", "held", STARTS, ENDS, "online", INVITED, HELD_ON, ("sam",), **went
        )
    world.hear(told, "sam", "social_worker")
    for reader in ("sam", "dee", "ira", "cal"):
        words = check_page(world.client(reader).get(f"/plans/{plan.id}"))
        assert "held without everybody whom the authority wants there" in words
        assert "They gave what was needed from them beforehand" in words
        assert "took part: Came and spoke for themselves (PN1)" in words
        assert "Dee Larkin Designated teacher Sent apologies" in words


def test_a_meeting_of_which_nothing_was_told_counts_as_quorate(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    world.hold(plan)
    words = check_page(world.client("sam").get(f"/plans/{plan.id}"))
    assert "without everybody" not in words
    assert "took part" not in words
