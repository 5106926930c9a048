"""A disagreement of the Independent Reviewing Officer with how a care plan is made or carried out, and its stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.pep.domain.periods import Calendar, Period, Unit, after
from shared.kernel.errors import Conflict, InvalidInput

SETTLED_WITHIN = Period(20, Unit.WORKING_DAYS)


class Stage(StrEnum):
    """How far a disagreement was taken, in the order of the stages, and how it ended."""

    RAISED = "raised"
    TEAM_MANAGER = "team_manager"
    SERVICE_MANAGER = "service_manager"
    HEAD_OF_SERVICE = "head_of_service"
    DIRECTOR = "director"
    CAFCASS = "cafcass"
    SETTLED = "settled"

    @property
    def words(self) -> str:
        """Return the stage as a page shows it."""
        return {
            "raised": "Raised with the social worker",
            "team_manager": "With the team manager",
            "service_manager": "With the service manager",
            "head_of_service": "With the head of service",
            "director": "With the director of children’s services",
            "cafcass": "Referred to Cafcass",
            "settled": "Settled",
        }[self]


@dataclass(frozen=True, slots=True)
class StageStep:
    """One stage: since when, what was said, and who wrote it down."""

    stage: Stage
    on: date
    note: str
    by_name: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the officer does not agree with, and the stages it went through; `settle_by` is the last day for them."""

    id: str
    child_id: str
    review_id: str
    about: str
    raised_on: date
    settle_by: date
    steps: tuple[StageStep, ...]
    version: int = 1

    @property
    def stage(self) -> Stage:
        """Return where it stands."""
        return self.steps[-1].stage

    @property
    def is_open(self) -> bool:
        """Tell whether it still has to be settled."""
        return self.stage is not Stage.SETTLED

    @property
    def next_stages(self) -> tuple[Stage, ...]:
        """Return where it may go from here: further up, to Cafcass at any time, or settled."""
        order = tuple(Stage)
        return order[order.index(self.stage) + 1 :] if self.is_open else ()


def settle_by(raised_on: date, calendar: Calendar) -> date:
    """Return the last day for all stages together: 20 working days (IRO Handbook, statutory guidance, chapter 6)."""
    return after(raised_on, SETTLED_WITHIN, calendar)


def take_further(dispute: Disagreement, step: StageStep, today: date) -> Disagreement:
    """Return the disagreement at its next stage, or settled.

    The officer may refer a case to Cafcass at any stage: Children Act 1989 section 25B(3). Raises `Conflict` for one
    that is settled, `InvalidInput` by field.
    """
    if not dispute.is_open:
        raise Conflict("disagreement_settled", "This disagreement is settled already.")
    errors: dict[str, list[str]] = {}
    if step.stage not in dispute.next_stages:
        errors["stage"] = ["Choose a later stage."]
    if not dispute.steps[-1].on <= step.on <= today:
        errors["on"] = ["The day must not be before the last stage, and not after today."]
    if len(step.note.split()) < 2:
        errors["note"] = ["Say what was answered or agreed."]
    if errors:
        raise InvalidInput(errors)
    return replace(dispute, steps=(*dispute.steps, step))
