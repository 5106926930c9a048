"""What the Virtual School knows of a plan: counts and dates, never its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.kernel.errors import Conflict


class PlanState(StrEnum):
    """Where a plan stands between the school, the social worker and the Virtual School."""

    OPEN = "open"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    SUPERSEDED = "superseded"


class Standing(StrEnum):
    """A plan's state against its due date, as the cohort page shows and filters it."""

    DUE = "due"
    LATE = "late"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    NONE = "none"

    @property
    def words(self) -> str:
        """Return the standing as a page shows it."""
        return STANDING_WORDS[self]


STANDING_WORDS = {
    Standing.DUE: "Due",
    Standing.LATE: "Late",
    Standing.SUBMITTED: "To rate",
    Standing.RETURNED: "Returned",
    Standing.APPROVED: "Approved",
    Standing.SUPERSEDED: "Replaced",
    Standing.NONE: "No plan",
}

KIND_WORDS: Mapping[str, str] = {"first": "First plan", "termly": "Termly plan", "early": "Early review"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The Virtual School's copy of a plan. Money is in pence; `submission` is 0 until it was first submitted.

    `superseded_on` and `superseded_by` (the id of the later plan) are set once a later plan has replaced it.
    """

    id: str
    child_id: str
    kind: str
    term: str
    opened_on: date
    meet_by: date
    due_on: date
    state: PlanState = PlanState.OPEN
    submission: int = 0
    first_submitted_on: date | None = None
    submitted_on: date | None = None
    headings: int = 0
    answered: int = 0
    targets: int = 0
    pupil_premium_pence: int = 0
    views_given: bool = False
    decided_on: date | None = None
    next_due_on: date | None = None
    superseded_on: date | None = None
    superseded_by: str | None = None
    version: int = 1

    def standing(self, today: date) -> Standing:
        """Return where the plan stands; it is late from the day after its due date while it was never submitted."""
        if self.state is PlanState.OPEN:
            return Standing.LATE if self.due_on < today else Standing.DUE
        return Standing(self.state.value)

    @property
    def title(self) -> str:
        """Return the plan in words: `Termly plan, autumn 2026`."""
        return f"{KIND_WORDS.get(self.kind, 'Plan')}, {term_words(self.term)}"

    @property
    def in_time(self) -> bool | None:
        """Tell whether the plan was first submitted by its due date; None when it was never submitted."""
        return None if self.first_submitted_on is None else self.first_submitted_on <= self.due_on


def term_words(term: str) -> str:
    """Return a term's key in words: `2026-autumn` is `autumn 2026`."""
    year, _, name = term.partition("-")
    return f"{name} {year}" if name else term


@dataclass(frozen=True, slots=True)
class PlanMeeting:
    """The meeting of a plan, as the others told it: when arranged, and when held."""

    plan_id: str
    child_id: str
    meeting_id: str
    starts_at: datetime | None = None
    held_on: date | None = None


def check_ratable(plan: Plan, submission: int) -> None:
    """Refuse a decision on a plan that does not wait for one.

    Raises `Conflict` `plan_superseded` (a later plan has replaced it), `plan_already_decided` (the submission was
    decided, perhaps a moment ago), `submission_superseded` (there is a newer submission) or `plan_not_submitted`.
    """
    if plan.state is PlanState.SUPERSEDED:
        raise Conflict("plan_superseded", "A later plan has replaced this one, so it is not rated any more.")
    if plan.submission == 0:
        raise Conflict("plan_not_submitted", "This plan has not been submitted yet, so there is nothing to rate.")
    if submission != plan.submission:
        raise Conflict(
            "submission_superseded",
            "The plan was submitted again since you opened this page. Look at the newest submission before you decide.",
            submission=plan.submission,
        )
    if plan.state is not PlanState.SUBMITTED:
        raise Conflict(
            "plan_already_decided",
            "This submission has already been decided. There is one decision for each submission.",
            state=plan.state.value,
        )
