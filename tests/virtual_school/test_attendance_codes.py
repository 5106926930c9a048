from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.virtual_school.domain.attendance import Attendance, add_up, check_day, school_year_start, show_tenths
from services.virtual_school.domain.attendance_codes import (
    CODES,
    SUBSTITUTES,
    CodeGroup,
    Session,
    codes_that,
    read_code,
)
from shared.kernel.errors import DomainError


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        (CodeGroup.PRESENT, "/ \\ L"),
        (CodeGroup.ATTENDING_ELSEWHERE, "K V P W B D"),
        (CodeGroup.AUTHORISED_ABSENCE, "C1 C2 C M J1 S T R I E"),
        (CodeGroup.UNABLE_TO_ATTEND, "Q Y1 Y2 Y3 Y4 Y5 Y6 Y7"),
        (CodeGroup.UNAUTHORISED_ABSENCE, "G N O U"),
        (CodeGroup.ADMINISTRATIVE, "X Z #"),
    ],
)
def test_the_codes_of_2024_are_in_their_groups(group: CodeGroup, codes: str) -> None:
    assert {code.code for code in CODES.values() if code.group is group} == set(codes.split())


@pytest.mark.parametrize(("mark", "use"), [("H", "C for leave"), ("j", "J1"), ("Y", "Y1 to Y7")])
def test_a_withdrawn_code_is_refused_with_what_to_use_instead(mark: str, use: str) -> None:
    with pytest.raises(DomainError) as refusal:
        read_code(mark, Session.AM)
    assert refusal.value.code == "attendance_code_withdrawn"
    assert use in refusal.value.message


@pytest.mark.parametrize("mark", ["", "A", "ZZ", "Y8", "//", "present", "\x00"])
def test_an_unknown_mark_is_refused(mark: str) -> None:
    with pytest.raises(DomainError) as refusal:
        read_code(mark, Session.PM)
    assert refusal.value.code == "attendance_code_unknown"


@pytest.mark.parametrize(("mark", "code"), [*SUBSTITUTES.items(), ("a", "Y2"), ("i", "I"), (" c1 ", "C1"), ("#", "#")])
def test_lower_case_and_one_character_substitutes_are_understood(mark: str, code: str) -> None:
    assert read_code(mark, Session.AM).code == code


def test_either_slash_means_present_in_its_session() -> None:
    assert [read_code(mark, Session.AM).code for mark in "/\\"] == ["/", "/"]
    assert [read_code(mark, Session.PM).code for mark in "/\\"] == ["\\", "\\"]


def test_nothing_counts_as_attended_that_does_not_count_as_possible() -> None:
    assert set(codes_that(attended=True)) <= set(codes_that(possible=True))


def test_sessions_that_were_not_possible_do_not_lower_attendance() -> None:
    assert add_up(["/", "\\", "Y4", "Y1", "Q", "#", "X", "Z", "D"]).tenths == 1000


def test_each_kind_of_session_is_counted() -> None:
    found = add_up(["/", "\\", "L", "V", "I", "E", "O", "U", "#"])
    assert found == Attendance(possible=8, attended=4, authorised=2, unauthorised=2, late=1)
    assert found.words == "50.0%"


def test_attendance_just_under_a_threshold_is_not_shown_as_at_it() -> None:
    nearly = Attendance(possible=2001, attended=1800)
    assert nearly.is_under(90)
    assert nearly.words == "89.9%"


def test_without_a_possible_session_there_is_no_percentage() -> None:
    assert add_up(["#", "X"]).words == "no marks"
    assert not Attendance().is_under(90)


@given(st.lists(st.sampled_from(sorted(CODES)), max_size=200))
def test_possible_is_attended_plus_both_kinds_of_absence(codes: list[str]) -> None:
    found = add_up(codes)
    assert found.possible == found.attended + found.authorised + found.unauthorised
    assert found.tenths is None or 0 <= found.tenths <= 1000


@given(st.integers(1, 400), st.integers(0, 400), st.integers(1, 100))
def test_under_a_threshold_agrees_with_what_is_shown(possible: int, attended: int, threshold: int) -> None:
    found = Attendance(possible=possible, attended=min(possible, attended))
    assert found.tenths is not None
    assert found.is_under(threshold) == (found.tenths < threshold * 10)


def test_a_mark_in_the_future_or_before_these_codes_is_refused() -> None:
    today = date(2026, 11, 20)
    check_day(today, today)
    for day, code in ((date(2026, 11, 21), "mark_in_future"), (date(2024, 8, 18), "mark_before_codes")):
        with pytest.raises(DomainError) as refusal:
            check_day(day, today)
        assert refusal.value.code == code


def test_the_school_year_turns_on_the_first_of_september() -> None:
    assert school_year_start(date(2026, 8, 31)) == date(2025, 9, 1)
    assert school_year_start(date(2026, 9, 1)) == date(2026, 9, 1)
    assert show_tenths(5) == "0.5%"
