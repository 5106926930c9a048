"""Where a meeting is, for those who may not know it: a parent who is not told the school, or a place kept from parents.

They read “Ask the social worker” instead, whatever the place is; the link to join online stays.
"""

from __future__ import annotations

from dataclasses import replace

from services.scheduling.adapters.children_store import Child
from services.scheduling.application.lookup import standing_to
from services.scheduling.domain.meeting import Booking, Invitee, Meeting, without_place
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.roles import Role
from shared.platform import standings
from shared.platform.standings import KeptStanding
from shared.platform.work import Work

READ = "scheduling.meeting.read"
AT_SCHOOL = frozenset({Role.DESIGNATED_TEACHER, Role.DELEGATE})
"""Those who give away the school: by their name, and by there being any."""


def sees_school(work: Work, meeting: Meeting) -> bool:
    """Tell whether the actor is told which school the child goes to."""
    return standing_to(work, meeting).may(READ, "school")


def as_actor_knows(work: Work, meeting: Meeting) -> Meeting:
    """Return a meeting without its place, and without those from the school, where the actor may not know it."""
    told = sees_school(work, meeting)
    if not told:
        others = tuple(each for each in meeting.invitees if each.role not in AT_SCHOOL)
        meeting = replace(meeting, invitees=others)
    if meeting.booking is None or (told and _sees_place(work, meeting, meeting.booking)):
        return meeting
    return replace(meeting, booking=without_place(meeting.booking))


def school_as_actor_knows(work: Work, meeting: Meeting, child: Child) -> Child:
    """Return a child without the school where the actor may not know it."""
    return child if sees_school(work, meeting) else replace(child, school_urn=None, school_name="")


def booking_for(work: Work, meeting: Meeting, booking: Booking, invitee: Invitee) -> Booking:
    """Return a meeting's time and place as one invitee is told them, by mail and behind their personal link.

    A parent is told the place if they are told the school both today and on the day of the meeting.
    """
    if invitee.role != Role.PARENT:
        return booking
    decided = standings.of_audience(work.connection, meeting.child_id, invitee.person_id)
    kept = decided.get(Matter.SCHOOL, KeptStanding(Matter.SCHOOL.undecided))
    days = {work.today, max(work.today, booking.day)}
    untold = any(kept.on(day) is ParentStanding.NOT_TOLD for day in days)
    return without_place(booking) if untold or booking.place_sealed else booking


def _sees_place(work: Work, meeting: Meeting, booking: Booking) -> bool:
    """Tell whether the actor reads the meeting in any role but that of a parent, or its place is kept from nobody."""
    found = standing_to(work, meeting)
    others = replace(found.thing, team_roles=found.thing.team_roles - {Role.PARENT})
    return not booking.place_sealed or replace(found, thing=others).may(READ)
