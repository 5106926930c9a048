"""RFC 5546 act by act: to whom, METHOD, SEQUENCE, DTSTAMP, STATUS, PARTSTAT and RSVP, as planned and as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import icalendar
import pytest

from services.scheduling.adapters.icalendar_writer import write_calendar
from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, plan_messages

TOLD_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 16, 5, 9, 700, tzinfo=UTC)
STAMP = datetime(2026, 11, 23, 16, 5, 9, tzinfo=UTC)
ANNA = Invitation("anna", "Anna Larch", "anna@school.example", answer="accepted", answer_url="https://pep.example/a")
BEN = Invitation("ben", "Ben Okoro", "ben@home.example", required=False, answer_url="https://pep.example/b")
CLEO = Invitation("cleo", "Cleo Marsh", "")
DANA = Invitation("dana", "Dana Fox", "dana@council.example", answer_url="https://pep.example/d")
MEETING = Arrangement(
    meeting_id="meeting-1",
    starts_at=datetime(2026, 12, 7, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 7, 15, 30, tzinfo=UTC),
    mode="in_person",
    place="Oakfield School, Room 2",
    organizer_name="Northmoor education meetings",
    organizer_email="meetings@northmoor.example",
    invitations=(ANNA, BEN, CLEO),
)
TOLD = replace(MEETING, invitations=plan_messages(None, MEETING, TOLD_AT).invitations)
LATER = {"starts_at": MEETING.starts_at + timedelta(days=1), "ends_at": MEETING.ends_at + timedelta(days=1)}

# What goes to one person: the act, METHOD, SEQUENCE, STATUS, PARTSTAT and RSVP.
Expected = tuple[Act, str, int, str | None, str | None, str | None]


def request(act: Act, sequence: int, partstat: str = "NEEDS-ACTION") -> Expected:
    return (act, "REQUEST", sequence, "CONFIRMED", partstat, "TRUE")


@dataclass(frozen=True)
class Case:
    """One act: how things stood and shall stand, and what goes to whom; whoever is not named gets nothing."""

    name: str
    source: str
    before: Arrangement | None
    after: Arrangement | None
    sent: Mapping[str, Expected]
    acts: Mapping[str, Act] = field(default_factory=lambda: MappingProxyType({}))
    more: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def afresh(arrangement: Arrangement) -> Arrangement:
    """Return it with the answers forgotten, as whoever moves a meeting does."""
    return replace(
        arrangement, invitations=tuple(replace(one, answer="needs_action") for one in arrangement.invitations)
    )


def but(arrangement: Arrangement, person: str, **change: Any) -> Arrangement:
    people = tuple(replace(one, **change) if one.invitee_id == person else one for one in arrangement.invitations)
    return replace(arrangement, invitations=people)


MOVED = request(Act.MOVED, 1)
WITHOUT_ANNA = replace(TOLD, invitations=TOLD.invitations[1:])
REMOVED: Expected = (Act.REMOVED, "CANCEL", 1, None, None, None)
CANCELLED: Expected = (Act.CANCELLED, "CANCEL", 1, "CANCELLED", None, None)
CASES = (
    Case(
        "new", "3.2.2", None, MEETING,
        {"anna": request(Act.INVITED, 0, "ACCEPTED"), "ben": request(Act.INVITED, 0)},
    ),
    Case(
        "detail", "3.2.2.2 and 2.1.4", TOLD, replace(TOLD, place="Library"),
        {"anna": request(Act.CHANGED, 0, "ACCEPTED"), "ben": request(Act.CHANGED, 0)},
    ),
    Case("one person's part", "2.1.4", TOLD, but(TOLD, "ben", required=True), {"ben": request(Act.CHANGED, 0)}),
    Case("time", "3.2.2.1", TOLD, afresh(replace(TOLD, **LATER)), {"anna": MOVED, "ben": MOVED}),
    Case(
        "length", "2.1.4: DTEND", TOLD, afresh(replace(TOLD, ends_at=TOLD.ends_at + timedelta(minutes=15))),
        {"anna": MOVED, "ben": MOVED},
    ),
    Case("mode", "2.1.4: answers in doubt", TOLD, afresh(replace(TOLD, mode="online")), {"anna": MOVED, "ben": MOVED}),
    Case(
        "distant place", "2.1.4: answers in doubt", TOLD, afresh(replace(TOLD, place="Far Town Hall")),
        {"anna": MOVED, "ben": MOVED}, more={"answers_in_doubt": True},
    ),
    Case(
        "moved by who comes", "3.2.2.1", TOLD, but(afresh(replace(TOLD, **LATER)), "anna", answer="accepted"),
        {"anna": request(Act.MOVED, 1, "ACCEPTED"), "ben": MOVED},
    ),
    Case(
        "person added", "3.2.2", TOLD, replace(TOLD, invitations=(*TOLD.invitations, DANA)),
        {"dana": request(Act.INVITED, 0)},
    ),
    Case("person removed", "3.2.5", TOLD, WITHOUT_ANNA, {"anna": REMOVED}),
    Case("asked again", "3.2.2.7", TOLD, TOLD, {"ben": request(Act.ASKED_AGAIN, 0)}, {"ben": Act.ASKED_AGAIN}),
    Case(
        "sent again", "3.2.6: REFRESH", TOLD, TOLD, {"anna": request(Act.SENT_AGAIN, 0, "ACCEPTED")},
        {"anna": Act.SENT_AGAIN},
    ),
    Case("cancelled", "3.2.5", TOLD, None, {"anna": CANCELLED, "ben": CANCELLED}),
    Case(
        "organizer changed", "3.2.2.4", TOLD, replace(TOLD, organizer_email="peps@southbay.example"),
        {"anna": request(Act.ORGANIZER_CHANGED, 1, "ACCEPTED"), "ben": request(Act.ORGANIZER_CHANGED, 1)},
    ),
    Case(
        "counter accepted", "3.2.7 and 3.2.2.1", TOLD, afresh(replace(TOLD, **LATER)),
        {"anna": MOVED, "ben": request(Act.PROPOSAL_ACCEPTED, 1)}, {"ben": Act.PROPOSAL_ACCEPTED},
    ),
    Case(
        "counter refused", "3.2.8", TOLD, TOLD,
        {"ben": (Act.PROPOSAL_REFUSED, "DECLINECOUNTER", 0, None, None, None)}, {"ben": Act.PROPOSAL_REFUSED},
    ),
    Case("told by letter", "no address", None, replace(MEETING, invitations=(CLEO,)), {}),
    Case("nothing changed", "", TOLD, TOLD, {}),
)  # fmt: skip


def planned(case: Case) -> list[Message]:
    return list(plan_messages(case.before, case.after, NOW, acts=case.acts, **case.more).messages)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_goes_to_whom(case: Case) -> None:
    sent = planned(case)
    assert {
        one.invitee_id: (
            one.act,
            one.method.value,
            one.sequence,
            one.status,
            one.attendee.partstat,
            "TRUE" if one.attendee.rsvp else None,
        )
        for one in sent
    } == case.sent
    assert len(sent) == len(case.sent)
    assert {one.dtstamp for one in sent} <= {STAMP}
    uids = {one.invitee_id: one.uid for one in TOLD.invitations}
    assert all((one.uid == uids.get(one.invitee_id)) is (case.before is not None and one.invitee_id != "dana")
               for one in sent)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_calendar_says_the_same(case: Case) -> None:
    for message in planned(case):
        calendar = icalendar.Calendar.from_ical(write_calendar(message, "x"))
        (event,) = calendar.walk("VEVENT")
        act, method, sequence, status, partstat, rsvp = case.sent[message.invitee_id]
        attendee = event["ATTENDEE"]
        assert (message.act, calendar["METHOD"], event["SEQUENCE"], event.get("STATUS")) == (
            act,
            method,
            sequence,
            status,
        )
        assert (attendee.params.get("PARTSTAT"), attendee.params.get("RSVP")) == (partstat, rsvp)
        assert event["DTSTAMP"].dt == STAMP
        assert attendee == f"mailto:{message.attendee.email}"
        assert event["ORGANIZER"] == f"mailto:{message.organizer_email}"
        assert not event.walk("VALARM")
        assert "REQUEST-STATUS" not in event


def test_a_second_message_in_the_same_second_has_a_later_stamp_all_the_same() -> None:
    first = plan_messages(TOLD, replace(TOLD, place="Library"), NOW)
    before = replace(TOLD, place="Library", invitations=first.invitations)
    second = plan_messages(before, replace(before, place="Hall"), NOW - timedelta(hours=1))
    assert {one.dtstamp for one in second.messages} == {STAMP + timedelta(seconds=1)}


def test_every_act_there_is_has_its_line() -> None:
    assert {line[0] for case in CASES for line in case.sent.values()} == set(Act)
