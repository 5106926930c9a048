from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.working_days import (
    add_working_days,
    days_skipped,
    is_working_day,
    subtract_working_days,
    working_days_between,
)
from shared.platform.bank_holidays import ENGLAND_AND_WALES

DAYS = st.dates(date(2015, 1, 1), date(2032, 12, 31))
COUNTS = st.integers(0, 60)


@pytest.mark.parametrize(
    ("event", "ten", "twenty"),
    [
        (date(2026, 11, 21), date(2026, 12, 4), date(2026, 12, 18)),
        (date(2026, 12, 14), date(2026, 12, 30), date(2027, 1, 14)),
        (date(2026, 12, 24), date(2027, 1, 12), date(2027, 1, 26)),
        (date(2026, 3, 30), date(2026, 4, 15), date(2026, 4, 29)),
        (date(2027, 3, 22), date(2027, 4, 7), date(2027, 4, 21)),
        (date(2026, 8, 24), date(2026, 9, 8), date(2026, 9, 22)),
    ],
)
def test_ten_and_twenty_working_days_are_counted_as_published(event: date, ten: date, twenty: date) -> None:
    assert add_working_days(event, 10, ENGLAND_AND_WALES) == ten
    assert add_working_days(event, 20, ENGLAND_AND_WALES) == twenty


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 4),
        date(2026, 5, 25),
        date(2026, 8, 31),
        date(2026, 12, 25),
        date(2026, 12, 28),
        date(2027, 3, 26),
        date(2027, 3, 29),
        date(2027, 12, 27),
        date(2027, 12, 28),
    ],
)
def test_a_bank_holiday_is_no_working_day(day: date) -> None:
    assert not is_working_day(day, ENGLAND_AND_WALES)


def test_a_holiday_of_scotland_or_northern_ireland_is_a_working_day() -> None:
    assert is_working_day(date(2026, 1, 2), ENGLAND_AND_WALES)
    assert is_working_day(date(2026, 3, 17), ENGLAND_AND_WALES)
    assert is_working_day(date(2026, 11, 30), ENGLAND_AND_WALES)


def test_what_a_count_skipped_is_named() -> None:
    end = add_working_days(date(2026, 12, 14), 10, ENGLAND_AND_WALES)

    assert days_skipped(date(2026, 12, 14), end, ENGLAND_AND_WALES) == [date(2026, 12, 25), date(2026, 12, 28)]
    assert ENGLAND_AND_WALES.name(date(2026, 12, 25)) == "Christmas Day"


@given(DAYS, st.integers(1, 60))
def test_a_count_ends_on_a_working_day_that_many_after(day: date, count: int) -> None:
    end = add_working_days(day, count, ENGLAND_AND_WALES)

    assert is_working_day(end, ENGLAND_AND_WALES)
    assert working_days_between(day, end, ENGLAND_AND_WALES) == count


@given(DAYS, COUNTS, COUNTS)
def test_counting_in_two_steps_is_counting_once(day: date, first: int, second: int) -> None:
    in_two = add_working_days(add_working_days(day, first, ENGLAND_AND_WALES), second, ENGLAND_AND_WALES)

    assert in_two == add_working_days(day, first + second, ENGLAND_AND_WALES)


@given(DAYS, COUNTS)
def test_a_later_event_never_has_an_earlier_deadline(day: date, count: int) -> None:
    assert add_working_days(day, count, ENGLAND_AND_WALES) <= add_working_days(
        day + timedelta(days=1), count, ENGLAND_AND_WALES
    )


@given(DAYS.filter(lambda day: is_working_day(day, ENGLAND_AND_WALES)), COUNTS)
def test_counting_back_undoes_counting_forward_from_a_working_day(day: date, count: int) -> None:
    assert subtract_working_days(add_working_days(day, count, ENGLAND_AND_WALES), count, ENGLAND_AND_WALES) == day


@pytest.mark.parametrize("count", [add_working_days, subtract_working_days])
def test_a_negative_count_is_refused(count: object) -> None:
    assert callable(count)
    with pytest.raises(ValueError, match="Count working days"):
        count(date(2026, 1, 1), -1, ENGLAND_AND_WALES)
