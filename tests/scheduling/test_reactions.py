from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from services.scheduling.adapters import children_store
from services.scheduling.application import reactions
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.application.worklist import list_lines, my_meetings
from services.scheduling.domain.meeting import MeetingState, Reason
from shared.contracts.pep import (
    ChildDetailsChanged,
    ChildLeftCare,
    ChildSchoolChanged,
    MeetingRequested,
    PlanApproved,
    SchoolRecorded,
)
from shared.contracts.scheduling import MeetingCancelled

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]


def test_an_opened_plan_puts_a_meeting_on_the_social_workers_list_with_its_latest_date(office: Office) -> None:
    office.open_plan("c1", "p1")
    with office.reading("worker") as work:
        lines = my_meetings(work).to_arrange
    assert [(line.child.name, line.meeting.meet_by, line.meeting.reason) for line in lines] == [
        ("Child c1", date(2026, 12, 11), Reason.FIRST)
    ]
    for other in ("stranger", "carer"):
        with office.reading(other) as work:
            assert my_meetings(work).to_arrange == ()


def test_the_same_plan_heard_of_twice_is_one_meeting(office: Office) -> None:
    first, second = office.open_plan("c1", "p1"), office.open_plan("c1", "p1")
    assert first.id == second.id


def test_a_further_meeting_is_one_of_its_own_in_the_term_of_the_plan(office: Office) -> None:
    office.open_plan("c1", "p1")
    with office.writing() as work:
        reactions.when_meeting_requested(
            work, MeetingRequested("c1", "p1", "r1", date(2026, 12, 4), "concern", concern_id="k1")
        )
    further = office.meeting_of("r1")
    assert (further.reason, further.term, further.state) == (Reason.CONCERN, "2026-autumn", MeetingState.TO_ARRANGE)


def test_an_approved_plan_takes_its_unarranged_meeting_off_the_list_but_not_one_over_a_concern(
    office: Office,
) -> None:
    office.open_plan("c1", "p1")
    with office.writing() as work:
        reactions.when_meeting_requested(work, MeetingRequested("c1", "p1", "r1", date(2026, 12, 4), "concern"))
        reactions.when_plan_approved(work, PlanApproved("c1", "p1", 1, date(2026, 11, 23)))
    assert office.meeting_of("p1").state is MeetingState.CANCELLED
    assert office.meeting_of("r1").state is MeetingState.TO_ARRANGE


def test_an_approved_plan_leaves_an_arranged_meeting_alone(office: Office, wish: MakeWish) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        arrange(work, meeting.id, wish(), meeting.version)
    with office.writing() as work:
        reactions.when_plan_approved(work, PlanApproved("c1", "p1", 1, date(2026, 11, 23)))
    assert office.meeting_of("p1").state is MeetingState.ARRANGED


def test_when_a_child_leaves_care_what_was_to_come_is_cancelled_and_invitees_are_told(
    office: Office, wish: MakeWish
) -> None:
    meeting = office.open_plan("c1", "p1")
    office.open_plan("c1", "p2")
    with office.writing("worker") as work:
        arrange(work, meeting.id, wish(), meeting.version)
    with office.writing() as work:
        reactions.when_child_left_care(work, ChildLeftCare("c1", date(2026, 11, 22)))
    assert {office.meeting_of(plan).state for plan in ("p1", "p2")} == {MeetingState.CANCELLED}
    assert [act for _, act in office.mails()].count("cancelled") == 3
    reasons = [fact.reason for fact in office.facts() if isinstance(fact, MeetingCancelled)]
    assert reasons == ["child_left_care", "child_left_care"]


def test_copies_of_children_and_schools_follow_in_whatever_order_they_are_heard(office: Office) -> None:
    with office.writing() as work:
        reactions.when_school_changed(work, ChildSchoolChanged("c1", date(2026, 11, 20), "200002"))
        reactions.when_details_changed(work, ChildDetailsChanged("c1", "primary", 4, "Another Name"))
    with office.reading() as work:
        child = children_store.load_child(work.connection, "c1")
        assert child is not None
        assert (child.name, child.school_urn, child.school_name) == ("Another Name", "200002", "")
    with office.writing() as work:
        reactions.when_school_recorded(work, SchoolRecorded("200002", "Hillside School", "secondary"))
    with office.reading() as work:
        child = children_store.load_child(work.connection, "c1")
        assert child is not None
        assert child.school_name == "Hillside School"


def test_a_plan_of_a_child_not_heard_of_yet_still_gets_its_meeting(office: Office) -> None:
    assert office.open_plan("c9", "p9").state is MeetingState.TO_ARRANGE


@pytest.mark.parametrize("children", [1, 30])
def test_the_list_takes_the_same_few_queries_however_long_it_is(office: Office, children: int) -> None:
    from sqlalchemy import event

    for number in range(children):
        office.add_child(f"n{number}", ("worker",))
        office.open_plan(f"n{number}", f"pn{number}")
    statements: list[str] = []

    def count(_c: object, _k: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = office.runtime.database("scheduling").engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        with office.reading("worker") as work:
            assert len(list_lines(work)) == children
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len([one for one in statements if one.lstrip().startswith("SELECT")]) <= 6
