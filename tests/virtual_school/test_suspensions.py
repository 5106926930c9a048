from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.virtual_school.domain.suspensions import check_suspension
from shared.kernel.errors import InvalidInput

TODAY = date(2026, 11, 20)
GOOD: dict[str, Any] = {
    "starts_on": date(2026, 11, 18),
    "ends_on": date(2026, 11, 19),
    "sessions": 4,
    "permanent": False,
    "reasons": ("PA", "DB"),
    "today": TODAY,
}


def test_a_suspension_with_up_to_three_reasons_is_taken() -> None:
    check_suspension(**GOOD)
    check_suspension(**{**GOOD, "reasons": ("PA", "DB", "DM")})
    check_suspension(**{**GOOD, "ends_on": GOOD["starts_on"], "sessions": 1})


def test_a_permanent_exclusion_has_no_last_day() -> None:
    check_suspension(**{**GOOD, "permanent": True, "ends_on": None, "sessions": 0})
    with pytest.raises(InvalidInput) as refusal:
        check_suspension(**{**GOOD, "permanent": True})
    assert set(refusal.value.errors) == {"ends_on"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_on": None}, "ends_on"),
        ({"ends_on": date(2026, 11, 17)}, "ends_on"),
        ({"sessions": 0}, "sessions"),
        ({"sessions": 5}, "sessions"),
        ({"reasons": ()}, "reasons"),
        ({"reasons": ("PA", "PA")}, "reasons"),
        ({"reasons": ("PA", "DB", "DM", "TH")}, "reasons"),
        ({"reasons": ("QQ",)}, "reasons"),
        ({"starts_on": date(2026, 12, 18), "ends_on": date(2026, 12, 18), "sessions": 1}, "starts_on"),
    ],
)
def test_what_cannot_be_a_suspension_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_suspension(**{**GOOD, **change})
    assert set(refusal.value.errors) == {field}
