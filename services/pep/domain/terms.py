"""School terms, school days, year groups and phases.

A term is named by its key, the calendar year and the season: `2026-autumn`, `2027-spring`, `2027-summer`. Where an
authority has given its dates they are used; for other years the usual shape of the school year in England is worked
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

NURSERY = -1
RECEPTION = 0
LAST_YEAR_GROUP = 13

_SEASONS = ("spring", "summer", "autumn")


class Phase(StrEnum):
    """The phase of education that a plan's form is made for."""

    EARLY_YEARS = "early_years"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    POST_16 = "post_16"

    @property
    def words(self) -> str:
        """Return the phase as a page shows it."""
        return {"early_years": "Early years", "primary": "Primary", "secondary": "Secondary", "post_16": "Post-16"}[
            self
        ]


@dataclass(frozen=True, slots=True)
class Term:
    """A term: every day of the year belongs to one, holidays to the term before them.

    `starts` and `ends` are the boundaries (both inside); `teaching` holds the stretches in which schools meet,
    first and last day inside, so that half-term lies between two of them.
    """

    key: str
    starts: date
    ends: date
    teaching: tuple[tuple[date, date], ...]

    @property
    def last_school_day(self) -> date:
        """Return the last day on which schools meet."""
        return self.teaching[-1][1]

    @property
    def words(self) -> str:
        """Return the term as a page shows it: "autumn term 2026"."""
        year, season = self.key.split("-")
        return f"{season} term {year}"


@dataclass(frozen=True, slots=True)
class TermCalendar:
    """An authority's terms: those it has given, and the usual ones for every other year."""

    given: Mapping[str, Term] = field(default_factory=dict)

    def term(self, key: str) -> Term:
        """Return the term of that key; raises `ValueError` for what is no key."""
        return self.given.get(key) or usual_term(key)

    def term_of(self, day: date) -> Term:
        """Return the term that `day` belongs to."""
        for year in (day.year, day.year - 1):
            for season in _SEASONS:
                term = self.term(f"{year}-{season}")
                if term.starts <= day <= term.ends:
                    return term
        # A gap between two terms that an authority gave: the term before it owns the days.
        return max(
            (self.term(f"{day.year - back}-{season}") for back in (0, 1) for season in _SEASONS),
            key=lambda term: (term.starts <= day, term.starts if term.starts <= day else date.min),
        )

    def next_term(self, term: Term) -> Term:
        """Return the term after `term`."""
        year, season = term.key.split("-")
        place = _SEASONS.index(season) + 1
        return self.term(f"{int(year) + place // 3}-{_SEASONS[place % 3]}")

    def previous_term(self, term: Term) -> Term:
        """Return the term before `term`."""
        year, season = term.key.split("-")
        place = _SEASONS.index(season) - 1
        return self.term(f"{int(year) - (1 if place < 0 else 0)}-{_SEASONS[place % 3]}")

    def schools_meet(self, day: date) -> bool:
        """Tell whether schools meet on `day`, bank holidays and a school's own closures left aside."""
        return day.weekday() < 5 and any(first <= day <= last for first, last in self.term_of(day).teaching)


def usual_term(key: str) -> Term:
    """Return the usual dates of a term in England.

    Autumn runs from 1 September to 31 December, spring from 1 January to the day before Easter Sunday, summer from
    Easter Sunday to 31 August. Schools are taken to meet from the first Monday to Friday of each, to the last
    Friday on or before 20 December, the earlier of Maundy Thursday and the first Friday of April, and the last
    Friday on or before 23 July, with a week's half-term. These are only defaults: authorities give their own dates
    as data.
    """
    try:
        year = int(key.split("-")[0])
        season = key.split("-")[1]
        place = _SEASONS.index(season)
    except (ValueError, IndexError):
        raise ValueError(f"{key!r} names no term; a term is named like 2026-autumn.") from None
    easter = easter_sunday(year)
    if place == 2:
        half = _on_or_after(date(year, 10, 24), 0)
        first = _next_weekday(date(year, 9, 2))
        last = _on_or_before(date(year, 12, 20), 4)
        return Term(key, date(year, 9, 1), date(year, 12, 31), _teaching(first, half, last))
    if place == 0:
        half = _on_or_after(date(year, 2, 12), 0)
        first = _next_weekday(date(year, 1, 4))
        last = min(easter - timedelta(days=3), _on_or_after(date(year, 4, 1), 4))
        return Term(key, date(year, 1, 1), easter - timedelta(days=1), _teaching(first, half, last))
    half = _on_or_before(date(year, 5, 31), 0)
    first = max(_on_or_after(easter + timedelta(days=8), 0), _on_or_after(date(year, 4, 10), 0))
    last = _on_or_before(date(year, 7, 23), 4)
    return Term(key, easter, date(year, 8, 31), _teaching(first, half, last))


def easter_sunday(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the anonymous algorithm of Meeus, Jones and Butcher)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, offset = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quad, odd = divmod(rest, 4)
    week = (32 + 2 * offset + 2 * quad - moon - odd) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def academic_year(day: date) -> int:
    """Return the calendar year in which the academic year of `day` began (it begins on 1 September)."""
    return day.year if day.month >= 9 else day.year - 1


def year_group(born_on: date, on: date) -> int:
    """Return the year group by age on `on`: -1 nursery (and younger), 0 Reception, 1 to 13.

    A child who is four on 31 August starts Reception on the next day. By age alone: a child taught out of their year
    group is not known from this.
    """
    age_on_31_august = academic_year(on) - born_on.year - (1 if (born_on.month, born_on.day) > (8, 31) else 0)
    return max(NURSERY, min(LAST_YEAR_GROUP, age_on_31_august - 4))


def phase_of(group: int) -> Phase:
    """Return the phase of a year group: to Reception early years, 1-6 primary, 7-11 secondary, then post-16."""
    if group <= RECEPTION:
        return Phase.EARLY_YEARS
    if group <= 6:
        return Phase.PRIMARY
    return Phase.SECONDARY if group <= 11 else Phase.POST_16


def year_group_words(group: int) -> str:
    """Return the year group as a page shows it."""
    return {NURSERY: "Nursery or younger", RECEPTION: "Reception"}.get(group, f"Year {group}")


def _teaching(first: date, half_term: date, last: date) -> tuple[tuple[date, date], ...]:
    return ((first, half_term - timedelta(days=3)), (half_term + timedelta(days=7), last))


def _on_or_after(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _on_or_before(day: date, weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def _next_weekday(day: date) -> date:
    return day if day.weekday() < 5 else _on_or_after(day, 0)
