"""An authority's own rules, as dated data: what councils decide for themselves and differ in.

The law is code (see `services.pep.domain.clocks`); everything here is a value that holds from a date on, so that a plan
of last year is judged by last year's rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from services.pep.domain.periods import Period, Unit
from services.pep.domain.retention import LEAST_BIRTHDAY, LEAST_YEARS_AFTER_DEATH, THE_LAW, KeepingRule
from services.pep.domain.terms import Term, TermCalendar


class Rule(StrEnum):
    """The rules that an authority sets."""

    FIRST_MEETING = "first_meeting"
    COMPLETE_AFTER_MEETING = "complete_after_meeting"
    TERMLY_PLAN_BEFORE_TERM_ENDS = "termly_plan_before_term_ends"
    PLAN_TO_IRO_BEFORE_REVIEW = "plan_to_iro_before_review"
    PLAN_AFTER_SCHOOL_CHANGE = "plan_after_school_change"
    PERSONAL_LINK_LASTS = "personal_link_lasts"
    REVIEW_ARRANGED_AHEAD = "review_arranged_ahead"
    REVIEW_RECORDED_WITHIN = "review_recorded_within"


class UnreadablePolicy(Exception):
    """The policy data has a fault; the text names where and what."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A value that holds from a date on, and where the authority says so."""

    effective_from: date
    period: Period
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One authority's rules and terms; plans are made for year groups `from_year_group` to `to_year_group`."""

    authority: str
    rules: Mapping[Rule, tuple[Dated, ...]]
    terms: TermCalendar
    from_year_group: int
    to_year_group: int
    keeping: tuple[KeepingRule, ...]

    def keeping_at(self, on: date) -> KeepingRule:
        """Return for how long records are kept by the rule of a day: the latest that had come into effect."""
        return max(
            (rule for rule in self.keeping if rule.effective_from <= on),
            key=lambda rule: rule.effective_from,
            default=self.keeping[0],
        )

    def at(self, rule: Rule, on: date) -> Dated:
        """Return the value of a rule on a day: the latest that had come into effect, else the earliest there is."""
        values = self.rules[rule]
        return max((value for value in values if value.effective_from <= on), key=_effective, default=values[0])

    def plans_for(self, year_group: int) -> bool:
        """Tell whether the authority makes plans for a year group."""
        return self.from_year_group <= year_group <= self.to_year_group


def read_policy(data: Mapping[str, Any]) -> Policy:
    """Build a policy from its JSON; raises `UnreadablePolicy` naming the first fault.

    `rules` maps each rule's name to a list of `{effective_from, count, unit, source}`; `terms` maps a term's key to
    `{starts, ends, teaching: [[first, last], …]}`; `year_groups` is `[from, to]`. `keeping` is a list of
    `{effective_from, until_birthday, years_after_death, source}`, never shorter than the law asks, which holds where
    it is left out.
    """
    try:
        rules = {rule: _dated(rule, data["rules"][rule.value]) for rule in Rule}
        unknown = set(data["rules"]) - {rule.value for rule in Rule}
        if unknown:
            raise UnreadablePolicy(f"rules: {', '.join(sorted(unknown))} is no rule that an authority sets.")
        terms = {key: _term(key, value) for key, value in data.get("terms", {}).items()}
        first, last = data["year_groups"]
        return Policy(
            str(data["authority"]), rules, TermCalendar(terms), int(first), int(last), _keeping(data.get("keeping", ()))
        )
    except KeyError as error:
        raise UnreadablePolicy(f"{error.args[0]} is missing.") from error
    except (TypeError, ValueError) as error:
        raise UnreadablePolicy(str(error)) from error


def _effective(value: Dated) -> date:
    return value.effective_from


def _dated(rule: Rule, values: Sequence[Mapping[str, Any]]) -> tuple[Dated, ...]:
    if not values:
        raise UnreadablePolicy(f"rules.{rule}: at least one value is needed.")
    read = []
    for value in values:
        period = Period(int(value["count"]), Unit(value["unit"]))
        if period.count < 0:
            raise UnreadablePolicy(f"rules.{rule}: a count cannot be negative.")
        read.append(Dated(date.fromisoformat(value["effective_from"]), period, str(value.get("source", ""))))
    return tuple(sorted(read, key=_effective))


def _keeping(values: Sequence[Mapping[str, Any]]) -> tuple[KeepingRule, ...]:
    if not values:
        return (THE_LAW,)
    read = [
        KeepingRule(
            date.fromisoformat(value["effective_from"]),
            int(value["until_birthday"]),
            int(value["years_after_death"]),
            str(value.get("source", "")),
        )
        for value in values
    ]
    for rule in read:
        if rule.until_birthday < LEAST_BIRTHDAY or rule.years_after_death < LEAST_YEARS_AFTER_DEATH:
            raise UnreadablePolicy(
                f"keeping: records must be kept until the {LEAST_BIRTHDAY}th birthday at least, "
                f"or for {LEAST_YEARS_AFTER_DEATH} years after a death under 18."
            )
    return tuple(sorted(read, key=lambda rule: rule.effective_from))


def _term(key: str, value: Mapping[str, Any]) -> Term:
    try:
        term = _read_term(key, value)
        TermCalendar().term(key)
    except ValueError as error:
        raise UnreadablePolicy(f"terms.{key}: {error}") from error
    days = [term.starts, *(day for stretch in term.teaching for day in stretch), term.ends]
    if not term.teaching or days != sorted(days):
        raise UnreadablePolicy(f"terms.{key}: the dates must run from the start of the term to its end.")
    return term


def _read_term(key: str, value: Mapping[str, Any]) -> Term:
    teaching = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in value["teaching"])
    return Term(key, date.fromisoformat(value["starts"]), date.fromisoformat(value["ends"]), teaching)
