"""Who is invited: drawn from the team around the child on the day."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import date

from services.scheduling.adapters import unwanted_store
from services.scheduling.application.lookup import policy_for
from services.scheduling.application.parents import kept_away, kept_away_from
from services.scheduling.application.unwanted import against, told
from services.scheduling.domain.meeting import Guest, Meeting
from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.unwanted import Unwanted
from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput
from shared.platform import roster
from shared.platform.roster import Membership
from shared.platform.work import Work


def propose_guests(work: Work, meeting: Meeting, on: date | None = None) -> list[tuple[Guest, bool]]:
    """Return everybody on the child's team today, each with whether the policy (or the last list) invites them.

    A parent is left out unless it was decided that they are invited, today and on the day of the meeting (`on`).
    Nobody is proposed whom the child does not want there, as far as the actor may be told.
    Whoever sits in for somebody is proposed too. Somebody with two roles is listed once, in the role that must be there
    or else the one that comes first.
    """
    day = on or (meeting.booking.day if meeting.booking else work.today)
    team = roster.team(work.connection, meeting.child_id, work.today)
    away = kept_away(work, meeting.child_id, day)
    return _propose(policy_for(work, meeting), meeting, team, away, told(work, meeting.child_id))


def invited_to(work: Work, meetings: Sequence[Meeting]) -> dict[str, tuple[Guest, ...]]:
    """Return those whom the policy invites to each of many meetings (by its id) that have no list yet.

    A constant number of queries. Nobody is among them whom the child does not want there, whoever asks: the list is
    sent by the suite, and names nobody.
    """
    child_ids = {meeting.child_id for meeting in meetings}
    teams = roster.teams(work.connection, child_ids, work.today)
    away = kept_away_from(work, teams)
    unwanted = unwanted_store.of_children(work.connection, child_ids)
    return {
        meeting.id: tuple(
            guest
            for guest, invited in _propose(
                policy_for(work, meeting),
                meeting,
                teams[meeting.child_id],
                away.get(meeting.child_id, frozenset()),
                unwanted[meeting.child_id],
            )
            if invited
        )
        for meeting in meetings
    }


def _propose(
    policy: MeetingPolicy,
    meeting: Meeting,
    members: Iterable[Membership],
    away: Container[str],
    wishes: Collection[Unwanted],
) -> list[tuple[Guest, bool]]:
    order = {role: place for place, role in enumerate(dict.fromkeys((*policy.invited_roles, *Role)))}
    before = {each.person_id: each for each in meeting.invitees}
    found: dict[str, tuple[Guest, bool]] = {}
    team = sorted(
        members,
        key=lambda member: (member.role not in policy.required_roles, order[member.role], member.name),
    )
    for member in team:
        if member.person_id in found or (member.role is Role.PARENT and member.person_id in away):
            continue
        was = before.get(member.person_id)
        required = was.required if was else policy.requires(member.role)
        guest = Guest(member.person_id, member.role.value, member.name, member.email or "", required)
        proposed = member.role in policy.invited_roles and not against(wishes, [guest])
        found[member.person_id] = (guest, bool(was) if before else proposed)
    for was in meeting.invitees:
        if was.stands_in_for and was.person_id not in found:
            deputy = Guest(was.person_id, was.role, was.name, was.email, was.required)
            found[was.person_id] = (deputy, True)
    return list(found.values())


def choose_guests(work: Work, meeting: Meeting, required_by_person: Mapping[str, bool], on: date) -> tuple[Guest, ...]:
    """Return the chosen people as guests of a meeting on a day.

    Raises `InvalidInput` for somebody who is not on the team, or a parent who is not to be invited.
    """
    on_team = {guest.person_id: guest for guest, _ in propose_guests(work, meeting, on)}
    strangers = [person_id for person_id in required_by_person if person_id not in on_team]
    if strangers:
        message = "Somebody you chose is no longer on the child's team, or is not to be invited. Check the list."
        raise InvalidInput({"invitees": [message]})
    if not required_by_person:
        raise InvalidInput({"invitees": ["Choose at least one person to invite."]})
    return tuple(
        Guest(guest.person_id, guest.role, guest.name, guest.email, required_by_person[guest.person_id])
        for guest in on_team.values()
        if guest.person_id in required_by_person
    )


def missing_roles(work: Work, meeting: Meeting, guests: Iterable[Guest]) -> tuple[Role, ...]:
    """Return the roles that the authority's policy wants at a meeting and that nobody invited has."""
    present = {guest.role for guest in guests if guest.required}
    required = policy_for(work, meeting).required_roles
    return tuple(role for role in Role if role in required and role.value not in present)
