from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.virtual_school.application import rating
from services.virtual_school.domain.plans import PlanState
from services.virtual_school.domain.ratings import RatedPlan
from services.virtual_school.domain.rubric import Decision, Rating
from shared.contracts.pep import PlanApproved, PlanReturned
from shared.contracts.scheduling import MeetingArranged, MeetingCancelled, MeetingHeld
from shared.contracts.virtual_school import PlanQualityApproved
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound


def rate(world: Any, who: str, plan_id: str = "p1", **given: Any) -> RatedPlan:
    values: dict[str, Any] = {"submission": 1, "rating": Rating.GREEN, "reasons": (), "decision": Decision.APPROVE}
    with world.writing(who) as work:
        return rating.rate_plan(work, plan_id, **{**values, **given})


def state(world: Any, plan_id: str = "p1") -> PlanState:
    with world.reading("head") as work:
        return rating.view_plan(work, plan_id).plan.state


def queue(world: Any, who: str) -> list[str]:
    with world.reading(who) as work:
        return [listed.plan.id for listed in rating.plans_in(work, PlanState.SUBMITTED).plans]


def test_a_submitted_plan_waits_in_the_queue_of_its_caseworker_and_of_the_head(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    world.child("c2", "dora", "sam", "carl")
    world.plan("c2", "p2", submitted=1)
    assert queue(world, "cate") == ["p1"]
    assert queue(world, "carl") == ["p2"]
    assert set(queue(world, "head")) == {"p1", "p2"}


def test_an_approved_plan_is_told_and_leaves_the_queue(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    rated = rate(world, "cate", rating=Rating.AMBER, reasons=("voice",), feedback=" Ask her again. ")
    assert rated.feedback == "Ask her again."
    assert rated.policy_from == date(2026, 9, 1)
    assert world.told() == [PlanQualityApproved("c1", "p1", 1, "amber", ("voice",), world.today)]
    assert queue(world, "cate") == []
    assert state(world) is PlanState.APPROVED


def test_a_returned_plan_says_what_to_mend_in_the_rubrics_order_and_never_the_note(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    rate(world, "head", rating=Rating.RED, reasons=("carer", "voice"), decision=Decision.RETURN, feedback="Private")
    (told,) = world.told()
    assert (told.mend, told.rating, told.decided_on) == (("voice", "carer"), "red", world.today)
    assert [words.partition(".")[0] for words in told.mend_words] == [
        "The child’s voice is missing, or does not shape the plan",
        "The carer’s part is missing",
    ]
    assert "Private" not in str(told)
    assert state(world) is PlanState.RETURNED


def test_a_returned_plan_submitted_again_is_rated_again(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    rate(world, "cate", rating=Rating.RED, reasons=("voice",), decision=Decision.RETURN)
    world.hear(PlanReturned("c1", "p1", 1, world.today))
    world.submit("c1", "p1", 2)
    assert queue(world, "cate") == ["p1"]
    rate(world, "cate", submission=2)
    world.hear(PlanApproved("c1", "p1", 2, world.today, date(2027, 3, 26)))
    with world.reading("dora") as work:
        view = rating.view_plan(work, "p1")
    assert [rated.submission for rated in sorted(view.ratings, key=lambda each: each.submission)] == [1, 2]
    assert view.plan.next_due_on == date(2027, 3, 26)


@pytest.mark.parametrize(("submission", "code"), [(1, "submission_superseded"), (3, "submission_superseded")])
def test_only_the_newest_submission_is_decided(world: Any, submission: int, code: str) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=2)
    with pytest.raises(Conflict) as refusal:
        rate(world, "cate", submission=submission)
    assert refusal.value.code == code


def test_a_submission_is_decided_once(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    rate(world, "cate")
    with pytest.raises(Conflict) as refusal:
        rate(world, "head", rating=Rating.RED, reasons=("voice",), decision=Decision.RETURN)
    assert refusal.value.code == "plan_already_decided"
    assert len(world.told()) == 1


def test_a_rating_without_what_the_rubric_demands_changes_nothing(world: Any) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    with pytest.raises(InvalidInput):
        rate(world, "cate", rating=Rating.RED, decision=Decision.RETURN)
    assert world.told() == []
    assert queue(world, "cate") == ["p1"]


@pytest.mark.parametrize(("who", "refused"), [("dora", Denied), ("sam", Denied), ("carl", NotFound), ("pat", NotFound)])
def test_nobody_else_rates(world: Any, who: str, refused: type[Exception]) -> None:
    world.child("c1")
    world.plan("c1", "p1", submitted=1)
    with pytest.raises(refused):
        rate(world, who)
    assert queue(world, "head") == ["p1"]


def test_the_meeting_is_known_whichever_service_is_heard_first(world: Any) -> None:
    starts = world.runtime.clock.now()
    world.hear(MeetingArranged("c1", "p1", "m1", starts, starts, "in_person", ()))
    world.child("c1")
    world.plan("c1", "p1")
    with world.reading("cate") as work:
        meeting = rating.view_plan(work, "p1").meeting
    assert meeting is not None
    assert meeting.starts_at == starts
    world.hear(MeetingHeld("c1", "p1", "m1", world.today, ("sam",)))
    world.hear(MeetingCancelled("c1", "p1", "m1", "not_needed"))
    with world.reading("cate") as work:
        meeting = rating.view_plan(work, "p1").meeting
    assert meeting is not None
    assert (meeting.starts_at, meeting.held_on) == (starts, world.today)
