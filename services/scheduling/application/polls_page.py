"""What the worker sees of a poll: how every time stands, who said what, and what speaks against a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.scheduling.adapters import polls_store
from services.scheduling.adapters.children_store import Child
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.lookup import child_of, find_meeting, policy_for
from services.scheduling.application.parents import kept_away
from services.scheduling.application.polls import ASK, READ, find_poll
from services.scheduling.application.slots import suggest_times
from services.scheduling.application.unwanted import unwanted_among
from services.scheduling.domain import meeting as meetings
from services.scheduling.domain.meeting import Guest, Meeting
from services.scheduling.domain.polls import Poll
from services.scheduling.domain.polls_dates import times_to_ask, usual_closing
from services.scheduling.domain.polls_results import Tally, ranked
from services.scheduling.domain.slots import Slot
from services.scheduling.domain.unwanted import Unwanted
from shared.contracts.parents import ParentStanding
from shared.platform.access import may
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work

LOOKED_THROUGH = 24
"""Among how many suggested times those are looked for that leave people time to answer."""


@dataclass(frozen=True, slots=True)
class PollPage:
    """Everything the page needs; `may_ask` says that the reader may change the poll and take a time."""

    meeting: Meeting
    child: Child
    poll: Poll
    tallies: tuple[Tally, ...]
    may_ask: bool


def look_at_poll(work: Work, meeting_id: str) -> PollPage:
    """Return the newest poll of a meeting as its page shows it; raises as `find_poll`."""
    meeting, poll = find_poll(work, meeting_id, READ)
    return PollPage(
        meeting=meeting,
        child=child_of(work, meeting.child_id),
        poll=poll,
        tallies=ranked(poll),
        may_ask=may(work, ASK, meeting.child_id) and meeting.state.is_open,
    )


@dataclass(frozen=True, slots=True)
class AskingPage:
    """What the worker chooses from: times that leave room to answer, whom to ask, until when.

    `kept_away` counts the parents who may not be asked, by how far they are told of meetings.
    """

    meeting: Meeting
    child: Child
    minutes: int
    slots: tuple[Slot, ...]
    people: tuple[tuple[Guest, bool], ...]
    unwanted: Mapping[str, Unwanted]
    kept_away: Mapping[ParentStanding, int]
    closes_on: date


def prepare_asking(work: Work, meeting_id: str, minutes: int = 0) -> AskingPage:
    """Return what can be asked about a meeting; raises as `find_meeting`, and `Conflict` for one that is over."""
    meeting = find_meeting(work, meeting_id, ASK)
    meetings.follow(meeting.state, meetings.Intent.CANCEL)
    policy, booking = policy_for(work, meeting), meeting.booking
    usual = int((booking.ends_at - booking.starts_at).total_seconds() // 60) if booking else policy.meeting_minutes
    length = minutes or usual
    found = suggest_times(work, meeting_id, minutes=length, count=LOOKED_THROUGH).slots
    closes_on = usual_closing(policy.polls, work.today, ENGLAND_AND_WALES) or work.today
    slots, closes_on = times_to_ask(found, closes_on, policy.notice_days, ENGLAND_AND_WALES)
    away = kept_away(work, meeting.child_id, max((one.day for one in slots), default=work.today))
    people = tuple(propose_guests(work, meeting, work.today))
    return AskingPage(
        meeting=meeting,
        child=child_of(work, meeting.child_id),
        minutes=length,
        slots=slots,
        people=people,
        unwanted=unwanted_among(work, meeting.child_id, [guest for guest, _ in people]),
        kept_away=Counter(away.values()),
        closes_on=max(closes_on, work.today),
    )


def poll_beside(work: Work, meeting: Meeting) -> Poll | None:
    """Return the newest poll of a meeting, for the meeting's own page; the caller has asked the policy."""
    return next(iter(polls_store.of_meeting(work.connection, meeting.id)), None)
