"""An authority's rules, as dated data: the rubric for rating plans and the rules that raise concerns.

Councils differ in nearly all of this, so none of it is code. A policy file holds an authority's versions, each with the
day it came into force; a decision is taken under the version in force on its day and keeps that day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, cast

from services.virtual_school.domain.rubric import Decision, Demand, Rating, Reason, Rubric


class DayUnit(StrEnum):
    """What a count of days counts. Working days are those of SI 2010/959 regulation 2."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


@dataclass(frozen=True, slots=True)
class AttendanceRule:
    """Attendance under `threshold_percent` over the last `over_days` calendar days, of `minimum_sessions` possible."""

    threshold_percent: int
    minimum_sessions: int
    over_days: int


@dataclass(frozen=True, slots=True)
class SuspensionRule:
    """Any suspension that began in the last `recent_days` calendar days, so that old records raise nothing."""

    recent_days: int


@dataclass(frozen=True, slots=True)
class NoSchoolRule:
    """No school for `after` days of a unit, for children in these year groups."""

    after: int
    unit: DayUnit
    youngest_year_group: int
    oldest_year_group: int


@dataclass(frozen=True, slots=True)
class ConcernRules:
    """The rules an authority monitors by; a rule left out of the data is None and raises nothing.

    `answer_within` gives, for each rule, how many working days there are to answer.
    """

    attendance: AttendanceRule | None
    suspension: SuspensionRule | None
    plan_late: bool
    no_school: NoSchoolRule | None
    answer_within: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """One authority's rules from a day on."""

    authority: str
    valid_from: date
    rubric: Rubric
    concerns: ConcernRules


class UnreadablePolicy(Exception):
    """The policy data is not what it should be; the message names the place."""


RULES = ("attendance_low", "suspension", "plan_late", "no_school")


def read_policies(data: Mapping[str, Any]) -> tuple[Policy, ...]:
    """Read a policy file's content, earliest version first; raises `UnreadablePolicy` naming the fault."""
    try:
        authority = str(data["authority"])
        versions = [_version(authority, version) for version in cast("Sequence[Mapping[str, Any]]", data["versions"])]
    except KeyError as error:
        raise UnreadablePolicy(f"{data.get('authority', 'policy')}: {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise UnreadablePolicy(f"{data.get('authority', 'policy')}: {error}") from error
    days = [version.valid_from for version in versions]
    if not versions or days != sorted(set(days)):
        raise UnreadablePolicy(f"{authority}: versions must be in order, each with its own day")
    return tuple(versions)


def policy_on(policies: Sequence[Policy], day: date) -> Policy:
    """Return the version in force on `day`; before the first, the first."""
    in_force = [policy for policy in policies if policy.valid_from <= day]
    return in_force[-1] if in_force else policies[0]


def _version(authority: str, data: Mapping[str, Any]) -> Policy:
    return Policy(
        authority=authority,
        valid_from=date.fromisoformat(data["valid_from"]),
        rubric=_rubric(data["rubric"]),
        concerns=_concerns(data["concerns"]),
    )


def _rubric(data: Mapping[str, Any]) -> Rubric:
    reasons = {row["code"]: Reason(row["code"], row["label"], row["mend"]) for row in data["reasons"]}
    if len(reasons) != len(data["reasons"]):
        raise ValueError("two reasons of the rubric have the same code")
    demands = {
        rating: Demand(
            meaning=data["ratings"][rating]["meaning"],
            least=int(data["ratings"][rating]["least_reasons"]),
            most=data["ratings"][rating].get("most_reasons"),
            decisions=frozenset(Decision(word) for word in data["ratings"][rating]["decisions"]),
        )
        for rating in Rating
    }
    if any(not demand.decisions for demand in demands.values()):
        raise ValueError("a rating needs at least one decision")
    return Rubric(reasons, demands)


def _concerns(data: Mapping[str, Any]) -> ConcernRules:
    attendance, suspension, no_school = data.get("attendance_low"), data.get("suspension"), data.get("no_school")
    answer_within = {rule: int(data["answer_within_working_days"][rule]) for rule in RULES if rule in data}
    if unknown := set(data) - {*RULES, "answer_within_working_days"}:
        raise ValueError(f"{min(unknown)} is not a rule")
    return ConcernRules(
        attendance=attendance
        and AttendanceRule(
            int(attendance["threshold_percent"]), int(attendance["minimum_sessions"]), int(attendance["over_days"])
        ),
        suspension=suspension and SuspensionRule(int(suspension["recent_days"])),
        plan_late="plan_late" in data,
        no_school=no_school
        and NoSchoolRule(
            int(no_school["after"]),
            DayUnit(no_school["unit"]),
            int(no_school["youngest_year_group"]),
            int(no_school["oldest_year_group"]),
        ),
        answer_within=answer_within,
    )
