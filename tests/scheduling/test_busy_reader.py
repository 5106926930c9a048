# ruff: noqa: E501 - one calendar a line
"""When somebody is busy, from the calendar they publish: intervals alone, whatever calendar made it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
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
    ("from_here_on", "after"),
    [
        (
            ["DTSTART;TZID=Europe/London:20260402T140000", "DTEND;TZID=Europe/London:20260402T160000"],
            [("04-02 13:00", "04-02 15:00"), ("04-09 13:00", "04-09 15:00")],
        ),
        (
            ["DTSTART;TZID=Europe/London:20260401T100000", "DURATION:PT30M"],
            [("04-01 09:00", "04-01 09:30"), ("04-08 09:00", "04-08 09:30")],
        ),
        (["DTSTART;TZID=Europe/London:20260331T100000", "DURATION:PT1H", "STATUS:CANCELLED"], []),
    ],
)
def test_what_is_moved_from_some_day_on_is_moved_for_good(
    from_here_on: list[str], after: list[tuple[str, str]]
) -> None:
    series = event("DTSTART;TZID=Europe/London:20260303T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    moved = event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/London:20260331T100000", *from_here_on)
    assert busy(series, moved) == [("03-24 10:00", "03-24 11:00"), *after]


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


rule_parts = st.fixed_dictionaries(
    {},
    optional={
        "INTERVAL": st.integers(1, 5).map(str),
        "BYDAY": st.sampled_from(["MO", "MO,WE,FR", "SA", "TU,TH"]),
        "BYMONTH": st.sampled_from(["3", "4", "3,4"]),
        "BYMONTHDAY": st.sampled_from(["1", "15", "-1", "24,25,26,27,28,29,30,31", "30"]),
        "BYSETPOS": st.sampled_from(["1", "-1", "1,-1", "2"]),
        "BYHOUR": st.sampled_from(["9", "9,14"]),
        "WKST": st.sampled_from(["MO", "SU"]),
    },
)
limits = st.sampled_from(["", ";COUNT=1", ";COUNT=3", ";COUNT=40", ";UNTIL=20260401T120000Z", ";UNTIL=20260330"])


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    rule_parts,
    limits,
    st.dates(date(2024, 1, 1), date(2026, 4, 10)),
    st.sampled_from(["", "1MO", "-1FR", "2TU,-1TU"]),
)
def test_rules_mean_what_they_mean_to_another_reader(
    frequency: str, parts: dict[str, str], limit: str, day: date, counted: str
) -> None:
    """The other reader is dateutil, which knows nothing of clocks; the start counts here even if no rule names it."""
    if counted and frequency in ("MONTHLY", "YEARLY"):
        parts = parts | {"BYDAY": counted}
    if "BYSETPOS" in parts and len(parts) == 1:
        return
    rule = f"FREQ={frequency}" + "".join(f";{name}={worth}" for name, worth in parts.items())
    start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    expected = rrulestr(rule, dtstart=start)
    if next(iter(expected.xafter(start - timedelta(seconds=1), count=1, inc=True)), None) != start:
        return
    with suppress(ValueError):
        expected = rrulestr(
            rule + (limit if "UNTIL" not in limit or limit.endswith("Z") else f"{limit}T235959Z"), dtstart=start
        )
    times = expected.between(FIRST, LAST - timedelta(seconds=1), inc=True)
    told_times = [(f"{at:%m-%d %H:%M}", f"{at + timedelta(minutes=30):%m-%d %H:%M}") for at in times]
    assert busy(event(f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", f"RRULE:{rule}{limit}")) == told_times


MANY = b",".join(b"2026%02d%02dT%02d%02d00Z" % (n % 12 + 1, n % 28 + 1, n % 24, n % 60) for n in range(300_000))
ZONE = b"BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0000\n%s\nEND:STANDARD\nEND:VTIMEZONE\n"
ODD = b"BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Odd:20260324T090000\nDURATION:PT1H\nEND:VEVENT\n"


def often(rule: bytes, starts: bytes = b"20260105T090000Z", number: int = 1) -> bytes:
    one = b"BEGIN:VEVENT\nUID:%d\nDTSTART:" + starts + b"\nDURATION:PT1H\nRRULE:" + rule + b"\nEND:VEVENT\n"
    return b"".join(one % each for each in range(number))


BOMBS = {
    "every hour since 1900": often(b"FREQ=HOURLY", b"19000105T090000Z"),
    "a day that never comes, two thousand times": often(b"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", number=2000),
    "every day since 1900, two thousand times": often(b"FREQ=DAILY", b"19000105T090000Z", 2000),
    "a thousand million times": often(b"FREQ=DAILY;COUNT=999999999", b"00010105T090000Z", 10),
    "no interval": often(b"FREQ=DAILY;INTERVAL=0"),
    "at every hour of the day": often(b"FREQ=DAILY;BYHOUR=" + b",".join(b"%d" % n for n in range(24)), number=2000),
    "added days without number": often(b"FREQ=DAILY\nRDATE:" + MANY),
    "left out days without number": often(b"FREQ=DAILY\nEXDATE:" + MANY),
    "a zone that changes every second": ZONE % b"RRULE:FREQ=SECONDLY" + ODD,
    "a zone that changes without number": ZONE % (b"RDATE:" + MANY) + ODD,
    "zones that begin and never end": b"BEGIN:VTIMEZONE\n" * 400_000 + ODD,
    "a property without number": b"BEGIN:VEVENT\n" + b"DTSTART:20260324T090000Z\n" * 200_000 + b"END:VEVENT\n",
    "free and busy times without number": b"BEGIN:VFREEBUSY\nFREEBUSY:"
    + b",".join([b"20260324T090000Z/PT1H"] * 300_000),
    "carriage returns": b"\n" + b"\r" * 7_000_000,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", BOMBS)
def test_no_calendar_takes_longer_to_read_than_its_length_asks_for(name: str) -> None:
    """With rules that are followed to their end each of these takes minutes, or for ever."""
    with suppress(UnusableCalendar):
        read_busy(b"BEGIN:VCALENDAR\n" + BOMBS[name] + b"\nEND:VCALENDAR\n", FIRST, LAST)


def test_days_are_added_to_a_rule_that_ends() -> None:
    daily = event("DTSTART:20260324T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4", "RDATE:20260410T120000Z")
    assert busy(daily) == [
        *((f"03-{day} 10:00", f"03-{day} 11:00") for day in (24, 25, 26, 27)),
        ("04-10 12:00", "04-10 13:00"),
    ]
