"""The child: who they are, where they learn, and under what law they are looked after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from services.pep.domain.terms import Phase
from shared.kernel.errors import InvalidInput

SHORT_BREAK_STATUSES = frozenset({"V3", "V4"})

LEGAL_STATUSES = {
    "C1": "Interim care order",
    "C2": "Full care order",
    "D1": "Freeing order",
    "E1": "Placement order",
    "V2": "Accommodated under section 20",
    "V3": "Short breaks, accommodated under section 20",
    "V4": "Short breaks, one placement",
    "L1": "Police protection",
    "L2": "Emergency protection order",
    "L3": "Child assessment order",
    "J1": "Remanded to local authority accommodation",
    "J2": "Accommodated under PACE",
    "J3": "Youth rehabilitation order with residence",
}
"""The codes of the SSDA903 return's LS column."""

SEXES = {"1": "Male", "2": "Female", "": "Not recorded"}
"""The codes of the SSDA903 return's SEX column."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child who is, or was, looked after by the authority.

    `reference` is the authority's own identifier, the CHILD column of its SSDA903 return. `name` may be empty for a
    child known from the return alone. `school_since` is the day the child joined the school; `no_school_since` is
    set while the child is on no school's roll. `phase` and `year_group` are by age, and kept up to date by a daily
    job.
    """

    id: str
    authority: str
    reference: str
    born_on: date
    legal_status: str
    entered_care_on: date
    placement_started_on: date
    phase: Phase
    year_group: int
    name: str = ""
    known_as: str = ""
    sex: str = ""
    upn: str = ""
    school_urn: str | None = None
    school_since: date | None = None
    no_school_since: date | None = None
    left_care_on: date | None = None
    died_on: date | None = None
    reviews_held: tuple[date, ...] = ()
    version: int = 1

    @property
    def shown_name(self) -> str:
        """Return the full name, or "Child 123456" where the name is not recorded."""
        return self.name or f"Child {self.reference}"

    @property
    def short_name(self) -> str:
        """Return what the child likes to be called, else the first name, else "Child 123456"."""
        return self.known_as or (self.name.split()[0] if self.name.split() else f"Child {self.reference}")

    @property
    def in_care(self) -> bool:
        """Tell whether the child is looked after now."""
        return self.left_care_on is None

    @property
    def on_short_breaks(self) -> bool:
        """Tell whether the child is looked after only for short breaks (V3, V4).

        Regulations 5 and 9 do not apply to them: regulation 48 of the Care Planning, Placement and Case Review
        (England) Regulations 2010.
        """
        return self.legal_status in SHORT_BREAK_STATUSES

    def age_on(self, day: date) -> int:
        """Return the age in whole years on `day`."""
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))


def with_review(child: Child, held_on: date) -> Child:
    """Return the child with a review held on a day."""
    return child if held_on in child.reviews_held else replace(child, reviews_held=(*child.reviews_held, held_on))


def check_dates(
    *,
    born_on: date,
    entered_care_on: date,
    placement_started_on: date,
    today: date,
    left_care_on: date | None = None,
) -> None:
    """Raise `InvalidInput` naming each date that cannot be."""
    errors: dict[str, list[str]] = {}
    if born_on > today:
        errors["born_on"] = ["The date of birth must be in the past."]
    elif _birthday(born_on, 18) <= entered_care_on:
        errors["born_on"] = ["The child must be under 18 on the day they became looked after."]
    if entered_care_on > today:
        errors["entered_care_on"] = ["The day the child became looked after must be today or in the past."]
    elif entered_care_on < born_on:
        errors["entered_care_on"] = ["The day the child became looked after must not be before the date of birth."]
    if placement_started_on < entered_care_on:
        errors["placement_started_on"] = ["The first placement must not start before the child became looked after."]
    if left_care_on is not None and left_care_on < entered_care_on:
        errors["left_care_on"] = ["The last day in care must not be before the day the child became looked after."]
    elif left_care_on is not None and left_care_on > today:
        errors["left_care_on"] = ["The last day in care must be today or in the past."]
    if errors:
        raise InvalidInput(errors)


def eighteenth_birthday(born_on: date) -> date:
    """Return the day a child turns 18; someone born on 29 February turns 18 on 1 March of a year without one."""
    return _birthday(born_on, 18)


def _birthday(born_on: date, age: int) -> date:
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)
