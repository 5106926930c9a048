"""Five calendar programs of other people read what we send, and all read the same: what we meant.

ical.js and node-ical (Node), vobject, icalendar, and libical, which also judges each message by its restriction check.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import cache
from typing import Any

import pytest

from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.adapters.tongues import catalogues
from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, Method, plan_messages
from tests.judges.reading import FACTS, by_icalendar, by_libical, by_node, by_vobject, keeps_the_rules

NOW = datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIMES = {
    "winter": datetime(2026, 12, 7, 14, 30, tzinfo=UTC),
    "summer": datetime(2027, 6, 14, 8, 0, tzinfo=UTC),
    "the last hour before summer time": datetime(2027, 3, 28, 0, 0, tzinfo=UTC),
    "into summer time": datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
    "the first hour of summer time": datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
    "the hour before the hour that comes twice": datetime(2026, 10, 24, 23, 0, tzinfo=UTC),
    "the first of the hour that comes twice": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "the second of it": datetime(2026, 10, 25, 1, 15, tzinfo=UTC),
    "out of summer time": datetime(2026, 10, 25, 0, 0, tzinfo=UTC),
    "the Friday before": datetime(2026, 10, 23, 13, 0, tzinfo=UTC),
    "the Monday after": datetime(2026, 10, 26, 13, 0, tzinfo=UTC),
    "at midnight of a summer day": datetime(2027, 7, 1, 23, 0, tzinfo=UTC),
}
NAMES = (
    "Anna Larch",
    'Zoë "Zo" O’Brien-Żółć',
    "Dr. A. Lee, MBE; Head: of Year 7",
    "王小明 / 田中 太郎",
    "محمد الأحمد",
    "Анна-Марія Ґжицька",
    "ትግስት ሃይለ",
    "Nguyễn Thị Ánh Tuyết 🎓",
    "=?utf-8?q?x?= \\n BEGIN:VALARM",
    "d'Arcy ^' Smith",
    "\u202eevil\u202c \u200f\u0301",
    "Maximiliane-Josephine " * 12,
    "",
)
MODES: dict[str, dict[str, Any]] = {
    "in_person": {"place": "Oakfield School, Room 2; first floor"},
    "online": {"place": "", "joining_link": "https://meet.example/j/1?pwd=a,b;c"},
    "mixed": {"place": "Raum 3 – Łódź", "joining_link": "https://meet.example/r"},
}
LANGUAGES = ("", *sorted(catalogues()))


def meeting(time: str = "winter", name: str = NAMES[0], mode: str = "in_person", language: str = "") -> Arrangement:
    return Arrangement(
        meeting_id="meeting-1",
        starts_at=TIMES[time],
        ends_at=TIMES[time] + HOUR,
        mode=mode,
        organizer_name="Northmoor: meetings, “PEP”",
        organizer_email="meetings@northmoor.example",
        invitations=(
            Invitation("one", name, "o'brien+pep@a-b.example.org", answer_url="https://x.example/a", language=language),
        ),
        **MODES[mode],
    )


def every_kind(arranged: Arrangement) -> dict[Act, Message]:
    """Return one message of every kind about a meeting, to its one invitee."""
    told = replace(arranged, invitations=plan_messages(None, arranged, NOW).invitations)
    before = replace(told, starts_at=told.starts_at - 7 * 24 * HOUR, ends_at=told.ends_at - 7 * 24 * HOUR)
    other = Invitation("two", "Ben", "ben@home.example")
    plans = (
        plan_messages(None, arranged, NOW),
        plan_messages(before, told, NOW),
        plan_messages(before, told, NOW, acts={"one": Act.PROPOSAL_ACCEPTED}),
        plan_messages(replace(told, place="Elsewhere"), told, NOW),
        plan_messages(replace(told, organizer_email="old@northmoor.example"), told, NOW),
        *(
            plan_messages(told, told, NOW, acts={"one": act})
            for act in (Act.ASKED_AGAIN, Act.SENT_AGAIN, Act.PROPOSAL_REFUSED)
        ),
        plan_messages(told, replace(told, invitations=(other,)), NOW),
        plan_messages(told, None, NOW),
    )
    return {plan.messages[0].act: plan.messages[0] for plan in plans}


@cache
def messages() -> dict[str, Message]:
    """Return what is judged: every kind with every name; every time, mode and language; and so on, by what it is."""
    found: dict[str, Message] = {}
    for name, (time, mode, language) in zip(
        NAMES, itertools.cycle(itertools.product(TIMES, MODES, LANGUAGES)), strict=False
    ):
        for act, message in every_kind(meeting(time, name, mode, language)).items():
            found[f"{act} to {name[:30]!r}"] = message
    for mode, language in itertools.product(MODES, LANGUAGES):
        for act, message in every_kind(meeting(mode=mode, language=language)).items():
            found[f"{act}, {mode}, {language or 'en'}"] = message
    for time, act in itertools.product(TIMES, (Act.INVITED, Act.MOVED, Act.CANCELLED)):
        found[f"{act}, {time}"] = every_kind(meeting(time))[act]
    assert {message.act for message in found.values()} == set(Act)
    return found


@cache
def calendars() -> dict[str, bytes]:
    """Return the calendar of each message as it stands in its mail; both copies are the same."""
    found = {}
    for what, message in messages().items():
        mail = message_from_bytes(write_mail(message, NOW).raw)
        kinds = ("text/calendar", "application/ics")
        copies = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() in kinds]
        assert len(copies) == 2
        assert copies[0] == copies[1]
        assert isinstance(copies[0], bytes)
        found[what] = copies[0]
    return found


def meant(message: Message) -> dict[str, Any]:
    """Return what a reader is to find in a message."""
    whole = message.method is not Method.DECLINECOUNTER
    twice = datetime(2026, 10, 25, 0, tzinfo=UTC) <= message.start < datetime(2026, 10, 25, 2, tzinfo=UTC)
    before = datetime(2026, 10, 25, 0, tzinfo=UTC) <= message.end < datetime(2026, 10, 25, 2, tzinfo=UTC)
    return {
        "method": message.method.value,
        "uid": message.uid,
        "start": message.start.isoformat() if whole else None,
        "end": message.end.isoformat() if whole else None,
        "zone": ("UTC" if twice or before else "Europe/London") if whole else None,
        "organizer": f"mailto:{message.organizer_email}",
        "attendee": f"mailto:{message.attendee.email}",
        "attendees": 1,
        "sequence": message.sequence,
    }


def check(what: str, read: dict[str, Any], *, names: bool = True) -> None:
    message = messages()[what]
    expected = meant(message)
    assert {fact: read[fact] for fact in expected} == expected, what
    if message.method is not Method.DECLINECOUNTER:
        assert str(read["summary"]).endswith("Education meeting"), what
        assert (" / " in str(read["summary"])) is bool(message.language), what
        assert (read["location"] or "") == message.location, what
    if names:
        shown = " ".join(message.attendee.name.replace('"', "").replace("\\", "").split())
        assert (read["name"] or "") == shown, what


@cache
def read_by(judge: str) -> dict[str, dict[str, Any]]:
    """Return how one program reads each message."""
    own = {"icalendar": by_icalendar, "vobject": by_vobject, "libical": by_libical}
    if judge in own:
        return {what: own[judge](raw) for what, raw in calendars().items()}
    return {what: both[judge] for what, both in zip(calendars(), read_by_node(), strict=True)}


@cache
def read_by_node() -> list[dict[str, dict[str, Any]]]:
    """Return how ical.js and node-ical read each message: one process for all."""
    return by_node(list(calendars().values()))


def test_icalendar_reads_what_was_meant() -> None:
    for what, read in read_by("icalendar").items():
        check(what, read)


def test_vobject_reads_what_was_meant() -> None:
    for what, read in read_by("vobject").items():
        check(what, read, names="^" not in messages()[what].attendee.name)  # it knows nothing of RFC 6868


def test_libical_reads_what_was_meant_and_finds_the_rules_kept() -> None:
    for what, read in read_by("libical").items():
        check(what, read)
        if messages()[what].method is not Method.DECLINECOUNTER:  # there libical follows the older RFC 2446
            assert keeps_the_rules(calendars()[what]), what


def test_ical_js_reads_what_was_meant() -> None:
    for what, read in read_by("icaljs").items():
        check(what, read)


def test_node_ical_reads_what_was_meant() -> None:
    for what, read in read_by("nodeical").items():
        check(what, read, names=False)  # it cuts a quoted name off at the first comma


def test_all_five_read_the_same() -> None:
    for what in messages():
        readings = [read_by(judge)[what] for judge in ("icalendar", "vobject", "libical", "icaljs", "nodeical")]
        facts = [{fact: one[fact] for fact in FACTS} for one in readings]
        assert facts == facts[:1] * 5, what


@pytest.mark.parametrize("harm", [(b"TZOFFSETTO:+0100", b"TZOFFSETTO:+0200"), (b";TZID=Europe/London:", b":")])
def test_the_judges_notice_an_hour(harm: tuple[bytes, bytes]) -> None:
    what = f"{Act.INVITED}, summer"
    raw = calendars()[what].replace(*harm)
    assert raw != calendars()[what]
    good = meant(messages()[what])
    (both,) = by_node([raw])
    read = {name: one["start"] for name, one in (*both.items(), ("libical", by_libical(raw)))}
    assert any(start != good["start"] for start in read.values())
