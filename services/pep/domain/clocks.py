"""The clocks of a child in care: each deadline with its rule, its unit, its source and how it was counted.

Every clock counts the day of the event as day 0 and begins on the next day (working day, school day): the regulations
do not settle it. None of them runs for a child looked after only for short breaks (legal status V3 or V4), to whom
regulation 48 applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.pep.domain.children import Child
from services.pep.domain.periods import Calendar, Period, Unit, after, before, explain, long_date
from services.pep.domain.policy import Policy, Rule
from services.pep.domain.terms import Term

REGULATIONS = "Care Planning, Placement and Case Review (England) Regulations 2010"
GUIDANCE = "Promoting the education of looked-after children (statutory guidance, February 2018)"


class Kind(StrEnum):
    """What a deadline is for."""

    FIRST_PEP = "first_pep"
    FIRST_MEETING = "first_meeting"
    TERMLY_PEP = "termly_pep"
    FIRST_REVIEW = "first_review"
    SECOND_REVIEW = "second_review"
    LATER_REVIEW = "later_review"
    PLAN_TO_IRO = "plan_to_iro"
    NO_SCHOOL = "no_school"

    @property
    def words(self) -> str:
        """Return what must be done, as a card's heading."""
        return _KIND_WORDS[self]


_KIND_WORDS = {
    Kind.FIRST_PEP: "First PEP ready",
    Kind.FIRST_MEETING: "First PEP meeting held",
    Kind.TERMLY_PEP: "This term's PEP complete",
    Kind.FIRST_REVIEW: "First review of the care plan held",
    Kind.SECOND_REVIEW: "Second review of the care plan held",
    Kind.LATER_REVIEW: "Next review of the care plan held",
    Kind.PLAN_TO_IRO: "PEP sent to the Independent Reviewing Officer",
    Kind.NO_SCHOOL: "Suitable full-time education in place",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date that something must be done by (`on` is the last day), and why.

    `rule` is a stable code, `length` the rule in words ("10 working days"), `citation` its source, `why` the
    counting in plain words.
    """

    kind: Kind
    on: date
    rule: str
    unit: Unit
    citation: str
    why: str
    length: str


FIRST_PEP_PERIOD = Period(10, Unit.WORKING_DAYS)
FIRST_REVIEW_PERIOD = Period(20, Unit.WORKING_DAYS)
SECOND_REVIEW_PERIOD = Period(3, Unit.MONTHS)
LATER_REVIEW_PERIOD = Period(6, Unit.MONTHS)
NO_SCHOOL_PERIOD = Period(20, Unit.SCHOOL_DAYS)


def first_pep(placement_started_on: date, calendar: Calendar) -> Deadline:
    """Return the day by which the care plan, the PEP within it, must be prepared.

    10 working days from the start of the first placement, where it was not practicable before: SI 2010/959
    regulation 4(2).
    """
    return _counted(Kind.FIRST_PEP, placement_started_on, FIRST_PEP_PERIOD, calendar, _reg("4(2)"))


def first_review(entered_care_on: date, calendar: Calendar) -> Deadline:
    """Return the last day of the first review: 20 working days from becoming looked after, regulation 33(1)."""
    return _counted(Kind.FIRST_REVIEW, entered_care_on, FIRST_REVIEW_PERIOD, calendar, _reg("33(1)"))


def second_review(first_held_on: date, calendar: Calendar) -> Deadline:
    """Return the last day of the second review: not more than 3 months after the first, regulation 33(2).

    Calendar months; where the month has no such day, its last day.
    """
    return _counted(Kind.SECOND_REVIEW, first_held_on, SECOND_REVIEW_PERIOD, calendar, _reg("33(2)"))


def later_review(last_held_on: date, calendar: Calendar) -> Deadline:
    """Return the last day of a later review: intervals of not more than 6 months, regulation 33(2)."""
    return _counted(Kind.LATER_REVIEW, last_held_on, LATER_REVIEW_PERIOD, calendar, _reg("33(2)"))


def next_review(child: Child, calendar: Calendar) -> Deadline:
    """Return the last day of the child's next review, by how many were held: regulation 33(1) and (2)."""
    held = sorted(child.reviews_held)
    if not held:
        return first_review(child.entered_care_on, calendar)
    return second_review(held[0], calendar) if len(held) == 1 else later_review(held[-1], calendar)


def termly_pep(term: Term, policy: Policy, calendar: Calendar) -> Deadline:
    """Return the day by which a term's PEP must be complete.

    The PEP is reviewed each school term (statutory guidance 2018, page 16); how long before schools break up it must be
    complete is the authority's rule.
    """
    margin = policy.at(Rule.TERMLY_PLAN_BEFORE_TERM_ENDS, term.starts)
    on = before(term.last_school_day, margin.period, calendar)
    why = (
        f"Once in the {term.words}: {margin.period.words} before {long_date(term.last_school_day)}, the last "
        f"school day of the term ({margin.source})"
    )
    return Deadline(Kind.TERMLY_PEP, on, Kind.TERMLY_PEP.value, Unit.TERMS, GUIDANCE, why, "once each school term")


def first_meeting(placement_started_on: date, policy: Policy, calendar: Calendar) -> Deadline:
    """Return the last day of the first PEP meeting by the authority's rule, never later than regulation 4(2) allows."""
    rule = policy.at(Rule.FIRST_MEETING, placement_started_on)
    on = after(placement_started_on, rule.period, calendar)
    law = first_pep(placement_started_on, calendar)
    if on > law.on:
        return Deadline(Kind.FIRST_MEETING, law.on, law.rule, law.unit, law.citation, law.why, law.length)
    why = explain(placement_started_on, rule.period, on, calendar)
    return Deadline(
        Kind.FIRST_MEETING, on, Kind.FIRST_MEETING.value, rule.period.unit, _own(rule.source), why, rule.period.words
    )


def plan_to_iro(review_on: date, policy: Policy, calendar: Calendar) -> Deadline:
    """Return the day by which the PEP must be with the IRO before a review.

    The authority's reading of the IRO Handbook.
    """
    rule = policy.at(Rule.PLAN_TO_IRO_BEFORE_REVIEW, review_on)
    on = before(review_on, rule.period, calendar)
    why = f"{rule.period.words} before the review, which must be held by {long_date(review_on)}"
    length = f"{rule.period.words} before the review"
    return Deadline(Kind.PLAN_TO_IRO, on, Kind.PLAN_TO_IRO.value, rule.period.unit, _own(rule.source), why, length)


def no_school(since: date, calendar: Calendar) -> Deadline:
    """Return the day by which suitable full-time education must be secured for a child on no school's roll.

    20 school days (statutory guidance 2018). School days are the authority's: a school's own closures are not known
    here.
    """
    return _counted(Kind.NO_SCHOOL, since, NO_SCHOOL_PERIOD, calendar, GUIDANCE)


def deadlines(child: Child, today: date, policy: Policy, calendar: Calendar) -> tuple[Deadline, ...]:
    """Return the clocks that run for a child on `today`, the earliest first; none for short breaks or out of care.

    The first PEP's clocks are shown in the term they fall in, after that the term's own PEP.
    """
    if child.on_short_breaks or not child.in_care:
        return ()
    found = []
    if policy.plans_for(child.year_group):
        found += _plan_deadlines(child, today, policy, calendar)
    review = next_review(child, calendar)
    found.append(review)
    if policy.plans_for(child.year_group):
        found.append(plan_to_iro(review.on, policy, calendar))
    if child.no_school_since is not None and child.year_group >= 0:
        found.append(no_school(child.no_school_since, calendar))
    return tuple(sorted(found, key=lambda deadline: (deadline.on, deadline.kind)))


def needs_first_plan(child: Child, today: date, calendar: Calendar) -> bool:
    """Tell whether the plan of this term is the child's first: care began, or the first PEP falls due, in this term."""
    term = calendar.terms.term_of(today)
    return max(child.entered_care_on, first_pep(child.placement_started_on, calendar).on) >= term.starts


def _plan_deadlines(child: Child, today: date, policy: Policy, calendar: Calendar) -> list[Deadline]:
    if needs_first_plan(child, today, calendar):
        start = child.placement_started_on
        return [first_meeting(start, policy, calendar), first_pep(start, calendar)]
    return [termly_pep(calendar.terms.term_of(today), policy, calendar)]


def _counted(kind: Kind, start: date, period: Period, calendar: Calendar, citation: str) -> Deadline:
    on = after(start, period, calendar)
    return Deadline(kind, on, kind.value, period.unit, citation, explain(start, period, on, calendar), period.words)


def _own(source: str) -> str:
    return source[:1].upper() + source[1:]


def _reg(number: str) -> str:
    return f"{REGULATIONS}, regulation {number}"
