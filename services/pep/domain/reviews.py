"""The review of a child's care plan by the Independent Reviewing Officer: when it is due, and where it stands.

A review is due, then dated (its meeting has a time), held, and recorded when the officer has written its record; or it
was withdrawn, because nobody needs it any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.pep.domain import clocks
from services.pep.domain.children import Child
from services.pep.domain.clocks import Deadline
from services.pep.domain.periods import Calendar, before
from services.pep.domain.plan import Invitee, Plan, PlanState
from services.pep.domain.policy import Policy, Rule
from shared.kernel.errors import Conflict, InvalidInput


class ReviewKind(StrEnum):
    """Which review it is."""

    FIRST = "first"
    SECOND = "second"
    LATER = "later"
    EARLY = "early"

    @property
    def words(self) -> str:
        """Return the kind as a page shows it."""
        return {
            "first": "First review",
            "second": "Second review",
            "later": "Review",
            "early": "Early review",
        }[self]


class ReviewState(StrEnum):
    """Where a review is on its way."""

    DUE = "due"
    DATED = "dated"
    HELD = "held"
    RECORDED = "recorded"
    WITHDRAWN = "withdrawn"

    @property
    def words(self) -> str:
        """Return the state as a page shows it."""
        return {
            "due": "To be arranged",
            "dated": "Meeting arranged",
            "held": "Held, record to be written",
            "recorded": "Held and recorded",
            "withdrawn": "Not needed",
        }[self]

    @property
    def is_open(self) -> bool:
        """Tell whether the review is still to be held."""
        return self in (ReviewState.DUE, ReviewState.DATED)


class EarlyReason(StrEnum):
    """Why a review is held before its time."""

    OFFICER = "officer"
    VISIT = "visit"
    ACCOMMODATION = "accommodation"
    DETENTION = "detention"
    LEAVING = "leaving"
    WORKER = "worker"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"

    @property
    def words(self) -> str:
        """Return the reason as a form offers it."""
        return _REASON_WORDS[self]

    @property
    def citation(self) -> str:
        """Return the paragraph that makes the review a duty; empty where it is asked for without one."""
        return _REASON_LAW.get(self, "")


_REASON_WORDS = {
    EarlyReason.OFFICER: "The Independent Reviewing Officer asks for it",
    EarlyReason.VISIT: "A visit showed that the child’s welfare is not safeguarded and promoted well enough",
    EarlyReason.ACCOMMODATION: "Accommodation after police protection, detention or remand is about to end",
    EarlyReason.DETENTION: "The child is in care and about to be released from detention",
    EarlyReason.LEAVING: "The child is about to leave accommodation, and will not live with a parent",
    EarlyReason.WORKER: "The social worker asks for it",
    EarlyReason.CHILD: "The child asks for it",
    EarlyReason.PARENT: "A parent or carer asks for it",
    EarlyReason.OTHER: "Somebody else asks for it",
}
_REASON_LAW = {
    EarlyReason.OFFICER: "33(3)(a)",
    EarlyReason.VISIT: "33(3)(b)",
    EarlyReason.ACCOMMODATION: "33(3)(c)",
    EarlyReason.DETENTION: "33(3)(d)",
    EarlyReason.LEAVING: "33(3)(e)",
}


@dataclass(frozen=True, slots=True)
class Review:
    """One review of a child's care plan. `meet_by` is the last day for it, `rule` the code of what set that day.

    `invitees` are those of its meeting, `attended` the ids of who came. `why` is why it was asked for early, or why it
    is not needed. `told_on` is the day on which those who are invited were told that there is something to read.
    `child_there` and how the child's views were `conveyed` are what was seen by whoever recorded that it was held.
    """

    id: str
    child_id: str
    authority: str
    kind: ReviewKind
    rule: str
    opened_on: date
    meet_by: date
    state: ReviewState = ReviewState.DUE
    reason: str = ""
    why: str = ""
    asked_by: str = ""
    asked_by_name: str = ""
    meeting_id: str = ""
    starts_at: datetime | None = None
    meeting_on: date | None = None
    invitees: tuple[Invitee, ...] = ()
    attended: tuple[str, ...] = ()
    held_on: date | None = None
    told_on: date | None = None
    child_there: bool | None = None
    conveyed: str = ""
    version: int = 1

    @property
    def title(self) -> str:
        """Return what the review is called."""
        return f"{self.kind.words} of the care plan"

    @property
    def day(self) -> date:
        """Return the day on which it was held or will be; while it has no time, the last day for it."""
        return self.held_on or self.meeting_on or self.meet_by

    @property
    def waits_for_record(self) -> bool:
        """Tell whether it was held as a meeting of the suite and its record is still to be written."""
        return self.state is ReviewState.HELD and bool(self.meeting_id)

    def is_late(self, today: date) -> bool:
        """Tell whether the last day has passed without the review."""
        return self.state.is_open and self.meet_by < today


@dataclass(frozen=True, slots=True)
class ReviewDates:
    """A review to open: which, by what rule, and by when."""

    kind: ReviewKind
    rule: str
    meet_by: date


def review_now(child: Child, today: date, policy: Policy, calendar: Calendar) -> ReviewDates | None:
    """Return the review that is to be arranged on `today`, or None: out of care, on short breaks, or not yet.

    When the last day for it comes within the time that the authority gives for arranging one.
    """
    deadline = next_review(child, calendar)
    if deadline is None:
        return None
    ahead = policy.at(Rule.REVIEW_ARRANGED_AHEAD, today)
    if today < before(deadline.on, ahead.period, calendar):
        return None
    return ReviewDates(_KINDS[deadline.kind], deadline.rule, deadline.on)


def next_review(child: Child, calendar: Calendar) -> Deadline | None:
    """Return the clock of a child's next review; None out of care, and on short breaks (regulation 48)."""
    return clocks.next_review(child, calendar) if child.in_care and not child.on_short_breaks else None


_KINDS = {
    clocks.Kind.FIRST_REVIEW: ReviewKind.FIRST,
    clocks.Kind.SECOND_REVIEW: ReviewKind.SECOND,
    clocks.Kind.LATER_REVIEW: ReviewKind.LATER,
}


def was_met(review: Review, child: Child, calendar: Calendar) -> bool:
    """Tell whether a review that is still to be held was held after all, by the days on which reviews were held."""
    if not review.state.is_open or not child.reviews_held:
        return False
    if review.kind is ReviewKind.EARLY:
        return max(child.reviews_held) >= review.opened_on
    deadline = clocks.next_review(child, calendar)
    return _KINDS[deadline.kind] is not review.kind or deadline.on > review.meet_by


def early_by(deadline: Deadline, meet_by: date, today: date) -> date:
    """Return the last day for a review that is asked for early: never later than the law has it anyway.

    The authority must review a case before the time in the cases of SI 2010/959 regulation 33(3), and may whenever
    somebody asks. Raises `InvalidInput` for a day in the past.
    """
    if meet_by < today:
        raise InvalidInput({"meet_by": ["The day must be today or later."]})
    return min(meet_by, max(deadline.on, today))


def pack_ready_by(review: Review, policy: Policy, calendar: Calendar) -> date:
    """Return the day by which the plan and what else is read must be ready before a review."""
    return before(review.day, policy.at(Rule.PLAN_TO_IRO_BEFORE_REVIEW, review.day).period, calendar)


def plan_is_ready(plan: Plan | None) -> bool:
    """Tell whether a plan is ready for a review: with the Virtual School, or approved."""
    return plan is not None and plan.state in (PlanState.SUBMITTED, PlanState.APPROVED)


def arrange(review: Review, meeting_id: str, starts_at: datetime, on: date, invitees: tuple[Invitee, ...]) -> Review:
    """Return the review with its meeting on a day; one that was held stays as it is."""
    if not review.state.is_open:
        return review
    told_on = review.told_on if review.meeting_on == on else None
    return replace(
        review,
        state=ReviewState.DATED,
        meeting_id=meeting_id,
        starts_at=starts_at,
        meeting_on=on,
        invitees=invitees,
        told_on=told_on,
    )


def answered(review: Review, person_id: str, answer: str) -> Review:
    """Return the review with what somebody who is invited answered."""
    invitees = tuple(replace(one, answer=answer) if one.person_id == person_id else one for one in review.invitees)
    return replace(review, invitees=invitees)


def put_back(review: Review) -> Review:
    """Return the review to be arranged anew; one that was held stays as it is."""
    if review.state is not ReviewState.DATED:
        return review
    return replace(review, state=ReviewState.DUE, starts_at=None, meeting_on=None, told_on=None)


def hold(
    review: Review,
    held_on: date,
    attended: tuple[str, ...] = (),
    *,
    child_there: bool | None = None,
    conveyed: str = "",
) -> Review:
    """Return the review held on a day; one that is recorded stays as it is."""
    if review.state is ReviewState.RECORDED:
        return review
    held = replace(review, state=ReviewState.HELD, held_on=held_on, attended=attended)
    return replace(held, child_there=child_there, conveyed=conveyed)


def record_written(review: Review) -> Review:
    """Return the review with its record written."""
    return replace(review, state=ReviewState.RECORDED)


def withdraw(review: Review, why: str) -> Review:
    """Return the review withdrawn; only one that was asked for early, since the others are the law's.

    Raises `InvalidInput` without a reason, `Conflict` for one that was held or is due by law.
    """
    if not review.state.is_open:
        raise Conflict("review_not_open", "This review was held already, or is not needed any more.")
    if review.kind is not ReviewKind.EARLY or EarlyReason(review.reason).citation:
        raise Conflict("review_is_duty", "The law asks for this review, so it cannot be left out.")
    if len(why.split()) < 3:
        raise InvalidInput({"why": ["Say in a sentence why the review is not needed."]})
    return replace(review, state=ReviewState.WITHDRAWN, why=why.strip())
