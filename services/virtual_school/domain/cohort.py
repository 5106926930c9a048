"""The cohort as the Virtual School watches it: what may be asked of it, and one row for each child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.virtual_school.domain.attendance import Attendance, show_tenths
from services.virtual_school.domain.children import year_group_words
from services.virtual_school.domain.plans import Standing

PAGE_SIZE = 50


class CohortOrder(StrEnum):
    """What the cohort page can be sorted by; the first is the usual order."""

    NAME = "name"
    DUE = "due"
    ATTENDANCE = "attendance"
    SUSPENSIONS = "suspensions"
    CONCERNS = "concerns"
    SCHOOL = "school"
    YEAR_GROUP = "year_group"


@dataclass(frozen=True, slots=True)
class CohortFilter:
    """What is asked of the cohort; what is None or empty does not narrow it.

    `under` is a whole percentage of attendance this school year; `page` counts from 1.
    """

    state: Standing | None = None
    phase: str | None = None
    school: str | None = None
    caseworker: str | None = None
    year_group: int | None = None
    search: str = ""
    under: int | None = None
    concerns: bool = False
    order: CohortOrder = CohortOrder.NAME
    descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One child: the plan that counts now, this school year's attendance and suspensions, and live concerns."""

    child_id: str
    name: str
    reference: str
    phase: str
    year_group: int
    school: str
    caseworker: str
    plan_id: str | None
    standing: Standing
    term: str
    due_on: date | None
    submission: int
    attendance: Attendance
    suspensions: int
    concerns: int
    unanswered: int

    @property
    def year(self) -> str:
        """Return the year group as schools say it."""
        return year_group_words(self.year_group)


@dataclass(frozen=True, slots=True)
class Cohort:
    """A page of the cohort. `counts` are by standing under every filter but the standing itself."""

    rows: tuple[CohortRow, ...]
    total: int
    counts: Mapping[Standing, int]
    page: int

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def everyone(self) -> int:
        """Return how many children there are whatever the standing."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers at the head of the Virtual School's page, this school year up to today.

    `plans_due` are the plans whose due date has passed, `plans_in_time` those of them first submitted by that date.
    `under_threshold` counts children whose attendance is under the authority's percentage; None where it has none.
    """

    children: int
    by_standing: Mapping[Standing, int]
    plans_due: int
    plans_in_time: int
    attendance: Attendance
    with_marks: int
    under_threshold: int
    threshold_percent: int | None
    suspended_children: int
    suspensions: int
    suspension_sessions: int
    exclusions: int
    concerns_unanswered: int
    concerns_overdue: int

    @property
    def in_time_words(self) -> str:
        """Return the share of plans in time, or `none due yet`."""
        return show_share(self.plans_in_time, self.plans_due) or "none due yet"

    @property
    def suspended_words(self) -> str:
        """Return the share of children suspended, or `no children`."""
        return show_share(self.suspended_children, self.children) or "no children"


def show_share(part: int, whole: int) -> str:
    """Return a share as a percentage with one decimal, cut; empty without a whole."""
    return show_tenths(part * 1000 // whole) if whole else ""
