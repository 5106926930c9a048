"""The dates of a poll: when it closes, when who is silent is reminded, and which times leave room to answer."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta

from services.scheduling.domain.policy import PollPolicy
from services.scheduling.domain.polls import FEWEST_TIMES, MOST_TIMES, Poll, PollState, Respondent
from services.scheduling.domain.slots import Slot
from shared.kernel.clock import london_date, london_time
from shared.kernel.working_days import add_working_days, subtract_working_days

REMINDED_AT_HOUR = 8


def is_past_closing(poll: Poll, today: date) -> bool:
    """Tell whether a poll that still takes answers should take none any more."""
    return poll.state is PollState.OPEN and poll.closes_on < today


def reminders_due(poll: Poll, policy: PollPolicy, holidays: Set[date], now: datetime) -> tuple[Respondent, ...]:
    """Return whom to remind now: those who are silent and were not reminded yet.

    Who has no e-mail address is asked another way. The reminder comes on the morning of the authority's number of
    working days before the closing date, and not at all where people were asked after that moment.
    """
    if poll.state is not PollState.OPEN or policy.remind_days_before is None:
        return ()
    day = subtract_working_days(poll.closes_on, policy.remind_days_before, holidays)
    due = london_time(day, REMINDED_AT_HOUR)
    if not poll.opened_at < due <= now or is_past_closing(poll, london_date(now)):
        return ()
    return tuple(each for each in poll.silent if each.email and each.reminded_at is None)


def usual_closing(policy: PollPolicy, today: date, holidays: Set[date]) -> date | None:
    """Return the authority's usual closing date for people who are asked today; None where it has none."""
    days = policy.closes_after_days
    return None if days is None else add_working_days(today, days, holidays)


def times_to_ask(
    slots: Sequence[Slot], closes_on: date, notice_days: int, holidays: Set[date]
) -> tuple[tuple[Slot, ...], date]:
    """Return which of some times to offer for a poll that closes on a day, in their order, and its closing date.

    Those leave the authority's clear working days of notice after the closing date; where too few do, those after the
    closing date; and where these are too few, all, with an earlier closing date.
    """
    for earliest in (add_working_days(closes_on, notice_days + 1, holidays), closes_on + timedelta(days=1)):
        later = tuple(one for one in slots if one.day >= earliest)
        if len(later) >= FEWEST_TIMES:
            return later[:MOST_TIMES], closes_on
    if not slots:
        return (), closes_on
    first = min(one.day for one in slots)
    return tuple(slots[:MOST_TIMES]), min(closes_on, subtract_working_days(first, 1, holidays))
