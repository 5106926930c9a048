"""Delegation: a designated teacher lets a colleague act for them, and stays accountable."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.kernel.errors import Conflict, InvalidInput


@dataclass(frozen=True, slots=True)
class Delegation:
    """Whom a designated teacher lets act for them, in which parts of the plan (none named: all), from day to day.

    `every_pupil`: also for pupils who join later. `withdrawn_at` is when it was ended before its last day.
    """

    id: str
    accountable_id: str
    delegate_id: str
    every_pupil: bool
    parts: tuple[str, ...]
    from_date: date
    until: date
    given_at: datetime
    withdrawn_at: datetime | None = None

    def is_live(self, on: date) -> bool:
        """Tell whether it is in force on a day, or will be."""
        return self.withdrawn_at is None and self.until >= on


def end_of_school_year(day: date) -> date:
    """Return the last day of the school year that a day lies in: 31 August; August belongs to the year that comes."""
    return date(day.year + (day.month >= 8), 8, 31)


def check_days(from_date: date, until: date, today: date) -> None:
    """Raise `InvalidInput` by field unless the days lie ahead, in order, and within a school year."""
    errors: dict[str, list[str]] = {}
    if from_date < today:
        errors["from_date"] = ["The first day must be today or later."]
    elif from_date > today + timedelta(days=366):
        errors["from_date"] = ["The first day must not be more than a year ahead."]
    last = end_of_school_year(from_date)
    if until < from_date:
        errors["until"] = ["The last day must not be before the first day."]
    elif until > last:
        errors["until"] = [f"The last day must be 31 August {last.year} or earlier: you name people anew each year."]
    if errors:
        raise InvalidInput(errors)


def check_parts(parts: Collection[str], known: Collection[str]) -> None:
    """Raise `InvalidInput` for a part of the plan that there is not."""
    if set(parts) - set(known):
        raise InvalidInput({"parts": ["Select parts from the list."]})


def check_may_withdraw(delegation: Delegation, today: date) -> None:
    """Raise `Conflict` where there is nothing left to end."""
    if not delegation.is_live(today):
        raise Conflict("delegation_over", "This has ended already.")
