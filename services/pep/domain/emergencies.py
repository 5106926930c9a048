"""Emergency openings: what whoever opens a record says, and how somebody else judges it afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from shared.contracts.emergency import LASTS, EmergencyReason, Opening
from shared.kernel.errors import Conflict, InvalidInput

LONGEST = 2_000
NO_MATCH = "No record has this reference or UPN with this date of birth. Check both, or telephone the Virtual School."


class Outcome(StrEnum):
    """What the review of an opening found."""

    RIGHT = "right"
    RIGHT_WITH_LESSON = "right_with_lesson"
    NOT_NEEDED = "not_needed"
    BREACH = "breach"

    @property
    def words(self) -> str:
        """Return the outcome as a page shows it."""
        return _OUTCOME_WORDS[self]


_OUTCOME_WORDS = {
    Outcome.RIGHT: "It was right to open the record",
    Outcome.RIGHT_WITH_LESSON: "It was right, and there is something to put in order",
    Outcome.NOT_NEEDED: "It was not needed; talked over with whoever opened it",
    Outcome.BREACH: "It was wrong; reported as a breach of data protection",
}


@dataclass(frozen=True, slots=True)
class Account:
    """An opening with what was said for it, and what its review found; `outcome` is empty until then."""

    opening: Opening
    person_name: str
    happened: str
    outcome: Outcome | None = None
    remarks: str = ""
    reviewed_by: str = ""
    reviewed_by_name: str = ""
    reviewed_at: datetime | None = None

    @property
    def is_reviewed(self) -> bool:
        """Tell whether somebody has said whether it was right."""
        return self.outcome is not None


def check_words(identifier: str, born_on: date | None, happened: str) -> None:
    """Raise `InvalidInput` by field where something is not said that an emergency opening needs."""
    errors: dict[str, list[str]] = {}
    if not identifier.strip():
        errors["identifier"] = ["Enter the child’s reference or UPN."]
    if born_on is None:
        errors["born_on"] = ["Enter the child’s date of birth."]
    if len(happened.split()) < 3:
        errors["happened"] = ["Say in a sentence what happened and why it cannot wait."]
    elif len(happened) > LONGEST:
        errors["happened"] = [f"Use {LONGEST:,} characters or fewer."]
    if errors:
        raise InvalidInput(errors)


def opening_from(opening_id: str, child_id: str, person_id: str, reason: EmergencyReason, now: datetime) -> Opening:
    """Return an opening that begins now and lasts for an hour."""
    return Opening(opening_id, child_id, person_id, reason, now, now + LASTS)


def review(account: Account, outcome: Outcome, remarks: str, by: str, by_name: str, now: datetime) -> Account:
    """Return an opening with what its review found.

    Raises `InvalidInput` where remarks are needed, `Conflict` for one's own opening or one that was reviewed before.
    """
    if account.is_reviewed:
        raise Conflict("reviewed_already", f"{account.reviewed_by_name} has reviewed this already.")
    if account.opening.person_id == by:
        raise Conflict("is_ones_own", "You opened this record yourself. Somebody else has to look at it.")
    if outcome is not Outcome.RIGHT and not remarks.strip():
        raise InvalidInput({"remarks": ["Say what was found, and what is done about it."]})
    if len(remarks) > LONGEST:
        raise InvalidInput({"remarks": [f"Use {LONGEST:,} characters or fewer."]})
    return replace(
        account, outcome=outcome, remarks=remarks.strip(), reviewed_by=by, reviewed_by_name=by_name, reviewed_at=now
    )
