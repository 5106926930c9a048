"""Which calendar message goes to whom when a meeting is arranged, changed, moved or cancelled (RFC 5546).

Every invitee has a calendar entry of their own: one random UID, one mail, one ATTENDEE (RFC 5546 section 6.3 leaves
that to the Organizer), so that nobody learns from an invitation who else was asked. Values in, values out: the
messages are written as iCalendar and as mail elsewhere.

How to use it: say how things stand for the invitees now (`before`, None when nobody was ever told) and how they shall
stand (`after`). `uid`, `sequence` and `dtstamp` of the invitations in `after` are not looked at: those of `before`
count, and the ones to keep come back in `Plan.invitations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from services.scheduling.domain.mailboxes import same_mailbox
from services.scheduling.domain.meeting import keeps_answers
from shared.kernel.ids import new_id

NEUTRAL_SUMMARY = "Education meeting"


class Method(StrEnum):
    """The iTIP methods that an organizer of ours sends (RFC 5546 section 1.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    DECLINECOUNTER = "DECLINECOUNTER"


class Act(StrEnum):
    """What happened, seen by the one invitee who is told of it."""

    INVITED = "invited"
    CHANGED = "changed"
    MOVED = "moved"
    PROPOSAL_ACCEPTED = "proposal_accepted"
    PROPOSAL_REFUSED = "proposal_refused"
    ORGANIZER_CHANGED = "organizer_changed"
    ASKED_AGAIN = "asked_again"
    SENT_AGAIN = "sent_again"
    REMOVED = "removed"
    CANCELLED = "cancelled"


class PartStat(StrEnum):
    """An invitee's answer as iCalendar names it (RFC 5545 section 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitee's own calendar entry.

    `email` is empty for somebody who is told by letter or telephone. `answer` is needs_action, accepted, declined or
    tentative, as the organizer holds it once the change is made: whoever moves a meeting forgets the answers to the
    time before. `answer_url` is the personal link, `language` the code of the language that the mail is in besides
    English (empty: English alone); it is not a change when only these differ. `place` is what this invitee is told
    instead of the meeting's place, None for the same. `joins` is how they take part where that is not as the meeting's
    mode: in_person or online. `uid`, `sequence` and `dtstamp` are those of the last message sent to this person.
    """

    invitee_id: str
    name: str
    email: str
    required: bool = True
    answer: str = "needs_action"
    answer_url: str = ""
    language: str = ""
    place: str | None = None
    joins: str = ""
    uid: str = ""
    sequence: int = 0
    dtstamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A meeting as its invitees know it: when, where, how, and who is asked.

    Instants are aware. `mode` is in_person, online or mixed. `place` is a room or building, `joining_link` the address
    of an online meeting. `summary` must stay neutral: it shows on a locked telephone. `organizer_email` is the
    authority's role address, never a worker's own. `reminders` are the days on which who does not answer is reminded.
    """

    meeting_id: str
    starts_at: datetime
    ends_at: datetime
    mode: str
    place: str
    organizer_name: str
    organizer_email: str
    invitations: tuple[Invitation, ...]
    joining_link: str = ""
    summary: str = NEUTRAL_SUMMARY
    cancelled: bool = False
    reminders: tuple[datetime, ...] = ()

    @property
    def location(self) -> str:
        """Return where the meeting is, in one line, for those who may know it."""
        return _location(self.place, self.joining_link)

    def place_for(self, invitation: Invitation) -> str:
        """Return where the meeting is, as one invitee is told."""
        return self.place if invitation.place is None else invitation.place


@dataclass(frozen=True, slots=True)
class Attendee:
    """The one ATTENDEE of a message.

    `partstat` is the answer as the organizer holds it, None where the message asks nothing. `rsvp`: an answer is
    wished. It is with every request, also of those who have answered: without it some calendars would not send on
    what somebody changes their mind to.
    """

    name: str
    email: str
    required: bool
    partstat: PartStat | None
    rsvp: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One iTIP message to one invitee.

    `status` is None where STATUS must be absent. `was_at` is the time the invitee was told before, when it differs.
    `late`: what is told was changed at short notice. `reminders` are the days on which who does not answer is reminded.
    """

    act: Act
    method: Method
    invitee_id: str
    uid: str
    sequence: int
    dtstamp: datetime
    start: datetime
    end: datetime
    summary: str
    place: str
    joining_link: str
    mode: str
    status: str | None
    organizer_name: str
    organizer_email: str
    attendee: Attendee
    answer_url: str
    language: str = ""
    was_at: datetime | None = None
    late: bool = False
    reminders: tuple[datetime, ...] = ()

    @property
    def location(self) -> str:
        """Return where the meeting is, in one line."""
        return _location(self.place, self.joining_link)


@dataclass(frozen=True, slots=True)
class Plan:
    """The messages to send, and the invitations as they stand once these are sent.

    `invitations` is what to pass as part of `before` the next time; `withdrawn` are the entries taken back.
    """

    messages: tuple[Message, ...]
    invitations: tuple[Invitation, ...]
    withdrawn: tuple[Invitation, ...] = ()


def plan_messages(
    before: Arrangement | None,
    after: Arrangement | None,
    now: datetime,
    *,
    acts: Mapping[str, Act] = MappingProxyType({}),
    answers_in_doubt: bool = False,
    new_uid: Callable[[], str] = new_id,
) -> Plan:
    """Return which message goes to whom so that every invitee's calendar says what `after` says.

    `after` None or cancelled takes the meeting out of every calendar. `acts` says what else somebody is to be told, by
    the id of the invitee: that they are asked again, get the invitation again because they wished it (REFRESH), or
    proposed another time that is refused; each counts only when nothing changed for them. Of somebody who proposed the
    time that the meeting moves to it says that it was accepted. `answers_in_doubt` raises SEQUENCE although neither the
    time nor the mode changed: a distant new place. Somebody without an e-mail address gets no message; somebody whose
    address changed loses the entry at the old address and gets a new one at the new. Sources: RFC 5546 sections 2.1.4
    (SEQUENCE), 3.2.2 (REQUEST; 3.2.2.4 a new organizer), 3.2.5 (CANCEL), 3.2.8 (DECLINECOUNTER).
    """
    told = {each.invitee_id: each for each in before.invitations} if before and not before.cancelled else {}
    wanted = {each.invitee_id: each for each in after.invitations} if after and not after.cancelled else {}
    messages: list[Message] = []
    kept: list[Invitation] = []
    withdrawn: list[Invitation] = []
    if before is not None:
        for was in told.values():
            want = wanted.get(was.invitee_id)
            if want is None or not same_mailbox(was.email, want.email):
                gone = _stamped(was, now, was.sequence + 1)
                withdrawn.append(gone)
                messages.append(_message(Act.REMOVED if wanted else Act.CANCELLED, before, gone))
    if after is not None:
        for want in wanted.values():
            was_told = told.get(want.invitee_id)
            if before is None or was_told is None or not same_mailbox(was_told.email, want.email):
                act: Act | None = Act.INVITED
                kept.append(_stamped(replace(want, uid=new_uid(), dtstamp=None), now, 0))
            else:
                act = _change(before, after, was_told, want, acts.get(want.invitee_id), answers_in_doubt)
                same = replace(want, uid=was_told.uid, sequence=was_told.sequence, dtstamp=was_told.dtstamp)
                kept.append(same if act is None else _stamped(same, now, same.sequence + (act in _REVISIONS)))
            if act is not None:
                messages.append(_message(act, after, kept[-1], was_at=before.starts_at if before else None))
    return Plan(tuple(each for each in messages if each.attendee.email), tuple(kept), tuple(withdrawn))


def worded_after(message: Message, unsent: Act | None) -> Message:
    """Return a request worded for somebody who has not got the message before (`unsent`): it takes that one's place."""
    if message.method is not Method.REQUEST:
        return message
    if unsent is Act.INVITED:
        return replace(message, act=Act.INVITED, was_at=None)
    if unsent is Act.MOVED and message.act not in _MOVES:
        return replace(message, act=Act.MOVED)
    return message


def _change(
    before: Arrangement,
    after: Arrangement,
    was: Invitation,
    want: Invitation,
    also: Act | None,
    answers_in_doubt: bool,
) -> Act | None:
    """Return what this invitee is to be told, or None when their calendar is right already."""
    times = (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at)
    moved = times or not keeps_answers(before.mode, after.mode)
    if moved or answers_in_doubt:
        return Act.PROPOSAL_ACCEPTED if also is Act.PROPOSAL_ACCEPTED else Act.MOVED
    if before.organizer_email.casefold() != after.organizer_email.casefold():
        return Act.ORGANIZER_CHANGED
    if _details(before, was) != _details(after, want):
        return Act.CHANGED
    return also if also in _WITHOUT_A_CHANGE else None


def _location(place: str, joining_link: str) -> str:
    return ", ".join(part for part in (place, joining_link) if part)


def _details(arrangement: Arrangement, invitation: Invitation) -> tuple[object, ...]:
    return (
        arrangement.summary,
        _location(arrangement.place_for(invitation), arrangement.joining_link),
        arrangement.organizer_name,
        invitation.name,
        invitation.required,
        invitation.joins or arrangement.mode,
    )


def _stamped(invitation: Invitation, now: datetime, sequence: int) -> Invitation:
    """Give an invitation its next SEQUENCE and a DTSTAMP later than its last one (iCalendar counts whole seconds)."""
    stamp = now.astimezone(UTC).replace(microsecond=0)
    if invitation.dtstamp is not None and stamp <= invitation.dtstamp:
        stamp = invitation.dtstamp + timedelta(seconds=1)
    return replace(invitation, sequence=sequence, dtstamp=stamp)


def _message(act: Act, arrangement: Arrangement, invitation: Invitation, *, was_at: datetime | None = None) -> Message:
    assert invitation.dtstamp is not None  # noqa: S101 - stamped before a message is made
    method = _METHODS.get(act, Method.REQUEST)
    answer = PartStat.NEEDS_ACTION if act is Act.ASKED_AGAIN else PartStat(invitation.answer.upper().replace("_", "-"))
    asks = method is Method.REQUEST
    return Message(
        act=act,
        method=method,
        invitee_id=invitation.invitee_id,
        uid=invitation.uid,
        sequence=invitation.sequence,
        dtstamp=invitation.dtstamp,
        start=arrangement.starts_at,
        end=arrangement.ends_at,
        summary=arrangement.summary,
        place=arrangement.place_for(invitation),
        joining_link=arrangement.joining_link,
        mode=invitation.joins or arrangement.mode,
        reminders=arrangement.reminders,
        status=_STATUS.get(act, "CONFIRMED"),
        organizer_name=arrangement.organizer_name,
        organizer_email=arrangement.organizer_email,
        attendee=Attendee(
            name=invitation.name,
            email=invitation.email.strip(),
            required=invitation.required,
            partstat=answer if asks else None,
            rsvp=asks,
        ),
        answer_url=invitation.answer_url,
        language=invitation.language,
        was_at=was_at if act in _MOVES and was_at != arrangement.starts_at else None,
    )


_MOVES = (Act.MOVED, Act.PROPOSAL_ACCEPTED)
_REVISIONS = (*_MOVES, Act.ORGANIZER_CHANGED)
_WITHOUT_A_CHANGE = (Act.ASKED_AGAIN, Act.SENT_AGAIN, Act.PROPOSAL_REFUSED)
_METHODS = {
    Act.CANCELLED: Method.CANCEL,
    Act.REMOVED: Method.CANCEL,
    Act.PROPOSAL_REFUSED: Method.DECLINECOUNTER,
}
_STATUS = {Act.CANCELLED: "CANCELLED", Act.REMOVED: None, Act.PROPOSAL_REFUSED: None}
