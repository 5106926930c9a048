"""What a parent may be told of: decided for each parent and each kind of thing, in the words every service uses.

Where a child lives is told to the child's school by such a decision, too.
"""

from __future__ import annotations

from enum import StrEnum


class ParentStanding(StrEnum):
    """How far somebody is told of a matter, from the least to the most; `told` where there is nothing to come to."""

    NOT_TOLD = "not_told"
    TOLD_AFTER = "told_after"
    INVITED = "invited"
    TOLD = "told"

    def is_less_than(self, other: ParentStanding) -> bool:
        """Tell whether this lets somebody know less than `other` does."""
        order = list(ParentStanding)
        return order.index(self) < order.index(other)


class Matter(StrEnum):
    """A kind of thing that somebody is told of, or not.

    Of meetings, plans and the placement nothing is told until it was decided. The school, and the places that give it
    away, are told until it was decided that they are not.
    """

    MEETINGS = "meetings"
    PLACEMENT = "placement"
    SCHOOL = "school"
    PLAN = "plan"

    @property
    def undecided(self) -> ParentStanding:
        """Return how far somebody is told while nothing was ever decided."""
        return ParentStanding.TOLD if self is Matter.SCHOOL else ParentStanding.NOT_TOLD

    @property
    def standings(self) -> tuple[ParentStanding, ...]:
        """Return what can be decided on it, the most first."""
        if self is Matter.MEETINGS:
            return (ParentStanding.INVITED, ParentStanding.TOLD_AFTER, ParentStanding.NOT_TOLD)
        return (ParentStanding.TOLD, ParentStanding.NOT_TOLD)
