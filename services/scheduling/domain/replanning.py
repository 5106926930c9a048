"""What can be done when somebody who must be there cannot come, besides another time.

Somebody takes their seat, the meeting is opened to those who join online, or it goes ahead without them where the
quorum allows it. Nothing here cancels a meeting. Values in, values out.
"""

from __future__ import annotations

from dataclasses import replace

from services.scheduling.domain.meeting import (
    Answer,
    Guest,
    Intent,
    Invitee,
    Meeting,
    MeetingState,
    Mode,
    follow,
)
from services.scheduling.domain.quorum import Lacking, Quorum, WhyCounted, what_lacks
from shared.kernel.errors import Conflict, InvalidInput

WITHOUT = (WhyCounted.HEARD_BEFORE, WhyCounted.COULD_NOT_WAIT, WhyCounted.CHILD_WISHED)
"""Why a meeting may go ahead without somebody who had to be there."""


def give_seat(meeting: Meeting, invitee_id: str, guest: Guest, new_id: str) -> Meeting:
    """Let somebody else take an invitee's seat: they are invited in their stead, and must be there where they had to.

    Raises `Conflict` where the meeting has no time or is over, or the guest is invited already.
    """
    follow(meeting.state, Intent.MOVE)
    was = meeting.invitee(invitee_id)
    if any(each.person_id == guest.person_id for each in meeting.invitees):
        raise Conflict("already_invited", f"{guest.name} is invited already. Choose somebody else.")
    seat = Invitee(
        new_id, guest.person_id, guest.role, guest.name, guest.email, was.required, stands_in_for=was.person_id
    )
    return _restored(replace(meeting, invitees=_with(meeting, invitee_id, seat)))


def open_to_online(meeting: Meeting, joining_link: str) -> Meeting:
    """Let those who cannot come join a meeting online, and ask them anew; everybody else's answer stays.

    Raises `InvalidInput` for a link that is none, `Conflict` where the meeting is online already.
    """
    follow(meeting.state, Intent.MOVE)
    booking = meeting.booking
    assert booking is not None  # noqa: S101 - what can be moved has a time
    if booking.mode is not Mode.IN_PERSON:
        raise Conflict("meeting_already_online", "People can join this meeting online already.")
    if not joining_link.startswith("https://"):
        message = "The link to join must start with https://" if joining_link else "Enter the link to join online."
        raise InvalidInput({"joining_link": [message]})
    invitees = tuple(
        replace(each, answer=Answer.NEEDS_ACTION, answered_at=None, answered_by="", comment="", joins=Mode.ONLINE.value)
        if each.cannot_do_without
        else each
        for each in meeting.invitees
    )
    opened = replace(booking, mode=Mode.MIXED, joining_link=joining_link)
    return _restored(replace(meeting, booking=opened, invitees=invitees))


def lacking_without(meeting: Meeting, invitee_id: str, quorum: Quorum) -> Lacking:
    """Return what of the quorum is lacking when somebody does not come, nor anybody else who has said no."""
    roles = [each.role for each in meeting.invitees if each.id != invitee_id and each.answer is not Answer.DECLINED]
    return what_lacks(quorum, roles)


def go_ahead_without(meeting: Meeting, invitee_id: str, quorum: Quorum, why: str) -> Meeting:
    """Let a meeting go ahead although somebody who had to be there cannot come.

    Raises `Conflict` (`quorum_lost`) where the quorum does not allow it, and `InvalidInput` without a reason.
    """
    follow(meeting.state, Intent.MOVE)
    who = meeting.invitee(invitee_id)
    if why not in {each.value for each in WITHOUT}:
        raise InvalidInput({"why": ["Say why the meeting goes ahead without them."]})
    if not lacking_without(meeting, invitee_id, quorum).quorate:
        raise Conflict(
            "quorum_lost",
            "Without them the meeting would not be quorate. Choose another time or somebody in their stead.",
        )
    return _restored(replace(meeting, invitees=_with(meeting, invitee_id, replace(who, required=False))))


def _with(meeting: Meeting, invitee_id: str, instead: Invitee) -> tuple[Invitee, ...]:
    return tuple(instead if each.id == invitee_id else each for each in meeting.invitees)


def _restored(meeting: Meeting) -> Meeting:
    """Return the meeting as arranged, unless somebody else who must be there cannot come."""
    return replace(meeting, state=MeetingState.PUT_BACK if meeting.who_cannot else MeetingState.ARRANGED)
