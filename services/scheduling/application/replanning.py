"""What is done when somebody who must be there cannot come, besides choosing another time.

Their seat is given to a colleague, the meeting is opened to those who join online, goes ahead without them, or is put
before the team manager. It is never cancelled by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduling.adapters import chase_store, links_store, meetings_store
from services.scheduling.application.chasing import chase_of, tell_about
from services.scheduling.application.lookup import find_meeting, find_unchanged, note, policy_for
from services.scheduling.application.telling import as_told, tell_invitees
from services.scheduling.application.unwanted import unwanted_among
from services.scheduling.domain.chasing import Outcome, Taken
from services.scheduling.domain.meeting import Guest, Intent, Invitee, Meeting, MeetingState, Mode, follow
from services.scheduling.domain.quorum import Lacking
from services.scheduling.domain.replanning import give_seat, go_ahead_without, lacking_without, open_to_online
from shared.contracts.permissions import PROFESSIONALS
from shared.contracts.roles import Role
from shared.contracts.scheduling import MeetingArranged, MeetingMoved, MeetingPutBack
from shared.kernel.errors import Conflict, InvalidInput
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.roster import Person
from shared.platform.work import Work

ARRANGE = "scheduling.meeting.arrange"
BY_HAND = 999
"""The place on the ladder of what the worker themself put before their manager."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """What can be done about one person who must be there and cannot come (or is not sure).

    `deputies` are those who could take their seat, `lacking` what would be lacking of the quorum without them.
    """

    invitee: Invitee
    deputies: tuple[Guest, ...]
    lacking: Lacking


@dataclass(frozen=True, slots=True)
class Replanning:
    """What is open to the worker whose meeting cannot be held as it stands."""

    ways_out: tuple[WayOut, ...]
    may_open_to_online: bool
    manager_was_told: bool


def replanning_of(work: Work, meeting: Meeting) -> Replanning | None:
    """Return what is open when a meeting is put back, or somebody's "perhaps" has stood too long; else None."""
    if meeting.booking is None or meeting.state not in (MeetingState.PUT_BACK, MeetingState.ARRANGED):
        return None
    chase = chase_of(work, meeting)
    if not (troubled := (*meeting.who_cannot, *chase.in_doubt)):
        return None
    people = roster.people(work.connection, meeting.authority)
    quorum = policy_for(work, meeting).quorum
    return Replanning(
        tuple(
            WayOut(each, _deputies(work, meeting, each, people), lacking_without(meeting, each.id, quorum))
            for each in troubled
        ),
        may_open_to_online=meeting.booking.mode is Mode.IN_PERSON,
        manager_was_told=any(step.days == BY_HAND for step in chase.taken),
    )


def hand_seat_over(work: Work, meeting_id: str, invitee_id: str, person_id: str, seen_version: int) -> Meeting:
    """Invite a colleague in the stead of somebody who cannot come; who declined is no longer invited.

    Raises `InvalidInput` for somebody who may not stand in, `Stale` when the meeting was changed since it was read.
    """
    before = find_unchanged(work, meeting_id, seen_version, ARRANGE)
    was = before.invitee(invitee_id)
    people = roster.people(work.connection, before.authority)
    chosen = next((one for one in _deputies(work, before, was, people) if one.person_id == person_id), None)
    if chosen is None:
        raise InvalidInput({"person_id": ["Choose one of the people who can take the seat."]})
    after = _keep(work, before, give_seat(before, invitee_id, chosen, new_id()))
    links_store.withdraw(work.connection, invitee_id)
    note(work, after, "seat_given", role=was.role, name=was.name, to_role=chosen.role, to_name=chosen.name)
    _tell(work, before, after)
    return after


def let_join_online(work: Work, meeting_id: str, joining_link: str, seen_version: int) -> Meeting:
    """Let those who cannot come join the meeting online, and ask them anew."""
    before = find_unchanged(work, meeting_id, seen_version, ARRANGE)
    after = _keep(work, before, open_to_online(before, joining_link.strip()))
    note(work, after, "opened_to_online")
    _tell(work, before, after)
    return after


def hold_without(work: Work, meeting_id: str, invitee_id: str, why: str, seen_version: int) -> Meeting:
    """Let the meeting go ahead without somebody who had to be there; they may still come."""
    before = find_unchanged(work, meeting_id, seen_version, ARRANGE)
    who = before.invitee(invitee_id)
    after = _keep(work, before, go_ahead_without(before, invitee_id, policy_for(work, before).quorum, why))
    note(work, after, "goes_ahead_without", role=who.role, name=who.name, why=why)
    _tell(work, before, after)
    return after


def ask_manager(work: Work, meeting_id: str) -> None:
    """Put a meeting that cannot be held as it stands before the team manager, without waiting for the ladder."""
    meeting = find_meeting(work, meeting_id, ARRANGE)
    follow(meeting.state, Intent.MOVE)
    chase = chase_of(work, meeting)
    if any(step.days == BY_HAND for step in chase.taken):
        raise Conflict("manager_already_told", "The team manager has been told of this meeting already.")
    told = tell_about(work, meeting, chase.present, BY_HAND, [Role.TEAM_MANAGER])
    step = Taken(BY_HAND, work.today, Outcome.DONE, len(told))
    chase_store.add(work.connection, meeting.id, chase.present, step)
    note(work, meeting, "manager_asked", told=[role.value for role in told])


def _keep(work: Work, before: Meeting, after: Meeting) -> Meeting:
    saved = meetings_store.save(work.connection, after)
    tell_invitees(work, saved)
    return saved


def _tell(work: Work, before: Meeting, after: Meeting) -> None:
    assert after.booking is not None  # noqa: S101 - what is replanned has a time
    subject = f"child/{after.child_id}"
    restored = before.state is MeetingState.PUT_BACK and after.state is MeetingState.ARRANGED
    if restored:
        work.publish(subject, as_told(MeetingArranged, after, after.booking))
        note(work, after, "restored")
    else:
        work.publish(subject, as_told(MeetingMoved, after, after.booking))
    if after.state is MeetingState.PUT_BACK:
        role = after.who_cannot[0].role
        work.publish(subject, MeetingPutBack(after.child_id, after.plan_id, after.id, role, after.meet_by))


def _deputies(work: Work, meeting: Meeting, invitee: Invitee, people: list[Person]) -> tuple[Guest, ...]:
    """Return who could take a seat: those on the team whom the policy lets stand in, and colleagues of the same body.

    A designated teacher's colleagues are those of their school. Nobody stands in for a member of the family, and nobody
    whom the child does not want there, as far as the actor may be told.
    """
    role = Role(invitee.role)
    if role not in PROFESSIONALS | {Role.DELEGATE}:
        return ()
    roles = policy_for(work, meeting).quorum.who_may_stand_in(invitee.role)
    invited = {each.person_id for each in meeting.invitees}
    day = meeting.booking.day if meeting.booking else work.today
    found: dict[str, Guest] = {}
    for member in roster.team(work.connection, meeting.child_id, day):
        if member.role in roles and member.person_id not in invited:
            guest = Guest(member.person_id, member.role.value, member.name, member.email or "", invitee.required)
            found.setdefault(member.person_id, guest)
    absent = next((one for one in people if one.id == invitee.person_id), None)
    for person in people:
        as_role = role if role in person.kinds else next((one for one in Role if one in roles & person.kinds), None)
        if absent is None or as_role is None or person.id in invited or person.id in found:
            continue
        same_body = (
            person.school_urn == absent.school_urn
            if absent.school_urn
            else not person.school_urn and person.organisation == absent.organisation
        )
        if same_body:
            found[person.id] = Guest(person.id, as_role.value, person.name, person.email or "", invitee.required)
    unwanted = unwanted_among(work, meeting.child_id, found.values())
    return tuple(guest for guest in found.values() if guest.person_id not in unwanted)
