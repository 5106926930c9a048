"""What ends a poll or changes whom it asks, beside the worker: a time was taken, somebody left, the day has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from services.scheduling.adapters import meetings_store, polls_store
from services.scheduling.application.lookup import note, policy_for
from services.scheduling.application.polls_mails import (
    send_question,
    take_back_questions,
    tell_all_answered,
    tell_closed,
)
from services.scheduling.domain import polls, polls_dates
from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.polls import Poll, PollState, Respondent
from shared.contracts.pep import TeamMemberLeft
from shared.contracts.roles import Role
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import system_actor
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.roster import Membership
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import Work, reading_work, writing_work

HAPPENED = {
    PollState.CLOSED: "poll_closed",
    PollState.DECIDED: "poll_decided",
    PollState.WITHDRAWN: "poll_withdrawn",
}


def end_poll(work: Work, meeting: Meeting, poll_id: str, end: Callable[[Poll, datetime], Poll]) -> Poll:
    """Close a poll, withdraw it or note that it was decided; what it held is free again, and nobody is asked more."""
    before = polls_store.to_be_changed(work.connection, poll_id)
    assert before is not None  # noqa: S101 - polls are never deleted but with the whole record
    after = end(before, work.now)
    if after != before:
        polls_store.save(work.connection, before, after)
        take_back_questions(work, after.respondents)
        note(work, meeting, HAPPENED[after.state], asked=len(after.respondents), answered=_answered(after))
    return after


def settle_polls(work: Work, before: Meeting, after: Meeting) -> None:
    """End the poll of a meeting that was given a time; one that keeps its time may be asking about another."""
    if after.booking is None or (before.booking and before.booking.starts_at == after.booking.starts_at):
        return
    starts_at = after.booking.starts_at
    for poll in polls_store.live_of_meetings(work.connection, [after.id]):
        end_poll(work, after, poll.id, lambda one, now: polls.decide(one, starts_at, now))


def drop_polls(work: Work, meeting: Meeting) -> None:
    """End the poll of a meeting that will not be given a time any more."""
    for poll in polls_store.live_of_meetings(work.connection, [meeting.id]):
        end_poll(work, meeting, poll.id, polls.withdraw)


def leave_parent_out(work: Work, child_id: str, person_id: str) -> None:
    """Ask a parent no more who may no longer be invited; their link and what they said go at once."""
    for meeting, poll in _live_of_child(work, child_id):
        for who in poll.respondents:
            if who.person_id == person_id and who.role == Role.PARENT:
                _leave_out(work, meeting, poll, who)


def when_member_left(work: Work, fact: TeamMemberLeft) -> None:
    """Ask whoever has the role at the first of the times in the stead of somebody who has left the team by then."""
    for meeting, poll in _live_of_child(work, fact.child_id):
        first = poll.proposals[0].day
        who = next((one for one in poll.respondents if (one.person_id, one.role) == (fact.person_id, fact.role)), None)
        if who is None or first <= fact.until:
            continue
        team = roster.team(work.connection, fact.child_id, first)
        if all(one.person_id != who.person_id for one in team):
            asked = {one.person_id for one in poll.respondents}
            heirs = (one for one in team if one.role == who.role and one.person_id not in asked)
            _leave_out(work, meeting, poll, who, next(heirs, None))


def note_all_answered(work: Work, meeting: Meeting, poll: Poll) -> Poll:
    """Tell the worker, once, when everybody has answered; return the poll with that noted, to be saved."""
    if poll.state is not PollState.OPEN or not poll.all_answered or poll.told_answered_at is not None:
        return poll
    tell_all_answered(work, meeting, poll)
    return polls.note_told(poll, work.now)


def attend_to_polls(runtime: Runtime, spec: ServiceSpec) -> int:
    """Remind those who are silent and close what has run out; return how many polls had something to do.

    Each poll is looked at in a unit of work of its own. Done again, nobody is written to twice.
    """
    suite = system_actor()
    with reading_work(runtime, spec, suite) as work:
        due = [one.id for one, meeting in _open_polls(work) if _is_due(work, meeting, one)]
    failed: list[Exception] = []
    for poll_id in due:
        try:
            with writing_work(runtime, spec, suite) as work:
                _attend(work, poll_id)
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return len(due)


def _attend(work: Work, poll_id: str) -> None:
    poll = polls_store.to_be_changed(work.connection, poll_id)
    meeting = meetings_store.load(work.connection, poll.meeting_id) if poll else None
    if poll is None or meeting is None:
        return
    if polls_dates.is_past_closing(poll, work.today):
        closed = end_poll(work, meeting, poll.id, polls.close)
        if closed.told_answered_at is None:
            tell_closed(work, meeting, closed)
        return
    after = current = _with_current_addresses(work, poll)
    silent = _to_remind(work, meeting, current)
    for who in silent:
        send_question(work, meeting, current, who, again=True)
        after = polls.note_reminded(after, who.id, work.now)
    if silent:
        polls_store.save(work.connection, poll, after)
        note(work, meeting, "poll_reminded", asked=len(silent))


def _with_current_addresses(work: Work, poll: Poll) -> Poll:
    """Return a poll with the names and addresses that those who are asked have today."""
    people = roster.people_by_id(work.connection, [each.person_id for each in poll.respondents])
    return replace(
        poll,
        respondents=tuple(
            replace(each, name=known.name, email=known.email or "") if (known := people.get(each.person_id)) else each
            for each in poll.respondents
        ),
    )


def _open_polls(work: Work) -> Iterable[tuple[Poll, Meeting]]:
    found = polls_store.all_open(work.connection)
    meetings = meetings_store.load_all(work.connection, [one.meeting_id for one in found])
    return [(one, meetings[one.meeting_id]) for one in found if one.meeting_id in meetings]


def _is_due(work: Work, meeting: Meeting, poll: Poll) -> bool:
    return polls_dates.is_past_closing(poll, work.today) or bool(_to_remind(work, meeting, poll))


def _to_remind(work: Work, meeting: Meeting, poll: Poll) -> tuple[Respondent, ...]:
    return polls_dates.reminders_due(poll, policy_for(work, meeting).polls, ENGLAND_AND_WALES, work.now)


def _live_of_child(work: Work, child_id: str) -> list[tuple[Meeting, Poll]]:
    meetings = {one.id: one for one in meetings_store.of_children(work.connection, [child_id])}
    found = polls_store.live_of_meetings(work.connection, meetings)
    return [(meetings[one.meeting_id], one) for one in found]


def _leave_out(work: Work, meeting: Meeting, poll: Poll, who: Respondent, heir: Membership | None = None) -> None:
    before = polls_store.to_be_changed(work.connection, poll.id)
    assert before is not None  # noqa: S101 - polls are never deleted but with the whole record
    instead = None
    if heir is not None and before.state is PollState.OPEN:
        instead = Respondent(new_id(), heir.person_id, who.role, heir.name, heir.email or "", who.required, {})
    take_back_questions(work, [who])
    after = note_all_answered(work, meeting, polls.leave_out(before, who.id, instead))
    polls_store.save(work.connection, before, after)
    if instead is not None:
        send_question(work, meeting, after, instead)
    note(work, meeting, "poll_changed", asked=len(after.respondents))


def _answered(poll: Poll) -> int:
    return len(poll.respondents) - len(poll.silent)
