"""The places of delegates on teams: they follow the place of the designated teacher for whom somebody acts."""

from __future__ import annotations

from datetime import date

from services.pep.adapters import delegations_store
from services.pep.application.facts import member_joined, member_left
from services.pep.application.history import record
from services.pep.domain.delegations import Delegation
from services.pep.domain.periods import long_date
from services.pep.domain.team import was_never_taken
from shared.contracts.roles import Role
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.roster import Membership, Person
from shared.platform.work import Work


def add_place(work: Work, given: Delegation, delegate: Person, teacher: Membership) -> None:
    """Put a delegate on the team of a child whose designated teacher is `teacher`, for the days that both have."""
    from_date = max(given.from_date, teacher.from_date)
    until = given.until if teacher.until is None else min(given.until, teacher.until)
    if until < max(from_date, work.today):
        return
    place = Membership(
        new_id(),
        teacher.child_id,
        delegate.id,
        Role.DELEGATE,
        from_date,
        until,
        delegate.name,
        delegate.email,
        delegate.organisation,
        acts_for=given.accountable_id,
        parts=given.parts,
    )
    roster.join(work.connection, place)
    delegations_store.keep_place(work.connection, given, place.child_id, place.id)
    work.standings.clear()
    work.publish(f"child/{place.child_id}", member_joined(place))
    work.publish(f"child/{place.child_id}", member_left(place, until))
    record(
        work,
        place.child_id,
        "",
        "delegate_named",
        name=delegate.name,
        teacher=teacher.name,
        from_date=long_date(from_date),
        until=long_date(until),
    )


def follow_teacher(work: Work, teacher: Membership) -> None:
    """Let those who act for a designated teacher for every pupil act for a child who is a new pupil of theirs."""
    given = [one for one in delegations_store.given_by(work.connection, teacher.person_id) if one.every_pupil]
    live = [one for one in given if one.is_live(work.today)]
    delegates = roster.people_by_id(work.connection, {one.delegate_id for one in live})
    for one in live:
        delegate = delegates.get(one.delegate_id)
        if delegate is not None and delegate.active:
            add_place(work, one, delegate, teacher)


def end_with_teacher(work: Work, teacher: Membership, until: date) -> None:
    """End the places of those who act for a designated teacher whose own place on the team ends."""
    for place in roster.whole_team(work.connection, teacher.child_id):
        runs_on = place.until is None or place.until > until
        if place.acts_for == teacher.person_id and runs_on and not was_never_taken(place):
            end_place(work, place, until)


def end_place(work: Work, place: Membership, until: date) -> None:
    """End a delegate's place, and tell the other services."""
    roster.leave(work.connection, place.id, until)
    work.standings.clear()
    work.publish(f"child/{place.child_id}", member_left(place, until))
    record(work, place.child_id, "", "delegate_ended", name=place.name, until=long_date(until))
