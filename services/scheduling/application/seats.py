"""Seats at meetings to come: when somebody leaves a child's team, their successor is invited in their stead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.scheduling.adapters import links_store, meetings_store
from services.scheduling.application import polls_ends
from services.scheduling.application.lookup import note
from services.scheduling.application.telling import as_told, tell_invitees
from services.scheduling.domain.meeting import Booking, Invitee, Meeting, uninvite
from shared.contracts.pep import TeamMemberLeft
from shared.contracts.scheduling import MeetingMoved
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.roster import Membership
from shared.platform.work import Work


def when_member_left(work: Work, fact: TeamMemberLeft) -> None:
    """Keep the end of a place, and give the seat at meetings after the last day to whoever has the role then.

    pep tells of a successor first. Without one the seat goes; the worker's page of the meeting says who is missing.
    """
    roster.when_member_left(work, fact)
    polls_ends.when_member_left(work, fact)
    for meeting in meetings_store.of_children(work.connection, [fact.child_id]):
        booking = meeting.booking
        if booking is None or not meeting.state.is_open or booking.starts_at <= work.now or booking.day <= fact.until:
            continue
        team = roster.team(work.connection, fact.child_id, booking.day)
        seat = next((one for one in meeting.invitees if (one.person_id, one.role) == (fact.person_id, fact.role)), None)
        if seat is not None and all(one.person_id != fact.person_id for one in team):
            _hand_over(work, meeting, booking, seat, team)


def _hand_over(work: Work, meeting: Meeting, booking: Booking, seat: Invitee, team: Iterable[Membership]) -> None:
    invited = {one.person_id for one in meeting.invitees}
    successor = next((one for one in team if one.role == seat.role and one.person_id not in invited), None)
    after = uninvite(meeting, seat.id)
    if successor is not None:
        after = replace(after, invitees=(*after.invitees, _seat_of(work, booking, seat, successor)))
    if not after.invitees:
        return
    after = meetings_store.save(work.connection, after)
    tell_invitees(work, after)
    links_store.withdraw(work.connection, seat.id)
    note(work, after, "changed", starts_at=booking.starts_at.isoformat(), invited=len(after.invitees))
    work.publish(f"child/{after.child_id}", as_told(MeetingMoved, after, booking))


def _seat_of(work: Work, booking: Booking, seat: Invitee, successor: Membership) -> Invitee:
    """Return the successor's seat; who is booked elsewhere at that time comes if they can, and may have it moved."""
    booked = meetings_store.booked(work.connection, [successor.person_id], *meetings_store.quarters(booking))
    free = successor.person_id not in booked
    return Invitee(
        new_id(),
        successor.person_id,
        seat.role,
        successor.name,
        successor.email or "",
        required=seat.required and free,
    )
