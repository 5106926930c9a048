"""Whom a child does not want at their meetings: who says it, who is told, and inviting somebody nevertheless.

Social care of the team and the child are told, and nobody is told a wish about themselves: of one about a social worker
their manager is. Whoever arranges a review and is not of social care is not told either; the meeting's page then says
so to those who are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from services.scheduling.adapters import unwanted_store
from services.scheduling.adapters.children_store import Child
from services.scheduling.adapters.history_store import Happening
from services.scheduling.application.lookup import child_of, note
from services.scheduling.domain.meeting import Guest, Meeting
from services.scheduling.domain.unwanted import Unwanted, check_named
from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput, NotFound
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit, standing
from shared.platform.roster import Membership
from shared.platform.work import Work

READ, SAY = "scheduling.unwanted.read", "scheduling.unwanted.say"
NEVERTHELESS = "invited_nevertheless"
"""The line of a meeting's history that says why somebody was invited whom the child does not want there."""


@dataclass(frozen=True, slots=True)
class UnwantedPage:
    """What the page shows: the wishes that the reader may be told, and the team to choose from.

    `is_own` where the child looks themself.
    """

    child: Child
    wishes: tuple[Unwanted, ...]
    team: tuple[Membership, ...]
    is_own: bool


def look_at_unwanted(work: Work, child_id: str) -> UnwantedPage:
    """Return whom a child does not want at their meetings, but for what is about the reader."""
    permit(work, READ, child_id)
    team = {one.person_id: one for one in roster.team(work.connection, child_id, work.today)}
    others = tuple(
        one for one in team.values() if one.role is not Role.CHILD and one.person_id not in work.actor.person_ids
    )
    return UnwantedPage(child_of(work, child_id), told(work, child_id), others, _is_child(work, child_id))


def own_record(work: Work) -> str:
    """Return the id of the child that the actor is; empty for anybody else."""
    if Role.CHILD not in work.actor.kinds:
        return ""
    found = roster.children_of(work.connection, work.actor.person_ids, work.today)
    return next((child_id for child_id, roles in found.items() if roles == {Role.CHILD}), "")


def told(work: Work, child_id: str) -> tuple[Unwanted, ...]:
    """Return the wishes of a child that the actor may be told; none where they may be told none."""
    wishes = unwanted_store.of_children(work.connection, [child_id])[child_id]
    if not wishes or work.actor.system:
        return tuple(wishes)
    return leave_out_own(work, child_id, wishes) if may(work, READ, child_id) else ()


def leave_out_own(work: Work, child_id: str, wishes: Iterable[Unwanted]) -> tuple[Unwanted, ...]:
    """Return the wishes that are not about the actor; the child and whoever wrote one down know what it says."""
    if _is_child(work, child_id):
        return tuple(wishes)
    roles = standing(work, child_id).thing.team_roles
    ids, names = work.actor.person_ids, {one.name for one in work.actor.records}

    def is_own(one: Unwanted) -> bool:
        said_it = one.said_by in ids and one.person_id not in ids
        return not said_it and any(one.is_about(ids, name, roles) for name in names)

    return tuple(one for one in wishes if not is_own(one))


def say_unwanted(work: Work, child_id: str, person_id: str, name: str, why: str) -> Unwanted:
    """Keep that a child does not want somebody at their meetings; raises `InvalidInput` where nobody is named."""
    permit(work, SAY, child_id)
    names = {member.person_id: member.name for member in roster.team(work.connection, child_id, work.today)}
    if person_id and person_id not in names:
        raise InvalidInput({"person_id": ["Choose somebody on the team, or write their name."]})
    return keep_wish(
        work, child_id, (work.actor.person_id, work.actor.name), person_id, names.get(person_id, name), why
    )


def take_back(work: Work, child_id: str, wish_id: str) -> None:
    """Take a wish back; raises `NotFound` for one that the actor is not told."""
    permit(work, SAY, child_id)
    if wish_id not in {one.id for one in told(work, child_id)}:
        raise NotFound("wish_not_found", "This is no longer on the list.")
    unwanted_store.take_back(work.connection, wish_id)


def keep_wish(work: Work, child_id: str, said_by: tuple[str, str], person_id: str, name: str, why: str) -> Unwanted:
    """Keep a wish that somebody (their id and name) said; whoever calls has asked the policy."""
    check_named(person_id, name)
    wish = Unwanted(new_id(), child_id, person_id, name.strip(), why.strip(), *said_by, work.now)
    unwanted_store.add(work.connection, wish)
    return wish


def unwanted_among(work: Work, child_id: str, guests: Iterable[Guest]) -> dict[str, Unwanted]:
    """Return which of these people the child does not want there, by their ids, as far as the actor may be told."""
    return against(told(work, child_id), guests)


def against(wishes: Collection[Unwanted], guests: Iterable[Guest]) -> dict[str, Unwanted]:
    """Return by their ids which of these people are among the unwanted; never the child themself."""
    found = {}
    for guest in guests if wishes else ():
        role = Role(guest.role)
        about = next((one for one in wishes if one.is_about({guest.person_id}, guest.name, [role])), None)
        if about is not None and role is not Role.CHILD:
            found[guest.person_id] = about
    return found


def check_wanted(work: Work, meeting: Meeting, guests: Collection[Guest], nevertheless: str) -> dict[str, str]:
    """Return why each person is invited whom the child does not want, by their ids; raises `InvalidInput` without.

    Once a reason was given for somebody and a meeting it is not asked for again.
    """
    reasons = unwanted_store.reasons_of(work.connection, meeting.id)
    new = [guest for guest in guests if guest.person_id not in reasons]
    found = unwanted_among(work, meeting.child_id, new)
    if found and not nevertheless.strip():
        names = " and ".join(guest.name for guest in new if guest.person_id in found)
        message = f"The child does not want {names} there. Take them off the list, or say why they are invited."
        raise InvalidInput({"nevertheless": [message]})
    return dict.fromkeys(found, nevertheless.strip())


def keep_reasons(work: Work, meeting: Meeting, reasons: Mapping[str, str]) -> None:
    """Keep why people are invited nevertheless, and say so in the meeting's history to those who may know of it."""
    names = {each.person_id: each.name for each in meeting.invitees}
    for person_id, why in reasons.items():
        unwanted_store.add_reason(work.connection, meeting.id, person_id, why, work.actor.name, work.now)
        note(work, meeting, NEVERTHELESS, person_id=person_id, name=names.get(person_id, ""), why=why)


def may_know_of_line(work: Work, meeting: Meeting, happening: Happening) -> bool:
    """Tell whether the actor may read a line of history: one about an unwanted person only those who are told."""
    if happening.what != NEVERTHELESS:
        return True
    return may(work, READ, meeting.child_id) and happening.facts.get("person_id") not in work.actor.person_ids


def _is_child(work: Work, child_id: str) -> bool:
    """Tell whether the actor is the child, and nothing else on the team."""
    return not work.actor.system and standing(work, child_id).thing.team_roles == {Role.CHILD}
