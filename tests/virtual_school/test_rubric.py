from __future__ import annotations

from datetime import date

import pytest

from services.virtual_school.adapters.policy_files import policy_for
from services.virtual_school.domain.rubric import Decision, Rating, judge
from shared.kernel.errors import InvalidInput

RUBRIC = policy_for("northmoor", date(2026, 11, 20)).rubric


@pytest.mark.parametrize(
    ("rating", "reasons", "decision"),
    [
        (Rating.GREEN, (), Decision.APPROVE),
        (Rating.AMBER, ("voice",), Decision.APPROVE),
        (Rating.AMBER, ("voice", "carer"), Decision.RETURN),
        (Rating.RED, ("targets_not_smart",), Decision.RETURN),
    ],
)
def test_a_rating_with_what_it_demands_stands(rating: Rating, reasons: tuple[str, ...], decision: Decision) -> None:
    judge(RUBRIC, rating, reasons, decision)


@pytest.mark.parametrize(
    ("rating", "reasons", "decision", "fields"),
    [
        (Rating.RED, (), Decision.RETURN, {"reasons"}),
        (Rating.RED, ("voice",), Decision.APPROVE, {"decision"}),
        (Rating.RED, (), Decision.APPROVE, {"reasons", "decision"}),
        (Rating.AMBER, (), Decision.APPROVE, {"reasons"}),
        (Rating.GREEN, ("voice",), Decision.APPROVE, {"reasons"}),
        (Rating.GREEN, (), Decision.RETURN, {"decision"}),
        (Rating.AMBER, ("no_such",), Decision.RETURN, {"reasons"}),
    ],
)
def test_a_rating_without_what_it_demands_is_refused_by_field(
    rating: Rating, reasons: tuple[str, ...], decision: Decision, fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        judge(RUBRIC, rating, reasons, decision)
    assert set(refusal.value.errors) == fields


def test_a_reason_the_rubric_dropped_still_shows_its_code() -> None:
    (known, gone) = RUBRIC.labels(("voice", "handwriting"))
    assert "voice" in known.label
    assert gone.label == "handwriting"
