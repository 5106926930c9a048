"""The calendar entry as other people's software reads it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scheduling.adapters.icalendar_writer import EUROPE_LONDON, folded, write_calendar
from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, plan_messages
from tests.judges.reading import keeps_the_rules

NOW = datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
ANNA = Invitation("anna", "Anna Larch", "anna.larch@school.example")
MEETING = Arrangement(
    meeting_id="meeting-1",
    starts_at=datetime(2026, 12, 7, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 7, 15, 30, tzinfo=UTC),
    mode="in_person",
    place="Oakfield School, Room 2",
    organizer_name="Northmoor education meetings",
    organizer_email="meetings@northmoor.example",
    invitations=(ANNA,),
)
SUMMER = {
    "starts_at": datetime(2027, 6, 14, 8, 0, tzinfo=UTC),
    "ends_at": datetime(2027, 6, 14, 9, 0, tzinfo=UTC),
}


def every_act() -> dict[str, Message]:
    before = replace(MEETING, invitations=plan_messages(None, MEETING, NOW).invitations)
    ben = Invitation("ben", "Ben Okoro", "ben@home.example", required=False)
    both = replace(before, invitations=(*before.invitations, ben))
    acts = {
        "invited": plan_messages(None, MEETING, NOW),
        "moved": plan_messages(before, replace(before, **SUMMER), NOW),
        "changed": plan_messages(before, replace(before, place="Library"), NOW),
        "added": plan_messages(before, both, NOW),
        "asked_again": plan_messages(before, before, NOW, acts={"anna": Act.ASKED_AGAIN}),
        "sent_again": plan_messages(before, before, NOW, acts={"anna": Act.SENT_AGAIN}),
        "proposal_accepted": plan_messages(
            before, replace(before, **SUMMER), NOW, acts={"anna": Act.PROPOSAL_ACCEPTED}
        ),
        "proposal_refused": plan_messages(before, before, NOW, acts={"anna": Act.PROPOSAL_REFUSED}),
        "organizer_changed": plan_messages(before, replace(before, organizer_email="peps@southbay.example"), NOW),
        "removed": plan_messages(before, replace(both, invitations=(ben,)), NOW),
        "cancelled": plan_messages(before, None, NOW),
    }
    return {name: plan.messages[0] for name, plan in acts.items()}


def first_message(arrangement: Arrangement) -> Message:
    return plan_messages(None, arrangement, NOW).messages[0]


def parsed(raw: bytes) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    return event


@pytest.mark.parametrize("act", [each for each in every_act() if each != "proposal_refused"])
def test_libical_finds_every_message_in_keeping_with_rfc_5546(act: str) -> None:
    assert keeps_the_rules(write_calendar(every_act()[act], "Arranged by Northmoor."))


def test_libical_objects_to_a_refused_proposal_only_where_it_follows_the_older_rfc_2446() -> None:
    raw = write_calendar(every_act()["proposal_refused"], "Arranged by Northmoor.").replace(b"\r\n ", b"")
    lines = raw.splitlines(keepends=True)
    new_in_5546 = [line for line in lines if line.startswith((b"ATTENDEE", b"SEQUENCE"))]
    assert len(new_in_5546) == 2
    assert keeps_the_rules(b"".join(line for line in lines if line not in new_in_5546))


@pytest.mark.parametrize(
    ("act", "line"),
    [
        ("invited", b"ATTENDEE"),
        ("invited", b"ORGANIZER"),
        ("invited", b"DTSTAMP"),
        ("invited", b"SUMMARY"),
        ("cancelled", b"SEQUENCE"),
    ],
)
def test_libical_would_notice_a_message_that_lacks_what_it_must_have(act: str, line: bytes) -> None:
    raw = write_calendar(every_act()[act], "").replace(b"\r\n ", b"")
    without = b"".join(each for each in raw.splitlines(keepends=True) if not each.startswith(line))
    assert without != raw
    assert not keeps_the_rules(without)


@pytest.mark.parametrize(
    ("act", "method", "status", "sequence"),
    [
        ("invited", "REQUEST", "CONFIRMED", 0),
        ("moved", "REQUEST", "CONFIRMED", 1),
        ("changed", "REQUEST", "CONFIRMED", 0),
        ("added", "REQUEST", "CONFIRMED", 0),
        ("asked_again", "REQUEST", "CONFIRMED", 0),
        ("sent_again", "REQUEST", "CONFIRMED", 0),
        ("proposal_accepted", "REQUEST", "CONFIRMED", 1),
        ("proposal_refused", "DECLINECOUNTER", None, 0),
        ("organizer_changed", "REQUEST", "CONFIRMED", 1),
        ("removed", "CANCEL", None, 1),
        ("cancelled", "CANCEL", "CANCELLED", 1),
    ],
)
def test_method_status_and_sequence_are_those_of_the_act(act: str, method: str, status: str, sequence: int) -> None:
    calendar = icalendar.Calendar.from_ical(write_calendar(every_act()[act], ""))
    event = calendar.walk("VEVENT")[0]
    assert (calendar["METHOD"], event.get("STATUS"), event["SEQUENCE"]) == (method, status, sequence)


@pytest.mark.parametrize(
    "link", ["https://meet.example/j/1?pwd=a,b;c", 'https://meet.example/"\r\nATTENDEE:mailto:x@y.example']
)
def test_an_online_meeting_names_its_conference_and_nothing_breaks_out_of_it(link: str) -> None:
    raw = write_calendar(first_message(replace(MEETING, mode="online", joining_link=link)), "x")
    event = parsed(raw)
    assert event["CONFERENCE"].startswith("https://meet.example/")
    assert event["CONFERENCE"].params["FEATURE"] == ["AUDIO", "VIDEO"]
    assert event["ATTENDEE"] == "mailto:anna.larch@school.example"
    assert keeps_the_rules(raw)


def test_an_entry_is_private_neutral_and_has_one_attendee_and_no_alarm() -> None:
    event = parsed(write_calendar(first_message(MEETING), "Say whether you can come: https://pep.example/a"))
    assert event["SUMMARY"] == "Education meeting"
    assert event["CLASS"] == "PRIVATE"
    assert event["ATTENDEE"] == "mailto:anna.larch@school.example"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"
    assert event["ATTENDEE"].params["ROLE"] == "REQ-PARTICIPANT"
    assert event["ORGANIZER"] == "mailto:meetings@northmoor.example"
    assert event.walk("VALARM") == []
    assert event["LOCATION"] == "Oakfield School, Room 2"


@pytest.mark.parametrize("times", [{}, SUMMER])
def test_winter_and_summer_times_are_read_as_meant(times: dict[str, datetime]) -> None:
    meeting = replace(MEETING, **times)
    event = parsed(write_calendar(first_message(meeting), ""))
    assert event["DTSTART"].params["TZID"] == "Europe/London"
    assert event["DTSTART"].dt.astimezone(UTC) == meeting.starts_at
    assert event["DTEND"].dt.astimezone(UTC) == meeting.ends_at


def test_the_time_zone_is_written_as_rules_with_both_halves_of_the_year() -> None:
    raw = write_calendar(first_message(MEETING), "")
    assert "\r\n".join(EUROPE_LONDON).encode() in raw
    assert b"RDATE" not in raw


def test_the_hour_that_comes_twice_in_october_is_not_confused() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for start, end in ((first, second), (second, second + timedelta(hours=1)), (first - timedelta(hours=1), first)):
        event = parsed(write_calendar(first_message(replace(MEETING, starts_at=start, ends_at=end)), ""))
        assert (event["DTSTART"].dt, event["DTEND"].dt) == (start, end)
        assert "TZID" not in {**event["DTSTART"].params, **event["DTEND"].params}


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_any_instant_comes_back_as_it_was(moment: datetime) -> None:
    start = moment.replace(tzinfo=UTC, microsecond=0)
    event = parsed(write_calendar(first_message(replace(MEETING, starts_at=start)), ""))
    assert event["DTSTART"].dt.astimezone(UTC) == start


every_script = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)


@given(every_script, every_script)
@example("Zoë O’Brien-Żółć 王小明 محمد", "Stra\\ße; Raum 2, \\n hinten")
@example("Ann^n Smith", "")
@example("=?utf-8?q?x?=", "a:b;c,d")
def test_names_and_places_in_every_script_come_back_as_they_were(name: str, place: str) -> None:
    meeting = replace(MEETING, place=place, invitations=(replace(ANNA, name=name),))
    raw = write_calendar(first_message(meeting), place)
    event = parsed(raw)
    assert event["ATTENDEE"].params.get("CN", "") == " ".join(name.replace('"', "").replace("\\", "").split())
    assert event.get("LOCATION", "") == place
    assert event["DESCRIPTION"] == place
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    for line in raw.split(b"\r\n"):
        line.decode()


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\x0b", "\x0c", "\u2028", "\u2029", "\x85", "\x1c"])
def test_nothing_typed_can_start_a_line_of_its_own(end: str) -> None:
    typed = f"Room{end}ATTENDEE:mailto:someone@else.example{end}END:VEVENT"
    meeting = replace(
        MEETING, place=typed, organizer_name=typed, summary=typed, invitations=(replace(ANNA, name=typed),)
    )
    raw = write_calendar(first_message(meeting), typed)
    assert len(icalendar.Calendar.from_ical(raw).walk("VEVENT")) == 1
    assert parsed(raw)["ATTENDEE"] == "mailto:anna.larch@school.example"
    unfolded = raw.replace(b"\r\n ", b"").decode()
    assert [line for line in unfolded.splitlines() if line.startswith(("ATTENDEE:", "END:VEVENT"))] == ["END:VEVENT"]
    assert keeps_the_rules(raw)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_folding_is_undone_by_taking_the_folds_out(line: str) -> None:
    raw = folded(line)
    assert raw.replace(b"\r\n ", b"") == line.encode()
    for piece in raw.split(b"\r\n"):
        assert len(piece) <= 75
        piece.decode()


def test_an_invitation_written_later_says_the_same_but_for_its_stamp() -> None:
    message = first_message(MEETING)
    later = replace(message, dtstamp=message.dtstamp + timedelta(hours=1))
    one, other = write_calendar(message, "x").split(b"\r\n"), write_calendar(later, "x").split(b"\r\n")
    assert [a for a, b in zip(one, other, strict=True) if a != b] == [b"DTSTAMP:20261120T093015Z"]
