"""People who act for a designated teacher: named by the teacher, for some days, pupils and parts of the plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.pep.adapters import children_store, delegations_store, forms_store, people_store
from services.pep.application.delegated_places import add_place, end_place
from services.pep.application.team import store_person
from services.pep.domain.delegations import Delegation, check_days, check_may_withdraw, check_parts
from services.pep.domain.forms import TARGETS, VIEWS
from services.pep.domain.terms import Phase
from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput, NotFound
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import permit
from shared.platform.roster import Membership, Person
from shared.platform.work import Work

OF_ANOTHER_BODY = "Somebody who does not work at your school has this address. Ask the Virtual School."


@dataclass(frozen=True, slots=True)
class Pupil:
    """A child whose designated teacher the actor is today."""

    child_id: str
    name: str
    place: Membership


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A delegation as the teacher sees it: to whom, for which pupils today, and whether it is still in force."""

    delegation: Delegation
    delegate: Person
    pupils: tuple[str, ...]
    parts: tuple[str, ...]
    is_live: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What a teacher asks for: who, for which pupils (or every one), in which parts (none: all), from day to day."""

    name: str
    email: str
    every_pupil: bool
    child_ids: tuple[str, ...]
    parts: tuple[str, ...]
    from_date: date
    until: date


def parts_to_choose(work: Work) -> Mapping[str, str]:
    """Return the parts of a plan that can be delegated, in words: the school's sections of any phase, and the rest."""
    titles: dict[str, list[str]] = {}
    versions = forms_store.versions_on(work.connection, work.actor.authorities, work.today)
    forms = {
        (phase.value, forms_store.version_for(versions, authority, phase.value)): None
        for phase in Phase
        for authority in sorted(work.actor.authorities)
    }
    for phase, version in forms:
        for section in forms_store.find_form(work.connection, phase, version).sections:
            if section.owner is Role.DESIGNATED_TEACHER and section.title not in titles.setdefault(section.key, []):
                titles[section.key].append(section.title)
    named = {key: " / ".join(words) for key, words in titles.items()}
    return named | {TARGETS: "Targets", VIEWS: "The child’s views (to read)"}


def pupils_of(work: Work) -> list[Pupil]:
    """Return the children whose designated teacher the actor is today, by name."""
    permit(work, "pep.delegation.list")
    places = [
        one
        for one in roster.places_of(work.connection, work.actor.person_id)
        if one.role is Role.DESIGNATED_TEACHER and one.is_live(work.today)
    ]
    children = children_store.load_many(work.connection, {one.child_id for one in places})
    found = [Pupil(one.child_id, children[one.child_id].shown_name, one) for one in places]
    return sorted(found, key=lambda one: (one.name.lower(), one.child_id))


def delegations_of(work: Work) -> list[DelegationView]:
    """Return what the actor delegated, the newest first; those in force come first."""
    names = {one.child_id: one.name for one in pupils_of(work)}
    given = delegations_store.given_by(work.connection, work.actor.person_id)
    places = delegations_store.places_of(work.connection, [one.id for one in given])
    people = roster.people_by_id(work.connection, {one.delegate_id for one in given})
    words = parts_to_choose(work)
    found = [
        DelegationView(
            delegation=one,
            delegate=people[one.delegate_id],
            pupils=tuple(sorted({names[child_id] for _, child_id in places[one.id] if child_id in names})),
            parts=tuple(words.get(part, part) for part in one.parts),
            is_live=one.is_live(work.today) and people[one.delegate_id].active,
        )
        for one in given
    ]
    return sorted(found, key=lambda one: not one.is_live)


def delegate(work: Work, wish: Wish) -> Delegation:
    """Let a colleague of the same school act for the actor; raises `InvalidInput` by field.

    Who is not known yet is recorded as a member of the school's staff, and signs in like anybody else.
    """
    permit(work, "pep.delegation.give")
    check_days(wish.from_date, wish.until, work.today)
    check_parts(wish.parts, parts_to_choose(work))
    pupils = pupils_of(work)
    chosen = pupils if wish.every_pupil else [one for one in pupils if one.child_id in wish.child_ids]
    if not wish.every_pupil and (not chosen or len(chosen) != len(set(wish.child_ids))):
        raise InvalidInput({"child_ids": ["Select at least one of your pupils."]})
    person = _colleague(work, wish.name, wish.email)
    given = Delegation(
        id=new_id(),
        accountable_id=work.actor.person_id,
        delegate_id=person.id,
        every_pupil=wish.every_pupil,
        parts=tuple(dict.fromkeys(wish.parts)),
        from_date=wish.from_date,
        until=wish.until,
        given_at=work.now,
    )
    delegations_store.add(work.connection, given)
    for pupil in chosen:
        children_store.lock(work.connection, pupil.child_id)
        add_place(work, given, person, pupil.place)
    return given


def withdraw(work: Work, delegation_id: str) -> Delegation:
    """End a delegation at once; raises `NotFound`, and `Conflict` where it is over."""
    permit(work, "pep.delegation.give")
    given = delegations_store.find(work.connection, delegation_id)
    if given is None or given.accountable_id != work.actor.person_id:
        raise NotFound("delegation_not_found", "You have not named such a person.")
    check_may_withdraw(given, work.today)
    delegations_store.withdraw(work.connection, given.id, work.now)
    yesterday = work.today - timedelta(days=1)
    _end_places(work, delegations_store.places_of(work.connection, [given.id])[given.id], yesterday)
    return replace(given, withdrawn_at=work.now)


def _end_places(work: Work, places: Collection[tuple[str, str]], until: date) -> None:
    for membership_id, child_id in sorted(places, key=lambda one: one[1]):
        children_store.lock(work.connection, child_id)
        place = roster.membership(work.connection, membership_id)
        if place is not None and (place.until is None or place.until > until):
            end_place(work, place, until)


def _colleague(work: Work, name: str, email: str) -> Person:
    """Return the colleague with an address, recorded where nobody has it; raises `InvalidInput` by field."""
    teacher = roster.person(work.connection, work.actor.person_id)
    assert teacher is not None  # noqa: S101 - who is signed in is recorded
    name, email = " ".join(name.split()), email.strip()
    errors = {}
    if not email:
        errors["email"] = ["Enter your colleague’s e-mail address: they sign in with it."]
    elif email.lower() == (teacher.email or "").lower():
        errors["email"] = ["This is your own address. Name somebody else."]
    if not name:
        errors["name"] = ["Enter your colleague’s name."]
    if errors:
        raise InvalidInput(errors)
    known = people_store.with_email(work.connection, teacher.authority, email, but="")
    if known is None:
        new = Person(
            new_id(),
            teacher.authority,
            name,
            email,
            frozenset({Role.DELEGATE}),
            teacher.organisation,
            teacher.school_urn,
        )
        return store_person(work, new)
    if known.school_urn is None or known.school_urn != teacher.school_urn:
        raise InvalidInput({"email": [OF_ANOTHER_BODY]})
    if Role.DELEGATE in known.kinds:
        return known
    return store_person(work, replace(known, kinds=known.kinds | {Role.DELEGATE}))
