"""How dates, times, money and numbers are written on every page; an absent one is written as nothing."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from shared.kernel.clock import LONDON


def _in_england(value: date) -> date:
    return value.astimezone(LONDON) if isinstance(value, datetime) and value.tzinfo else value


def day(value: date | None) -> str:
    """Return `Monday 7 December 2026`; an instant is shown as the day it is in England."""
    if value is None:
        return ""
    local = _in_england(value)
    return f"{local:%A} {local.day} {local:%B %Y}"


def short_day(value: date | None) -> str:
    """Return `7 Dec 2026`."""
    if value is None:
        return ""
    local = _in_england(value)
    return f"{local.day} {local:%b %Y}"


def clock_time(value: datetime | time | None) -> str:
    """Return `2:30pm`, `9am`, `midday` or `midnight`; an aware instant is shown in London's time."""
    if value is None:
        return ""
    local = value.astimezone(LONDON) if isinstance(value, datetime) and value.tzinfo else value
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    minutes = f":{local.minute:02d}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def moment(value: datetime | date | None) -> str:
    """Return `7 December 2026 at 2:30pm`; a day alone is `7 December 2026`."""
    if value is None:
        return ""
    local = _in_england(value)
    words = f"{local.day} {local:%B %Y}"
    return f"{words} at {clock_time(local)}" if isinstance(local, datetime) else words


def pounds(pence: int | None) -> str:
    """Return pence as `£1,250.50`."""
    if pence is None:
        return ""
    sign = "−" if pence < 0 else ""
    return f"{sign}£{Decimal(abs(pence)) / 100:,.2f}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 child`, `2 children`; without `many` an s is added."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def year_group(year: int | None) -> str:
    """Return a year group in words: `Nursery`, `Reception`, `Year 4`."""
    if year is None:
        return ""
    return {-1: "Nursery", 0: "Reception"}.get(year, f"Year {year}")


FILTERS = {
    "day": day,
    "short_day": short_day,
    "clock_time": clock_time,
    "moment": moment,
    "pounds": pounds,
    "plural": plural,
    "year_group": year_group,
}
