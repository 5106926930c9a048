from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.adapters.term_calendars import MAX_BYTES, UnusableCalendar, read_term_dates
from services.scheduling.domain.term_calendar import (
    TermCalendar,
    TermDate,
    TermDateKind,
    easter_sunday,
    kind_of,
    usual_holiday,
)
from shared.platform.bank_holidays import ENGLAND_AND_WALES


def an_entry(summary: str, first: str, beyond: str = "") -> str:
    end = f"DTEND;VALUE=DATE:{beyond}\r\n" if beyond else ""
    return (
        f"BEGIN:VEVENT\r\nUID:{summary}-{first}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:{first}\r\n{end}"
        f"SUMMARY:{summary}\r\nEND:VEVENT\r\n"
    )


def a_calendar(*entries: str) -> bytes:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//school//EN\r\n" + "".join(entries) + "END:VCALENDAR\r\n"
    ).encode()


TWO_HALF_TERMS = a_calendar(
    an_entry("Oakfield: First day back", "20260901"),
    an_entry("Oakfield: INSET day (school closed)", "20260921"),
    an_entry("Oakfield: Last day of term", "20261016"),
    an_entry("Oakfield: School holiday", "20261017", "20261102"),
    an_entry("Oakfield: INSET day", "20261019"),
    an_entry("Oakfield: Harvest concert", "20261009"),
    an_entry("Oakfield: First day back", "20261102"),
    an_entry("Oakfield: Last day of term", "20261217"),
    an_entry("Oakfield: School holiday", "20261218", "20270104"),
    an_entry("Oakfield: INSET day", "20261218"),
    an_entry("Oakfield: First day back", "20270104"),
    an_entry("Oakfield: Last day of term", "20270722"),
)


@pytest.fixture
def oakfield() -> TermCalendar:
    return TermCalendar("Oakfield", read_term_dates(TWO_HALF_TERMS), ENGLAND_AND_WALES)


@pytest.mark.parametrize(
    ("day", "meets"),
    [
        (date(2026, 9, 1), True),
        (date(2026, 9, 21), False),
        (date(2026, 10, 9), True),
        (date(2026, 10, 16), True),
        (date(2026, 10, 19), False),
        (date(2026, 10, 30), False),
        (date(2026, 11, 2), True),
        (date(2026, 11, 7), False),
        (date(2026, 12, 17), True),
        (date(2026, 12, 18), False),
        (date(2027, 1, 4), True),
        (date(2027, 3, 26), False),
        (date(2027, 7, 22), True),
    ],
)
def test_a_school_meets_in_term_and_not_on_inset_days_holidays_weekends_and_bank_holidays(
    oakfield: TermCalendar, day: date, meets: bool
) -> None:
    assert oakfield.look_up(day).meets is meets
    assert oakfield.look_up(day).known


def test_a_closed_day_is_explained_in_the_words_of_the_school_without_its_name_before_each_title(
    oakfield: TermCalendar,
) -> None:
    assert oakfield.look_up(date(2026, 9, 21)).why == "the term calendar of Oakfield says “INSET day (school closed)”"


def test_twenty_school_days_skip_a_two_week_half_term_with_inset_days_inside(oakfield: TermCalendar) -> None:
    days = oakfield.school_days(date(2026, 10, 13), date(2026, 12, 17))
    assert days[:5] == [date(2026, 10, d) for d in (13, 14, 15, 16)] + [date(2026, 11, 2)]


def test_a_gap_between_last_and_first_day_is_closed_even_when_no_holiday_is_published() -> None:
    raw = a_calendar(
        an_entry("Term starts", "20260903"),
        an_entry("Last day of term", "20261023"),
        an_entry("Term starts", "20261102"),
        an_entry("Term ends", "20261218"),
    )
    calendar = TermCalendar("Elm", read_term_dates(raw), ENGLAND_AND_WALES)
    assert not calendar.is_school_day(date(2026, 10, 28))
    assert calendar.is_school_day(date(2026, 11, 3))


def test_terms_published_as_spans_are_understood() -> None:
    raw = a_calendar(
        an_entry("Autumn term 1", "20260903", "20261024"),
        an_entry("October half term", "20261024", "20261102"),
        an_entry("Autumn term 2", "20261102", "20261219"),
    )
    calendar = TermCalendar("Elm", read_term_dates(raw), ENGLAND_AND_WALES)
    assert calendar.is_school_day(date(2026, 10, 23))
    assert not calendar.is_school_day(date(2026, 10, 27))
    assert calendar.is_school_day(date(2026, 12, 18))


def test_without_a_calendar_the_usual_year_is_used_and_said_to_be_a_guess() -> None:
    calendar = TermCalendar("Ash", (), ENGLAND_AND_WALES)
    found = calendar.look_up(date(2026, 12, 7))
    assert (found.meets, found.known) == (True, False)
    assert "no term calendar yet" in found.why
    assert not calendar.is_school_day(date(2026, 12, 23))
    assert not calendar.is_school_day(date(2026, 8, 12))


def test_beyond_the_published_dates_the_answer_says_that_it_is_a_guess(oakfield: TermCalendar) -> None:
    found = oakfield.look_up(date(2027, 9, 7))
    assert (found.meets, found.known) == (True, False)


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("INSET Day (school closed)", TermDateKind.CLOSED),
        ("Staff training day", TermDateKind.CLOSED),
        ("INSET", TermDateKind.CLOSED),
        ("Teacher Training Days", TermDateKind.CLOSED),
        ("Professional development day", TermDateKind.CLOSED),
        ("Staff development", TermDateKind.CLOSED),
        ("CPD day", TermDateKind.CLOSED),
        ("Non-pupil day", TermDateKind.CLOSED),
        ("Pupil-free day", TermDateKind.CLOSED),
        ("No students in school", TermDateKind.CLOSED),
        ("Students do not attend", TermDateKind.CLOSED),
        ("Occasional day", TermDateKind.CLOSED),
        ("Inset day: first day of term for staff", TermDateKind.CLOSED),
        ("First day back", TermDateKind.FIRST_DAY),
        ("Spring term begins", TermDateKind.FIRST_DAY),
        ("First day back after half-term holiday", TermDateKind.FIRST_DAY),
        ("Last day of term", TermDateKind.LAST_DAY),
        ("School closes for half term", TermDateKind.LAST_DAY),
        ("Half term", TermDateKind.HOLIDAY),
        ("Bank holiday", TermDateKind.HOLIDAY),
        ("Year 6 production", None),
        ("Breakfast club", None),
        ("Training for the school choir", None),
        ("Year 9 learning about development aid", None),
    ],
)
def test_titles_are_understood_as_schools_write_them(summary: str, kind: TermDateKind | None) -> None:
    assert kind_of(summary, date(2026, 11, 2), date(2026, 11, 2)) is kind


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_a_calendar"),
        (b"<html>Sign in</html>", "not_a_calendar"),
        (b"BEGIN:VCALENDAR\r\nthis is not one", "broken_calendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no_term_dates"),
        (a_calendar(an_entry("Sports day", "20260703")), "no_term_dates"),
        (b"BEGIN:VCALENDAR" + b" " * MAX_BYTES, "calendar_too_big"),
    ],
)
def test_what_is_no_term_calendar_is_refused_with_a_reason(raw: bytes, code: str) -> None:
    with pytest.raises(UnusableCalendar) as refused:
        read_term_dates(raw)
    assert refused.value.code == code


@given(st.binary(max_size=300))
def test_no_bytes_after_the_opening_line_do_more_than_be_refused(rest: bytes) -> None:
    with pytest.raises(UnusableCalendar):
        read_term_dates(b"BEGIN:VCALENDAR\r\n" + rest)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://calendars.example/terms.ics", "calendar_address"),
        ("file:///etc/passwd", "calendar_address"),
        ("https://", "calendar_address"),
        ("http://user:word@calendars.example/", "calendar_address"),
        ("http://127.0.0.1:1/terms.ics", "calendar_address_private"),
        ("http://[::1]/terms.ics", "calendar_address_private"),
        ("http://[::ffff:127.0.0.1]/terms.ics", "calendar_address_private"),
        ("http://10.1.2.3/terms.ics", "calendar_address_private"),
        ("http://169.254.169.254/latest", "calendar_address_private"),
    ],
)
def test_an_address_that_is_not_on_the_public_web_is_not_fetched(url: str, code: str) -> None:
    with pytest.raises(UnusableCalendar) as refused:
        fetch_calendar(url)
    assert refused.value.code == code


def test_easter_is_where_the_church_puts_it() -> None:
    assert [easter_sunday(year) for year in (2025, 2026, 2027, 2038)] == [
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2038, 4, 25),
    ]


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_the_usual_year_never_meets_on_a_bank_holiday_or_weekend(day: date) -> None:
    calendar = TermCalendar("Ash", (), ENGLAND_AND_WALES)
    if day.weekday() >= 5 or day in ENGLAND_AND_WALES or usual_holiday(day):
        assert not calendar.is_school_day(day)
    else:
        assert calendar.is_school_day(day)


@given(
    st.lists(
        st.tuples(st.sampled_from(TermDateKind), st.integers(0, 200), st.integers(0, 20)), min_size=1, max_size=20
    ),
    st.integers(0, 230),
)
def test_a_published_closure_or_holiday_always_wins(entries: list[tuple[TermDateKind, int, int]], offset: int) -> None:
    start = date(2026, 9, 1)
    dates = tuple(
        TermDate(kind, start + timedelta(days=first), start + timedelta(days=first + length))
        for kind, first, length in entries
    )
    day = start + timedelta(days=offset)
    calendar = TermCalendar("Elm", dates, ENGLAND_AND_WALES)
    closed = any(
        one.kind in (TermDateKind.CLOSED, TermDateKind.HOLIDAY) and one.first <= day <= one.last for one in dates
    )
    assert not (closed and calendar.is_school_day(day))
