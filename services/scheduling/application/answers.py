"""What invitees answer: by mail, by their personal link, or told to the worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduling.adapters import links_store, meetings_store
from services.scheduling.application.languages import languages_of
from services.scheduling.application.lookup import find_meeting, note
from services.scheduling.application.places import booking_for
from services.scheduling.application.telling import as_told, reminders_to_come
from services.scheduling.domain.meeting import Answer, Invitee, Meeting, MeetingState, answer
from shared.contracts.roles import Role
from shared.contracts.scheduling import InviteeReplied, MeetingArranged, MeetingPutBack
from shared.kernel.errors import NotFound
from shared.platform import roster
from shared.platform.access import Actor, actor_for, note_link_use
from shared.platform.work import Work

LONGEST_COMMENT = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One invitee and the meeting they are asked to; `language` is theirs besides English, by its code.

    `reminders` are the days on which they are reminded if they do not answer.
    """

    meeting: Meeting
    invitee: Invitee
    language: str = ""
    reminders: tuple[datetime, ...] = ()


def record_answer(work: Work, invitee_id: str, said: Answer, *, by: str, comment: str = "") -> Meeting:
    """Record what an invitee answered; whoever calls has proved that the answer is theirs.

    `by` is mail, link or worker. A required person's "no" puts the meeting back on the worker's list; their later
    "yes" restores it. Raises `NotFound` for an unknown invitee and `Conflict` when the meeting takes no answers.
    """
    before = _meeting_of(work, invitee_id)
    after = answer(before, invitee_id, said, by, work.now, comment.strip()[:LONGEST_COMMENT])
    who = after.invitee(invitee_id)
    if before.invitee(invitee_id).answer is said and before.invitee(invitee_id).comment == who.comment:
        return before
    after = meetings_store.save(work.connection, after)
    subject, of = f"child/{after.child_id}", (after.kind.value, after.review_id)
    note(work, after, "answered", role=who.role, name=who.name, answer=said.value, by=by)
    work.publish(
        subject,
        InviteeReplied(
            after.child_id, after.plan_id, after.id, who.person_id, who.role, who.required, said.value, by, *of
        ),
    )
    if after.state is MeetingState.PUT_BACK and before.state is not MeetingState.PUT_BACK:
        note(work, after, "put_back", role=who.role, name=who.name)
        work.publish(subject, MeetingPutBack(after.child_id, after.plan_id, after.id, who.role, after.meet_by, *of))
    if after.state is MeetingState.ARRANGED and before.state is MeetingState.PUT_BACK and after.booking:
        note(work, after, "restored")
        work.publish(subject, as_told(MeetingArranged, after, after.booking))
    return after


def record_told_answer(work: Work, meeting_id: str, invitee_id: str, said: Answer, comment: str = "") -> Meeting:
    """Record an answer that an invitee gave the worker, by telephone or in person."""
    meeting = find_meeting(work, meeting_id, "scheduling.meeting.record_answer")
    meeting.invitee(invitee_id)
    return record_answer(work, invitee_id, said, by="worker", comment=comment)


def open_link(work: Work, secret: str) -> Asked:
    """Return what a personal link is about, with the place only as far as its holder is told it.

    Raises `NotFound` when it is unknown, expired or no longer invites.
    """
    holder = links_store.holder_of(work.connection, secret, work.now)
    meeting = meetings_store.load(work.connection, holder.meeting_id) if holder else None
    found = [each for each in meeting.invitees if holder and each.id == holder.invitee_id] if meeting else []
    if meeting is None or not found:
        raise NotFound("link_not_known", "This link is no longer in use.")
    invited = _by_invitation(meeting, found[0])
    note_link_use(work, invited, found[0].role, "scheduling.invitation.read", meeting.child_id)
    booking = booking_for(work, meeting, meeting.booking, found[0]) if meeting.booking else None
    language = languages_of(work, meeting.authority, [found[0].person_id])[found[0].person_id]
    return Asked(replace(meeting, booking=booking), found[0], language, reminders_to_come(work, meeting))


def answer_by_link(work: Work, secret: str, said: Answer, comment: str = "") -> Asked:
    """Record the answer that somebody gives on the page behind their personal link."""
    asked = open_link(work, secret)
    actor = _by_invitation(asked.meeting, asked.invitee)
    note_link_use(work, actor, asked.invitee.role, "scheduling.invitation.answer", asked.meeting.child_id)
    after = record_answer(work, asked.invitee.id, said, by="link", comment=comment)
    return replace(asked, meeting=after, invitee=after.invitee(asked.invitee.id))


def link_actor(work: Work, secret: str) -> Actor:
    """Return the holder of a personal link as an actor; raises `NotFound` as `open_link`."""
    asked = open_link(work, secret)
    return invitee_actor(work, asked.meeting, asked.invitee)


def invitee_actor(work: Work, meeting: Meeting, invitee: Invitee) -> Actor:
    """Return an invitee as an actor, so that what they answer is put down to them."""
    person = roster.person(work.connection, invitee.person_id)
    return _by_invitation(meeting, invitee) if person is None else actor_for(person)


def _by_invitation(meeting: Meeting, invitee: Invitee) -> Actor:
    return Actor(invitee.person_id, invitee.name, frozenset({Role(invitee.role)}), "", meeting.authority)


def _meeting_of(work: Work, invitee_id: str) -> Meeting:
    found = meetings_store.with_invitee(work.connection, invitee_id)
    if found is None:
        raise NotFound("invitee_not_found", "That person is not invited to this meeting.")
    return found
