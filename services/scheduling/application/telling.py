"""Telling those who are invited: the meeting as each of them shall have it in their calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.scheduling.adapters import links_store
from services.scheduling.adapters.links_store import LinkHolder
from services.scheduling.application import outgoing_mail
from services.scheduling.application.languages import languages_of
from services.scheduling.application.lookup import policy_for
from services.scheduling.application.places import booking_for
from services.scheduling.domain.chasing import Round, steps_of
from services.scheduling.domain.holding import HowItWent
from services.scheduling.domain.itip import NEUTRAL_SUMMARY, Act, Arrangement, Invitation
from services.scheduling.domain.mailboxes import ascii_address
from services.scheduling.domain.meeting import Booking, Invitee, Kind, Meeting, MeetingState
from shared.contracts.scheduling import InviteeState, MeetingArranged, MeetingMoved
from shared.kernel.clock import london_time
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work

SUMMARIES = {Kind.PEP: NEUTRAL_SUMMARY, Kind.REVIEW: "Review meeting"}
"""What a meeting is called in mails and calendars: it shows on a locked telephone, so it says no more than this."""
LINK_LIVES_ON = timedelta(days=1)
Told = TypeVar("Told", MeetingArranged, MeetingMoved)


def tell_invitees(
    work: Work, meeting: Meeting, acts: Mapping[str, Act] = outgoing_mail.NOTHING_ELSE, *, late: bool = False
) -> None:
    """Queue the mails that bring every invitee's calendar to what the meeting is now; none when nothing changed.

    `acts` says what else somebody is told, by the id of the invitee: that they are asked again, for example. `late`:
    the mails say first that it is at short notice.
    """
    called_off = meeting.state in (MeetingState.CANCELLED, MeetingState.TO_ARRANGE) or meeting.booking is None
    if called_off or meeting.booking is None:
        outgoing_mail.withdraw_all(work, meeting.id, late=late)
        for each in meeting.invitees:
            links_store.withdraw(work.connection, each.id)
        return
    outgoing_mail.tell(work, _arrangement(work, meeting, meeting.booking), acts=acts, late=late)


def invitee_states(meeting: Meeting) -> tuple[InviteeState, ...]:
    """Return who is invited and what they answered, as the other services are told."""
    return tuple(InviteeState(each.person_id, each.role, each.required, each.answer.value) for each in meeting.invitees)


def as_told(kind: type[Told], meeting: Meeting, booking: Booking) -> Told:
    """Return the fact that a meeting now has this time, as the other services are told."""
    return kind(
        meeting.child_id,
        meeting.plan_id,
        meeting.id,
        booking.starts_at,
        booking.ends_at,
        booking.mode.value,
        invitee_states(meeting),
        meeting.kind.value,
        meeting.review_id,
    )


def held_facts(went: HowItWent | None) -> dict[str, Any]:
    """Return what the other services are told of how a meeting went; nothing where nothing was recorded."""
    if went is None:
        return {}
    part = went.participation
    return {
        "quorate": went.quorate,
        "why_counted": went.why_counted,
        "apologies": went.apologies,
        "no_shows": went.no_shows,
        "participation": part.code.value if part else "",
        "child_attended": part.attended if part else None,
        "child_conveyed": part.conveyed.value if part else "",
    }


def answer_address(work: Work, secret: str) -> str:
    """Return the whole address of a personal answer page."""
    return work.settings.address_of("scheduling", f"/answer/{secret}")


def _arrangement(work: Work, meeting: Meeting, booking: Booking) -> Arrangement:
    authority = work.settings.authority(meeting.authority)
    languages = languages_of(work, meeting.authority, [each.person_id for each in meeting.invitees])
    return Arrangement(
        meeting_id=meeting.id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        mode=booking.mode.value,
        place=booking.place,
        joining_link=booking.joining_link,
        organizer_name=authority.organizer_name,
        organizer_email=authority.organizer_address,
        summary=SUMMARIES[meeting.kind],
        invitations=tuple(
            _invitation(work, meeting, booking, each, languages[each.person_id]) for each in meeting.invitees
        ),
        reminders=reminders_to_come(work, meeting),
    )


def reminders_to_come(work: Work, meeting: Meeting) -> tuple[datetime, ...]:
    """Return the days, after today, on which those who have not answered are reminded by e-mail."""
    steps = steps_of(meeting, policy_for(work, meeting).chasing, Round(0, work.today), ENGLAND_AND_WALES)
    return tuple(london_time(each.on, 12) for each in steps if each.step.remind)


def _invitation(work: Work, meeting: Meeting, booking: Booking, invitee: Invitee, language: str) -> Invitation:
    url = ""
    if invitee.email:
        holder = LinkHolder(meeting.id, invitee.id)
        url = answer_address(work, links_store.issue(work.connection, holder, booking.ends_at + LINK_LIVES_ON))
    place = booking_for(work, meeting, booking, invitee).place
    return Invitation(
        invitee_id=invitee.id,
        name=invitee.name,
        email=ascii_address(invitee.email),
        required=invitee.required,
        answer=invitee.answer.value,
        answer_url=url,
        language=language,
        place=None if place == booking.place else place,
        joins=invitee.joins,
    )
