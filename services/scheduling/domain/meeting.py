"""A meeting from "to be arranged" to "held": what it is, and which state may follow which.

The life of a meeting is one table, `TRANSITIONS`: every pair of a state and an intent is either a next state or a
named refusal. Values in, values out; nothing here knows of mail, pages or databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, InvalidInput, NotFound

ASK = "Ask the social worker"
"""What stands in the stead of a place that somebody may not know."""


class MeetingState(StrEnum):
    """Where a meeting stands."""

    TO_ARRANGE = "to_arrange"
    ARRANGED = "arranged"
    PUT_BACK = "put_back"
    HELD = "held"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Tell whether there is still something to arrange or to wait for."""
        return self not in (MeetingState.HELD, MeetingState.CANCELLED)


class Intent(StrEnum):
    """What somebody wants to happen to a meeting."""

    ARRANGE = "arrange"
    MOVE = "move"
    ANSWER = "answer"
    PUT_BACK = "put_back"
    REARRANGE = "rearrange"
    CANCEL = "cancel"
    HOLD = "hold"


class Answer(StrEnum):
    """What an invitee said."""

    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"


class Mode(StrEnum):
    """How people take part."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    MIXED = "mixed"


class Kind(StrEnum):
    """What a meeting is: about a personal education plan, or the review of the care plan by its officer."""

    PEP = "pep"
    REVIEW = "review"


class Reason(StrEnum):
    """Why a meeting is to be arranged."""

    FIRST = "first"
    SECOND = "second"
    LATER = "later"
    TERMLY = "termly"
    EARLY = "early"
    CONCERN = "concern"
    WORKER_ASKED = "worker_asked"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an intent is not possible in a state; `code` is stable."""

    code: str
    message: str


_NOT_ARRANGED = Refusal("meeting_not_arranged", "This meeting has no time yet. Arrange it first.")
_ARRANGED = Refusal("meeting_already_arranged", "This meeting is already arranged. Move it or cancel it instead.")
_HELD = Refusal("meeting_already_held", "This meeting has already taken place, so it cannot be changed.")
_CANCELLED = Refusal("meeting_cancelled", "This meeting has been cancelled.")

TRANSITIONS: Mapping[tuple[MeetingState, Intent], MeetingState | Refusal] = {
    (MeetingState.TO_ARRANGE, Intent.ARRANGE): MeetingState.ARRANGED,
    (MeetingState.TO_ARRANGE, Intent.MOVE): _NOT_ARRANGED,
    (MeetingState.TO_ARRANGE, Intent.ANSWER): _NOT_ARRANGED,
    (MeetingState.TO_ARRANGE, Intent.PUT_BACK): _NOT_ARRANGED,
    (MeetingState.TO_ARRANGE, Intent.REARRANGE): _NOT_ARRANGED,
    (MeetingState.TO_ARRANGE, Intent.CANCEL): MeetingState.CANCELLED,
    (MeetingState.TO_ARRANGE, Intent.HOLD): _NOT_ARRANGED,
    (MeetingState.ARRANGED, Intent.ARRANGE): _ARRANGED,
    (MeetingState.ARRANGED, Intent.MOVE): MeetingState.ARRANGED,
    (MeetingState.ARRANGED, Intent.ANSWER): MeetingState.ARRANGED,
    (MeetingState.ARRANGED, Intent.PUT_BACK): MeetingState.PUT_BACK,
    (MeetingState.ARRANGED, Intent.REARRANGE): MeetingState.TO_ARRANGE,
    (MeetingState.ARRANGED, Intent.CANCEL): MeetingState.CANCELLED,
    (MeetingState.ARRANGED, Intent.HOLD): MeetingState.HELD,
    (MeetingState.PUT_BACK, Intent.ARRANGE): _ARRANGED,
    (MeetingState.PUT_BACK, Intent.MOVE): MeetingState.ARRANGED,
    (MeetingState.PUT_BACK, Intent.ANSWER): MeetingState.ARRANGED,
    (MeetingState.PUT_BACK, Intent.PUT_BACK): MeetingState.PUT_BACK,
    (MeetingState.PUT_BACK, Intent.REARRANGE): MeetingState.TO_ARRANGE,
    (MeetingState.PUT_BACK, Intent.CANCEL): MeetingState.CANCELLED,
    (MeetingState.PUT_BACK, Intent.HOLD): MeetingState.HELD,
    **{(MeetingState.HELD, intent): _HELD for intent in Intent},
    **{(MeetingState.CANCELLED, intent): _CANCELLED for intent in Intent},
}


def follow(state: MeetingState, intent: Intent) -> MeetingState:
    """Return the state that follows; raises `Conflict` with the named refusal where nothing may."""
    outcome = TRANSITIONS[state, intent]
    if isinstance(outcome, Refusal):
        raise Conflict(outcome.code, outcome.message, state=state.value, intent=intent.value)
    return outcome


@dataclass(frozen=True, slots=True)
class Booking:
    """When, where and how a meeting takes place; instants are aware UTC, `joining_link` an https address or empty.

    `place_sealed`: no parent is told the place. `room_id` is the room that is booked for it, if any.
    """

    starts_at: datetime
    ends_at: datetime
    mode: Mode
    place: str = ""
    joining_link: str = ""
    place_sealed: bool = False
    room_id: str = ""

    @property
    def day(self) -> date:
        """Return the day of the meeting in England."""
        return london_date(self.starts_at)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody chosen to be invited; `email` is empty for a person who is told by letter or telephone."""

    person_id: str
    role: str
    name: str
    email: str
    required: bool


@dataclass(frozen=True, slots=True)
class Invitee:
    """An invited person and what they answered; `answered_by` is mail, link or worker.

    `stands_in_for` is the id of whoever could not come and whose seat they have taken. `joins` says of a meeting that
    is held in person and online how they take part: in_person or online, empty for whichever suits them.
    """

    id: str
    person_id: str
    role: str
    name: str
    email: str
    required: bool
    answer: Answer = Answer.NEEDS_ACTION
    answered_at: datetime | None = None
    answered_by: str = ""
    comment: str = ""
    stands_in_for: str = ""
    joins: str = ""

    @property
    def cannot_do_without(self) -> bool:
        """Tell whether this person must be there and has said that they cannot."""
        return self.required and self.answer is Answer.DECLINED


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting. `meet_by` is the latest date, `rule` the code of the rule that set it.

    A PEP meeting is about the plan `plan_id`; a review is about no plan, and its `request_id` is the review's id.
    """

    id: str
    authority: str
    child_id: str
    plan_id: str
    request_id: str
    reason: Reason
    rule: str
    term: str
    asked_on: date
    meet_by: date
    state: MeetingState = MeetingState.TO_ARRANGE
    booking: Booking | None = None
    invitees: tuple[Invitee, ...] = field(default=())
    attended: tuple[str, ...] = field(default=())
    outcome: str = ""
    kind: Kind = Kind.PEP
    version: int = 1

    @property
    def review_id(self) -> str:
        """Return the id of the review that the meeting is; empty for a PEP meeting."""
        return self.request_id if self.kind is Kind.REVIEW else ""

    def invitee(self, invitee_id: str) -> Invitee:
        """Return one invitee; raises `NotFound`."""
        for each in self.invitees:
            if each.id == invitee_id:
                return each
        raise NotFound("invitee_not_found", "That person is not invited to this meeting.")

    @property
    def who_cannot(self) -> tuple[Invitee, ...]:
        """Return the people who must be there and cannot."""
        return tuple(each for each in self.invitees if each.cannot_do_without)


def keeps_answers(was: str, now: str) -> bool:
    """Tell whether people's answers hold when a meeting's mode changes: they do where everybody may come as before."""
    return now in (was, Mode.MIXED)


def without_place(booking: Booking) -> Booking:
    """Return a booking as somebody is told it who may not know the place; the same whatever the place is."""
    return replace(booking, place="" if booking.mode is Mode.ONLINE else ASK, place_sealed=False, room_id="")


def check_booking(booking: Booking, now: datetime) -> None:
    """Refuse a booking that cannot be meant; raises `InvalidInput` naming the field."""
    errors: dict[str, list[str]] = {}
    minutes = (booking.ends_at - booking.starts_at).total_seconds() / 60
    if booking.starts_at <= now:
        errors["start"] = ["The meeting must start in the future."]
    if minutes < 15 or minutes > 240:
        errors["minutes"] = ["A meeting lasts between 15 minutes and 4 hours."]
    if booking.mode is not Mode.ONLINE and not booking.place:
        errors["place"] = ["Enter where the meeting takes place."]
    if booking.mode is not Mode.IN_PERSON and not booking.joining_link:
        errors["joining_link"] = ["Enter the link to join the meeting online."]
    if booking.mode is Mode.ONLINE and booking.room_id:
        errors["room"] = ["An online meeting needs no room."]
    if booking.joining_link and not booking.joining_link.startswith("https://"):
        errors["joining_link"] = ["The link to join must start with https://"]
    if errors:
        raise InvalidInput(errors)


def book(meeting: Meeting, booking: Booking, guests: Iterable[Guest], ids: Iterable[str], now: datetime) -> Meeting:
    """Give a meeting its time and its invitees: the first time, or another time (a move).

    Somebody who was invited before keeps their place; `ids` supplies ids for the newly invited. When the time
    changes, or people can no longer take part as they could, answers start afresh; else they stay.
    """
    intent = Intent.ARRANGE if meeting.state is MeetingState.TO_ARRANGE else Intent.MOVE
    state = follow(meeting.state, intent)
    check_booking(booking, now)
    invited: list[Invitee] = []
    known = {each.person_id: each for each in meeting.invitees}
    fresh = iter(ids)
    afresh = meeting.booking is None or (
        (meeting.booking.starts_at, meeting.booking.ends_at) != (booking.starts_at, booking.ends_at)
        or not keeps_answers(meeting.booking.mode, booking.mode)
    )
    for guest in guests:
        was = known.get(guest.person_id)
        if was is None:
            invited.append(Invitee(next(fresh), guest.person_id, guest.role, guest.name, guest.email, guest.required))
            continue
        kept = replace(was, role=guest.role, name=guest.name, email=guest.email, required=guest.required)
        if afresh:
            kept = replace(kept, answer=Answer.NEEDS_ACTION, answered_at=None, answered_by="", comment="")
        invited.append(kept)
    if not invited:
        raise InvalidInput({"invitees": ["Choose at least one person to invite."]})
    if len({each.person_id for each in invited}) != len(invited):
        raise InvalidInput({"invitees": ["The same person is on the list twice."]})
    booked = replace(meeting, state=state, booking=booking, invitees=tuple(invited))
    return replace(booked, state=MeetingState.PUT_BACK) if booked.who_cannot else booked


def uninvite(meeting: Meeting, invitee_id: str) -> Meeting:
    """Take somebody off the list of an arranged meeting; it is no longer put back where they alone could not come."""
    left = replace(meeting, invitees=tuple(each for each in meeting.invitees if each.id != invitee_id))
    restored = meeting.state is MeetingState.PUT_BACK and meeting.who_cannot and not left.who_cannot
    return replace(left, state=MeetingState.ARRANGED) if restored else left


def answer(meeting: Meeting, invitee_id: str, said: Answer, by: str, now: datetime, comment: str = "") -> Meeting:
    """Record an invitee's answer; a required person's "no" puts the meeting back, their later "yes" restores it."""
    if said is Answer.NEEDS_ACTION:
        raise InvalidInput({"answer": ["Choose yes, no or maybe."]})
    who = meeting.invitee(invitee_id)
    follow(meeting.state, Intent.ANSWER)
    told = replace(who, answer=said, answered_at=now, answered_by=by, comment=comment)
    invitees = tuple(told if each.id == invitee_id else each for each in meeting.invitees)
    answered = replace(meeting, invitees=invitees)
    intent = Intent.PUT_BACK if answered.who_cannot else Intent.ANSWER
    return replace(answered, state=follow(meeting.state, intent))


def call_off(meeting: Meeting, outcome: str, *, again: bool = False) -> Meeting:
    """Call a meeting off: for good, or (`again`) to be arranged anew. `outcome` is a code such as not_needed."""
    state = follow(meeting.state, Intent.REARRANGE if again else Intent.CANCEL)
    return replace(meeting, state=state, booking=None if again else meeting.booking, outcome="" if again else outcome)


def hold(meeting: Meeting, attended: Iterable[str], now: datetime) -> Meeting:
    """Record that the meeting took place, with the ids of the people who came (at least one)."""
    state = follow(meeting.state, Intent.HOLD)
    assert meeting.booking is not None  # noqa: S101 - only an arranged meeting can be held
    if meeting.booking.starts_at > now:
        raise Conflict("meeting_not_yet", "This meeting has not started yet.", starts_at=meeting.booking.starts_at)
    came = tuple(dict.fromkeys(attended))
    strangers = set(came) - {each.person_id for each in meeting.invitees}
    if not came or strangers:
        message = "Choose who came." if not came else "Only people on the list of invitees can be marked as there."
        raise InvalidInput({"attended": [message]})
    return replace(meeting, state=state, attended=came)
