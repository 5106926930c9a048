"""Rating a plan red, amber or green, against the rubric its authority published.

The rubric is data (see `policy`): which reasons there are, what a rating demands, and which ratings may be approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.kernel.errors import InvalidInput


class Rating(StrEnum):
    """How good a plan is."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class Decision(StrEnum):
    """What becomes of a rated plan."""

    APPROVE = "approve"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing a rating can rest on: `label` says what is not good enough, `mend` what to do about it."""

    code: str
    label: str
    mend: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What a rating demands: how many reasons at least and at most, and which decisions it leaves."""

    meaning: str
    least: int
    most: int | None
    decisions: frozenset[Decision]


@dataclass(frozen=True, slots=True)
class Rubric:
    """An authority's reasons by code, in the order shown, and the demands of the three ratings."""

    reasons: Mapping[str, Reason]
    demands: Mapping[Rating, Demand]

    def labels(self, codes: tuple[str, ...]) -> tuple[Reason, ...]:
        """Return the reasons of `codes`; a code the rubric no longer has stands for itself."""
        return tuple(self.reasons.get(code, Reason(code, code, code)) for code in codes)


def judge(rubric: Rubric, rating: Rating, reasons: tuple[str, ...], decision: Decision) -> None:
    """Refuse a decision that the rubric does not allow; raises `InvalidInput` by field."""
    demand = rubric.demands[rating]
    errors: dict[str, list[str]] = {}
    if unknown := [code for code in reasons if code not in rubric.reasons]:
        errors["reasons"] = [f"“{unknown[0][:40]}” is not one of the reasons of the rubric."]
    elif len(set(reasons)) < demand.least:
        errors["reasons"] = [_too_few(rating, demand)]
    elif demand.most == 0 and reasons:
        errors["reasons"] = [f"A {rating} rating has no reasons. Clear them, or choose another rating."]
    elif demand.most is not None and len(set(reasons)) > demand.most:
        errors["reasons"] = [f"A {rating} rating has at most {demand.most} reasons."]
    if decision is Decision.APPROVE and Decision.APPROVE not in demand.decisions:
        errors["decision"] = [f"A plan rated {rating} cannot be approved. Return it, and say what to mend."]
    elif decision is Decision.RETURN and Decision.RETURN not in demand.decisions:
        errors["decision"] = [f"A plan rated {rating} is approved, not returned."]
    elif decision is Decision.RETURN and not reasons and "reasons" not in errors:
        errors["reasons"] = ["Choose at least one reason, so that the school knows what to mend."]
    if errors:
        raise InvalidInput(errors)


def _too_few(rating: Rating, demand: Demand) -> str:
    many = "one reason" if demand.least == 1 else f"{demand.least} reasons"
    return f"Choose at least {many} for a rating of {rating}."
