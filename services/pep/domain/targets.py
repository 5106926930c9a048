"""SMART targets: what is to be achieved, how we will know, who helps, when, how often and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Category(StrEnum):
    """What kind of target it is."""

    ACADEMIC = "academic"
    OTHER = "other"

    @property
    def words(self) -> str:
        """Return the category as a page shows it."""
        return {"academic": "Learning", "other": "Wellbeing, interests or next steps"}[self]


class Outcome(StrEnum):
    """What became of a target."""

    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not_met"

    @property
    def words(self) -> str:
        """Return the outcome as a page shows it."""
        return {"met": "Met", "partly": "Partly met", "not_met": "Not met"}[self]


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a plan. `cost_pence` is what it takes of Pupil Premium Plus, in pence."""

    id: str
    plan_id: str
    child_id: str
    category: Category
    what: str = ""
    measure: str = ""
    who: str = ""
    by_date: date | None = None
    how_often: str = ""
    cost_pence: int = 0
    outcome: Outcome | None = None
    outcome_why: str = ""
    reviewed_on: date | None = None
    position: int = 1
    version: int = 1


@dataclass(frozen=True, slots=True)
class SmartGap:
    """Something a target lacks: `field` is where it is entered, `words` what is missing."""

    field: str
    words: str


def smart_gaps(target: Target, opened_on: date) -> tuple[SmartGap, ...]:
    """Name what keeps a target from being SMART; empty when nothing does.

    Checks that the parts are there and that the date lies after the plan was opened. Whether the words are any good is
    for the people at the meeting and the Virtual School to say.
    """
    gaps = []
    if len(target.what.split()) < 3:
        gaps.append(SmartGap("what", "what the child will achieve, in a sentence"))
    if not target.measure.strip():
        gaps.append(SmartGap("measure", "how everyone will know that it is met"))
    if not target.who.strip():
        gaps.append(SmartGap("who", "who will help"))
    if target.by_date is None:
        gaps.append(SmartGap("by_date", "by when"))
    elif target.by_date <= opened_on:
        gaps.append(SmartGap("by_date", "a date after the plan was opened"))
    if not target.how_often.strip():
        gaps.append(SmartGap("how_often", "how often the help is given"))
    return tuple(gaps)


def total_cost_pence(targets: tuple[Target, ...]) -> int:
    """Return what the targets take of Pupil Premium Plus together, in pence."""
    return sum(target.cost_pence for target in targets)
