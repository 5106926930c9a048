"""Times for a meeting, and what to know about a time somebody typed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.scheduling.adapters import diary_store, meetings_store
from services.scheduling.application.diaries import KNOWN_FOR
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.lookup import calendar_for, child_of, find_meeting, policy_for
from services.scheduling.domain.judging import Point, judge
from services.scheduling.domain.meeting import Guest, Meeting
from services.scheduling.domain.question import Person, Question
from services.scheduling.domain.slots import LATE_WINDOW, Slot, Suggestions, suggest
from shared.kernel.clock import london_time
from shared.kernel.working_days import add_working_days
from shared.platform.work import Work


def question_for(work: Work, meeting: Meeting, guests: Iterable[Guest], minutes: int = 0) -> Question:
    """Put the question which times suit these people; their other meetings and diaries are read with three."""
    policy, calendar = policy_for(work, meeting), calendar_for(work, child_of(work, meeting.child_id))
    chosen = tuple(guests)
    horizon = add_working_days(max(work.today, meeting.meet_by), LATE_WINDOW + 5, calendar.bank_holidays)
    ids = [guest.person_id for guest in chosen]
    first, last = london_time(work.today, 0), london_time(horizon + timedelta(days=1), 0)
    booked = meetings_store.busy(work.connection, ids, first, last, but=meeting.id)
    diaries = diary_store.busy(work.connection, ids, first, last)
    known = diary_store.known(work.connection, ids, work.now - KNOWN_FOR)
    people = tuple(
        Person(
            guest.person_id,
            guest.name,
            guest.required,
            busy=(*booked.get(guest.person_id, ()), *diaries.get(guest.person_id, ())),
            knows_diary=guest.person_id in known,
        )
        for guest in chosen
    )
    return Question(work.today, meeting.meet_by, minutes or policy.meeting_minutes, policy, calendar, people)


def suggest_times(work: Work, meeting_id: str, *, minutes: int = 0, count: int = 10) -> Suggestions:
    """Return times to offer for a meeting, best first, for those who are invited (or would be)."""
    meeting = find_meeting(work, meeting_id, "scheduling.meeting.arrange")
    return suggest(question_for(work, meeting, guests_of(work, meeting), minutes), count)


def alternatives(work: Work, meeting: Meeting, guests: Iterable[Guest], minutes: int = 0) -> tuple[Slot, ...]:
    """Return a few other times for a meeting whose time cannot be kept."""
    found = suggest(question_for(work, meeting, guests, minutes), 8).slots
    taken = meeting.booking
    return tuple(slot for slot in found if taken is None or slot.starts_at != taken.starts_at)[:5]


def judge_time(
    work: Work, meeting: Meeting, guests: Iterable[Guest], starts_at: datetime, ends_at: datetime
) -> tuple[Point, ...]:
    """Return what speaks for and against a time; what is poor comes first."""
    return judge(question_for(work, meeting, guests), starts_at, ends_at)


def guests_of(work: Work, meeting: Meeting) -> tuple[Guest, ...]:
    """Return those invited already, or else those the authority's policy would invite from the team."""
    if meeting.invitees:
        return tuple(
            Guest(each.person_id, each.role, each.name, each.email, each.required) for each in meeting.invitees
        )
    return tuple(guest for guest, invited in propose_guests(work, meeting) if invited)
