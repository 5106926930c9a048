"""The hours of the week at which meetings suit somebody: said by themselves, or by who keeps people and teams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.scheduling.adapters import hours_store
from services.scheduling.domain.working_hours import Stretch, WorkingHours, in_force
from shared.kernel.errors import InvalidInput, NoSuchRecord, NotFound
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.work import Work

KEEP_OWN, KEEP = "scheduling.hours.keep_own", "scheduling.hours.keep"


@dataclass(frozen=True, slots=True)
class PersonsHours:
    """A person's hours as they are kept: `now` those of today (None: any hour suits), `later` those still to come."""

    person_id: str
    name: str
    now: WorkingHours | None
    later: tuple[WorkingHours, ...]


def own_hours(work: Work) -> PersonsHours:
    """Return the actor's own hours."""
    permit(work, KEEP_OWN)
    return _hours_of(work, work.actor.person_id, work.actor.name)


def keep_own_hours(work: Work, from_date: date, stretches: Iterable[Stretch]) -> PersonsHours:
    """Keep the actor's own hours from a day on; raises `InvalidInput`."""
    permit(work, KEEP_OWN)
    _keep(work, work.actor.person_id, from_date, tuple(stretches))
    return own_hours(work)


def forget_own_hours(work: Work, from_date: date) -> None:
    """Forget the actor's own hours from a day on; raises `NotFound`."""
    permit(work, KEEP_OWN)
    _forget(work, work.actor.person_id, from_date)


def hours_of(work: Work, person_id: str) -> PersonsHours:
    """Return somebody's hours, to whoever may keep them; else it is as if there were nobody."""
    person = _person(work, person_id)
    return _hours_of(work, person.id, person.name)


def keep_hours(work: Work, person_id: str, from_date: date, stretches: Iterable[Stretch]) -> PersonsHours:
    """Keep somebody's hours from a day on; raises `InvalidInput`."""
    person = _person(work, person_id)
    _keep(work, person.id, from_date, tuple(stretches))
    return hours_of(work, person_id)


def forget_hours(work: Work, person_id: str, from_date: date | None) -> None:
    """Forget somebody's hours from a day on, or all of them; raises `NotFound` where there are none from that day."""
    person = _person(work, person_id)
    if from_date is not None:
        _forget(work, person.id, from_date)
        return
    for kept in hours_store.of_people(work.connection, [person.id]).get(person.id, ()):
        hours_store.forget(work.connection, person.id, kept.from_date)


def _person(work: Work, person_id: str) -> roster.Person:
    """Return somebody whose hours the actor may keep: of their authority, or on the team of a child of theirs."""
    person = roster.person(work.connection, person_id)
    if person is None:
        permit(work, KEEP)
        raise NoSuchRecord
    if person.authority in work.actor.authorities and may(work, KEEP):
        permit(work, KEEP)
        return person
    ours = roster.children_of(work.connection, work.actor.person_ids, work.today)
    theirs = roster.children_of(work.connection, {person_id}, work.today)
    shared = sorted(ours.keys() & theirs.keys())
    child_id = next((one for one in shared if may(work, KEEP, one)), "")
    if not child_id:
        raise NoSuchRecord
    permit(work, KEEP, child_id)
    return person


def _hours_of(work: Work, person_id: str, name: str) -> PersonsHours:
    patterns = hours_store.of_people(work.connection, [person_id]).get(person_id, ())
    later = tuple(one for one in patterns if one.from_date > work.today)
    return PersonsHours(person_id, name, in_force(patterns, work.today), later)


def _keep(work: Work, person_id: str, from_date: date, stretches: tuple[Stretch, ...]) -> None:
    if not stretches:
        raise InvalidInput({"monday": ["Enter the hours of at least one day."]})
    if (from_date - work.today).days > 366:
        raise InvalidInput({"from_date": ["The day from which they hold must be within a year."]})
    hours_store.keep(work.connection, WorkingHours(person_id, from_date, stretches, work.now, work.actor.name))


def _forget(work: Work, person_id: str, from_date: date) -> None:
    if not hours_store.forget(work.connection, person_id, from_date):
        raise NotFound("hours_not_found", "There are no hours from that day on. Look at the page again.")
