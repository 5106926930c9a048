"""The pure rules of reviews: clocks, states, participation, the record, disagreements and visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.pep.domain import disagreements, visits
from services.pep.domain import review_record as records
from services.pep.domain import reviews as steps
from services.pep.domain.children import Child
from services.pep.domain.disagreements import Disagreement, Stage, StageStep
from services.pep.domain.periods import Calendar
from services.pep.domain.policy import Policy
from services.pep.domain.review_record import ActionState, ReviewAction, ReviewRecord
from services.pep.domain.reviews import EarlyReason, Review, ReviewKind, ReviewState
from services.pep.domain.visits import Visit, VisitPattern
from shared.contracts.participation import Conveyed
from shared.kernel.errors import Conflict, InvalidInput

MakeChild = Callable[..., Child]
TODAY = date(2026, 11, 23)
REVIEW = Review("r", "c1", "northmoor", ReviewKind.FIRST, "first_review", TODAY, date(2026, 12, 9))


def test_the_first_review_is_to_be_arranged_at_once_and_later_ones_when_they_come_near(
    make_child: MakeChild, policy: Policy, calendar: Calendar
) -> None:
    child = make_child()
    first = steps.review_now(child, TODAY, policy, calendar)
    assert first == steps.ReviewDates(ReviewKind.FIRST, "first_review", date(2026, 12, 9))
    reviewed = make_child(reviews_held=(date(2026, 12, 1),))
    assert steps.review_now(reviewed, date(2026, 12, 2), policy, calendar) is None
    second = steps.review_now(reviewed, date(2027, 1, 20), policy, calendar)
    assert second == steps.ReviewDates(ReviewKind.SECOND, "second_review", date(2027, 3, 1))
    twice = make_child(reviews_held=(date(2026, 12, 1), date(2027, 2, 22)))
    later = steps.review_now(twice, date(2027, 7, 20), policy, calendar)
    assert later == steps.ReviewDates(ReviewKind.LATER, "later_review", date(2027, 8, 22))


def test_no_review_is_due_for_a_child_on_short_breaks_or_out_of_care(
    make_child: MakeChild, policy: Policy, calendar: Calendar
) -> None:
    for child in (make_child(legal_status="V3"), make_child(left_care_on=TODAY)):
        assert steps.next_review(child, calendar) is None
        assert steps.review_now(child, TODAY, policy, calendar) is None


def test_an_early_review_is_never_later_than_the_law_has_it_anyway(make_child: MakeChild, calendar: Calendar) -> None:
    deadline = steps.next_review(make_child(), calendar)
    assert deadline is not None
    assert steps.early_by(deadline, date(2026, 12, 1), TODAY) == date(2026, 12, 1)
    assert steps.early_by(deadline, date(2027, 1, 15), TODAY) == deadline.on
    overdue = date(2026, 12, 20)
    assert steps.early_by(deadline, date(2026, 12, 22), overdue) == overdue
    with pytest.raises(InvalidInput):
        steps.early_by(deadline, date(2026, 11, 1), TODAY)


def test_only_a_review_that_somebody_asked_for_can_be_left_out() -> None:
    asked = replace(REVIEW, kind=ReviewKind.EARLY, reason=EarlyReason.CHILD.value)
    why = "Amara has changed her mind."
    assert steps.withdraw(asked, why).state is ReviewState.WITHDRAWN
    for duty in (REVIEW, replace(asked, reason=EarlyReason.OFFICER.value), replace(asked, reason="visit")):
        with pytest.raises(Conflict) as refused:
            steps.withdraw(duty, why)
        assert refused.value.code == "review_is_duty"
    with pytest.raises(Conflict):
        steps.withdraw(steps.hold(asked, TODAY), why)
    with pytest.raises(InvalidInput):
        steps.withdraw(asked, "no")


def test_what_was_held_is_never_undone_by_what_is_heard_late() -> None:
    held = steps.hold(REVIEW, TODAY, ("ira",))
    assert steps.put_back(held) == held
    assert steps.arrange(held, "m", datetime(2026, 12, 1, 9, tzinfo=UTC), date(2026, 12, 1), ()) == held
    written = steps.record_written(held)
    assert steps.hold(written, date(2026, 12, 1)) == written


def test_moving_the_meeting_lets_people_be_told_again() -> None:
    when = datetime(2026, 12, 1, 9, tzinfo=UTC)
    dated = replace(steps.arrange(REVIEW, "m", when, date(2026, 12, 1), ()), told_on=TODAY)
    assert steps.arrange(dated, "m", when, date(2026, 12, 1), ()).told_on == TODAY
    assert steps.arrange(dated, "m", when, date(2026, 12, 2), ()).told_on is None


def test_a_review_was_met_by_what_is_recorded_of_the_child(make_child: MakeChild, calendar: Calendar) -> None:
    assert not steps.was_met(REVIEW, make_child(), calendar)
    assert steps.was_met(REVIEW, make_child(reviews_held=(date(2026, 11, 20),)), calendar)
    second = replace(REVIEW, kind=ReviewKind.SECOND, meet_by=date(2027, 2, 20))
    assert not steps.was_met(second, make_child(reviews_held=(date(2026, 11, 20),)), calendar)
    later = replace(REVIEW, kind=ReviewKind.LATER, meet_by=date(2027, 8, 20))
    held = (date(2026, 11, 20), date(2027, 2, 20))
    assert not steps.was_met(later, make_child(reviews_held=held), calendar)
    assert steps.was_met(later, make_child(reviews_held=(*held, date(2027, 8, 1))), calendar)
    early = replace(REVIEW, kind=ReviewKind.EARLY)
    assert not steps.was_met(early, make_child(reviews_held=(date(2026, 11, 20),)), calendar)
    assert steps.was_met(early, make_child(reviews_held=(date(2026, 11, 25),)), calendar)


def a_record(**given: object) -> ReviewRecord:
    made = ReviewRecord(
        "r", "c1", 1, True, Conveyed.SPOKE, "PN1", True, "", None, ("Go on.",), "ira", "Ira",
        datetime(2026, 12, 3, tzinfo=UTC),
    )  # fmt: skip
    return replace(made, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"seen_alone": False, "not_alone_why": ""}, "not_alone_why"),
        ({"decisions": ()}, "decisions"),
        ({"decisions": ("One.",) * 31}, "decisions"),
        ({"child_there": False}, "how"),
    ],
)
def test_a_record_says_whether_the_child_was_seen_alone_and_what_was_decided(
    wrong: dict[str, object], field: str
) -> None:
    held = steps.hold(REVIEW, TODAY)
    records.check_record(held, a_record())
    with pytest.raises(InvalidInput) as refused:
        records.check_record(held, a_record(**wrong))
    assert list(refused.value.errors) == [field]
    with pytest.raises(Conflict):
        records.check_record(REVIEW, a_record())


def test_decisions_are_read_one_to_a_line() -> None:
    assert records.decisions_of(" - One.\n\n• Two.\n") == ("One.", "Two.")


def test_an_action_is_done_or_says_why_not_and_only_once() -> None:
    action = ReviewAction("a", "r", "c1", "Find a tutor", "dee", "Dee", "designated_teacher", TODAY, for_plan=True)
    assert action.is_late(date(2026, 11, 24))
    done = records.settle(action, done=True, outcome="", by_name="Dee", today=TODAY)
    assert (done.state, done.is_late(date(2027, 1, 1))) == (ActionState.DONE, False)
    with pytest.raises(InvalidInput):
        records.settle(action, done=False, outcome="", by_name="Dee", today=TODAY)
    not_done = records.settle(action, done=False, outcome="No tutor was free.", by_name="Dee", today=TODAY)
    with pytest.raises(Conflict):
        records.settle(not_done, done=True, outcome="", by_name="Dee", today=TODAY)


def a_dispute(calendar: Calendar) -> Disagreement:
    first = StageStep(Stage.RAISED, TODAY, "", "Ira")
    return Disagreement(
        "d", "c1", "", "The move was not reviewed first.", TODAY, disagreements.settle_by(TODAY, calendar), (first,)
    )


def test_all_stages_of_a_disagreement_have_twenty_working_days(calendar: Calendar) -> None:
    assert a_dispute(calendar).settle_by == date(2026, 12, 21)
    over_christmas = disagreements.settle_by(date(2026, 12, 14), calendar)
    assert over_christmas == date(2027, 1, 14), "three bank holidays lie between"


def test_a_disagreement_goes_up_and_to_cafcass_from_any_stage(calendar: Calendar) -> None:
    dispute = a_dispute(calendar)
    assert Stage.CAFCASS in dispute.next_stages
    up = disagreements.take_further(dispute, StageStep(Stage.DIRECTOR, TODAY, "No answer came.", "Ira"), TODAY)
    assert up.next_stages == (Stage.CAFCASS, Stage.SETTLED)
    for wrong in (
        StageStep(Stage.TEAM_MANAGER, TODAY, "Back down again.", "Ira"),
        StageStep(Stage.SETTLED, date(2026, 11, 1), "Before the last stage.", "Ira"),
        StageStep(Stage.SETTLED, date(2026, 12, 1), "In the future.", "Ira"),
        StageStep(Stage.SETTLED, TODAY, "", "Ira"),
    ):
        with pytest.raises(InvalidInput):
            disagreements.take_further(up, wrong, TODAY)
    settled = disagreements.take_further(up, StageStep(Stage.SETTLED, TODAY, "The plan is changed.", "Ira"), TODAY)
    assert not settled.is_open
    with pytest.raises(Conflict):
        disagreements.take_further(settled, StageStep(Stage.SETTLED, TODAY, "Once more so.", "Ira"), TODAY)


def a_visit(on: date, *, seen: bool = True, alone: bool = True, why_not: str = "") -> Visit:
    return Visit("v", "c1", on, seen, alone, why_not, "", "sam", "Sam", datetime(2026, 12, 3, tzinfo=UTC))


START = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("seen", "pattern", "reviewed", "due", "paragraph"),
    [
        (None, VisitPattern.ORDINARY, True, date(2026, 1, 12), "28(2)(a)"),
        (date(2026, 1, 9), VisitPattern.ORDINARY, True, date(2026, 2, 20), "28(2)(b)"),
        (date(2026, 1, 9), VisitPattern.UNTIL_18, True, date(2026, 2, 20), "28(2)(b)"),
        (date(2027, 1, 11), VisitPattern.UNTIL_18, True, date(2027, 4, 11), "28(2)(c)(i)"),
        (date(2027, 1, 11), VisitPattern.ORDINARY, True, date(2027, 2, 22), "28(2)(c)(ii)"),
        (date(2026, 1, 9), VisitPattern.BEFORE_ASSESSMENT, False, date(2026, 1, 16), "28(3)(a)"),
        (date(2026, 1, 9), VisitPattern.BEFORE_ASSESSMENT, True, date(2026, 2, 20), "28(3)(b)"),
        (date(2026, 1, 9), VisitPattern.TEMPORARY, False, date(2026, 1, 16), "28(4)(a)"),
        (date(2026, 1, 9), VisitPattern.TEMPORARY, True, date(2026, 2, 6), "28(4)(b)"),
    ],
)
def test_the_next_visit_is_due_by_the_paragraph_that_applies(
    make_child: MakeChild,
    calendar: Calendar,
    seen: date | None,
    pattern: VisitPattern,
    reviewed: bool,
    due: date,
    paragraph: str,
) -> None:
    child = make_child(entered_care_on=START, reviews_held=(date(2026, 1, 30),) if reviewed else ())
    found = visits.next_visit(child, START, [a_visit(seen)] if seen else [], pattern, calendar)
    assert found is not None
    assert (found.on, found.citation.rpartition(" ")[2]) == (due, paragraph)


def test_a_new_placement_starts_the_visits_anew_and_one_without_seeing_the_child_does_not_count(
    make_child: MakeChild, calendar: Calendar
) -> None:
    child, moved = make_child(entered_care_on=START), date(2026, 6, 1)
    before, not_seen = a_visit(date(2026, 5, 20)), a_visit(date(2026, 6, 4), seen=False, alone=False)
    found = visits.next_visit(child, moved, [before, not_seen], VisitPattern.ORDINARY, calendar)
    assert found is not None
    assert found.on == date(2026, 6, 8)
    for none in (make_child(legal_status="V4"), make_child(left_care_on=TODAY)):
        assert visits.next_visit(none, START, [], VisitPattern.ORDINARY, calendar) is None


def test_a_visit_says_why_the_child_was_not_spoken_to_alone(make_child: MakeChild) -> None:
    child = make_child()
    visits.check_visit(a_visit(TODAY), child, TODAY)
    visits.check_visit(a_visit(TODAY, alone=False, why_not="She was asleep."), child, TODAY)
    for wrong, field in (
        (a_visit(TODAY, alone=False), "why_not"),
        (a_visit(TODAY, seen=False, why_not="Not at home."), "alone"),
        (a_visit(date(2026, 11, 1)), "visited_on"),
        (a_visit(date(2026, 11, 24)), "visited_on"),
    ):
        with pytest.raises(InvalidInput) as refused:
            visits.check_visit(wrong, child, TODAY)
        assert field in refused.value.errors
