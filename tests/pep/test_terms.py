from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pep.adapters.policies import load_policy
from services.pep.domain.terms import Phase, TermCalendar, easter_sunday, phase_of, usual_term, year_group


@pytest.mark.parametrize(
    ("day", "key"),
    [
        (date(2026, 9, 1), "2026-autumn"),
        (date(2026, 12, 31), "2026-autumn"),
        (date(2027, 1, 1), "2027-spring"),
        (date(2027, 3, 27), "2027-spring"),
        (date(2027, 3, 29), "2027-summer"),
        (date(2027, 8, 31), "2027-summer"),
        (date(2031, 2, 3), "2031-spring"),
    ],
)
def test_a_day_belongs_to_its_term(day: date, key: str) -> None:
    assert load_policy("northmoor").terms.term_of(day).key == key


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28))],
)
def test_easter_is_where_it_is(year: int, sunday: date) -> None:
    assert easter_sunday(year) == sunday


@pytest.mark.parametrize("key", ["", "2026", "2026-winter", "autumn-2026"])
def test_what_is_no_term_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="names no term"):
        usual_term(key)


@pytest.mark.parametrize(
    ("born_on", "on", "group"),
    [
        (date(2022, 8, 31), date(2026, 9, 1), 0),
        (date(2022, 9, 1), date(2026, 9, 1), -1),
        (date(2022, 8, 31), date(2026, 8, 31), -1),
        (date(2015, 3, 9), date(2026, 11, 21), 7),
        (date(2010, 9, 1), date(2026, 11, 21), 11),
        (date(2009, 8, 31), date(2026, 11, 21), 13),
        (date(2026, 11, 1), date(2026, 11, 21), -1),
        (date(2012, 2, 29), date(2026, 11, 21), 10),
    ],
)
def test_the_year_group_follows_from_the_date_of_birth(born_on: date, on: date, group: int) -> None:
    assert year_group(born_on, on) == group


@pytest.mark.parametrize(
    ("group", "phase"),
    [
        (-1, Phase.EARLY_YEARS),
        (0, Phase.EARLY_YEARS),
        (1, Phase.PRIMARY),
        (6, Phase.PRIMARY),
        (7, Phase.SECONDARY),
        (11, Phase.SECONDARY),
        (12, Phase.POST_16),
        (13, Phase.POST_16),
    ],
)
def test_the_phase_follows_from_the_year_group(group: int, phase: Phase) -> None:
    assert phase_of(group) is phase


@given(st.dates(date(2005, 1, 1), date(2020, 12, 31)), st.dates(date(2021, 1, 1), date(2040, 1, 1)))
def test_a_year_group_goes_up_by_one_on_the_first_of_september_only(born_on: date, on: date) -> None:
    before, after = year_group(born_on, date(on.year, 8, 31)), year_group(born_on, date(on.year, 9, 1))

    assert after in {before, before + 1}
    assert year_group(born_on, date(on.year, 9, 1)) == year_group(born_on, date(on.year + 1, 8, 31))


@given(st.dates(date(2015, 1, 1), date(2032, 12, 31)))
def test_schools_never_meet_at_weekends(day: date) -> None:
    assert not (TermCalendar().schools_meet(day) and day.weekday() > 4)
