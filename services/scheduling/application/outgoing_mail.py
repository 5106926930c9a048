"""Tells invitees about a meeting: what to say to whom is decided in `domain.itip`, this stores it to be sent.

Call `tell` in the unit of work that changes the meeting: mails and change are committed together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from services.scheduling.adapters import mail_queue, told_store
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.adapters.mail_queue import OutgoingMail
from services.scheduling.domain.itip import Act, Arrangement, Message, plan_messages, worded_after
from services.scheduling.domain.mailboxes import same_mailbox
from shared.kernel.errors import NotFound
from shared.platform.plain_mail import can_be_mailed
from shared.platform.work import Work

NOTHING_ELSE: Mapping[str, Act] = MappingProxyType({})
CHANGES = frozenset({Act.MOVED, Act.PROPOSAL_ACCEPTED, Act.CHANGED, Act.REMOVED, Act.CANCELLED})
"""What may be told at short notice."""
NO_ADDRESS = "This is not an email address that mail can be sent to. Correct it, or tell the person another way."
OUR_OWN = "This is the address that invitations come from. Correct it, or tell the person another way."


def tell(
    work: Work,
    arrangement: Arrangement,
    *,
    acts: Mapping[str, Act] = NOTHING_ELSE,
    answers_in_doubt: bool = False,
    late: bool = False,
) -> tuple[Message, ...]:
    """Make every invitee's calendar say what `arrangement` says; return the messages that are now on their way.

    Call it after every change of time, place, mode or invitees; nobody whose calendar is right already is written to.
    `acts` says what else somebody is told, as `plan_messages` takes it. `answers_in_doubt`: the place is so different
    that people must answer again although the time is the same.
    """
    return _tell(work, arrangement, arrangement, acts=acts, answers_in_doubt=answers_in_doubt)


def withdraw_all(work: Work, meeting_id: str, *, late: bool = False) -> tuple[Message, ...]:
    """Take a meeting out of every invitee's calendar: it is cancelled, or has to be arranged anew."""
    before = told_store.load(work.connection, meeting_id)
    return _tell(work, before, None, late=late) if before is not None else ()


def _tell(
    work: Work,
    known: Arrangement,
    after: Arrangement | None,
    *,
    acts: Mapping[str, Act] = NOTHING_ELSE,
    answers_in_doubt: bool = False,
    late: bool = False,
) -> tuple[Message, ...]:
    before = told_store.load(work.connection, known.meeting_id)
    plan = plan_messages(before, after, work.now, acts=acts, answers_in_doubt=answers_in_doubt)
    told_store.save(work.connection, known, plan)
    sendable = []
    for planned in plan.messages:
        message = replace(planned, late=late and planned.act in CHANGES)
        problem = _why_unmailable(message)
        if not problem:
            unsent = mail_queue.unsent_act(work.connection, message.uid)
            mail = write_mail(worded_after(message, unsent), work.now)
            mail_queue.enqueue(work.connection, known.meeting_id, message, mail, work.now)
            sendable.append(message)
        else:
            mail_queue.record_unmailable(work.connection, known.meeting_id, message, work.now, problem)
    return tuple(sendable)


def _why_unmailable(message: Message) -> str:
    if not can_be_mailed(message.attendee.email):
        return NO_ADDRESS
    return OUR_OWN if same_mailbox(message.attendee.email, message.organizer_email) else ""


def mails_sent(work: Work, meeting_id: str) -> list[OutgoingMail]:
    """Return the mails of a meeting, the newest first, with how their sending stands."""
    return mail_queue.of_meeting(work.connection, meeting_id)


def try_again(work: Work, meeting_id: str, mail_id: str) -> None:
    """Send a mail that was given up once more; raises `NotFound` when there is none such."""
    if all(each.id != mail_id for each in mails_sent(work, meeting_id)) or not mail_queue.QUEUE.retry(
        work.connection, mail_id, work.now
    ):
        raise NotFound("mail_not_found", "There is no such mail waiting to be tried again.")
