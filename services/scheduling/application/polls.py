"""Asking people first: which of some times suit them, before a meeting gets one. One function an intent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.scheduling.adapters import polls_store
from services.scheduling.application.guests import choose_guests
from services.scheduling.application.lookup import find_meeting, note
from services.scheduling.application.parents import kept_away
from services.scheduling.application.polls_ends import end_poll
from services.scheduling.application.polls_mails import send_question
from services.scheduling.domain import meeting as meetings
from services.scheduling.domain import polls
from services.scheduling.domain.meeting import Guest, Meeting
from services.scheduling.domain.polls import Poll, PollState, Question
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, InvalidInput, NotFound
from shared.kernel.ids import new_id
from shared.platform.work import Work

ASK = "scheduling.poll.ask"
READ = "scheduling.poll.read"


@dataclass(frozen=True, slots=True)
class Asking:
    """What the worker chose: the times, until when, whom (each person's id with whether they must be there)."""

    times: tuple[tuple[datetime, datetime], ...]
    closes_on: date
    required_by_person: Mapping[str, bool]
    shows_counts: bool = False


def ask_people(work: Work, meeting_id: str, asking: Asking) -> Poll:
    """Ask people which of some times suit them; each gets a mail with a link of their own.

    Only those may be asked who may be invited, on each of the days. Raises `InvalidInput` for what cannot be meant and
    `Conflict` while others are being asked, or for a meeting that is over. A closed poll gives way to the new one.
    """
    meeting = find_meeting(work, meeting_id, ASK)
    meetings.follow(meeting.state, meetings.Intent.CANCEL)
    asker = work.actor.towards(meeting.authority).person_id
    question = Question(asking.times, asking.closes_on, _guests(work, meeting, asking), asking.shows_counts)
    poll = polls.ask(new_id(), meeting.id, question, iter(new_id, ""), asker, work.now)
    for earlier in polls_store.live_of_meetings(work.connection, [meeting.id]):
        if earlier.state is PollState.OPEN:
            raise Conflict(
                "poll_already_asked", "People are being asked about times already. Withdraw that first to ask anew."
            )
        end_poll(work, meeting, earlier.id, polls.withdraw)
    polls_store.add(work.connection, poll)
    for each in poll.silent:
        send_question(work, meeting, poll, each)
    closes_on = poll.closes_on.isoformat()
    note(work, meeting, "poll_asked", asked=len(poll.respondents), times=len(poll.proposals), closes_on=closes_on)
    return poll


def find_poll(work: Work, meeting_id: str, action: str = READ) -> tuple[Meeting, Poll]:
    """Return the newest poll of a meeting, with the meeting, to somebody who may do `action`.

    Raises `NotFound` where nobody was asked, or as `find_meeting`, and `Denied`.
    """
    meeting = find_meeting(work, meeting_id, action)
    found = polls_store.of_meeting(work.connection, meeting.id)
    if not found:
        raise NotFound("poll_not_found", "Nobody was asked about times for this meeting.")
    return meeting, found[0]


def extend_poll(work: Work, meeting_id: str, closes_on: date) -> Poll:
    """Give people until another day, also after the closing date has passed."""
    meeting, poll = _to_be_changed(work, meeting_id)
    after = polls.extend(poll, closes_on, work.now)
    if after != poll:
        polls_store.save(work.connection, poll, after)
        note(work, meeting, "poll_extended", closes_on=closes_on.isoformat())
    return after


def close_poll(work: Work, meeting_id: str) -> Poll:
    """Take no more answers, before the closing date."""
    meeting, poll = _to_be_changed(work, meeting_id)
    return end_poll(work, meeting, poll.id, polls.close)


def withdraw_poll(work: Work, meeting_id: str) -> Poll:
    """Ask no more, and choose none of the times. Doing it twice is doing it once."""
    meeting, poll = _to_be_changed(work, meeting_id)
    if poll.state is PollState.WITHDRAWN:
        return poll
    return end_poll(work, meeting, poll.id, polls.withdraw)


def _to_be_changed(work: Work, meeting_id: str) -> tuple[Meeting, Poll]:
    meeting, poll = find_poll(work, meeting_id, ASK)
    locked = polls_store.to_be_changed(work.connection, poll.id)
    assert locked is not None  # noqa: S101 - polls are never deleted but with the whole record
    return meeting, locked


def _guests(work: Work, meeting: Meeting, asking: Asking) -> tuple[Guest, ...]:
    days = {london_date(starts_at) for starts_at, _ in asking.times if starts_at > work.now} or {work.today}
    guests = choose_guests(work, meeting, asking.required_by_person, max(days))
    away: set[str] = set()
    for day in days:
        away |= kept_away(work, meeting.child_id, day).keys()
    parents = {guest.person_id for guest in guests if guest.role == "parent"}
    if away & parents:
        raise InvalidInput({"invite": ["Somebody you chose is not to be invited on each of these days"]})
    return guests
