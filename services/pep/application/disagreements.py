"""Disagreements of the reviewing officer: recorded, taken further stage by stage, and settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.adapters import children_store, disagreements_store
from services.pep.adapters.policies import load_calendar
from services.pep.application.history import record
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.domain import disagreements as steps
from services.pep.domain.children import Child
from services.pep.domain.disagreements import Disagreement, Stage, StageStep
from services.pep.domain.periods import long_date
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.kernel.ids import new_id
from shared.kernel.working_days import working_days_between
from shared.platform.access import may, permit
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class DisagreementPage:
    """A disagreement, whose care plan it is about, and how many working days are left (below 0: over)."""

    dispute: Disagreement
    child: Child
    days_left: int
    may_record: bool


def raise_disagreement(work: Work, child_id: str, about: str, raised_on: date, review_id: str = "") -> Disagreement:
    """Record what the officer does not agree with; raises `InvalidInput` by field, `Conflict` out of care."""
    permit(work, "pep.disagreement.record", child_id)
    child = children_store.load(work.connection, child_id)
    if not child.in_care:
        raise Conflict("not_in_care", "The child is no longer looked after.")
    errors: dict[str, list[str]] = {}
    if len(about.split()) < 3:
        errors["about"] = ["Say in a sentence what you do not agree with."]
    if not child.entered_care_on <= raised_on <= work.today:
        errors["raised_on"] = ["The day must be since the child became looked after, and not after today."]
    if errors:
        raise InvalidInput(errors)
    refuse_what_gives_it_away(work, child_id, {"about": about})
    by = steps.settle_by(raised_on, load_calendar(child.authority))
    first = StageStep(Stage.RAISED, raised_on, "", work.actor.name)
    dispute = Disagreement(new_id(), child_id, review_id, about.strip(), raised_on, by, (first,))
    disagreements_store.add(work.connection, dispute)
    record(work, child_id, "", "disagreement_raised", settle_by=long_date(by))
    return dispute


def take_further(
    work: Work, disagreement_id: str, stage: Stage, on: date, note: str, seen_version: int
) -> Disagreement:
    """Record the next stage, or that it is settled; raises `InvalidInput` by field, `Conflict`, `Stale`."""
    dispute = disagreements_store.load(work.connection, disagreement_id)
    permit(work, "pep.disagreement.record", dispute.child_id)
    if dispute.version != seen_version:
        raise Stale("disagreement_changed", "Somebody changed this in the meantime. Look at it again.")
    refuse_what_gives_it_away(work, dispute.child_id, {"note": note})
    step = StageStep(stage, on, note.strip(), work.actor.name)
    saved = disagreements_store.save(work.connection, steps.take_further(dispute, step, work.today))
    if saved.is_open:
        words = stage.words[:1].lower() + stage.words[1:]
        record(work, dispute.child_id, "", "disagreement_taken_further", stage=words)
    else:
        record(work, dispute.child_id, "", "disagreement_settled")
    return saved


def read_disagreement(work: Work, disagreement_id: str) -> DisagreementPage:
    """Return a disagreement; raises `NotFound` or `Denied`."""
    dispute = disagreements_store.load(work.connection, disagreement_id)
    permit(work, "pep.review.read", dispute.child_id)
    child = children_store.load(work.connection, dispute.child_id)
    left = days_left(dispute, work.today, child.authority)
    return DisagreementPage(dispute, child, left, may(work, "pep.disagreement.record", child.id))


def days_left(dispute: Disagreement, today: date, authority: str) -> int:
    """Return how many working days are left to settle a disagreement; below 0, how many it is over."""
    holidays = load_calendar(authority).holidays
    if today <= dispute.settle_by:
        return working_days_between(today, dispute.settle_by, holidays)
    return -working_days_between(dispute.settle_by, today, holidays)
