"""Concerns that the Virtual School's monitoring raised, as the care plan holds and answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.kernel.errors import Conflict, InvalidInput

EARLY_MEETING_WORKING_DAYS = 10
"""An early meeting is asked for within this many working days (the suite's default; no law sets it)."""


class ConcernState(StrEnum):
    """Where a concern is on its way."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"

    @property
    def words(self) -> str:
        """Return the state as a page shows it."""
        return {"open": "To be answered", "answered": "Answered", "closed": "Closed"}[self]


class Answer(StrEnum):
    """How a concern is answered."""

    ACTION = "action"
    EARLY_MEETING = "early_meeting"

    @property
    def words(self) -> str:
        """Return the answer as a page shows it."""
        return {"action": "An action", "early_meeting": "An early PEP meeting"}[self]


RULE_WORDS = {
    "attendance_low": "Attendance is low",
    "suspension": "Suspended from school",
    "plan_late": "The plan is late",
    "no_school": "No school place",
}


@dataclass(frozen=True, slots=True)
class Concern:
    """A concern about a child's education; `evidence` holds figures and dates by name, as text."""

    id: str
    child_id: str
    rule: str
    raised_on: date
    answer_by: date
    evidence: Mapping[str, str]
    state: ConcernState = ConcernState.OPEN
    answer: Answer | None = None
    action: str = ""
    owner_id: str = ""
    owner_name: str = ""
    by_date: date | None = None
    plan_id: str = ""
    answered_by: str = ""
    answered_by_name: str = ""
    answered_on: date | None = None
    done_on: date | None = None
    closed_on: date | None = None
    outcome: str = ""
    version: int = 1

    @property
    def title(self) -> str:
        """Return what the concern is about, in words."""
        return RULE_WORDS.get(self.rule, self.rule.replace("_", " ").capitalize())

    @property
    def action_is_open(self) -> bool:
        """Tell whether an action was promised and is not done."""
        return self.answer is Answer.ACTION and self.done_on is None and self.state is not ConcernState.CLOSED


def answer_with_action(
    concern: Concern, *, action: str, owner_id: str, owner_name: str, by_date: date | None, today: date
) -> Concern:
    """Return the concern answered by an action with an owner and a date; raises `InvalidInput` or `Conflict`."""
    _must_be_open(concern)
    errors: dict[str, list[str]] = {}
    if len(action.split()) < 3:
        errors["action"] = ["Say what will be done, in a sentence."]
    if not owner_id:
        errors["owner_id"] = ["Choose who will do it."]
    if by_date is None:
        errors["by_date"] = ["Enter the date by which it will be done."]
    elif by_date < today:
        errors["by_date"] = ["The date must be today or later."]
    if errors:
        raise InvalidInput(errors)
    return replace(
        concern,
        state=ConcernState.ANSWERED,
        answer=Answer.ACTION,
        action=action.strip(),
        owner_id=owner_id,
        owner_name=owner_name,
        by_date=by_date,
        answered_on=today,
    )


def answer_with_early_meeting(concern: Concern, *, plan_id: str, meet_by: date, today: date) -> Concern:
    """Return the concern answered by an early meeting on a plan, to be held by `meet_by`; raises `Conflict`."""
    _must_be_open(concern)
    return replace(
        concern,
        state=ConcernState.ANSWERED,
        answer=Answer.EARLY_MEETING,
        plan_id=plan_id,
        by_date=meet_by,
        answered_on=today,
    )


def finish_action(concern: Concern, today: date) -> Concern:
    """Return the concern with its action done; raises `Conflict` where none is open."""
    if not concern.action_is_open:
        raise Conflict("action_not_open", "There is no open action on this concern.")
    return replace(concern, done_on=today)


def close(concern: Concern, on: date, outcome: str) -> Concern:
    """Return the concern closed, answered or not; closing twice changes nothing."""
    if concern.state is ConcernState.CLOSED:
        return concern
    return replace(concern, state=ConcernState.CLOSED, closed_on=on, outcome=outcome)


def _must_be_open(concern: Concern) -> None:
    if concern.state is ConcernState.ANSWERED:
        raise Conflict("concern_already_answered", "Somebody has already answered this concern.")
    if concern.state is ConcernState.CLOSED:
        raise Conflict("concern_closed", "This concern was closed in the meantime; nothing needs to be answered.")
