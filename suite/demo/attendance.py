"""Attendance marks of the invented children, as a file that a school's system would export; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from services.pep.domain.terms import TermCalendar
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from suite.demo.children import Child, Story
from suite.demo.story import Act, Step, entered_care_on

LEAST_DAYS_BACK = 45


def marks_file(children: tuple[Child, ...], steps: Iterable[Step], first: date, last: date, today: date) -> bytes:
    """Return the marks from `first` to `last` as CSV: two for each child and school day since care began."""
    told = list(steps)
    lines = ["reference,date,session,code"]
    for number, child in enumerate(children):
        begins = max(first, entered_care_on(child, number, today) + timedelta(days=1))
        own = [step for step in told if step.child is child]
        ends = min([last, *(step.on for step in own if step.act in (Act.LOSE_SCHOOL, Act.LEAVE_CARE))])
        suspended = {step.on for step in own if step.act is Act.SUSPEND}
        for day in _school_days(begins, ends):
            for session, code in zip(("AM", "PM"), _codes(child, number, day, day in suspended), strict=True):
                lines.append(f"{child.reference},{day.isoformat()},{session},{code}")
    return "\r\n".join([*lines, ""]).encode()


def first_day(today: date) -> date:
    """Return the day from which marks are kept: the start of this term, or some weeks back when it has just begun."""
    return min(TermCalendar().term_of(today).starts, today - timedelta(days=LEAST_DAYS_BACK))


def _school_days(first: date, last: date) -> Iterator[date]:
    terms = TermCalendar()
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if day not in ENGLAND_AND_WALES and terms.schools_meet(day):
            yield day


def _codes(child: Child, number: int, day: date, suspended: bool) -> tuple[str, str]:
    """Return the codes of morning and afternoon, as the regulations of 2024 have them."""
    if suspended:
        return "E", "E"
    turn = (day.toordinal() * 7 + number * 13) % 40
    if child.row.story is Story.LOW_ATTENDANCE and (day.weekday() == 0 or turn < 6):
        return ("O", "O") if turn % 2 else ("O", "\\")
    if turn == 0:
        return "I", "I"
    if turn == 1:
        return "M", "\\"
    return ("L" if turn == 2 else "/"), "\\"
