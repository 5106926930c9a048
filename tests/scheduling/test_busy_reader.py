"""When somebody is busy, from the calendar they publish: intervals alone, whatever calendar made it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.adapters import busy_reader
from services.scheduling.adapters.busy_reader import MAX_DIARY_BYTES, read_busy
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.domain.busy import Busy

FIRST = datetime(2026, 3, 23, tzinfo=UTC)
LAST = datetime(2026, 4, 13, tzinfo=UTC)
CUSTOM = """BEGIN:VTIMEZONE
TZID:Our own
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE"""


def calendar(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *parts, "END:VCALENDAR", ""]).replace("\n", "\r\n").encode()


def event(*lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", "UID:1@diary.example", *lines, "END:VEVENT"])


def busy(*parts: str) -> list[tuple[str, str]]:
    return [told(one) for one in read_busy(calendar(*parts), FIRST, LAST)]


def told(one: Busy) -> tuple[str, str]:
    assert one.starts_at.tzinfo is UTC
    return f"{one.starts_at:%m-%d %H:%M}", f"{one.ends_at:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART:20260324T100000Z", "DTEND:20260324T113000Z"], [("03-24 10:00", "03-24 11:30")]),
        (["DTSTART:20260330T100000", "DTEND:20260330T110000"], [("03-30 09:00", "03-30 10:00")]),
        (
            ["DTSTART;TZID=GMT Standard Time:20260330T100000", "DURATION:PT1H30M"],
            [("03-30 09:00", "03-30 10:30")],
        ),
        (['DTSTART;TZID="Europe/Paris":20260324T100000', "DURATION:P1D"], [("03-24 09:00", "03-25 09:00")]),
        (["DTSTART;TZID=Our own:20260324T100000", "DURATION:PT1H"], [("03-24 07:00", "03-24 08:00")]),
        (["DTSTART;TZID=Nobody/Knows:20260324T100000", "DURATION:PT1H"], [("03-24 10:00", "03-24 11:00")]),
        (["DTSTART;VALUE=DATE:20260401"], [("03-31 23:00", "04-01 23:00")]),
        (["DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20270101"], [("03-23 00:00", "04-13 00:00")]),
        (["DTSTART:20260324T100000Z"], []),
        (["DTSTART:20260324T100000Z", "DTEND:20260324T090000Z"], []),
        (["DTSTART:20260324T100000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"], []),
        (["DTSTART:20260324T100000Z", "DURATION:PT1H", "STATUS:CANCELLED"], []),
        (["DTSTART:20260324T100000Z", "DURATION:PT1H", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
        (["DTSTART:20260324T100000Z", "DURATION:PT1H", "STATUS:TENTATIVE"], [("03-24 10:00", "03-24 11:00")]),
        (["DTSTART:20260524T100000Z", "DURATION:PT1H"], []),
        (["DTSTART:no time", "DURATION:PT1H"], []),
        (["DTSTART:20261324T100000Z", "DURATION:PT1H"], []),
        (["DURATION:PT1H"], []),
    ],
)
def test_one_event(lines: list[str], expected: list[tuple[str, str]]) -> None:
    assert busy(CUSTOM, event(*lines)) == expected


def test_what_repeats_keeps_its_hour_across_the_clock_change_with_what_was_moved_or_called_off() -> None:
    weekly = event(
        "DTSTART;TZID=Europe/London:20260105T100000",
        "DTEND;TZID=Europe/London:20260105T110000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "EXDATE;TZID=Europe/London:20260330T100000",
    )
    moved = event(
        "RECURRENCE-ID;TZID=Europe/London:20260406T100000",
        "DTSTART;TZID=Europe/London:20260407T140000",
        "DTEND;TZID=Europe/London:20260407T150000",
    )
    assert busy(weekly, moved) == [("03-23 10:00", "03-23 11:00"), ("04-07 13:00", "04-07 14:00")]
    called_off = moved.replace("END:VEVENT", "STATUS:CANCELLED\nEND:VEVENT")
    assert busy(weekly, called_off) == [("03-23 10:00", "03-23 11:00")]


def test_free_busy_time_as_servers_publish_it() -> None:
    lines = (
        "BEGIN:VFREEBUSY",
        "FREEBUSY:20260324T100000Z/20260324T110000Z,20260325T100000Z/PT30M",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260326T100000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20260327T100000Z/PT1H",
        "FREEBUSY:nonsense,20260328T100000Z/20260328T090000Z",
        "END:VFREEBUSY",
    )
    expected = [("03-24 10:00", "03-24 11:00"), ("03-25 10:00", "03-25 10:30"), ("03-26 10:00", "03-26 11:00")]
    assert busy(*lines) == expected


def test_what_belongs_to_an_alarm_is_not_taken_for_the_event() -> None:
    alarm = "BEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM"
    assert busy(event("DTSTART:20260324T100000Z", "DURATION:PT1H", alarm)) == [("03-24 10:00", "03-24 11:00")]


@pytest.mark.parametrize(
    "made_by",
    [
        lambda raw: raw.replace(b"\r\n", b"\r"),
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"DTSTART", b"DTS\r\n TART"),
    ],
)
def test_line_ends_and_folds_of_every_kind(made_by: Callable[[bytes], bytes]) -> None:
    raw = made_by(calendar(event("DTSTART:20260324T100000Z", "DURATION:PT1H", "SUMMARY:Größe")))
    assert [told(one) for one in read_busy(raw, FIRST, LAST)] == [("03-24 10:00", "03-24 11:00")]


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0,1,2,3;BYSECOND=0,1,2"]
)
def test_a_rule_that_repeats_without_end_is_refused(rule: str) -> None:
    with pytest.raises(UnusableCalendar, match="every few minutes"):
        busy(event("DTSTART:19000101T000000Z", "DURATION:PT1S", f"RRULE:{rule}"))


def test_a_rule_that_never_comes_true_is_nothing() -> None:
    assert busy(event("DTSTART:20260101T100000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")) == []


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<html>", "no calendar"),
        (b"", "no calendar"),
        (b"BEGIN:VCALENDAR\n" + b"x" * MAX_DIARY_BYTES, "larger than 8 MB"),
    ],
)
def test_what_is_no_diary_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(UnusableCalendar, match=why):
        read_busy(raw, FIRST, LAST)


def test_more_entries_than_any_diary_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy_reader, "MAX_EVENTS", 2)
    with pytest.raises(UnusableCalendar, match="more than 2 entries"):
        busy(*[event("DTSTART:20260324T100000Z", "DURATION:PT1H")] * 3)


times = st.integers(0, 30 * 24 * 4).map(
    lambda quarters: datetime(2026, 3, 16, tzinfo=UTC) + timedelta(minutes=15 * quarters)
)


@given(st.lists(st.tuples(times, st.integers(1, 200)), max_size=30))
def test_a_moment_is_busy_exactly_when_an_event_covers_it(given_events: list[tuple[datetime, int]]) -> None:
    events = [(start, start + timedelta(minutes=15 * quarters)) for start, quarters in given_events]
    lines = [event(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}") for start, end in events]
    found = read_busy(calendar(*(line.replace("UID:1@", f"UID:{n}@") for n, line in enumerate(lines))), FIRST, LAST)
    assert all(one.ends_at < other.starts_at for one, other in pairwise(found))
    moment = FIRST
    while moment < LAST:
        covered = any(start <= moment < end for start, end in events)
        assert any(one.starts_at <= moment < one.ends_at for one in found) is covered
        moment += timedelta(hours=1)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused_in_words(noise: bytes) -> None:
    raw = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nDTSTART:20260324T100000Z\n" + noise + b"\nEND:VEVENT\nEND:VCALENDAR"
    with suppress(UnusableCalendar):
        read_busy(raw, FIRST, LAST)


@given(
    st.text("DTSARULENXQ-;:=,/\n0123456789TZPWHMYI ", max_size=120),
    st.dates(date(1990, 1, 1), date(2040, 1, 1)),
)
def test_odd_rules_and_dates_are_read_or_refused_in_words(odd: str, day: date) -> None:
    with suppress(UnusableCalendar):
        busy(event(f"DTSTART:{day:%Y%m%d}T100000Z", "DURATION:PT1H", f"RRULE:FREQ=WEEKLY;{odd}"))
