"""What the scheduling service tells the others. The subject of every fact but the last is `child/<child_id>`.

A meeting's `kind` is pep, a PEP meeting on the plan `plan_id`, or review, the review of the care plan `review_id`,
which is about no plan: its `plan_id` is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.registry import event


@dataclass(frozen=True, slots=True)
class InviteeState:
    """One invitee and their answer: needs_action, accepted, declined or tentative."""

    person_id: str
    role: str
    required: bool
    answer: str


@event("scheduling.meeting.arranged.v1")
@dataclass(frozen=True, slots=True)
class MeetingArranged:
    """A meeting has a time and its invitations are on their way; `mode` is in_person, online or mixed."""

    child_id: str
    plan_id: str
    meeting_id: str
    starts_at: datetime
    ends_at: datetime
    mode: str
    invitees: tuple[InviteeState, ...]
    kind: str = "pep"
    review_id: str = ""


@event("scheduling.meeting.moved.v1")
@dataclass(frozen=True, slots=True)
class MeetingMoved:
    """A meeting has another time, place or list of invitees; answers to a new time start afresh.

    `late`: it was changed at short notice, for a reason that is a code (illness, school_closed, clash, child_asked,
    other).
    """

    child_id: str
    plan_id: str
    meeting_id: str
    starts_at: datetime
    ends_at: datetime
    mode: str
    invitees: tuple[InviteeState, ...]
    kind: str = "pep"
    review_id: str = ""
    late: bool = False
    late_reason: str = ""


@event("scheduling.meeting.cancelled.v1")
@dataclass(frozen=True, slots=True)
class MeetingCancelled:
    """A meeting will not take place.

    `reason` is a code (rearranging, no_show, not_needed, child_left_care, plan_superseded). `late`: it was called off
    at short notice, for a reason as under `scheduling.meeting.moved.v1`.
    """

    child_id: str
    plan_id: str
    meeting_id: str
    reason: str
    kind: str = "pep"
    review_id: str = ""
    late: bool = False
    late_reason: str = ""


@event("scheduling.invitee.replied.v1")
@dataclass(frozen=True, slots=True)
class InviteeReplied:
    """An invitee answered (accepted, declined, tentative), by mail, by personal link or told to the worker."""

    child_id: str
    plan_id: str
    meeting_id: str
    person_id: str
    role: str
    required: bool
    answer: str
    by: str
    kind: str = "pep"
    review_id: str = ""


@event("scheduling.meeting.put_back.v1")
@dataclass(frozen=True, slots=True)
class MeetingPutBack:
    """A required person cannot come, so the meeting is back on the worker's list to be arranged anew."""

    child_id: str
    plan_id: str
    meeting_id: str
    role: str
    meet_by: date
    kind: str = "pep"
    review_id: str = ""


@event("scheduling.meeting.restated.v1")
@dataclass(frozen=True, slots=True)
class MeetingRestated:
    """How a meeting that was given a time stands, said again for whoever lost what they knew of it.

    `state` is arranged, put_back, held or cancelled; `held_on` and what follows it are told of a meeting that was held.
    """

    child_id: str
    plan_id: str
    meeting_id: str
    state: str
    starts_at: datetime
    ends_at: datetime
    mode: str
    invitees: tuple[InviteeState, ...]
    held_on: date | None = None
    attended: tuple[str, ...] = ()
    quorate: bool = True
    why_counted: str = ""
    apologies: tuple[str, ...] = ()
    no_shows: tuple[str, ...] = ()
    participation: str = ""
    child_attended: bool | None = None
    child_conveyed: str = ""
    kind: str = "pep"
    review_id: str = ""


@event("scheduling.meeting.held.v1")
@dataclass(frozen=True, slots=True)
class MeetingHeld:
    """A meeting took place; `attended` holds the ids of those who came.

    `quorate`: everybody was there without whom the authority's meetings do not go ahead. Where somebody who had to be
    there was not, `why_counted` is a code (heard_before, joined_otherwise, could_not_wait, child_wished, other). Of the
    others who were invited, those under `apologies` had said so and those under `no_shows` had not. `participation` is
    the code PN0 to PN7, from whether the child came and how their views did (spoke, advocate, symbols, other_means,
    not); all three are empty where nothing was recorded of it.
    """

    child_id: str
    plan_id: str
    meeting_id: str
    held_on: date
    attended: tuple[str, ...]
    quorate: bool = True
    why_counted: str = ""
    apologies: tuple[str, ...] = ()
    no_shows: tuple[str, ...] = ()
    participation: str = ""
    child_attended: bool | None = None
    child_conveyed: str = ""
    kind: str = "pep"
    review_id: str = ""


@event("scheduling.record.erased.v1")
@dataclass(frozen=True, slots=True)
class RecordErased:
    """What the service had of a child is erased, as pep asked; `counts` are the rows, by table.

    Subject `record/<child_id>`.
    """

    child_id: str
    counts: Mapping[str, int]
