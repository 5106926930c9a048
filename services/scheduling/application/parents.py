"""Parents and meetings: who of them may be invited, who is told afterwards, and what follows when that is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from services.scheduling.adapters import links_store, mail_queue, meetings_store
from services.scheduling.adapters.notice_mail import write_notice
from services.scheduling.application.languages import languages_of
from services.scheduling.application.lookup import note, standing_to
from services.scheduling.application.polls_ends import leave_parent_out
from services.scheduling.application.telling import SUMMARIES, as_told, tell_invitees
from services.scheduling.domain.meeting import Meeting, uninvite
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.contracts.roles import Role
from shared.contracts.scheduling import MeetingMoved
from shared.kernel.ids import new_id
from shared.platform import roster, standings
from shared.platform.plain_mail import can_be_mailed
from shared.platform.roster import Membership
from shared.platform.standings import KeptStanding
from shared.platform.work import Work


def kept_away(work: Work, child_id: str, on: date) -> dict[str, ParentStanding]:
    """Return the parents on a child's team who may not be invited to a meeting on a day, with how far they are told."""
    return {
        member.person_id: standing
        for member, standing in _parents(work, child_id, max(on, work.today))
        if standing is not ParentStanding.INVITED
    }


def kept_away_from(work: Work, teams: Mapping[str, Iterable[Membership]]) -> dict[str, frozenset[str]]:
    """Return for each of many children the parents on the team who may not be invited from today on; one query."""
    kept = standings.of_children(work.connection, teams, Matter.MEETINGS)
    return {
        child_id: frozenset(
            member.person_id
            for member in members
            if member.role is Role.PARENT
            and kept.get((child_id, member.person_id), KeptStanding()).on(work.today) is not ParentStanding.INVITED
        )
        for child_id, members in teams.items()
    }


def may_read(work: Work, meeting: Meeting) -> bool:
    """Tell whether the actor may read a meeting; a parent who is told after, once it was held."""
    return standing_to(work, meeting).may("scheduling.meeting.read", meeting.kind.value)


def when_standing_changed(work: Work, fact: ParentStandingChanged) -> None:
    """Keep what a parent is told, and take one who may no longer be invited off the meetings still to come.

    One who is told the school no longer, or again, gets the calendar entry without the place, or with it.
    """
    standings.when_standing_changed(work, fact)
    if fact.matter not in (Matter.MEETINGS, Matter.SCHOOL) or fact.standing == ParentStanding.INVITED:
        return
    if fact.matter == Matter.MEETINGS:
        leave_parent_out(work, fact.child_id, fact.person_id)
    for meeting in meetings_store.of_children(work.connection, [fact.child_id]):
        booking = meeting.booking
        if booking is None or not meeting.state.is_open or booking.starts_at <= work.now:
            continue
        gone = [one for one in meeting.invitees if (one.person_id, one.role) == (fact.person_id, Role.PARENT)]
        if gone and fact.matter == Matter.SCHOOL:
            tell_invitees(work, meeting)
        elif gone:
            after = meetings_store.save(work.connection, uninvite(meeting, gone[0].id))
            tell_invitees(work, after)
            links_store.withdraw(work.connection, gone[0].id)
            note(work, after, "changed", starts_at=booking.starts_at.isoformat(), invited=len(after.invitees))
            work.publish(f"child/{after.child_id}", as_told(MeetingMoved, after, booking))


def tell_after(work: Work, held: Meeting) -> None:
    """Send those parents who are told after a meeting a notice of it; the worker sees who has no address."""
    assert held.booking is not None  # noqa: S101 - a meeting that was held had a time
    authority = work.settings.authority(held.authority)
    invited = {each.person_id for each in held.invitees}
    parents = _parents(work, held.child_id, work.today)
    languages = languages_of(work, held.authority, [member.person_id for member, _ in parents])
    for member, standing in parents:
        if standing is not ParentStanding.TOLD_AFTER or member.person_id in invited:
            continue
        address = (member.email or "").strip()
        sendable = can_be_mailed(address)
        notice_id = new_id()
        mail = write_notice(
            notice_id,
            member.name,
            address if sendable else authority.organizer_address,
            held.booking.starts_at,
            authority.organizer_name,
            authority.organizer_address,
            work.now,
            languages[member.person_id],
            SUMMARIES[held.kind],
        )
        mail_queue.enqueue_notice(
            work.connection, held.id, member.person_id, notice_id, mail, work.now, told_by_mail=sendable
        )


def _parents(work: Work, child_id: str, on: date) -> list[tuple[Membership, ParentStanding]]:
    """Return the parents on a child's team today, with how far they are told of meetings today and on a day."""
    kept = standings.of_child(work.connection, child_id, Matter.MEETINGS)
    found = []
    for member in roster.team(work.connection, child_id, work.today):
        if member.role is Role.PARENT:
            this = kept.get(member.person_id, KeptStanding())
            today, then = this.on(work.today), this.on(on)
            found.append((member, then if then.is_less_than(today) else today))
    return found
