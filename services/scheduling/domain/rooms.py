"""Rooms in which meetings are: of a school, or of the authority's own somewhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.kernel.errors import InvalidInput

ANY_ROOM = "any"
"""Stands in the place of a room's id: whichever of the school's rooms is free and large enough."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room; `site` is the school or building, `seats` is 0 where nobody said. One that is not open is not offered."""

    id: str
    authority: str
    site: str
    name: str
    seats: int = 0
    school_urn: str | None = None
    is_open: bool = True

    @property
    def place(self) -> str:
        """Return where a meeting in it is, as invitations say it."""
        return f"{self.site}, {self.name}"

    def seats_enough(self, people: int) -> bool:
        """Tell whether so many people can sit in it, as far as anybody said."""
        return self.seats == 0 or self.seats >= people


def check_room(room: Room) -> Room:
    """Return a room that can be meant, tidied; raises `InvalidInput` by field otherwise."""
    errors: dict[str, list[str]] = {}
    tidy = replace(room, name=" ".join(room.name.split()), site=" ".join(room.site.split()))
    if not tidy.name:
        errors["name"] = ["Enter what the room is called."]
    if not tidy.site and tidy.school_urn is None:
        errors["site"] = ["Enter in which building the room is."]
    if not 0 <= tidy.seats <= 500:
        errors["seats"] = ["Seats must be between 1 and 500, or empty."]
    if errors:
        raise InvalidInput(errors)
    return tidy
