"""When something repeats (RFC 5545 section 3.3.10), as local times between two days.

Each day is asked whether the rule holds on it, so that the work is bounded by the days looked at, whatever the rule
says: one that never comes true, or that would come true every second since 1601, costs no more than any other.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

MAX_STEPS = 200_000
"""How many days and times all the rules of one calendar may ask for together."""
MAX_TIMES = 24
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PART = re.compile(r"([+-]?\d{1,3})?(MO|TU|WE|TH|FR|SA|SU)")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LISTS = {
    "BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366, "BYHOUR": 23, "BYMINUTE": 59,
}  # fmt: skip


class TooOften(Exception):
    """A rule repeats every few minutes, or the rules of a calendar repeat too much altogether."""


@dataclass(slots=True)
class Budget:
    """How many days and times may still be asked for."""

    steps: int = MAX_STEPS

    def spend(self) -> None:
        """Take one off; raises `TooOften` when none is left."""
        self.steps -= 1
        if self.steps < 0:
            raise TooOften


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE of an event that starts on a local day `first` at `at`; `until` is the last local time it holds for."""

    first: date
    at: time
    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_starts: int = 0
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    nth_weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: tuple[int, ...] = ()
    times: tuple[time, ...] = field(default=())


def read_rule(text: str, starts: datetime, until: datetime | None) -> Rule:
    """Read an RRULE; `until` is its UNTIL in the local time of `starts`. Raises `TooOften`, and `ValueError`."""
    parts = dict(each.upper().split("=", 1) for each in text.strip().strip(";").split(";"))
    frequency = parts.get("FREQ", "")
    if frequency in ("SECONDLY", "MINUTELY", "HOURLY") or "BYSECOND" in parts or "," in parts.get("BYMINUTE", ""):
        raise TooOften
    interval = int(parts.get("INTERVAL", "1"))
    if frequency not in _FREQUENCIES or interval < 1:
        raise ValueError(text)
    lists = {name: _numbers(parts[name], most) for name, most in _LISTS.items() if name in parts}
    weekdays, nth = _weekdays(parts.get("BYDAY", ""), frequency)
    at = starts.time()
    hours, minutes = lists.get("BYHOUR", (at.hour,)), lists.get("BYMINUTE", (at.minute,))
    if len(set(hours)) > MAX_TIMES:
        raise TooOften
    months, month_days = lists.get("BYMONTH", ()), lists.get("BYMONTHDAY", ())
    if not ("BYDAY" in parts or month_days or "BYYEARDAY" in parts or "BYWEEKNO" in parts):
        if frequency == "WEEKLY":
            weekdays = frozenset({starts.weekday()})
        elif frequency in ("MONTHLY", "YEARLY"):
            month_days = (starts.day,)
            months = months or ((starts.month,) if frequency == "YEARLY" else ())
    return Rule(
        first=starts.date(),
        at=at,
        frequency=frequency,
        interval=interval,
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=until,
        week_starts=_DAYS.index(parts.get("WKST", "MO")),
        months=frozenset(months),
        month_days=frozenset(month_days),
        year_days=frozenset(lists.get("BYYEARDAY", ())),
        weeks=frozenset(lists.get("BYWEEKNO", ())),
        weekdays=weekdays,
        nth_weekdays=nth,
        positions=tuple(lists.get("BYSETPOS", ())),
        times=tuple(sorted({at.replace(hour=hour, minute=minute) for hour in hours for minute in minutes})),
    )


def occurrences(rule: Rule, first: date, last: date, budget: Budget) -> Iterator[datetime]:
    """Yield the local times at which a rule holds from one day to another, in order; raises `TooOften`.

    The start of the event counts as the first, whether or not the rule holds on it (section 3.8.5.3). A rule with a
    COUNT has to be followed from its start.
    """
    starts = datetime.combine(rule.first, rule.at)
    left = rule.count
    day = rule.first if left is not None else max(rule.first, first)
    while day <= last:
        budget.spend()
        moments = [at for at in _moments(rule, day) if at > starts]
        if day == rule.first:
            moments.insert(0, starts)
        for at in moments:
            if (rule.until is not None and at > rule.until and at != starts) or left == 0:
                return
            left = None if left is None else left - 1
            budget.spend()
            if at.date() >= first:
                yield at
        if day == date.max:
            return
        day += timedelta(days=1)


def _moments(rule: Rule, day: date) -> list[datetime]:
    if not _is_in_turn(rule, day):
        return []
    if not rule.positions:
        return [datetime.combine(day, at) for at in rule.times] if _holds_on(rule, day) else []
    return [at for at in _chosen(rule, *_period(rule, day)) if at.date() == day]


def _is_in_turn(rule: Rule, day: date) -> bool:
    """Tell whether a day is in a period that the interval does not leave out."""
    if rule.interval == 1:
        return True
    if rule.frequency == "DAILY":
        apart = (day - rule.first).days
    elif rule.frequency == "WEEKLY":
        apart = (_week(rule, day) - _week(rule, rule.first)).days // 7
    elif rule.frequency == "MONTHLY":
        apart = (day.year - rule.first.year) * 12 + day.month - rule.first.month
    else:
        apart = day.year - rule.first.year
    return apart % rule.interval == 0


def _holds_on(rule: Rule, day: date) -> bool:
    named = day.weekday() in rule.weekdays or any(_is_nth(rule, day, *each) for each in rule.nth_weekdays)
    if not named and (rule.weekdays or rule.nth_weekdays):
        return False
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days:
        length = calendar.monthrange(day.year, day.month)[1]
        if day.day not in rule.month_days and day.day - length - 1 not in rule.month_days:
            return False
    if rule.year_days:
        number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
        if number not in rule.year_days and number - length - 1 not in rule.year_days:
            return False
    if rule.weeks:
        year, week, _ = day.isocalendar()
        weeks = date(year, 12, 28).isocalendar().week
        if week not in rule.weeks and week - weeks - 1 not in rule.weeks:
            return False
    return True


def _is_nth(rule: Rule, day: date, weekday: int, nth: int) -> bool:
    """Tell whether a day is the nth Monday, say, of its month; of its year where a rule by the year names no month."""
    if day.weekday() != weekday:
        return False
    if rule.frequency == "YEARLY" and not rule.months:
        number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    else:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    return (number - 1) // 7 + 1 == nth if nth > 0 else (length - number) // 7 + 1 == -nth


def _week(rule: Rule, day: date) -> date:
    return day - timedelta(days=(day.weekday() - rule.week_starts) % 7)


def _period(rule: Rule, day: date) -> tuple[date, int]:
    """Return the first day of the period that a day is in, and how many days it has."""
    if rule.frequency == "DAILY":
        return day, 1
    if rule.frequency == "WEEKLY":
        return _week(rule, day), 7
    if rule.frequency == "MONTHLY":
        return day.replace(day=1), calendar.monthrange(day.year, day.month)[1]
    return date(day.year, 1, 1), 366 if calendar.isleap(day.year) else 365


@lru_cache(maxsize=64)
def _chosen(rule: Rule, first: date, days: int) -> tuple[datetime, ...]:
    """Return what BYSETPOS chooses of a period."""
    each = (first + timedelta(days=n) for n in range(days))
    found = [datetime.combine(day, at) for day in each if _holds_on(rule, day) for at in rule.times]
    places = {place - 1 if place > 0 else len(found) + place for place in rule.positions}
    return tuple(found[place] for place in sorted(places) if 0 <= place < len(found))


def _numbers(text: str, most: int) -> tuple[int, ...]:
    found = tuple(int(each) for each in text.split(","))
    if any(abs(each) > most for each in found):
        raise ValueError(text)
    return found


def _weekdays(text: str, frequency: str) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    """Read BYDAY: every Monday, say, and the first Monday; only a rule by the month or the year counts them."""
    every: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for each in text.split(",") if text else ():
        match = _PART.fullmatch(each.strip())
        if match is None:
            raise ValueError(text)
        weekday, number = _DAYS.index(match.group(2)), int(match.group(1) or 0)
        if number and frequency in ("MONTHLY", "YEARLY"):
            nth.add((weekday, number))
        else:
            every.add(weekday)
    return frozenset(every), frozenset(nth)
