"""The record of a review: who took part, what was decided, and the list of who does what by when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.pep.domain.reviews import Review, ReviewState
from shared.contracts.participation import Conveyed
from shared.kernel.errors import Conflict, InvalidInput

MOST_DECISIONS = 30


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One version of what the reviewing officer wrote about a review; earlier versions stay.

    `seen_alone`: the officer spoke to the child in private before it, else `not_alone_why` says why not.
    `participation` is the code (PN0 to PN7) that follows from whether the child was there and how their views came.
    `plan_ready` is whether the education plan was ready in time; None where no plan is made.
    """

    review_id: str
    child_id: str
    version: int
    child_there: bool
    how: Conveyed
    participation: str
    seen_alone: bool
    not_alone_why: str
    plan_ready: bool | None
    decisions: tuple[str, ...]
    written_by: str
    written_by_name: str
    written_at: datetime

    @property
    def how_words(self) -> str:
        """Return in words how the child's views came to the review."""
        return CONVEYED_WORDS[self.how]


CONVEYED_WORDS = {
    Conveyed.SPOKE: "The child spoke for themselves",
    Conveyed.ADVOCATE: "An advocate spoke for the child",
    Conveyed.SYMBOLS: "Without words: with signs, symbols, pictures or behaviour",
    Conveyed.OTHER_MEANS: "In writing, by telephone, a recording or an app",
    Conveyed.NOT: "The child’s views were not conveyed",
}


def decisions_of(text: str) -> tuple[str, ...]:
    """Return the decisions that were typed, one to a line."""
    return tuple(line.strip(" -•\t") for line in text.splitlines() if line.strip(" -•\t"))


def check_record(review: Review, record: ReviewRecord) -> None:
    """Refuse a record that leaves out what one must hold.

    The officer speaks to the child in private about what is to be considered, unless the child refuses or it is
    inappropriate: SI 2010/959 regulation 36(1)(b). The record holds what was decided: regulation 38. Raises
    `InvalidInput` by field, `Conflict` for a review that was not held.
    """
    if review.state not in (ReviewState.HELD, ReviewState.RECORDED):
        raise Conflict("review_not_held", "This review has not been held, so there is nothing to record yet.")
    errors: dict[str, list[str]] = {}
    if not record.seen_alone and len(record.not_alone_why.split()) < 2:
        errors["not_alone_why"] = ["Say why you did not speak to the child alone."]
    if not record.decisions:
        errors["decisions"] = ["Write at least one decision."]
    elif len(record.decisions) > MOST_DECISIONS:
        errors["decisions"] = [f"Write {MOST_DECISIONS} decisions or fewer, one to a line."]
    if record.how in (Conveyed.SPOKE, Conveyed.SYMBOLS) and not record.child_there:
        errors["how"] = ["A child who was not there conveyed their views in another way."]
    if errors:
        raise InvalidInput(errors)


class ActionState(StrEnum):
    """What became of an action."""

    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"

    @property
    def words(self) -> str:
        """Return the state as a page shows it."""
        return {"open": "To be done", "done": "Done", "not_done": "Not done"}[self]


@dataclass(frozen=True, slots=True)
class ReviewAction:
    """Something that a review agreed: what, who does it (`owner_role` as of then), by when.

    One that is `for_plan` concerns education and stands on the child's plan, where school and carer read it too.
    """

    id: str
    review_id: str
    child_id: str
    what: str
    owner_id: str
    owner_name: str
    owner_role: str
    by_date: date
    for_plan: bool
    state: ActionState = ActionState.OPEN
    outcome: str = ""
    settled_on: date | None = None
    settled_by_name: str = ""
    version: int = 1

    def is_late(self, today: date) -> bool:
        """Tell whether it was to be done by a day that has passed."""
        return self.state is ActionState.OPEN and self.by_date < today


def check_action(review: Review, what: str, owner_id: str, by_date: date | None, team: Iterable[str]) -> None:
    """Refuse an action without what, who or when; raises `InvalidInput` by field, `Conflict` before the review."""
    if review.state not in (ReviewState.HELD, ReviewState.RECORDED):
        raise Conflict("review_not_held", "This review has not been held, so nothing was agreed yet.")
    errors: dict[str, list[str]] = {}
    if len(what.split()) < 2:
        errors["what"] = ["Say what will be done, in a sentence."]
    if owner_id not in set(team):
        errors["owner_id"] = ["Choose who will do it."]
    if by_date is None:
        errors["by_date"] = ["Enter the date by which it will be done."]
    elif review.held_on is not None and by_date < review.held_on:
        errors["by_date"] = ["The date must not be before the review."]
    if errors:
        raise InvalidInput(errors)


def settle(action: ReviewAction, *, done: bool, outcome: str, by_name: str, today: date) -> ReviewAction:
    """Return the action done, or not done with the reason; raises `InvalidInput`, `Conflict` for one that is settled.

    The authority carries out what a review decided, and tells the officer where it does not: SI 2010/959 regulation 37.
    """
    if action.state is not ActionState.OPEN:
        raise Conflict("action_settled", "Somebody has already said what became of this.")
    if not done and len(outcome.split()) < 2:
        raise InvalidInput({"outcome": ["Say why it was not done."]})
    state = ActionState.DONE if done else ActionState.NOT_DONE
    return replace(action, state=state, outcome=outcome.strip(), settled_on=today, settled_by_name=by_name)


def late(actions: Sequence[ReviewAction], today: date) -> int:
    """Return how many actions are late."""
    return sum(action.is_late(today) for action in actions)
