"""The social worker's visits to a child in care: how often the law asks for them, and when the next one is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.pep.domain.children import Child
from services.pep.domain.clocks import REGULATIONS
from services.pep.domain.periods import Calendar, Period, Unit, add_months, after, explain
from shared.kernel.errors import InvalidInput

FIRST_VISIT = Period(1, Unit.WEEKS)
SIX_WEEKS = Period(6, Unit.WEEKS)
FOUR_WEEKS = Period(4, Unit.WEEKS)
THREE_MONTHS = Period(3, Unit.MONTHS)


class VisitPattern(StrEnum):
    """Which paragraph of regulation 28 says how often a child is visited."""

    ORDINARY = "ordinary"
    UNTIL_18 = "until_18"
    BEFORE_ASSESSMENT = "before_assessment"
    TEMPORARY = "temporary"

    @property
    def words(self) -> str:
        """Return the pattern as a form offers it."""
        return {
            "ordinary": "At least every six weeks",
            "until_18": "The placement is intended to last until the child is 18: "
            "at least every six weeks in its first year, then every three months",
            "before_assessment": "With a parent before the assessment is complete: "
            "every week until the first review, then every six weeks",
            "temporary": "With a temporarily approved carer, or with a parent under an interim care order: "
            "every week until the first review, then every four weeks",
        }[self]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as the social worker recorded it. `seen` is whether they saw the child, `alone` spoke in private.

    `why_not` says why the child was not seen, or not spoken to in private; `note` what came of the visit.
    """

    id: str
    child_id: str
    visited_on: date
    seen: bool
    alone: bool
    why_not: str
    note: str
    recorded_by: str
    recorded_by_name: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class VisitDue:
    """When the next visit is due, its rule ("6 weeks"), the paragraph, and how it was counted."""

    on: date
    length: str
    citation: str
    why: str


def next_visit(
    child: Child, placed_on: date, visits: Iterable[Visit], pattern: VisitPattern, calendar: Calendar
) -> VisitDue | None:
    """Return when the child must be visited next: SI 2010/959 regulation 28(2) to (4); None out of care.

    `placed_on` is the day on which the child's present placement began. Within a week of it; then, from the last
    visit on which the child was seen, at intervals of not more than six weeks for the first year of the placement, and
    after that three months where it is intended to last until 18. An interval that began in the first year ends by the
    rule of that year. None runs for short breaks (regulation 48).
    """
    if not child.in_care or child.on_short_breaks:
        return None
    seen = max((visit.visited_on for visit in visits if visit.seen and visit.visited_on >= placed_on), default=None)
    first_year = seen is not None and seen < add_months(placed_on, 12)
    if seen is None or (pattern in _WEEKLY and not child.reviews_held):
        return _due(seen or placed_on, FIRST_VISIT, f"{_WEEKLY.get(pattern, '28(2)')}(a)", calendar)
    if pattern in _WEEKLY:
        period = FOUR_WEEKS if pattern is VisitPattern.TEMPORARY else SIX_WEEKS
        return _due(seen, period, f"{_WEEKLY[pattern]}(b)", calendar)
    if first_year:
        return _due(seen, SIX_WEEKS, "28(2)(b)", calendar)
    if pattern is VisitPattern.UNTIL_18:
        return _due(seen, THREE_MONTHS, "28(2)(c)(i)", calendar)
    return _due(seen, SIX_WEEKS, "28(2)(c)(ii)", calendar)


_WEEKLY = {VisitPattern.BEFORE_ASSESSMENT: "28(3)", VisitPattern.TEMPORARY: "28(4)"}
"""The paragraphs by which a child is visited every week until the first review."""


def check_visit(visit: Visit, child: Child, today: date) -> None:
    """Refuse a visit that cannot be, or that does not say why the child was not spoken to in private.

    On each visit the child is spoken to in private, unless they refuse, it is inappropriate at their age, or it is not
    possible: SI 2010/959 regulation 29. Raises `InvalidInput` by field.
    """
    errors: dict[str, list[str]] = {}
    if not child.entered_care_on <= visit.visited_on <= today:
        errors["visited_on"] = ["The visit must have been since the child became looked after, and not after today."]
    if visit.alone and not visit.seen:
        errors["alone"] = ["A child who was not seen was not spoken to in private."]
    if not (visit.seen and visit.alone) and len(visit.why_not.split()) < 2:
        errors["why_not"] = ["Say why the child was not seen, or not spoken to in private."]
    if errors:
        raise InvalidInput(errors)


def _due(start: date, period: Period, paragraph: str, calendar: Calendar) -> VisitDue:
    on = after(start, period, calendar)
    return VisitDue(on, period.words, f"{REGULATIONS}, regulation {paragraph}", explain(start, period, on, calendar))
