"""The people of the authority: staff and designated teachers are recorded, corrected, and said to be no longer here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from services.pep.adapters import children_store, people_store, schools_store
from services.pep.adapters.people_store import PeopleFilter
from services.pep.application.children import visible_ids
from services.pep.application.schools import known_school
from services.pep.application.team import end_place, store_person
from services.pep.domain.people import PersonDetails, check_details, check_roles_kept
from services.pep.domain.schools import School
from services.pep.domain.team import FAMILY, STAFF, was_never_taken
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Stale
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.roster import Membership, Person
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A member of staff as recorded; each change makes the next `version`."""

    person: Person
    version: int

    @property
    def roles(self) -> list[Role]:
        """Return the roles of staff that the person has, in the order of all roles."""
        return staff_roles(self.person)


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """A place on a team that is held now or planned; `child_name` is empty where the reader may not know the child."""

    membership: Membership
    child_name: str
    child_school_urn: str | None


def staff_roles(person: Person) -> list[Role]:
    """Return the roles of staff that a person has, in the order of all roles."""
    return [role for role in STAFF if role in person.kinds]


def list_people(work: Work, chosen: PeopleFilter, *, offset: int, limit: int) -> tuple[list[Person], int]:
    """Return one page of the staff and designated teachers, and how many there are in all."""
    permit(work, "pep.people.read")
    return people_store.page(work.connection, work.actor.authority, chosen, offset=offset, limit=limit)


def schools_of_teachers(work: Work) -> list[School]:
    """Return the schools whose designated teachers are recorded, by name."""
    permit(work, "pep.people.read")
    urns = people_store.school_urns(work.connection, work.actor.authority)
    return sorted(schools_store.find_many(work.connection, urns).values(), key=lambda one: (one.name.lower(), one.urn))


def person_record(work: Work, person_id: str) -> PersonRecord:
    """Return a member of staff; raises `NotFound`, also for family, who belong to a child's team alone."""
    permit(work, "pep.people.read")
    person = roster.person(work.connection, person_id)
    if person is None or person.authority != work.actor.authority or not person.kinds & set(STAFF):
        raise NotFound("person_not_found", "No member of staff is recorded under this address.")
    return PersonRecord(person, people_store.version(work.connection, person_id))


def may_change_person(work: Work, person: Person) -> bool:
    """Tell whether the reader may change a person's record: only a Virtual School head changes another's."""
    return may(work, "pep.person.record") and _may_give(work, person.kinds)


def roles_to_give(work: Work) -> list[Role]:
    """Return the roles in which the reader may record people."""
    return [role for role in STAFF if _may_give(work, {role})]


def record_new(work: Work, details: PersonDetails) -> Person:
    """Record a new member of staff and tell the other services; raises `InvalidInput` by field."""
    permit(work, "pep.person.record")
    person = _with_details(work, Person(new_id(), work.actor.authority, "", None, frozenset(), ""), details)
    return store_person(work, person)


def record_once(work: Work, details: PersonDetails) -> tuple[Person, bool]:
    """Record a new member of staff unless they are recorded just so; return them, and whether they are new.

    Raises `InvalidInput` by field, and `Conflict` where the e-mail address is recorded with other details.
    """
    permit(work, "pep.person.record")
    known = people_store.with_email(work.connection, work.actor.authority, details.email.strip(), but="")
    if known is None:
        return record_new(work, details), True
    if _with_details(work, known, details) != known:
        message = (
            f"{known.name} is recorded with this e-mail address and other details. Change them on the page People."
        )
        raise Conflict("recorded_otherwise", message)
    return known, False


def change_person(work: Work, person_id: str, version: int, details: PersonDetails) -> Person:
    """Change a member of staff's details; raises `InvalidInput` by field, `Stale` where changed since `version`."""
    before = _to_change(work, person_id, version)
    after = _with_details(work, before, details)
    held = held_places(work, person_id)
    check_roles_kept(before.kinds, after.kinds, {place.membership.role for place in held})
    if person_id == work.actor.person_id and before.kinds - after.kinds:
        raise InvalidInput({"roles": ["You cannot take a role from yourself. Ask somebody else to do it."]})
    if after.school_urn != before.school_urn and _teaches_elsewhere(held, after.school_urn):
        raise InvalidInput(
            {"school": ["Still the designated teacher of children at another school. Hand them over first."]}
        )
    return before if after == before else store_person(work, after)


def held_places(work: Work, person_id: str) -> list[HeldPlace]:
    """Return the places that a person holds now or will hold, by child; those who end today are among them."""
    permit(work, "pep.people.read")
    places = [
        place
        for place in roster.places_of(work.connection, person_id)
        if (place.until is None or place.until >= work.today) and not was_never_taken(place)
    ]
    visible = visible_ids(work)
    children = children_store.load_many(work.connection, {place.child_id for place in places})
    found = []
    for place in places:
        child = children[place.child_id]
        shown = child.shown_name if visible is None or child.id in visible else ""
        found.append(HeldPlace(place, shown, child.school_urn))
    return sorted(found, key=lambda one: (one.child_name == "", one.child_name.lower(), one.membership.id))


def ending(places: Iterable[HeldPlace], work: Work) -> list[HeldPlace]:
    """Return those of the places that end when the person is no longer here: all that go on after today."""
    return [one for one in places if one.membership.until is None or one.membership.until > work.today]


def mark_as_gone(work: Work, person_id: str, version: int, seen: Collection[str] | None = None) -> Person:
    """Record that somebody is no longer here: they may not sign in, and their places on teams end today.

    A place that begins later is never taken. `seen` are the memberships that the page named; where others end too,
    `Conflict` (`places_changed`) asks to look again. Raises `Stale` where changed since `version`.
    """
    before = _to_change(work, person_id, version)
    if person_id == work.actor.person_id:
        raise Conflict("is_oneself", "You cannot record that you are no longer here. Ask somebody else to do it.")
    if not before.active:
        raise Conflict("gone_already", f"{before.name} is recorded as no longer here already.")
    places = ending(held_places(work, person_id), work)
    if seen is not None and {one.membership.id for one in places} != set(seen):
        raise Conflict("places_changed", "Meanwhile the teams changed. The list below is up to date; look again.")
    # The policy has said yes to the person's leaving: their places end with it, also on teams the actor is not on.
    for child_id in sorted({one.membership.child_id for one in places}):
        children_store.lock(work.connection, child_id)
    for one in places:
        end_place(work, one.membership, work.today)
    return store_person(work, replace(before, active=False))


def mark_as_back(work: Work, person_id: str, version: int) -> Person:
    """Record that somebody is here after all, and may sign in again; places on teams that ended stay ended."""
    before = _to_change(work, person_id, version)
    if before.active:
        raise Conflict("is_here", f"{before.name} is recorded as here already.")
    _check_email_free(work, before.id, before.email or "")
    return store_person(work, replace(before, active=True))


def _to_change(work: Work, person_id: str, version: int) -> Person:
    """Return the person as they are once nobody else is changing them; the policy has said yes."""
    permit(work, "pep.person.record")
    people_store.lock(work.connection, person_id)
    record = person_record(work, person_id)
    if not may_change_person(work, record.person):
        raise Denied("role_may_not", "Only a Virtual School head may change the record of one.")
    if record.version != version:
        raise Stale("person_changed", "Someone else changed this record since you opened it.", person_id=person_id)
    return record.person


def _with_details(work: Work, person: Person, details: PersonDetails) -> Person:
    """Return a person with these details, which have been checked; the roles of family that they have are kept."""
    check_details(details)
    if not _may_give(work, details.roles - person.kinds):
        raise InvalidInput({"roles": ["Only a Virtual School head may record another."]})
    school = None
    if details.school_urn is not None:
        same = details.school_urn == person.school_urn
        school = None if same else known_school(work, details.school_urn, field="school")
    email = details.email.strip()
    _check_email_free(work, person.id, email)
    return replace(
        person,
        name=" ".join(details.name.split()),
        email=email,
        kinds=details.roles | (person.kinds & FAMILY),
        organisation=details.organisation.strip() or (school.name if school else person.organisation),
        school_urn=details.school_urn,
    )


def _check_email_free(work: Work, person_id: str, email: str) -> None:
    other = people_store.with_email(work.connection, work.actor.authority, email, but=person_id)
    if other is not None:
        raise InvalidInput({"email": [f"{other.name} is recorded with this e-mail address already."]})


def _may_give(work: Work, roles: Collection[Role]) -> bool:
    return Role.VIRTUAL_SCHOOL_HEAD not in roles or may(work, "pep.person.record", field="virtual_school_head")


def _teaches_elsewhere(held: Iterable[HeldPlace], school_urn: str | None) -> bool:
    return any(one.membership.role is Role.DESIGNATED_TEACHER and one.child_school_urn != school_urn for one in held)
