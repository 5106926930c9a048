"""The invitation as a mail: its shape, its words, and that it tells one invitee nothing of another."""

import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, plan_messages
from shared.platform.plain_mail import can_be_mailed

NOW = datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
ANNA = Invitation("anna", "Anna Larch", "anna.larch@school.example", answer_url="https://pep.example/answer/AAA")
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


def invitation(arrangement: Arrangement = MEETING) -> Message:
    return plan_messages(None, arrangement, NOW).messages[0]


def told() -> Arrangement:
    return replace(MEETING, invitations=plan_messages(None, MEETING, NOW).invitations)


def parsed(message: Message) -> EmailMessage:
    raw = write_mail(message, NOW).raw
    return BytesParser(policy=email.policy.default).parsebytes(raw)  # type: ignore[arg-type,return-value]


def plain(message: Message) -> str:
    body = parsed(message).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_mail_has_the_shape_that_clients_show_buttons_for() -> None:
    mail = parsed(invitation())
    assert mail.get_content_type() == "multipart/mixed"
    alternative, attachment = mail.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    calendar = list(alternative.iter_parts())[2]
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert calendar["Content-Type"].params["charset"].upper() == "UTF-8"
    assert attachment.get_content_type() == "application/ics"
    assert attachment.get_filename() == "meeting.ics"
    assert attachment.get_payload(decode=True) == calendar.get_payload(decode=True)
    assert calendar.get_payload(decode=True).startswith(b"BEGIN:VCALENDAR\r\n")  # type: ignore[union-attr]
    assert calendar.get_payload(decode=True).endswith(b"END:VCALENDAR\r\n")  # type: ignore[union-attr]


def test_it_comes_from_the_role_address_to_one_person() -> None:
    mail = parsed(invitation())
    assert mail["From"].addresses[0].addr_spec == "meetings@northmoor.example"
    assert mail["Reply-To"] == "meetings@northmoor.example"
    assert [address.addr_spec for address in mail["To"].addresses] == ["anna.larch@school.example"]
    assert [name for name in ("Cc", "Bcc", "Sender", "References") if name in mail] == []
    assert mail["Date"].datetime == NOW


def test_the_whole_mail_is_ascii_with_crlf_and_no_line_is_too_long() -> None:
    meeting = replace(MEETING, place="Bäckerei " * 40, invitations=(replace(ANNA, name="Żółć " * 30),))
    raw = write_mail(invitation(meeting), NOW).raw
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    header = raw.split(b"\r\n\r\n")[0]
    assert max(len(line) for line in header.split(b"\r\n")) <= 100


def test_the_words_say_when_where_how_who_arranges_and_how_to_answer() -> None:
    words = plain(invitation())
    for fact in (
        "Dear Anna Larch,",
        "Monday 7 December 2026, 2:30pm to 3:30pm",
        "Oakfield School, Room 2",
        "in person",
        "Northmoor education meetings",
        "https://pep.example/answer/AAA",
    ):
        assert fact in words
    html = parsed(invitation()).get_body(("html",))
    assert html is not None
    assert 'href="https://pep.example/answer/AAA"' in html.get_content()


def test_an_online_meeting_says_how_to_join_with_a_link() -> None:
    online = replace(MEETING, mode="online", place="", joining_link="https://meet.example/r?a=1&b=2")
    message = invitation(online)
    assert "Join online at: https://meet.example/r?a=1&b=2" in plain(message)
    html = parsed(message).get_body(("html",))
    assert html is not None
    assert '<a href="https://meet.example/r?a=1&amp;b=2">' in html.get_content()
    assert message.location == "https://meet.example/r?a=1&b=2"
    assert "Where:" not in plain(message)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x.example/ onclick=x", '"><script>'])
def test_what_is_no_web_address_never_becomes_a_link(link: str) -> None:
    html = parsed(invitation(replace(MEETING, joining_link=link))).get_body(("html",))
    assert html is not None
    assert html.get_content().count("<a href") == 1
    assert "<script>" not in html.get_content()


@pytest.mark.parametrize(
    ("change", "subject", "words"),
    [
        (
            {"starts_at": MEETING.starts_at + timedelta(days=1), "ends_at": MEETING.ends_at + timedelta(days=1)},
            "New time: education meeting, Tuesday 8 December 2026, 2:30pm",
            "Was: Monday 7 December 2026, 2:30pm",
        ),
        ({"mode": "online"}, "Changed: education meeting, Monday 7 December 2026, 2:30pm", "Please answer again"),
        ({"place": "Library"}, "Updated: education meeting, Monday 7 December 2026, 2:30pm", "same as before"),
    ],
)
def test_a_change_says_what_is_new(change: dict[str, object], subject: str, words: str) -> None:
    (message,) = plan_messages(told(), replace(told(), **change), NOW).messages
    assert parsed(message)["Subject"] == subject
    assert words in plain(message)


def test_a_cancelled_meeting_needs_no_answer_and_offers_none() -> None:
    (message,) = plan_messages(told(), None, NOW).messages
    mail = parsed(message)
    assert mail["Subject"] == "Cancelled: education meeting, Monday 7 December 2026, 2:30pm"
    assert "You do not need to do anything." in plain(message)
    assert "answer/" not in plain(message)
    calendar = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert calendar["Content-Type"].params["method"] == "CANCEL"


def test_a_reminder_asks_again() -> None:
    (message,) = plan_messages(told(), told(), NOW, acts={"anna": Act.ASKED_AGAIN}).messages
    assert parsed(message)["Subject"].startswith("Please answer: ")
    assert "We have not heard yet" in plain(message)


def test_a_refused_proposal_says_that_the_time_stays_and_how_to_answer() -> None:
    (message,) = plan_messages(told(), told(), NOW, acts={"anna": Act.PROPOSAL_REFUSED}).messages
    mail = parsed(message)
    assert mail["Subject"] == "Time not changed: education meeting, Monday 7 December 2026, 2:30pm"
    assert "Thank you for proposing another time" in plain(message)
    assert ANNA.answer_url in plain(message)
    assert "buttons" not in plain(message)
    calendar = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert calendar["Content-Type"].params["method"] == "DECLINECOUNTER"


def test_whoever_proposed_the_time_reads_that_it_was_taken() -> None:
    later = replace(told(), starts_at=MEETING.starts_at - timedelta(hours=1))
    (message,) = plan_messages(told(), later, NOW, acts={"anna": Act.PROPOSAL_ACCEPTED}).messages
    assert "moved to the time you proposed" in plain(message)
    assert "Was: Monday 7 December 2026, 2:30pm" in plain(message)


def test_the_clock_is_said_as_people_say_it() -> None:
    noon = replace(
        MEETING, starts_at=datetime(2027, 6, 14, 11, tzinfo=UTC), ends_at=datetime(2027, 6, 14, 12, tzinfo=UTC)
    )
    assert "Monday 14 June 2027, midday to 1pm" in plain(invitation(noon))


def test_every_mail_of_a_message_has_the_same_message_id_and_others_have_another() -> None:
    first = invitation()
    assert write_mail(first, NOW).message_id == write_mail(first, NOW + timedelta(hours=1)).message_id
    (moved,) = plan_messages(told(), replace(told(), mode="online"), NOW).messages
    assert write_mail(moved, NOW).message_id != write_mail(first, NOW).message_id


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
@example('Zoë "Z" O’Brien, (Smith) <x@y.example>')
@example("Anna\r\nBcc: someone@else.example")
@example("محمد\u2028Bcc: someone@else.example")
def test_any_name_gives_a_mail_to_one_person_only(name: str) -> None:
    mail = parsed(invitation(replace(MEETING, invitations=(replace(ANNA, name=name),))))
    assert [address.addr_spec for address in mail["To"].addresses] == ["anna.larch@school.example"]
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "multipart/mixed"


@pytest.mark.parametrize("address", ["anna.larch@school.example", "o'brien+pep@a-b.example.org", "x_1@y.example"])
def test_usual_addresses_can_be_mailed(address: str) -> None:
    assert can_be_mailed(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "@school.example",
        "anna@school",
        "anna larch@school.example",
        "anna@school.example, ben@home.example",
        "anna@school.example\r\nBcc: ben@home.example",
        "<anna@school.example>",
        "änna@school.example",
        "anna@school.example;x",
    ],
)
def test_what_is_no_address_is_not_mailed(address: str) -> None:
    assert not can_be_mailed(address)


def identifying(person: Invitation) -> list[bytes]:
    marks = [person.name, *person.name.split(), person.email, person.email.partition("@")[0], person.answer_url]
    return [mark.casefold().encode() for mark in [*marks, person.uid, person.invitee_id] if mark]


def everything_in(raw: bytes) -> bytes:
    mail = BytesParser(policy=email.policy.default).parsebytes(raw)
    parts = [part.get_payload(decode=True) or b"" for part in mail.walk() if not part.is_multipart()]
    unfolded = [part.replace(b"\r\n ", b"") for part in parts if isinstance(part, bytes)]
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items()).encode("utf-8", "replace")
    return b"\n".join([raw, headers, *unfolded]).decode("utf-8", "replace").casefold().encode()


# A letter pair that no mail of ours holds, so that a name found is a name told.
words = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=4, max_size=10).map(lambda word: f"Qx{word}")
local_parts = st.text("bcdfghjklmnpqrstvwxz", min_size=8, max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(words, words, local_parts), min_size=2, max_size=4, unique_by=lambda each: each[2]))
def test_nothing_that_identifies_one_invitee_is_in_any_mail_to_another(people: list[tuple[str, str, str]]) -> None:
    names = [word.casefold() for first, last, _ in people for word in (first, last)]
    assume(not any(one in other for one in names for other in names if one is not other))
    invitees = tuple(
        Invitation(
            invitee_id=f"invitee-{local}",
            name=f"{first} {last}",
            email=f"{local}@mail-{local[::-1]}.example",
            answer_url=f"https://pep.example/answer/{local}-secret",
        )
        for first, last, local in people
    )
    arranged = plan_messages(None, replace(MEETING, invitations=invitees), NOW)
    before = replace(MEETING, invitations=arranged.invitations)
    later = replace(before, starts_at=MEETING.starts_at - timedelta(hours=1))
    plans = [
        arranged,
        plan_messages(before, later, NOW),
        plan_messages(before, replace(before, place="Library"), NOW),
        plan_messages(before, replace(before, invitations=before.invitations[1:]), NOW),
        *(
            plan_messages(before, before, NOW, acts={each.invitee_id: act for each in invitees})
            for act in (Act.ASKED_AGAIN, Act.SENT_AGAIN, Act.PROPOSAL_REFUSED)
        ),
        plan_messages(before, None, NOW),
    ]
    for message in [each for plan in plans for each in plan.messages]:
        sent = everything_in(write_mail(message, NOW).raw)
        for other in before.invitations:
            if other.invitee_id != message.invitee_id:
                assert [mark for mark in identifying(other) if mark in sent] == []
