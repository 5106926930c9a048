"""What an incoming mail means for a meeting: counted, held for the worker, or ignored; and why (RFC 5546, RFC 6047).

The reader of mails has no say here and this module reads no mail: `IncomingMail` is what the mail says, `Entry` what we
know of the invitee whose calendar entry it answers, and `decide` compares the two. Nothing but the answer and the
comment is ever taken from a mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.scheduling.domain.mailboxes import mailbox, same_mailbox
from shared.kernel.clock import london_date

MAX_SEQUENCE = 2**31 - 1
REFRESH_PAUSE = timedelta(minutes=10)
ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
_EXCHANGE = "040000008200e00074c5b7101a82e008"
PROPOSALS = frozenset({"proposes_other_time", "proposes_late_time", "proposes_past_time", "proposes_no_time"})
"""The reasons for which somebody's wish for another time is held; what is known of the time tells them apart."""
_WRAPPED = b"vCal-Uid\x01\x00\x00\x00"
_BARE_UUID = re.compile(r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})0*")


class Kind(StrEnum):
    """What sort of mail came in."""

    REPLY = "reply"
    COUNTER = "counter"
    REFRESH = "refresh"
    OTHER_METHOD = "other_method"
    PART_OF_SERIES = "part_of_series"
    ANSWERS_DIFFER = "answers_differ"
    FORWARDED = "forwarded"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    WRITTEN = "written"
    BOUNCE = "bounce"
    REPORT = "report"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    TOO_LARGE = "too_large"


class Outcome(StrEnum):
    """What became of a mail."""

    APPLIED = "applied"
    HELD = "held"
    IGNORED = "ignored"


class Proof(StrEnum):
    """What the mail server says of the sender: `missing` when it says nothing."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Participant:
    """An ATTENDEE of the event: address in lower case (empty when it is no mail address) and PARTSTAT.

    `delegates` tells that it names somebody to be sent instead (DELEGATED-TO).
    """

    email: str
    partstat: str
    delegates: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """What a mail says, as far as this service is concerned.

    `sender` is empty when there is not exactly one. Of a bounce `undelivered_to` is the address that mail does not
    reach, and `comment` why in the words of the mail server. `has_more` tells that a written mail holds something
    besides words, such as a picture.
    """

    kind: Kind
    message_id: str = ""
    sender: str = ""
    subject: str = ""
    method: str = ""
    uid: str = ""
    participants: tuple[Participant, ...] = ()
    sequence: int | None = None
    dtstamp: datetime | None = None
    start: datetime | None = None
    comment: str = ""
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None
    proof: Proof = Proof.MISSING
    disowned: bool = False
    undelivered_to: str = ""
    has_more: bool = False

    @property
    def says_nothing(self) -> bool:
        """Tell whether there is nothing in the mail that a person could look at."""
        return self.kind is Kind.WRITTEN and not (self.comment or self.subject or self.has_more)


@dataclass(frozen=True, slots=True)
class Entry:
    """The calendar entry of one invitee: what they were last told and what they last answered.

    `first_asked` is the DTSTAMP of the first message of the present SEQUENCE, when it is not that of the last;
    `meet_by` the day by which the meeting must take place.
    """

    uid: str
    meeting_id: str
    invitee_id: str
    email: str
    sequence: int
    dtstamp: datetime
    start: datetime
    withdrawn: bool = False
    answered: tuple[int, datetime] | None = None
    first_asked: datetime | None = None
    meet_by: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a mail.

    `reason` is a stable code; `answer` what the sender says; `stamp` orders answers and is None where no answer is
    applied (`invitation_sent_again`).
    """

    outcome: Outcome
    reason: str
    answer: str | None = None
    stamp: tuple[int, datetime] | None = None


def uid_forms(uid: str) -> Iterator[str]:
    """Yield the UIDs of ours that a foreign UID may stand for, likeliest first.

    As it is; in lower case; unwrapped from Exchange's global object id (which is hexadecimal and holds the original
    after `vCal-Uid`); and a UUID that lost its hyphens and was padded with zeros, as one Android client sends it.
    """
    yield uid
    lower = uid.strip().lower().removeprefix("urn:uuid:").strip("{}<> ")
    yield lower
    if lower.startswith(_EXCHANGE):
        try:
            _, found, original = bytes.fromhex(lower).partition(_WRAPPED)
        except ValueError:
            return
        if found:
            yield original.rstrip(b"\0").decode("ascii", "replace").strip("{}").lower()
    elif match := _BARE_UUID.fullmatch(lower):
        yield "-".join(match.groups())


def sender_proved(mail: IncomingMail, entry: Entry, *, server_must_vouch: bool) -> bool:
    """Tell whether the mail is from the invitee.

    The From address must be the invited one (RFC 6047 section 2.3 wants S/MIME, which nobody sends); in production the
    authority's own mail server must have vouched for it, elsewhere it must not have said the contrary.
    """
    if not mail.sender or not same_mailbox(mail.sender, entry.email):
        return False
    return mail.proof is Proof.PASSED if server_must_vouch else not mail.disowned


def decide(mail: IncomingMail, entry: Entry | None, received_at: datetime, *, server_must_vouch: bool) -> Decision:
    """Return what becomes of a mail; `entry` is None when it names no invitation of ours.

    Only an answer or the wish for the invitation again, from the invitee and to the present time, is applied. What is
    out of date or says nothing is ignored. Everything else waits for a person.
    """
    if entry is None:
        return _without_entry(mail)
    if mail.kind is Kind.BOUNCE:
        return Decision(Outcome.IGNORED if entry.withdrawn else Outcome.HELD, "undelivered")
    if mail.kind in _NEVER_APPLIED:
        outcome = Outcome.IGNORED if mail.kind is Kind.REPORT else Outcome.HELD
        return Decision(outcome, _NEVER_APPLIED[mail.kind], _claimed_answer(mail, entry))
    if not sender_proved(mail, entry, server_must_vouch=server_must_vouch):
        return Decision(Outcome.HELD, _why_unproved(mail, entry), _claimed_answer(mail, entry))
    if entry.withdrawn:
        return Decision(Outcome.IGNORED, "no_longer_invited", _claimed_answer(mail, entry))
    if mail.kind is Kind.REFRESH:
        if received_at - entry.dtstamp < REFRESH_PAUSE:
            return Decision(Outcome.IGNORED, "invitation_just_sent")
        return Decision(Outcome.APPLIED, "invitation_sent_again")
    if mail.kind is Kind.WRITTEN:
        return Decision(Outcome.HELD, "written_answer")
    return _from_invitee(mail, entry, received_at)


def _from_invitee(mail: IncomingMail, entry: Entry, received_at: datetime) -> Decision:
    """Decide on an answer or a proposal that is proved to be the invitee's."""
    participant = _participant(mail, entry)
    if participant is None and mail.kind is Kind.COUNTER and not mail.participants:
        return Decision(Outcome.HELD, _proposal(mail, entry, received_at))
    if participant is None:
        return Decision(Outcome.HELD, "attendee_missing" if not mail.participants else "attendee_differs")
    if mail.kind is Kind.COUNTER or mail.proposed_start is not None:
        return Decision(Outcome.HELD, _proposal(mail, entry, received_at), ANSWERS.get(participant.partstat))
    if len({each.partstat for each in mail.participants if each.email == participant.email}) > 1:
        return Decision(Outcome.HELD, "answers_differ")
    return _answer(mail, entry, participant, received_at)


def _proposal(mail: IncomingMail, entry: Entry, received_at: datetime) -> str:
    """Return the reason for which a proposal is held: what its reader must know of the time."""
    starts, ends = mail.proposed_start, mail.proposed_end
    if starts is None or (ends is not None and ends <= starts):
        return "proposes_no_time"
    if starts <= received_at:
        return "proposes_past_time"
    if entry.meet_by is not None and london_date(starts) > entry.meet_by:
        return "proposes_late_time"
    return "proposes_other_time"


def _answer(mail: IncomingMail, entry: Entry, participant: Participant, received_at: datetime) -> Decision:
    if participant.partstat == "DELEGATED" or participant.delegates:
        return Decision(Outcome.HELD, "delegated")
    answer = ANSWERS.get(participant.partstat)
    if answer is None:
        return Decision(Outcome.HELD, "no_answer_in_it")
    stamp = _stamp(mail, entry, received_at)
    if stamp[0] < entry.sequence:
        return Decision(Outcome.IGNORED, "answered_earlier_time", answer, stamp)
    if entry.answered is not None and stamp < entry.answered:
        return Decision(Outcome.IGNORED, "newer_answer_known", answer, stamp)
    return Decision(Outcome.APPLIED, "answer_recorded", answer, stamp)


def _stamp(mail: IncomingMail, entry: Entry, received_at: datetime) -> tuple[int, datetime]:
    """Return what orders the answer (RFC 5546 section 2.1.5): SEQUENCE, then DTSTAMP.

    A missing SEQUENCE is 0, unless the mail names the time that the entry has now. A SEQUENCE above ours is ours, or
    the next answer would seem late. A DTSTAMP that echoes ours, is missing, lies in the future or before the question
    says nothing: the time of receipt counts.
    """
    if mail.sequence is None:
        sequence = entry.sequence if mail.start == entry.start else 0
    else:
        sequence = min(mail.sequence, entry.sequence)
    stamp = mail.dtstamp
    asked = entry.first_asked or entry.dtstamp
    if stamp is None or stamp <= asked or stamp == entry.dtstamp or stamp > received_at + timedelta(minutes=5):
        stamp = received_at
    return sequence, stamp


def _participant(mail: IncomingMail, entry: Entry) -> Participant | None:
    """Return the ATTENDEE that is the invitee: the one with their address, or the only one if it names no address."""
    for each in mail.participants:
        if each.email == mailbox(entry.email):
            return each
    if len(mail.participants) == 1 and not mail.participants[0].email:
        return mail.participants[0]
    return None


def _claimed_answer(mail: IncomingMail, entry: Entry) -> str | None:
    participant = _participant(mail, entry) or (mail.participants[0] if len(mail.participants) == 1 else None)
    return ANSWERS.get(participant.partstat) if participant else None


def _why_unproved(mail: IncomingMail, entry: Entry) -> str:
    if same_mailbox(mail.sender, entry.email):
        return "sender_unproved"
    return "other_sender"


def _without_entry(mail: IncomingMail) -> Decision:
    if mail.kind in (Kind.REPLY, Kind.COUNTER, Kind.REFRESH):
        answer = ANSWERS.get(mail.participants[0].partstat) if len(mail.participants) == 1 else None
        return Decision(Outcome.HELD, "unknown_invitation", answer)
    if mail.kind in (Kind.BOUNCE, Kind.COMPLAINT):
        return Decision(Outcome.IGNORED, "unknown_invitation")
    if mail.kind in (Kind.REPORT, Kind.AUTO_REPLY):
        return Decision(Outcome.IGNORED, _NEVER_APPLIED[mail.kind])
    if mail.says_nothing:
        return Decision(Outcome.IGNORED, "nothing_in_it")
    return Decision(Outcome.HELD, _NEVER_APPLIED.get(mail.kind, "no_calendar"))


_NEVER_APPLIED = {
    Kind.ANSWERS_DIFFER: "answers_differ",
    Kind.AUTO_REPLY: "automatic_reply",
    Kind.COMPLAINT: "marked_unwanted",
    Kind.ENCRYPTED: "encrypted",
    Kind.FORWARDED: "forwarded",
    Kind.OTHER_METHOD: "not_an_answer",
    Kind.PART_OF_SERIES: "part_of_series",
    Kind.REPORT: "delivery_notice",
    Kind.TOO_LARGE: "too_large",
    Kind.UNREADABLE: "could_not_read",
}
