"""Times for a meeting, and what to know about a time somebody typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.scheduling.adapters import polls_store
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.knowledge import Asked, questions_for
from services.scheduling.application.lookup import find_meeting
from services.scheduling.domain.judging import Point, judge
from services.scheduling.domain.meeting import Booking, Guest, Meeting, Mode
from services.scheduling.domain.polls_results import points_of
from services.scheduling.domain.question import Question
from services.scheduling.domain.slots import Slot, Suggestions, suggest
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class Setting:
    """How people take part, where, and in which room, as far as that bears on the times (see `Asked`)."""

    mode: Mode = Mode.IN_PERSON
    place: str = ""
    room: str = ""

    @classmethod
    def of(cls, booking: Booking | None) -> Setting:
        """Return the setting of a meeting that has one, else in person at the child's school."""
        return cls(booking.mode, booking.place, booking.room_id) if booking else cls()


def question_for(
    work: Work, meeting: Meeting, guests: Iterable[Guest], minutes: int = 0, setting: Setting | None = None
) -> Question:
    """Put the question which times suit these people; `questions_for` puts that of many meetings at once.

    Without a setting it is that of the meeting as it is booked.
    """
    chosen = setting or Setting.of(meeting.booking)
    asked = Asked(meeting, tuple(guests), minutes, chosen.mode, chosen.place, chosen.room)
    (question,) = questions_for(work, [asked])
    return question


def suggest_times(
    work: Work, meeting_id: str, *, minutes: int = 0, count: int = 10, setting: Setting | None = None
) -> Suggestions:
    """Return times to offer for a meeting, best first, for those who are invited (or would be)."""
    meeting = find_meeting(work, meeting_id, "scheduling.meeting.arrange")
    return suggest(question_for(work, meeting, guests_of(work, meeting), minutes, setting), count)


def alternatives(work: Work, meeting: Meeting, guests: Iterable[Guest], minutes: int = 0) -> tuple[Slot, ...]:
    """Return a few other times for a meeting whose time cannot be kept."""
    found = suggest(question_for(work, meeting, guests, minutes), 8).slots
    taken = meeting.booking
    return tuple(slot for slot in found if taken is None or slot.starts_at != taken.starts_at)[:5]


def judge_time(
    work: Work,
    meeting: Meeting,
    guests: Iterable[Guest],
    starts_at: datetime,
    ends_at: datetime,
    setting: Setting | None = None,
) -> tuple[Point, ...]:
    """Return what speaks for and against a time, with what people said who were asked; what is poor comes first."""
    judged = judge(question_for(work, meeting, guests, setting=setting), starts_at, ends_at)
    newest = polls_store.of_meeting(work.connection, meeting.id)[:1]
    said = [point for poll in newest for point in points_of(poll, starts_at)]
    return tuple(sorted((*said, *judged), key=lambda point: point.good))


def guests_of(work: Work, meeting: Meeting) -> tuple[Guest, ...]:
    """Return those invited already, or else those the authority's policy would invite from the team."""
    if meeting.invitees:
        return tuple(
            Guest(each.person_id, each.role, each.name, each.email, each.required) for each in meeting.invitees
        )
    return tuple(guest for guest, invited in propose_guests(work, meeting) if invited)
