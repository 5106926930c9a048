"""Handing over a whole caseload: every child of one worker to another of the same role, from a day, all or none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from services.pep.application.people import HeldPlace, held_places, person_record
from services.pep.application.team import change_worker, people_for
from services.pep.domain.team import ONE_AT_A_TIME
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.roster import Membership, Person
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class Caseload:
    """What a worker hands over in a role: the places the actor may change, and how many they may not."""

    places: tuple[HeldPlace, ...]
    beyond: int


def caseload(work: Work, person_id: str, role: Role) -> Caseload:
    """Return the children of a worker in a role; a place whose last day is set already is not handed over."""
    permit(work, "pep.caseload.hand_over")
    open_ended = [
        one for one in held_places(work, person_id) if one.membership.role is role and one.membership.until is None
    ]
    changeable = _changeable(work, open_ended)
    return Caseload(tuple(changeable), len(open_ended) - len(changeable))


def roles_to_hand_over(work: Work, person_id: str) -> list[Role]:
    """Return the roles in which a worker has children whom the actor may give to another."""
    permit(work, "pep.caseload.hand_over")
    open_ended = [one for one in held_places(work, person_id) if one.membership.until is None]
    held = {one.membership.role for one in _changeable(work, open_ended)}
    return [role for role in Role if role in held & ONE_AT_A_TIME]


def successors(work: Work, person_id: str, role: Role) -> list[Person]:
    """Return who can take a worker's caseload over: the others of that role; a teacher's, at the same school."""
    permit(work, "pep.caseload.hand_over")
    giver = person_record(work, person_id).person
    return [
        one
        for one in people_for(work, role)
        if one.id != person_id and (role is not Role.DESIGNATED_TEACHER or one.school_urn == giver.school_urn)
    ]


def hand_over_caseload(
    work: Work, person_id: str, role: Role, to_id: str, from_date: date, seen: Collection[str] | None = None
) -> list[Membership]:
    """Hand every child of a worker in a role over to another, from a day; all or none. Returns the new places.

    A place that begins after that day is the successor's from its first day. `seen` are the memberships that the
    check page listed; where the caseload is another by now, `Conflict` (`caseload_changed`) asks to look again.
    """
    permit(work, "pep.caseload.hand_over")
    check_hand_over(work, person_id, role, to_id, from_date)
    places = caseload(work, person_id, role).places
    if not places:
        raise Conflict("no_caseload", "There is nobody to hand over in this role.")
    if seen is not None and {one.membership.id for one in places} != set(seen):
        raise Conflict("caseload_changed", "Meanwhile the caseload changed. The list below is up to date; look again.")
    taken_over = []
    for one in sorted(places, key=lambda place: (place.membership.child_id, place.membership.id)):
        first_day = max(from_date, one.membership.from_date)
        try:
            taken_over.append(change_worker(work, one.membership.id, to_id, first_day))
        except Conflict as refusal:
            told = f"{one.child_name}: {refusal.message} Nothing was handed over."
            raise Conflict(refusal.code, told, **refusal.facts) from refusal
    return taken_over


def check_hand_over(work: Work, person_id: str, role: Role, to_id: str, from_date: date) -> Person:
    """Return the successor; raises `InvalidInput` where a caseload cannot be handed over to them from that day."""
    successor = next((one for one in successors(work, person_id, role) if one.id == to_id), None)
    if role not in ONE_AT_A_TIME:
        raise InvalidInput({"role": ["Choose a role that is handed over."]})
    if successor is None:
        raise InvalidInput({"person_id": [f"Choose another person who is known as: {role.title}."]})
    if from_date < work.today:
        raise InvalidInput({"from_date": ["The first day must be today or later."]})
    return successor


def _changeable(work: Work, places: list[HeldPlace]) -> list[HeldPlace]:
    """Return the places on teams that the actor may change."""
    if may(work, "pep.team.change"):
        return places
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    permission = PERMISSIONS["pep.team.change"]
    return [one for one in places if mine.get(one.membership.child_id, frozenset()) & permission.team]
