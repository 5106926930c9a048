"""Saying again how the meetings stand, for a service that lost its copies: each in one fact, in whatever state it is.

A service that lost nothing hears what it knows already, and nothing changes there. A meeting without a time was never
told to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.scheduling.adapters import held_store, history_store, meetings_store
from services.scheduling.application.telling import held_facts, invitee_states
from services.scheduling.domain.holding import HowItWent
from services.scheduling.domain.meeting import Booking, Meeting, MeetingState
from shared.contracts.scheduling import MeetingRestated
from shared.platform.work import Work

TOLD = ("arranged", "moved", "changed", "restored", "held", "cancelled")
"""The lines of the history that stand for what all the others were told."""


def subjects(work: Work) -> list[str]:
    """Return the children who have a meeting with a time."""
    return [f"child/{child_id}" for child_id in meetings_store.children_with_a_time(work.connection)]


def announce(work: Work, chosen: Sequence[str]) -> None:
    """Publish anew how the meetings of these children stand, in the order in which they came to stand so."""
    children = [subject.removeprefix("child/") for subject in chosen]
    booked = [(each, each.booking) for each in meetings_store.of_children(work.connection, children) if each.booking]
    last = history_store.last_lines(work.connection, [meeting.id for meeting, _booking in booked], TOLD)
    went = held_store.of_meetings(work.connection, [meeting.id for meeting, _booking in booked])
    for meeting, booking in sorted(booked, key=lambda one: last.get(one[0].id, 0)):
        work.publish(f"child/{meeting.child_id}", restated(meeting, booking, went.get(meeting.id)))


def restated(meeting: Meeting, booking: Booking, went: HowItWent | None = None) -> MeetingRestated:
    """Return a meeting as it stands."""
    was_held = meeting.state is MeetingState.HELD
    return MeetingRestated(
        child_id=meeting.child_id,
        plan_id=meeting.plan_id,
        meeting_id=meeting.id,
        state=meeting.state.value,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        mode=booking.mode.value,
        invitees=invitee_states(meeting),
        held_on=booking.day if was_held else None,
        attended=meeting.attended if was_held else (),
        kind=meeting.kind.value,
        review_id=meeting.review_id,
        **(held_facts(went) if was_held else {}),
    )
