"""Sending the mails of a poll: to those who are asked, with a personal link each, and to the worker who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from services.scheduling.adapters import mail_queue, polls_links_store
from services.scheduling.adapters.polls_mail import Letter, write_all_answered, write_closed, write_question
from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.polls import Poll, Respondent
from shared.contracts.roles import Role
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.plain_mail import Mail, can_be_mailed
from shared.platform.roster import Membership
from shared.platform.work import Work

LINK_LIVES_ON = timedelta(days=1)
UNMAILABLE = "There is no e-mail address. Ask by letter or telephone, and record what they say."


def send_question(work: Work, meeting: Meeting, poll: Poll, who: Respondent, *, again: bool = False) -> bool:
    """Ask one person which times suit them; tell whether they can be mailed. Who cannot is shown to the worker."""
    address = who.email.strip()
    sendable = can_be_mailed(address)
    url = ""
    if sendable:
        last = max(one.ends_at for one in poll.proposals)
        secret = polls_links_store.issue(work.connection, who.id, last + LINK_LIVES_ON)
        url = work.settings.address_of("scheduling", f"/poll/{secret}")
    letter = _letter(work, meeting, who.name, address if sendable else "")
    mail = write_question(letter, poll.proposals, poll.closes_on, url, again=again)
    mail_queue.enqueue_notice(
        work.connection,
        meeting.id,
        who.person_id,
        who.id,
        mail,
        work.now,
        told_by_mail=sendable,
        act="poll_reminder" if again else "poll_asked",
        unmailable=UNMAILABLE,
    )
    return sendable


def take_back_questions(work: Work, respondents: Iterable[Respondent]) -> None:
    """Let the mails to these that still wait not be sent: they would only ask what is not asked any more."""
    mail_queue.withdraw_notices(work.connection, [each.id for each in respondents])


def tell_all_answered(work: Work, meeting: Meeting, poll: Poll) -> None:
    """Tell the worker that everybody has answered; who wrote the last answer down knows it."""
    for worker in _workers(work, meeting, poll):
        if worker.person_id not in work.actor.person_ids:
            mail = write_all_answered(_letter(work, meeting, worker.name, worker.email or ""), _page_of(work, meeting))
            _enqueue(work, meeting, worker, mail, "poll_answered")


def tell_closed(work: Work, meeting: Meeting, poll: Poll) -> None:
    """Tell the worker that the closing date has passed."""
    asked = len(poll.respondents)
    for worker in _workers(work, meeting, poll):
        letter = _letter(work, meeting, worker.name, worker.email or "")
        mail = write_closed(letter, _page_of(work, meeting), asked - len(poll.silent), asked)
        _enqueue(work, meeting, worker, mail, "poll_closed")


def _enqueue(work: Work, meeting: Meeting, worker: Membership, mail: Mail, act: str) -> None:
    mail_queue.enqueue_notice(
        work.connection, meeting.id, worker.person_id, new_id(), mail, work.now, told_by_mail=True, act=act
    )


def _workers(work: Work, meeting: Meeting, poll: Poll) -> list[Membership]:
    """Return who asked, if they still work with the child; otherwise the child's social workers of today."""
    team = roster.team(work.connection, meeting.child_id, work.today)
    social_care = [one for one in team if one.role in (Role.SOCIAL_WORKER, Role.TEAM_MANAGER)]
    asker = [one for one in social_care if one.person_id == poll.opened_by][:1]
    workers = asker or [one for one in social_care if one.role is Role.SOCIAL_WORKER]
    return [one for one in workers if can_be_mailed((one.email or "").strip())]


def _letter(work: Work, meeting: Meeting, name: str, address: str) -> Letter:
    authority = work.settings.authority(meeting.authority)
    sender = authority.organizer_address
    return Letter(new_id(), name, address.strip() or sender, authority.organizer_name, sender, work.now)


def _page_of(work: Work, meeting: Meeting) -> str:
    return work.settings.address_of("scheduling", f"/meetings/{meeting.id}/poll")
