"""What monitoring raises by rule, on what evidence, and when it is over. Pure: facts in, findings out.

A concern is raised once for one cause. The cause of a suspension, a late plan or a time without school is the thing
itself, so it never comes back; low attendance may come back after it has recovered, so its cause counts the spells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.virtual_school.domain.attendance import Attendance
from services.virtual_school.domain.plans import Plan, PlanState
from services.virtual_school.domain.policy import ConcernRules, DayUnit, NoSchoolRule
from services.virtual_school.domain.suspensions import Suspension
from shared.kernel.working_days import add_working_days, working_days_between


class Rule(StrEnum):
    """The rules that raise a concern."""

    ATTENDANCE_LOW = "attendance_low"
    SUSPENSION = "suspension"
    PLAN_LATE = "plan_late"
    NO_SCHOOL = "no_school"

    @property
    def words(self) -> str:
        """Return the rule as a page shows it."""
        return RULE_WORDS[self]


RULE_WORDS = {
    Rule.ATTENDANCE_LOW: "Attendance is low",
    Rule.SUSPENSION: "Suspended from school",
    Rule.PLAN_LATE: "The plan is late",
    Rule.NO_SCHOOL: "No school",
}


class ConcernState(StrEnum):
    """Where a concern stands: raised waits for an answer from the care plan."""

    RAISED = "raised"
    ANSWERED = "answered"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a concern ended."""

    RESOLVED = "resolved"
    MISTAKEN = "mistaken"


@dataclass(frozen=True, slots=True)
class Concern:
    """A concern: what raised it, on what evidence, how it was answered, and how it ended."""

    id: str
    child_id: str
    rule: Rule
    cause: str
    raised_on: date
    answer_by: date
    evidence: Mapping[str, str]
    state: ConcernState = ConcernState.RAISED
    answer: str | None = None
    answered_on: date | None = None
    owner_id: str | None = None
    by_date: date | None = None
    closed_on: date | None = None
    outcome: Outcome | None = None
    closing_evidence: Mapping[str, str] | None = None
    version: int = 1

    @property
    def is_live(self) -> bool:
        """Tell whether the concern is not closed."""
        return self.state is not ConcernState.CLOSED

    def is_overdue(self, today: date) -> bool:
        """Tell whether the concern should have been answered before today and was not."""
        return self.state is ConcernState.RAISED and self.answer_by < today


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """What the rules look at for one child. `attendance` covers the policy's window, from `window_from` to today."""

    child_id: str
    in_care: bool
    year_group: int
    has_school: bool
    no_school_since: date | None
    left_care_on: date | None
    attendance: Attendance
    window_from: date
    suspensions: tuple[Suspension, ...]
    plans: tuple[Plan, ...]
    concerns: tuple[Concern, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired: the concern to raise."""

    rule: Rule
    cause: str
    evidence: Mapping[str, str]
    answer_by: date


@dataclass(frozen=True, slots=True)
class Over:
    """A concern that is over: why, on what evidence."""

    concern: Concern
    outcome: Outcome
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Findings:
    """What an evaluation found."""

    fired: tuple[Fired, ...]
    over: tuple[Over, ...]


def evaluate(facts: ChildFacts, rules: ConcernRules, today: date, holidays: Set[date]) -> Findings:
    """Return what to raise and what to close for one child on `today`.

    Nothing is raised for a child who is not looked after, or for what is in `facts.concerns` already.
    """
    over = tuple(_over(facts, rules, today))
    if not facts.in_care:
        return Findings((), over)
    causes = {(concern.rule, concern.cause) for concern in facts.concerns}
    fired = tuple(
        Fired(rule, cause, evidence, add_working_days(today, rules.answer_within[rule], holidays))
        for rule, cause, evidence in _firing(facts, rules, today, holidays)
        if (rule, cause) not in causes
    )
    return Findings(fired, over)


_Firing = tuple[Rule, str, Mapping[str, str]]


def _firing(facts: ChildFacts, rules: ConcernRules, today: date, holidays: Set[date]) -> Iterator[_Firing]:
    yield from _attendance_low(facts, rules, today)
    if rules.suspension:
        oldest = today - timedelta(days=rules.suspension.recent_days)
        for suspension in (each for each in facts.suspensions if each.starts_on >= oldest):
            yield Rule.SUSPENSION, suspension.id, _suspension_evidence(suspension)
    if rules.plan_late:
        for plan in facts.plans:
            if plan.state is PlanState.OPEN and plan.due_on < today:
                yield Rule.PLAN_LATE, plan.id, {"term": plan.term, "due_on": plan.due_on.isoformat()}
    if rules.no_school:
        yield from _no_school(facts, rules.no_school, today, holidays)


def _attendance_low(facts: ChildFacts, rules: ConcernRules, today: date) -> Iterator[_Firing]:
    spells = [concern for concern in facts.concerns if concern.rule is Rule.ATTENDANCE_LOW]
    if any(spell.is_live for spell in spells) or not is_attendance_low(facts.attendance, rules):
        return
    yield Rule.ATTENDANCE_LOW, f"spell-{len(spells) + 1}", _attendance_evidence(facts, rules, today)


def is_attendance_low(attendance: Attendance, rules: ConcernRules) -> bool:
    """Tell whether attendance is under the authority's threshold, over at least its minimum of possible sessions."""
    rule = rules.attendance
    return (
        rule is not None
        and attendance.possible >= rule.minimum_sessions
        and attendance.is_under(rule.threshold_percent)
    )


def _attendance_evidence(facts: ChildFacts, rules: ConcernRules, today: date) -> dict[str, str]:
    evidence = {
        "attended": str(facts.attendance.attended),
        "possible": str(facts.attendance.possible),
        "percentage": facts.attendance.words.removesuffix("%"),
        "from": facts.window_from.isoformat(),
        "to": today.isoformat(),
    }
    if rules.attendance:
        evidence["threshold"] = str(rules.attendance.threshold_percent)
    return evidence


def _suspension_evidence(suspension: Suspension) -> dict[str, str]:
    evidence = {
        "kind": "permanent_exclusion" if suspension.permanent else "suspension",
        "starts_on": suspension.starts_on.isoformat(),
        "sessions": str(suspension.sessions),
    }
    if suspension.ends_on:
        evidence["ends_on"] = suspension.ends_on.isoformat()
    return evidence


def _no_school(facts: ChildFacts, rule: NoSchoolRule, today: date, holidays: Set[date]) -> Iterator[_Firing]:
    since = facts.no_school_since
    of_age = rule.youngest_year_group <= facts.year_group <= rule.oldest_year_group
    if facts.has_school or since is None or not of_age:
        return
    days = working_days_between(since, today, holidays) if rule.unit is DayUnit.WORKING_DAYS else (today - since).days
    if days >= rule.after:
        yield (
            Rule.NO_SCHOOL,
            since.isoformat(),
            {"since": since.isoformat(), "days": str(days), "unit": rule.unit.value, "limit": str(rule.after)},
        )


def _over(facts: ChildFacts, rules: ConcernRules, today: date) -> Iterator[Over]:
    for concern in facts.concerns:
        if not concern.is_live:
            continue
        if not facts.in_care:
            left = facts.left_care_on or today
            yield Over(concern, Outcome.RESOLVED, {"left_care_on": left.isoformat()})
        elif (found := _CLOSERS[concern.rule](concern, facts, rules, today)) is not None:
            yield Over(concern, *found)


_Closing = tuple[Outcome, Mapping[str, str]]


def _attendance_over(concern: Concern, facts: ChildFacts, rules: ConcernRules, today: date) -> _Closing | None:
    rule = rules.attendance
    if rule is None or facts.attendance.possible < rule.minimum_sessions or is_attendance_low(facts.attendance, rules):
        return None
    return Outcome.RESOLVED, _attendance_evidence(facts, rules, today)


def _suspension_over(concern: Concern, facts: ChildFacts, rules: ConcernRules, today: date) -> _Closing | None:
    """Over when it was answered and its last day has passed, or at once when the record turned out to be a mistake."""
    suspension = next((each for each in facts.suspensions if each.id == concern.cause), None)
    if suspension is None:
        return Outcome.MISTAKEN, {"withdrawn_on": today.isoformat()}
    if concern.answered_on is None or suspension.ends_on is None or suspension.ends_on >= today:
        return None
    return Outcome.RESOLVED, {
        "answered_on": concern.answered_on.isoformat(),
        "ended_on": suspension.ends_on.isoformat(),
    }


def _plan_late_over(concern: Concern, facts: ChildFacts, rules: ConcernRules, today: date) -> _Closing | None:
    """Over when the plan, or a later plan of the child, was submitted; a later one replaced it; or its date moved."""
    late = next((plan for plan in facts.plans if plan.id == concern.cause), None)
    if late is None:
        return None
    for plan in facts.plans:
        is_it_or_later = plan.id == late.id or plan.opened_on > late.opened_on
        if is_it_or_later and plan.first_submitted_on is not None:
            return Outcome.RESOLVED, {"submitted_on": plan.first_submitted_on.isoformat()}
    if late.superseded_on is not None:
        return Outcome.RESOLVED, {"superseded_on": late.superseded_on.isoformat()}
    if late.due_on >= today:
        return Outcome.MISTAKEN, {"due_on": late.due_on.isoformat()}
    return None


def _no_school_over(concern: Concern, facts: ChildFacts, rules: ConcernRules, today: date) -> _Closing | None:
    if facts.has_school:
        return Outcome.RESOLVED, {"school_found_on": today.isoformat()}
    return None


_CLOSERS = {
    Rule.ATTENDANCE_LOW: _attendance_over,
    Rule.SUSPENSION: _suspension_over,
    Rule.PLAN_LATE: _plan_late_over,
    Rule.NO_SCHOOL: _no_school_over,
}
