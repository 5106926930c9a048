"""How dates, times, money and numbers are written."""

from datetime import UTC, date, datetime, time

import pytest
from werkzeug.datastructures import MultiDict

from shared.platform.web.chips import filter_chips
from shared.platform.web.filters import FILTERS, clock_time, day, moment, plural, pounds, short_day, year_group
from shared.platform.web.states import COLOURS, state_look

SUMMER_NIGHT = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)


def test_days_are_written_in_full_or_short() -> None:
    assert day(date(2026, 12, 7)) == "Monday 7 December 2026"
    assert short_day(date(2026, 12, 7)) == "7 Dec 2026"


def test_an_instant_is_shown_as_it_is_in_england() -> None:
    assert day(SUMMER_NIGHT) == "Wednesday 1 July 2026"
    assert clock_time(SUMMER_NIGHT) == "12:30am"
    assert moment(SUMMER_NIGHT) == "1 July 2026 at 12:30am"
    assert moment(date(2026, 7, 1)) == "1 July 2026"


@pytest.mark.parametrize(
    ("value", "words"),
    [(time(14, 30), "2:30pm"), (time(9), "9am"), (time(12), "midday"), (time(0), "midnight"), (time(0, 5), "12:05am")],
)
def test_times_are_written_as_gov_uk_does(value: time, words: str) -> None:
    assert clock_time(value) == words


@pytest.mark.parametrize(("pence", "words"), [(0, "£0.00"), (25000, "£250.00"), (125050, "£1,250.50"), (-5, "−£0.05")])
def test_pence_are_written_as_pounds(pence: int, words: str) -> None:
    assert pounds(pence) == words


def test_counts_agree_with_their_noun() -> None:
    assert [plural(n, "child", "children") for n in (0, 1, 2600)] == ["0 children", "1 child", "2,600 children"]
    assert plural(2, "plan") == "2 plans"


def test_year_groups_are_written_in_words() -> None:
    assert [year_group(n) for n in (-1, 0, 4)] == ["Nursery", "Reception", "Year 4"]


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"plural"}))
def test_what_is_absent_is_written_as_nothing(name: str) -> None:
    assert FILTERS[name](None) == ""  # type: ignore[operator]


def test_an_unknown_state_is_shown_in_its_own_words() -> None:
    assert state_look("waiting_for_carer").text == "Waiting for carer"
    assert state_look("returned").colour in COLOURS


def test_a_chip_takes_its_own_filter_away_and_forgets_the_page() -> None:
    chosen = MultiDict(
        [("state", "late"), ("state", "returned"), ("q", "Zoë"), ("page", "3"), ("phase", ""), ("sort", "due")]
    )
    chips = filter_chips("/pep/children", chosen, {"state": str.capitalize, "q": lambda text: f"“{text}”"})
    assert chips == [
        {"text": "Late", "href": "/pep/children?state=returned&q=Zo%C3%AB&sort=due"},
        {"text": "Returned", "href": "/pep/children?state=late&q=Zo%C3%AB&sort=due"},
        {"text": "“Zoë”", "href": "/pep/children?state=late&state=returned&sort=due"},
    ]


def test_the_last_chip_leads_to_the_bare_address() -> None:
    assert filter_chips("/x", MultiDict({"q": "a"}), {"q": str})[0]["href"] == "/x"
