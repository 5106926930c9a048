"""Takes in a mail: reads it, decides, records the answer or holds the mail for the worker; drops nothing unseen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduling.adapters import failing_addresses, mail_in_store, meetings_store, told_store
from services.scheduling.adapters.mail_in_store import ReceivedMail
from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.application.answers import invitee_actor, record_answer
from services.scheduling.application.lookup import find_meeting, note
from services.scheduling.application.telling import tell_invitees
from services.scheduling.domain.itip import Act
from services.scheduling.domain.meeting import Answer, Intent, Meeting, follow
from services.scheduling.domain.replies import Decision, Entry, IncomingMail, Kind, Outcome, decide, sender_proved
from shared.kernel.errors import Conflict, NotFound
from shared.platform.work import Work

REASONS = {
    "answer_recorded": "The answer was recorded.",
    "answers_differ": "The mail holds two answers that differ. Ask the person which one they mean.",
    "answered_earlier_time": "This answers the time before the meeting was moved, so it is not counted.",
    "attendee_differs": "The answer is for somebody else than the person who was invited.",
    "attendee_missing": "The answer does not say whose it is.",
    "automatic_reply": "This is an automatic reply, such as an out-of-office note.",
    "could_not_read": "The answer could not be read. Ask the person to answer with the link in their invitation.",
    "delegated": "The person wants to send somebody else in their place.",
    "delivery_notice": "This is a notice about a delivery, not an answer.",
    "duplicate": "This mail came in before.",
    "encrypted": "The mail is encrypted, so it cannot be read here. Ask the person to answer by their link.",
    "forwarded": "Somebody passed on an answer. It is not proved whose it is.",
    "invitation_just_sent": "The person asks for the invitation again, which was sent to them a moment before.",
    "invitation_sent_again": "The person asked for the invitation again, and it is on its way.",
    "marked_unwanted": "The person, or their mail provider, marked the invitation as unwanted mail.",
    "meeting_takes_no_answers": "The meeting has been held or cancelled, so it takes no more answers.",
    "newer_answer_known": "The person has given a newer answer since.",
    "no_answer_in_it": "The mail says neither yes, no nor maybe.",
    "no_calendar": "The person wrote a mail that does not say which invitation it is about.",
    "no_longer_invited": "The invitation was withdrawn before this answer came.",
    "not_an_answer": "The mail holds a calendar entry, but it is not an answer to an invitation.",
    "nothing_in_it": "The mail is empty.",
    "other_sender": "The answer came from another address than the one invited.",
    "part_of_series": "The answer is about one day of a repeated meeting, but this one takes place once. Ask them.",
    "proposes_late_time": "The person proposes a time after the day by which the meeting must take place.",
    "proposes_no_time": "The person wants another time, but which one could not be read. Ask them.",
    "proposes_other_time": "The person proposes another time.",
    "proposes_past_time": "The person proposes a time that has passed. Ask them which one they mean.",
    "sender_unproved": "It is not proved that the mail really came from this address.",
    "too_large": "The mail is too large to be read.",
    "undelivered": "The invitation could not be delivered to this person.",
    "unknown_invitation": "The mail answers an invitation that is not known here.",
    "written_answer": "The person wrote a reply instead of choosing an answer.",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mail: `outcome` applied, held or ignored; `reason` a stable code, `message` in words."""

    outcome: str
    reason: str
    message: str
    sender: str = ""
    answer: str | None = None
    meeting_id: str | None = None
    invitee_id: str | None = None
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return the receipt with instants as text."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "message": self.message,
            "sender": self.sender or None,
            "answer": self.answer,
            "meeting_id": self.meeting_id,
            "invitee_id": self.invitee_id,
            "proposed_start": self.proposed_start.isoformat() if self.proposed_start else None,
            "proposed_end": self.proposed_end.isoformat() if self.proposed_end else None,
        }


def take_in(work: Work, raw: bytes) -> Receipt:
    """Read one mail and do what it asks for; `raw` is the mail as the mail server hands it over.

    It was sent to the authority of the actor, and is about that one's meetings and no other's.
    An answer is recorded in the name of the invitee. What is not applied is kept with the reason; what is held waits
    for the worker: of the meeting it names, else of the only one its sender is invited to. The same mail a second time
    changes nothing.
    """
    authority = work.actor.authority
    mail = read_mail(raw, work.settings.mail_proof)
    key = mail_in_store.receipt(mail, raw)
    entry = _entry_of(work, mail)
    if mail_in_store.seen(work.connection, key) is not None:
        return _receipt(mail, Decision(Outcome.IGNORED, "duplicate"), entry)
    vouched = work.settings.mail_proof.startswith("authserv:")
    entry = _with_newest_answer(work, entry)
    if entry is None and mail.kind is Kind.AUTO_REPLY:
        entry = told_store.only_entry_of(work.connection, authority, mail.sender, work.now)
    decision = decide(mail, entry, work.now, server_must_vouch=vouched)
    if entry is not None:
        _note_address(work, mail, entry, vouched)
    if decision.outcome is Outcome.APPLIED and entry is not None:
        decision = _apply(work, mail, decision, entry)
    if entry is None and decision.outcome is Outcome.HELD:
        entry = told_store.only_entry_of(work.connection, authority, mail.sender, work.now)
    if mail_in_store.add(work.connection, mail, decision, entry, raw, work.now, key, authority) is None:
        raise Conflict("mail_taken_in_twice", "This mail is being taken in by another process.")
    return _receipt(mail, decision, entry)


def held_mails(work: Work, meeting_id: str) -> list[ReceivedMail]:
    """Return the mails about a meeting that wait for the worker."""
    return mail_in_store.waiting(work.connection, meeting_id)


def settle_held(work: Work, meeting_id: str, mail_id: str) -> None:
    """Note that the worker has dealt with a held mail; raises `NotFound` when it does not wait any more."""
    find_meeting(work, meeting_id, "scheduling.meeting.record_answer")
    _waiting(work, meeting_id, mail_id)
    mail_in_store.settle(work.connection, mail_id, work.actor.person_id, work.now)


def count_held(work: Work, meeting_id: str, mail_id: str) -> Meeting:
    """Record the answer that a held mail gives, because the worker knows that it is the invitee's.

    Raises `NotFound` when it does not wait any more, `Conflict` when it holds no answer (`mail_without_answer`) or was
    written before the meeting was moved (`mail_answers_earlier_time`).
    """
    find_meeting(work, meeting_id, "scheduling.meeting.record_answer")
    mail = _waiting(work, meeting_id, mail_id)
    if mail.answer is None or mail.invitee_id is None:
        raise Conflict("mail_without_answer", "This mail says neither yes, no nor maybe. Ask the person.")
    told = told_store.load(work.connection, meeting_id)
    asked = [each.sequence for each in told.invitations if each.invitee_id == mail.invitee_id] if told else []
    if mail.sequence is not None and asked and mail.sequence < asked[0]:
        raise Conflict(
            "mail_answers_earlier_time", "This answers the time before the meeting was moved. Ask the person."
        )
    meeting = record_answer(work, mail.invitee_id, Answer(mail.answer), by="worker", comment=mail.comment)
    mail_in_store.settle(work.connection, mail_id, work.actor.person_id, work.now)
    return meeting


def refuse_proposal(work: Work, meeting_id: str, mail_id: str) -> None:
    """Tell somebody who proposed another time that the meeting stays as it is, and ask them to answer.

    Raises `NotFound` when the mail does not wait any more, `Conflict` when it proposes no time
    (`mail_without_proposal`) or the meeting takes no answers.
    """
    meeting = find_meeting(work, meeting_id, "scheduling.meeting.arrange")
    mail = _waiting(work, meeting_id, mail_id)
    if not mail.is_proposal or mail.invitee_id is None:
        raise Conflict("mail_without_proposal", "This mail proposes no other time.")
    follow(meeting.state, Intent.ANSWER)
    who = meeting.invitee(mail.invitee_id)
    tell_invitees(work, meeting, {who.id: Act.PROPOSAL_REFUSED})
    note(work, meeting, "proposal_refused", role=who.role, name=who.name)
    mail_in_store.settle(work.connection, mail_id, work.actor.person_id, work.now)


def _waiting(work: Work, meeting_id: str, mail_id: str) -> ReceivedMail:
    for mail in mail_in_store.waiting(work.connection, meeting_id):
        if mail.id == mail_id:
            return mail
    raise NotFound("mail_not_waiting", "Somebody has already dealt with this mail.")


def _entry_of(work: Work, mail: IncomingMail) -> Entry | None:
    """Return the calendar entry that a mail is about: the one it names, or the next one of whose mail came back."""
    authority = work.actor.authority
    found = told_store.entry(work.connection, authority, mail.uid) if mail.uid else None
    if found is None and mail.kind in (Kind.BOUNCE, Kind.COMPLAINT):
        return told_store.next_entry_of(work.connection, authority, mail.undelivered_to, work.now)
    return found


def _note_address(work: Work, mail: IncomingMail, entry: Entry, vouched: bool) -> None:
    if mail.kind is Kind.BOUNCE:
        failing_addresses.note(work.connection, entry.email, mail.comment, work.now)
    elif sender_proved(mail, entry, server_must_vouch=vouched):
        failing_addresses.forget(work.connection, entry.email)


def _with_newest_answer(work: Work, entry: Entry | None) -> Entry | None:
    """Let an answer by link or telephone count as well when it is asked which answer is the newest."""
    if entry is None or entry.withdrawn:
        return entry
    meeting = meetings_store.with_invitee(work.connection, entry.invitee_id)
    if meeting is None:
        return replace(entry, withdrawn=True)
    invitee = meeting.invitee(entry.invitee_id)
    if invitee.answered_at is None or invitee.answered_by == "mail":
        return entry
    by_other_means = (entry.sequence, invitee.answered_at)
    return replace(entry, answered=max(entry.answered, by_other_means) if entry.answered else by_other_means)


def _apply(work: Work, mail: IncomingMail, decision: Decision, entry: Entry) -> Decision:
    meeting = meetings_store.with_invitee(work.connection, entry.invitee_id)
    if meeting is None:
        raise NotFound("invitee_not_found", "That person is not invited to this meeting.")
    work.actor = invitee_actor(work, meeting, meeting.invitee(entry.invitee_id))
    try:
        if decision.answer is None or decision.stamp is None:
            follow(meeting.state, Intent.ANSWER)
            tell_invitees(work, meeting, {entry.invitee_id: Act.SENT_AGAIN})
            return decision
        record_answer(work, entry.invitee_id, Answer(decision.answer), by="mail", comment=mail.comment)
    except Conflict:
        return Decision(Outcome.IGNORED, "meeting_takes_no_answers", decision.answer)
    sequence, at = decision.stamp
    told_store.note_answer(work.connection, entry.uid, sequence, at)
    return decision


def _receipt(mail: IncomingMail, decision: Decision, entry: Entry | None) -> Receipt:
    return Receipt(
        outcome=decision.outcome.value,
        reason=decision.reason,
        message=REASONS[decision.reason],
        sender=mail.sender,
        answer=decision.answer,
        meeting_id=entry.meeting_id if entry else None,
        invitee_id=entry.invitee_id if entry else None,
        proposed_start=mail.proposed_start,
        proposed_end=mail.proposed_end,
    )
