"""What applies to a child and decides which sections their plan has: the variants of a form.

Some follow from the record, the others are said by those who write the plan. They follow the child as long as the plan
is open; what an approved plan had to hold does not change when the child's life does.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

LEAVES_A_PHASE = frozenset({6, 9, 11, 13})
"""The year groups before a move to another school or other courses; a setting's own form asks about Reception."""


class Circumstance(StrEnum):
    """Something that applies to the child while the plan is written."""

    INITIAL = "initial"
    NO_SCHOOL = "no_school"
    TRANSITION_YEAR = "transition_year"
    ALTERNATIVE_PROVISION = "alternative_provision"
    CUSTODY = "custody"
    NEWLY_ARRIVED = "newly_arrived"

    @property
    def words(self) -> str:
        """Return it as a page shows it."""
        return CIRCUMSTANCE_WORDS[self]


CIRCUMSTANCE_WORDS = {
    Circumstance.INITIAL: "First plan since they became looked after",
    Circumstance.NO_SCHOOL: "On no school’s roll",
    Circumstance.TRANSITION_YEAR: "In the year before a move to a new phase",
    Circumstance.ALTERNATIVE_PROVISION: "In alternative provision",
    Circumstance.CUSTODY: "In custody",
    Circumstance.NEWLY_ARRIVED: "Newly arrived in the country without family",
}
SAID = frozenset({Circumstance.ALTERNATIVE_PROVISION, Circumstance.CUSTODY, Circumstance.NEWLY_ARRIVED})
"""Those that somebody says; the others follow from the record."""


def from_record(*, first_plan: bool, has_school: bool, year_group: int) -> frozenset[Circumstance]:
    """Return what follows from the record; a child below compulsory school age may be without a setting."""
    found = {
        Circumstance.INITIAL: first_plan,
        Circumstance.NO_SCHOOL: not has_school and year_group >= 0,
        Circumstance.TRANSITION_YEAR: year_group in LEAVES_A_PHASE,
    }
    return frozenset(one for one, applies in found.items() if applies)


def in_order(circumstances: Collection[str]) -> tuple[str, ...]:
    """Return circumstances in the order in which they are shown, as they are kept."""
    return tuple(one.value for one in Circumstance if one in circumstances)


def with_record(kept: Collection[str], follows: Collection[Circumstance]) -> tuple[str, ...]:
    """Return what applies to a plan when the record has changed: what was said stays, the rest follows the record."""
    return in_order({*(one for one in kept if one in SAID), *follows})


def with_said(kept: Collection[str], said: Collection[str]) -> tuple[str, ...]:
    """Return what applies when those who write the plan have said what does; the record is not theirs to say."""
    return in_order({*(one for one in kept if one not in SAID), *(one for one in said if one in SAID)})
