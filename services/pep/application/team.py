"""The team around the child: people join, leave and hand over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from services.pep.adapters import children_store
from services.pep.application.delegated_places import end_with_teacher, follow_teacher
from services.pep.application.facts import member_joined, member_left, person_recorded
from services.pep.application.history import record
from services.pep.domain import team as rules
from services.pep.domain.children import Child
from services.pep.domain.periods import long_date
from shared.contracts.languages import ENGLISH, LANGUAGES
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord
from shared.kernel.ids import new_id
from shared.platform import roster, sessions
from shared.platform.access import may, permit
from shared.platform.roster import Membership, Person
from shared.platform.work import Work

FURTHEST_AHEAD = timedelta(days=366)


def record_person(work: Work, person: Person) -> Person:
    """Record a person, or bring their record up to date, and tell the other services."""
    permit(work, "pep.person.record")
    return store_person(work, person)


def team_of(work: Work, child_id: str) -> list[Membership]:
    """Return the team on this day as the reader may see it: a sealed place or address is absent."""
    return [member for member in _visible(work, child_id) if rules.overlaps(member, work.today, work.today)]


def whole_team_of(work: Work, child_id: str) -> list[Membership]:
    """Return everyone who is, was or will be on the team, as the reader may see it."""
    return _visible(work, child_id)


def people_for(work: Work, role: Role, child: Child | None = None) -> list[Person]:
    """Return the people whom the authority knows and who can take a role, by name; for a child's school, its teachers.

    Without a child it is the actor's own authority.
    """
    authority = work.actor.authority if child is None else child.authority
    found = [person for person in roster.people(work.connection, authority) if role in person.kinds]
    if role is Role.DESIGNATED_TEACHER and child is not None and child.school_urn:
        return [person for person in found if person.school_urn == child.school_urn]
    return found


def add_member(work: Work, child_id: str, person_id: str, role: Role, from_date: date) -> Membership:
    """Put a known person on a child's team in a role, from a day (it may lie ahead by up to a year)."""
    permit(work, "pep.team.change", child_id)
    child = children_store.load(work.connection, child_id)
    return join_team(work, child, _known_person(work, person_id, child.authority), role, from_date)


def add_new_person(
    work: Work, child_id: str, name: str, email: str | None, role: Role, from_date: date, language: str = ENGLISH
) -> Membership:
    """Record a carer, parent, child or advocate, and put them on a child's team.

    `language` is the code of the one in which they wish to be written to besides English.
    """
    permit(work, "pep.team.change", child_id)
    if role not in rules.FAMILY:
        raise InvalidInput({"role": ["Staff are known to the authority already. Choose the person from the list."]})
    if not name.strip():
        raise InvalidInput({"name": ["Enter the person's name."]})
    child = children_store.load(work.connection, child_id)
    rules.check_language(language)
    person = Person(new_id(), child.authority, name.strip(), email or None, frozenset({role}), "", language=language)
    store_person(work, person)
    return join_team(work, child, person, role, from_date)


def end_membership(work: Work, membership_id: str, until: date) -> Membership:
    """End a person's place on a team; `until` is its last day."""
    member = _membership_to_change(work, membership_id)
    rules.check_may_end(member, until)
    _check_not_too_far("until", until, work.today)
    return end_place(work, member, until)


def change_language(work: Work, membership_id: str, language: str) -> Membership:
    """Record in which language besides English a carer, parent, child or advocate wishes to be written to.

    It holds on every team that the person is on.
    """
    member = _membership_to_change(work, membership_id)
    person = _known_person(work, member.person_id, children_store.load(work.connection, member.child_id).authority)
    if member.role not in rules.FAMILY:
        raise InvalidInput({"language": ["Staff are written to in English."]})
    rules.check_language(language)
    if person.language == language:
        return member
    store_person(work, replace(person, language=language))
    words = LANGUAGES.get(language, "English")
    record(work, member.child_id, "", "member_language", name=member.name, language=words)
    return replace(member, language=language)


def change_worker(work: Work, membership_id: str, person_id: str, from_date: date) -> Membership:
    """Hand a role over to another person: one place ends, the other begins, and the work is the successor's from then.

    Nothing has to be reassigned: what is to be done on a child's record is asked of whoever holds the role.
    """
    member = _membership_to_change(work, membership_id)
    if member.person_id == person_id:
        raise InvalidInput({"person_id": [f"{member.name} holds this role already. Choose someone else."]})
    child = children_store.load(work.connection, member.child_id)
    until = rules.hand_over(member, from_date)
    end_place(work, member, until, told=False)
    person = _known_person(work, person_id, child.authority)
    joined = join_team(work, child, person, member.role, from_date, after=member.id)
    tell_left(work, member, until)
    return joined


def allocate(work: Work, child_ids: Sequence[str], person_id: str, from_date: date) -> int:
    """Give several children without a social worker to one, all or none; return how many."""
    permit(work, "pep.team.allocate")
    if not child_ids:
        raise InvalidInput({"children": ["Select at least one child."]})
    person = _known_person(work, person_id, work.actor.authority)
    found = children_store.load_many(work.connection, child_ids)
    if {child.authority for child in found.values()} != {person.authority} or len(found) != len(set(child_ids)):
        raise NoSuchRecord
    for child in sorted(found.values(), key=lambda one: one.id):
        join_team(work, child, person, Role.SOCIAL_WORKER, max(from_date, child.entered_care_on))
    return len(found)


def membership(work: Work, membership_id: str) -> Membership:
    """Return a membership; raises `NotFound` where there is none, or the reader may not know of the child."""
    found = roster.membership(work.connection, membership_id)
    if found is None:
        raise NoSuchRecord
    permit(work, "pep.team.read", found.child_id)
    return found


def join_team(
    work: Work, child: Child, person: Person, role: Role, from_date: date, *, after: str | None = None
) -> Membership:
    """Put a person on a child's team and tell the other services; the caller has asked the access policy.

    Both are of one authority: whoever works with children of several is recorded by each. `after` is the membership
    that hands over to this one, which may end on the very day.
    """
    _check_not_too_far("from_date", from_date, work.today)
    if person.authority != child.authority:
        raise NoSuchRecord
    if not child.in_care:
        raise Conflict("not_in_care", "The child is no longer looked after.")
    children_store.lock(work.connection, child.id)
    team = [one for one in roster.whole_team(work.connection, child.id) if one.id != after]
    rules.check_may_join(team, person.id, person.kinds, role, from_date, child.entered_care_on)
    if role not in person.kinds:
        person = store_person(work, replace(person, kinds=person.kinds | {role}))
    member = Membership(
        new_id(),
        child.id,
        person.id,
        role,
        from_date,
        None,
        person.name,
        person.email,
        person.organisation,
        language=person.language,
    )
    roster.join(work.connection, member)
    work.standings.clear()
    work.publish(f"child/{child.id}", member_joined(member))
    record(work, child.id, "", "member_joined", name=person.name, role=role.title, from_date=long_date(from_date))
    if role is Role.DESIGNATED_TEACHER:
        follow_teacher(work, member)
    return member


def disband(work: Work, child_id: str, left_on: date) -> None:
    """End every place on the team of a child who left care: who began by then or since keeps those days, no others."""
    children_store.lock(work.connection, child_id)
    for member in roster.whole_team(work.connection, child_id):
        until = max(left_on, member.from_date) if member.from_date <= work.today else left_on
        if member.role is Role.DELEGATE:
            continue  # their places end with the designated teacher's
        if member.until is None or member.until > until:
            end_place(work, member, until)


def follow_school(work: Work, child: Child, since: date) -> None:
    """Hand the designated teacher's place over to the child's new school: the old one ends, the new one's begins.

    A school with one designated teacher on record has them put on the team; otherwise the place is left for the social
    worker to fill.
    """
    ended = [
        end_place(work, member, max(since - timedelta(days=1), member.from_date), told=False)
        for member in roster.whole_team(work.connection, child.id)
        if member.role is Role.DESIGNATED_TEACHER and rules.overlaps(member, since)
    ]
    _join_new_school(work, child, since)
    for member in ended:
        tell_left(work, member, member.until or since)


def _join_new_school(work: Work, child: Child, since: date) -> None:
    if child.school_urn is None:
        return
    teachers = people_for(work, Role.DESIGNATED_TEACHER, child)
    if len(teachers) == 1:
        holders = roster.whole_team(work.connection, child.id)
        ended_same_day = next((m.id for m in holders if m.role is Role.DESIGNATED_TEACHER and m.until == since), None)
        join_team(work, child, teachers[0], Role.DESIGNATED_TEACHER, since, after=ended_same_day)


def store_person(work: Work, person: Person) -> Person:
    """Store a person and tell the other services; the caller has asked the access policy.

    Somebody who is no longer here is signed out everywhere.
    """
    roster.record_person(work.connection, person)
    work.publish(f"person/{person.id}", person_recorded(person))
    if not person.active:
        sessions.end_all_of(work, person.id, sessions.Ended.PERSON_GONE)
    return person


def tell_left(work: Work, member: Membership, until: date) -> None:
    """Tell the other services that a place ends: after the successor has joined, so that they know who follows."""
    work.publish(f"child/{member.child_id}", member_left(member, until))


def end_place(work: Work, member: Membership, until: date, *, told: bool = True) -> Membership:
    """End a place on a team and tell the other services; the caller has asked the access policy.

    A last day before the first means that the place was never taken. Without `told` the caller tells of it.
    """
    roster.leave(work.connection, member.id, until)
    work.standings.clear()
    if told:
        tell_left(work, member, until)
    record(work, member.child_id, "", "member_left", name=member.name, role=member.role.title, until=long_date(until))
    if member.role is Role.DESIGNATED_TEACHER:
        end_with_teacher(work, member, until)
    return replace(member, until=until)


def _visible(work: Work, child_id: str) -> list[Membership]:
    permit(work, "pep.team.read", child_id)
    members = roster.whole_team(work.connection, child_id)
    if not may(work, "pep.team.read", child_id, field="carer"):
        members = [member for member in members if member.role is not Role.CARER]
    if not may(work, "pep.team.read", child_id, field="email"):
        members = [replace(member, email=None, language=ENGLISH) for member in members]
    if not may(work, "pep.team.read", child_id, field="school"):
        members = [member for member in members if member.role not in rules.SCHOOL_STAFF]
    return members


def _membership_to_change(work: Work, membership_id: str) -> Membership:
    """Return a membership as it is once nobody else is changing the team; the policy has said yes."""
    member = membership(work, membership_id)
    permit(work, "pep.team.change", member.child_id)
    children_store.lock(work.connection, member.child_id)
    return membership(work, membership_id)


def _known_person(work: Work, person_id: str, authority: str) -> Person:
    person = roster.person(work.connection, person_id)
    if person is None or not person.active or person.authority != authority:
        raise InvalidInput({"person_id": ["Choose a person from the list."]})
    return person


def _check_not_too_far(field: str, day: date, today: date) -> None:
    if day > today + FURTHEST_AHEAD:
        raise InvalidInput({field: ["The date must not be more than a year ahead."]})
