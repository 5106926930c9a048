"""What a parent may be told of: decided for each parent and each kind of thing, in the words every service uses."""

from __future__ import annotations

from enum import StrEnum


class Matter(StrEnum):
    """A kind of thing that a parent may be told of."""

    MEETINGS = "meetings"


class ParentStanding(StrEnum):
    """How far a parent is told of a matter, from the least to the most; nothing is told until it was decided."""

    NOT_TOLD = "not_told"
    TOLD_AFTER = "told_after"
    INVITED = "invited"

    def is_less_than(self, other: ParentStanding) -> bool:
        """Tell whether this lets a parent know less than `other` does."""
        order = list(ParentStanding)
        return order.index(self) < order.index(other)
