"""What the Virtual School knows of a child."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

PHASE_WORDS = {
    "early_years": "Early years",
    "primary": "Primary",
    "secondary": "Secondary",
    "post_16": "Post-16",
}


@dataclass(frozen=True, slots=True)
class Child:
    """The Virtual School's copy of a child. `year_group` runs from -1 (nursery) over 0 (Reception) to 13."""

    id: str
    authority: str
    reference: str
    upn: str | None
    name: str
    phase: str
    year_group: int
    school_urn: str | None
    no_school_since: date | None
    entered_care_on: date
    left_care_on: date | None = None

    @property
    def in_care(self) -> bool:
        """Tell whether the child is looked after."""
        return self.left_care_on is None


@dataclass(frozen=True, slots=True)
class School:
    """The Virtual School's copy of a school's record."""

    urn: str
    name: str
    phase: str
    town: str
    open: bool


def year_group_words(year_group: int) -> str:
    """Return a year group as schools say it: Nursery, Reception, Year 7."""
    return {-1: "Nursery", 0: "Reception"}.get(year_group, f"Year {year_group}")


def fold(name: str) -> str:
    """Return a name for searching: without accents, lower case, single spaces."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return " ".join(plain.casefold().split())
