"""How long a child's record is kept, what stops it from being erased, and who decides that it is.

Nothing is erased because a date has come: one person asks for it, a second one approves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.pep.domain.children import Child, eighteenth_birthday
from shared.kernel.errors import Conflict, InvalidInput

LEAST_BIRTHDAY = 75
LEAST_YEARS_AFTER_DEATH = 15


@dataclass(frozen=True, slots=True)
class KeepingRule:
    """For how long an authority keeps records, from a day on: until a birthday, or years after a death under 18."""

    effective_from: date
    until_birthday: int
    years_after_death: int
    source: str


THE_LAW = KeepingRule(
    date(2011, 4, 1),
    LEAST_BIRTHDAY,
    LEAST_YEARS_AFTER_DEATH,
    "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 50",
)


class Ends(StrEnum):
    """What the end of the keeping is counted from."""

    BIRTHDAY = "birthday"
    DEATH = "death"


RULE_WORDS = {
    Ends.BIRTHDAY.value: "Kept until the birthday that the rule named",
    Ends.DEATH.value: "Kept for the years that the rule named, after a death under 18",
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """Until when a record is kept: `due_on` is the first day on which it may be erased."""

    due_on: date
    ends: Ends
    years: int
    source: str

    @property
    def words(self) -> str:
        """Return the rule as a page shows it."""
        if self.ends is Ends.DEATH:
            return f"{self.years} years after the death of a child under 18"
        return f"The {self.years}th birthday"


def keeping(born_on: date, died_on: date | None, rule: KeepingRule) -> Keeping:
    """Return until when a child's record is kept.

    Until the seventy-fifth anniversary of the birth or, for a child who died before the age of 18, for fifteen years
    beginning with the date of death: regulation 50 of the Care Planning, Placement and Case Review (England)
    Regulations 2010. An authority may keep records longer, never shorter. Whoever was born or died on 29 February has
    the anniversary on 1 March of a year without one.
    """
    if died_on is not None and died_on < eighteenth_birthday(born_on):
        years = max(rule.years_after_death, LEAST_YEARS_AFTER_DEATH)
        return Keeping(anniversary(died_on, years), Ends.DEATH, years, rule.source)
    years = max(rule.until_birthday, LEAST_BIRTHDAY)
    return Keeping(anniversary(born_on, years), Ends.BIRTHDAY, years, rule.source)


def anniversary(day: date, years: int) -> date:
    """Return the same day some years later; 1 March for a 29 February that the year does not have."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def check_died_on(child: Child, died_on: date, today: date) -> None:
    """Raise `InvalidInput` where a day cannot be the day of a death."""
    if died_on > today:
        raise InvalidInput({"died_on": ["The day must be today or in the past."]})
    if died_on < (child.entered_care_on if child.in_care else child.born_on):
        before = "the child became looked after" if child.in_care else "the date of birth"
        raise InvalidInput({"died_on": [f"The day must not be before {before}."]})


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing of a child's record (with no `child_id`: of any record) is erased until it is lifted."""

    id: str
    authority: str
    child_id: str | None
    reason: str
    placed_by: str
    placed_by_name: str
    placed_at: datetime
    lifted_by: str = ""
    lifted_by_name: str = ""
    lifted_at: datetime | None = None
    lifted_why: str = ""

    @property
    def stands(self) -> bool:
        """Tell whether the hold has not been lifted."""
        return self.lifted_at is None

    def covers(self, child_id: str) -> bool:
        """Tell whether the hold stops the erasure of a child's record today."""
        return self.stands and self.child_id in (None, child_id)


def lift(hold: Hold, by: str, name: str, now: datetime, why: str) -> Hold:
    """Return a hold as lifted; raises `Conflict` where it was, and `InvalidInput` without a reason."""
    if not hold.stands:
        raise Conflict("hold_lifted", "This hold was lifted already.")
    if not why.strip():
        raise InvalidInput({"why": ["Enter why the record may be erased again."]})
    return replace(hold, lifted_by=by, lifted_by_name=name, lifted_at=now, lifted_why=why.strip())


class RequestState(StrEnum):
    """Where a request to erase a record stands; one that is approved is gone with the record."""

    WAITING = "waiting"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """That a record whose time has come is to be erased; a second person approves or refuses it."""

    id: str
    child_id: str
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    state: RequestState = RequestState.WAITING
    second: str = ""
    second_name: str = ""
    settled_at: datetime | None = None


def check_may_erase(kept: Keeping, holds: Iterable[Hold], child_id: str, today: date) -> None:
    """Raise `Conflict` unless a record may be erased today: its time has come, and no hold stops it."""
    if today < kept.due_on:
        raise Conflict("record_kept", "This record has to be kept. Its time to be erased has not come.")
    if any(hold.covers(child_id) for hold in holds):
        raise Conflict("record_held", "A legal hold stops this record from being erased. It has to be lifted first.")


def settle(request: ErasureRequest, second: str, name: str, now: datetime, state: RequestState) -> ErasureRequest:
    """Return a request as a second person settles it; whoever asked may only withdraw it. Raises `Conflict`."""
    if request.state is not RequestState.WAITING:
        raise Conflict("erasure_settled", "Somebody has settled this already.")
    if state is RequestState.WITHDRAWN and request.asked_by != second:
        raise Conflict("not_yours", "Somebody else asked for this. Refuse it, if it should not be done.")
    if state is not RequestState.WITHDRAWN and request.asked_by == second:
        raise Conflict("second_person_needed", "You asked for this yourself. A second person approves or refuses it.")
    return replace(request, state=state, second=second, second_name=name, settled_at=now)


def check_second_person(request: ErasureRequest, second: str) -> None:
    """Raise `Conflict` unless this person may approve a request."""
    settle(request, second, "", request.asked_at, RequestState.REFUSED)
