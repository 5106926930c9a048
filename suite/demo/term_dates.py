"""The schools' own term calendars, as files that a school's web site offers; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from services.pep.domain.terms import Term, TermCalendar
from suite.demo.staff import SCHOOLS, School

TERMS_AHEAD = 4
ONE_DAY = timedelta(days=1)


def calendars(today: date) -> dict[str, bytes]:
    """Return by URN the `.ics` file of the schools that have one; every fourth has none, as in life."""
    return {school.urn: _calendar(school, today) for place, school in enumerate(SCHOOLS, start=1) if place % 4}


def _calendar(school: School, today: date) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{school.domain}//Term dates//EN"]
    for number, (first, last, summary) in enumerate(_entries(today)):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}@{school.domain}",
            f"DTSTAMP:{today:%Y%m%d}T060000Z",
            f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
            f"DTEND;VALUE=DATE:{last + ONE_DAY:%Y%m%d}",
            f"SUMMARY:{summary}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _entries(today: date) -> Iterator[tuple[date, date, str]]:
    terms = TermCalendar()
    term = terms.previous_term(terms.term_of(today))
    for _ in range(TERMS_AHEAD):
        yield from _of_term(term)
        term = terms.next_term(term)


def _of_term(term: Term) -> Iterator[tuple[date, date, str]]:
    (first, before_half_term), (after_half_term, last) = term.teaching
    season = term.key.partition("-")[2].capitalize()
    yield first, first, f"{season} term: first day of term"
    yield before_half_term + ONE_DAY, after_half_term - ONE_DAY, "Half term holiday"
    yield after_half_term, after_half_term, "INSET day: school closed to pupils"
    yield last, last, f"{season} term: last day of term"
