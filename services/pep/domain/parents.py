"""What a parent is told of: decided by one person for a ground, confirmed by a second, never changed afterwards.

What lets a parent know less holds at once and is confirmed afterwards; what lets them know more holds once it is
confirmed. After the last day of what was decided a parent is told nothing; what they are told while nothing was ever
decided, each matter says itself. Where a child lives is told to the child's school in the same way, by one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from shared.contracts.parents import Matter, ParentStanding
from shared.kernel.errors import Conflict, InvalidInput

STANDING_WORDS = {
    (Matter.MEETINGS, ParentStanding.INVITED): "Invited to meetings",
    (Matter.MEETINGS, ParentStanding.TOLD_AFTER): "Told after a meeting was held",
    (Matter.MEETINGS, ParentStanding.NOT_TOLD): "Not told of meetings",
    (Matter.SCHOOL, ParentStanding.TOLD): "Told which school it is, and where meetings are",
    (Matter.SCHOOL, ParentStanding.NOT_TOLD): "Not told which school it is, nor where meetings are",
    (Matter.PLAN, ParentStanding.TOLD): "Reads the approved plan, as far as a parent may",
    (Matter.PLAN, ParentStanding.NOT_TOLD): "Does not read the plan",
    (Matter.PLACEMENT, ParentStanding.TOLD): "Told where the child lives",
    (Matter.PLACEMENT, ParentStanding.NOT_TOLD): "Not told where the child lives",
}
MATTER_WORDS = {
    Matter.MEETINGS: "PEP meetings",
    Matter.SCHOOL: "the school",
    Matter.PLAN: "the approved plan",
    Matter.PLACEMENT: "where the child lives",
}


class Ground(StrEnum):
    """Why it was decided so."""

    AGREED = "agreed"
    PARENTS_WISH = "parents_wish"
    CHILDS_WISH = "childs_wish"
    RISK = "risk"
    COURT_ORDER = "court_order"
    EMERGENCY_CONTACT = "emergency_contact"

    @property
    def words(self) -> str:
        """Return the ground as a page shows it."""
        return _GROUND_WORDS[self]


_GROUND_WORDS = {
    Ground.AGREED: "Agreed with the parent in the care plan",
    Ground.PARENTS_WISH: "The parent’s wish",
    Ground.CHILDS_WISH: "The child’s wish",
    Ground.RISK: "A risk to the child or somebody else",
    Ground.COURT_ORDER: "A court order",
    Ground.EMERGENCY_CONTACT: "The school has to reach the carer in an emergency",
}
GROUNDS_FOR_A_PARENT = tuple(one for one in Ground if one is not Ground.EMERGENCY_CONTACT)
GROUNDS_FOR_A_SCHOOL = (Ground.EMERGENCY_CONTACT, Ground.CHILDS_WISH, Ground.RISK)


class State(StrEnum):
    """Where a decision stands with the second person; `replaced` by a later one that was confirmed."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided about one parent and one matter; `second` is who confirmed or refused it.

    `person_id` is the URN where it is about a school, which needs no second person. `reference` is the number of the
    court order or where the reasons are written down; `until` the last day of it.
    """

    id: str
    child_id: str
    person_id: str
    matter: Matter
    standing: ParentStanding
    ground: Ground
    reference: str
    until: date | None
    decided_by: str
    decided_by_name: str
    decided_at: datetime
    state: State = State.WAITING
    second: str = ""
    second_name: str = ""
    settled_at: datetime | None = None


def standing_on(matter: Matter, decisions: Sequence[Decision], day: date) -> tuple[ParentStanding, date | None]:
    """Return how far a parent is told on a day, and until when, by the decisions on one matter, the oldest first."""
    standing, until = matter.undecided, None
    for one in decisions:
        if one.state is State.CONFIRMED:
            lapsed = one.until is not None and one.until < day
            standing, until = (ParentStanding.NOT_TOLD, None) if lapsed else (one.standing, one.until)
    for one in decisions:
        if one.state is State.WAITING and one.standing.is_less_than(standing):
            days = [each for each in (until, one.until) if each is not None]
            standing, until = one.standing, min(days, default=None)
    return standing, None if standing is ParentStanding.NOT_TOLD else until


def check_may_decide(decisions: Sequence[Decision], new: Decision, today: date) -> None:
    """Raise unless a decision may be taken: `InvalidInput` by field, `Conflict` while another waits.

    A decision that lets the parent know less than they do now never has to wait for another.
    """
    if new.standing not in new.matter.standings:
        raise InvalidInput({"standing": ["Choose one of the answers."]})
    if new.until is not None and new.until < today:
        raise InvalidInput({"until": ["The last day must be today or later. Leave it empty if there is none."]})
    if new.ground in (Ground.COURT_ORDER, Ground.RISK) and not new.reference.strip():
        raise InvalidInput({"reference": ["Enter the number of the order, or where the risk is written down."]})
    now, _ = standing_on(new.matter, decisions, today)
    if any(one.state is State.WAITING for one in decisions) and not new.standing.is_less_than(now):
        raise Conflict("decision_waiting", "An earlier decision waits for a second person. They settle it first.")


def settle(decisions: Sequence[Decision], decision_id: str, second: str, name: str, now: datetime, *, confirmed: bool
) -> list[Decision]:  # fmt: skip
    """Return the decisions (the oldest first) that change when a second person confirms or refuses one.

    Raises `Conflict` when it was settled already, or when the person is the one who decided. A confirmed decision
    replaces what was decided on the matter before it and still waits.
    """
    this = next(one for one in decisions if one.id == decision_id)
    if this.state is not State.WAITING:
        raise Conflict("decision_settled", "Somebody has settled this already.")
    if this.decided_by == second:
        raise Conflict("second_person_needed", "You decided this yourself. A second person confirms or refuses it.")
    settled = replace(
        this,
        state=State.CONFIRMED if confirmed else State.REFUSED,
        second=second,
        second_name=name,
        settled_at=now,
    )
    before = decisions[: decisions.index(this)]
    earlier = [one for one in before if one.state is State.WAITING]
    return [settled, *(replace(one, state=State.REPLACED, settled_at=now) for one in earlier if confirmed)]
