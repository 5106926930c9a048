"""What the virtual_school service tells the others. The subject of every fact but the last is `child/<child_id>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.contracts.registry import event


@event("virtual_school.plan.approved.v1")
@dataclass(frozen=True, slots=True)
class PlanQualityApproved:
    """The Virtual School rated a submitted plan (red, amber, green) and approved it; `reasons` are rubric codes."""

    child_id: str
    plan_id: str
    submission: int
    rating: str
    reasons: tuple[str, ...]
    decided_on: date


@event("virtual_school.plan.returned.v1")
@dataclass(frozen=True, slots=True)
class PlanQualityReturned:
    """The Virtual School rated a submitted plan and returned it; `mend` holds the rubric codes of what to mend.

    `mend_words` says the same in the words of the rubric that the authority published: fixed sentences, nothing typed.
    """

    child_id: str
    plan_id: str
    submission: int
    rating: str
    mend: tuple[str, ...]
    decided_on: date
    mend_words: tuple[str, ...] = ()


@event("virtual_school.concern.raised.v1")
@dataclass(frozen=True, slots=True)
class ConcernRaised:
    """Monitoring raised a concern by a rule.

    `rule` is attendance_low, suspension, plan_late or no_school; `evidence` holds figures and dates as text by name
    (never a free text). It must be answered by `answer_by`.
    """

    child_id: str
    concern_id: str
    rule: str
    raised_on: date
    answer_by: date
    evidence: Mapping[str, str]


@event("virtual_school.concern.closed.v1")
@dataclass(frozen=True, slots=True)
class ConcernClosed:
    """What raised a concern is no longer so, or it was dealt with; `outcome` is a code (resolved, mistaken)."""

    child_id: str
    concern_id: str
    closed_on: date
    outcome: str


@event("virtual_school.record.erased.v1")
@dataclass(frozen=True, slots=True)
class RecordErased:
    """What the service had of a child is erased, as pep asked; `counts` are the rows, by table.

    Subject `record/<child_id>`.
    """

    child_id: str
    counts: Mapping[str, int]
