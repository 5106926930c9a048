"""Changes at short notice: they ask for a reason, the mails say so first, and whoever is silent is to be telephoned."""

from __future__ import annotations

from services.scheduling.adapters import chase_store
from services.scheduling.adapters.chase_store import LateChange
from services.scheduling.application.lookup import policy_for
from services.scheduling.domain.chasing import is_late_change
from services.scheduling.domain.meeting import Meeting, MeetingState
from shared.kernel.errors import InvalidInput
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work

LATE_REASONS = ("illness", "school_closed", "clash", "child_asked", "other")


def is_at_short_notice(work: Work, meeting: Meeting) -> bool:
    """Tell whether a meeting that has not begun is so close that a change of it is one at short notice."""
    booking = meeting.booking
    if booking is None or meeting.state not in (MeetingState.ARRANGED, MeetingState.PUT_BACK):
        return False
    policy = policy_for(work, meeting).chasing
    return booking.starts_at > work.now and is_late_change(booking.day, work.today, policy, ENGLAND_AND_WALES)


def check_late_reason(late: bool, reason: str) -> None:
    """Refuse a change at short notice without a reason; raises `InvalidInput`."""
    if late and reason not in LATE_REASONS:
        raise InvalidInput({"late_reason": ["The meeting is very soon. Say why it is changed at short notice."]})


def keep_late_change(work: Work, before: Meeting, what: str, reason: str) -> None:
    """Keep that a meeting was moved or called off at short notice: who is silent is to be telephoned until it."""
    assert before.booking is not None  # noqa: S101 - only a meeting with a time is changed at short notice
    change = LateChange(before.id, work.now, before.booking.starts_at, what, reason)
    chase_store.add_late_change(work.connection, change)
