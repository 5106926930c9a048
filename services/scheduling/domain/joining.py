"""How each person takes part in a meeting that is held in person and online."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.scheduling.domain.meeting import Meeting, Mode
from shared.kernel.errors import InvalidInput

WAYS = ("", Mode.IN_PERSON.value, Mode.ONLINE.value)
"""Whichever suits them, in the room, or online."""


def with_ways_to_join(meeting: Meeting, joins: Mapping[str, str]) -> Meeting:
    """Return a meeting in which people (by their ids) take part in these ways; others keep theirs.

    Where everybody takes part in the same way nobody has one of their own. Raises `InvalidInput` for an unknown way.
    """
    if any(way not in WAYS for way in joins.values()):
        raise InvalidInput({"joins": ["Choose in the room or online."]})
    mixed = meeting.booking is not None and meeting.booking.mode is Mode.MIXED
    invitees = tuple(
        replace(each, joins=joins.get(each.person_id, each.joins) if mixed else "") for each in meeting.invitees
    )
    return replace(meeting, invitees=invitees)
