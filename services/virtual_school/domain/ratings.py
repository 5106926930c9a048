"""The Virtual School's decisions on submitted plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.virtual_school.domain.plans import PlanState
from services.virtual_school.domain.rubric import Decision, Rating

STATE_AFTER = {Decision.APPROVE: PlanState.APPROVED, Decision.RETURN: PlanState.RETURNED}
DECISION_WORDS = {Decision.APPROVE: "Approved", Decision.RETURN: "Returned"}
RATING_WORDS = {Rating.RED: "Red", Rating.AMBER: "Amber", Rating.GREEN: "Green"}


@dataclass(frozen=True, slots=True)
class RatedPlan:
    """One decision on one submission; `policy_from` is the day from which the rubric applied."""

    id: str
    plan_id: str
    child_id: str
    submission: int
    rating: Rating
    decision: Decision
    reasons: tuple[str, ...]
    feedback: str
    policy_from: date
    decided_at: datetime
    decided_by: str
    decided_by_name: str

    @property
    def words(self) -> str:
        """Return the decision in words: `Amber, returned`."""
        return f"{RATING_WORDS[self.rating]}, {DECISION_WORDS[self.decision].lower()}"
