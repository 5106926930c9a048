"""Reading answers as the mail programs of the world really write them, and as attackers and accidents do."""

import base64
import quopri
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.adapters.reply_reader import MAX_MAIL_OCTETS, read_mail
from services.scheduling.domain.replies import IncomingMail, Kind, Participant, Proof

UID = "a8ad44aa-625c-42ff-ad63-1fcfba4c6ac6"
OUR_ID = f"<{UID}.0.20261120T093015Z@northmoor.example>"
REPLY = f"""BEGIN:VCALENDAR
PRODID:-//Somebody//Calendar//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:{UID}
DTSTAMP:20261121T080000Z
DTSTART;TZID=Europe/London:20261207T143000
DTEND;TZID=Europe/London:20261207T153000
SEQUENCE:0
ORGANIZER:mailto:meetings@northmoor.example
ATTENDEE;CN="Anna Larch";PARTSTAT=ACCEPTED:mailto:anna.larch@school.example
END:VEVENT
END:VCALENDAR
"""
HEAD = """From: Anna Larch <anna.larch@school.example>
To: meetings@northmoor.example
Subject: Accepted: education meeting
Message-ID: <1@school.example>
MIME-Version: 1.0
"""
METHOD_PART = "text/calendar; charset=UTF-8; method=REPLY"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def single(calendar: str = REPLY, kind: str = METHOD_PART, head: str = HEAD) -> bytes:
    return crlf(f"{head}Content-Type: {kind}\n\n{calendar}")


def multipart(*parts: tuple[str, bytes], subtype: str = "alternative", head: str = HEAD) -> bytes:
    lines = [crlf(f'{head}Content-Type: multipart/{subtype}; boundary="b"\n\n')]
    for kind, content in parts:
        lines.append(crlf(f"--b\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n"))
        lines.append(base64.encodebytes(content).replace(b"\n", b"\r\n"))
    return b"".join([*lines, b"--b--\r\n"])


def read(calendar: str) -> IncomingMail:
    return read_mail(single(calendar))


def test_a_plain_reply_is_read_whole() -> None:
    mail = read_mail(single())
    assert mail.kind is Kind.REPLY
    assert (mail.sender, mail.message_id, mail.uid) == ("anna.larch@school.example", "<1@school.example>", UID)
    assert mail.participants == (Participant("anna.larch@school.example", "ACCEPTED"),)
    assert (mail.sequence, mail.dtstamp) == (0, datetime(2026, 11, 21, 8, tzinfo=UTC))
    assert mail.start == datetime(2026, 12, 7, 14, 30, tzinfo=UTC)


def test_a_bare_calendar_body_two_copies_and_an_attachment_only_are_all_read() -> None:
    raw = crlf(REPLY)
    google = multipart((METHOD_PART, raw), ('application/ics; name="invite.ics"', raw), subtype="mixed")
    attached = multipart(("text/plain", b"Yes"), ('application/ics; name="invite.ics"', raw), subtype="mixed")
    nameless = multipart(("text/plain", b"Yes"), ("text/calendar", raw))
    octets = multipart(("text/html", b"Yes"), ('application/octet-stream; name="meeting.ICS"', raw), subtype="mixed")
    for mail in (google, attached, nameless, octets):
        assert (read_mail(mail).kind, read_mail(mail).uid) == (Kind.REPLY, UID)


def test_the_method_is_taken_from_the_body_not_from_the_header() -> None:
    counter = read(REPLY.replace("METHOD:REPLY", "METHOD:COUNTER"))
    assert counter.kind is Kind.COUNTER
    assert counter.proposed_start == datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
    assert counter.proposed_end == datetime(2026, 12, 7, 15, 30, tzinfo=UTC)


def test_a_time_proposed_inside_an_answer_is_found() -> None:
    hidden = (
        'ATTENDEE;PARTSTAT=TENTATIVE;TO-ALL-PROPOSED-NEW-TIME="DTSTART:20261208T100005Z;STATUS:NEEDS-ACTION":mailto:'
    )
    mail = read(REPLY.replace('ATTENDEE;CN="Anna Larch";PARTSTAT=ACCEPTED:mailto:', hidden))
    assert mail.proposed_start == datetime(2026, 12, 8, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Europe/London", 14), ("GMT Standard Time", 14), ("W. Europe Standard Time", 13), ("Asia/Ho_Chi_Minh", 7)],
)
def test_the_times_of_foreign_zones_are_understood(zone: str, hour: int) -> None:
    mail = read(REPLY.replace("DTSTART;TZID=Europe/London", f'DTSTART;TZID="{zone}"'))
    assert mail.start == datetime(2026, 12, 7, hour, 30, tzinfo=UTC)


def test_a_zone_that_nobody_knows_costs_the_time_but_not_the_answer() -> None:
    mail = read(REPLY.replace("DTSTART;TZID=Europe/London", 'DTSTART;TZID="Sarajevo, Skopje, Warsaw, Zagreb"'))
    assert mail.start is None
    assert mail.participants[0].partstat == "ACCEPTED"


def test_folds_tabs_capitals_quotes_and_a_byte_order_mark_are_understood() -> None:
    odd = REPLY.replace(
        'ATTENDEE;CN="Anna Larch";PARTSTAT=ACCEPTED:mailto:anna.larch@school.example',
        'attendee;CN="Larch: Anna;\n\t B.";PARTSTAT=ACC\n EPTED:MAILTO:Anna.Larch@\n\tschool.example',
    )
    mail = read_mail(multipart((METHOD_PART, b"\xef\xbb\xbf" + crlf(odd))))
    assert mail.participants == (Participant("anna.larch@school.example", "ACCEPTED"),)
    assert read_mail(b"\xef\xbb\xbf" + single()).sender == "anna.larch@school.example"


def test_a_fold_inside_a_character_is_mended() -> None:
    raw = crlf(REPLY.replace("SEQUENCE:0", "SEQUENCE:0\nCOMMENT:Zoë"))
    cut = raw.index("ë".encode()) + 1
    mail = read_mail(multipart((METHOD_PART, raw[:cut] + b"\r\n " + raw[cut:])))
    assert mail.comment == "Zoë"


def test_line_ends_of_any_sort_and_quoted_printable_are_read() -> None:
    encoded = quopri.encodestring(crlf(REPLY)).decode()
    head = HEAD + "Content-Transfer-Encoding: quoted-printable\n"
    assert read_mail(single(encoded, head=head)).uid == UID
    assert read_mail(single().replace(b"\r\n", b"\n")).uid == UID


def test_an_attendee_inside_an_alarm_is_not_the_one_who_answers() -> None:
    alarm = "BEGIN:VALARM\nACTION:EMAIL\nATTENDEE;PARTSTAT=DECLINED:mailto:x@y.example\nEND:VALARM\nEND:VEVENT"
    mail = read(REPLY.replace("END:VEVENT", alarm))
    assert mail.participants == (Participant("anna.larch@school.example", "ACCEPTED"),)


def test_organizer_and_sequence_may_be_missing() -> None:
    lines = [line for line in REPLY.splitlines(keepends=True) if not line.startswith(("ORGANIZER", "SEQUENCE"))]
    mail = read("".join(lines))
    assert (mail.kind, mail.sequence) == (Kind.REPLY, None)


def test_an_address_that_is_no_mail_address_is_taken_from_the_email_parameter_or_left_empty() -> None:
    exchange = REPLY.replace(
        'ATTENDEE;CN="Anna Larch";PARTSTAT=ACCEPTED:mailto:anna.larch@school.example',
        "ATTENDEE;EMAIL=Anna.Larch@school.example;PARTSTAT=ACCEPTED:/o=Exchange/cn=anna",
    )
    assert read(exchange).participants[0].email == "anna.larch@school.example"
    assert read(exchange.replace("EMAIL=Anna.Larch@school.example;", "")).participants[0].email == ""


@pytest.mark.parametrize(
    "line",
    ["COMMENT:I am late\\, sorry", "X-CALENDARSERVER-PRIVATE-COMMENT:I am late\\, sorry\\n"],
)
def test_comments_are_found_where_clients_put_them(line: str) -> None:
    assert read(REPLY.replace("SEQUENCE:0", f"SEQUENCE:0\n{line}")).comment == "I am late, sorry"


def test_outlooks_comment_is_what_is_written_above_the_quoted_mail() -> None:
    outlook = crlf(REPLY.replace("//Somebody//Calendar", "//Microsoft Corporation//Outlook"))
    text = b"I may be late.\r\n\r\n-----Original Message-----\r\nFrom: x"
    mail = read_mail(multipart(("text/plain", text), (METHOD_PART, outlook)))
    assert mail.comment == "I may be late."
    html = b"<html><head><style>p {}</style></head><body><p>I may be<br>late &amp; tired.</p></body></html>"
    mail = read_mail(multipart(("text/html", html), (METHOD_PART, outlook)))
    assert mail.comment == "I may be\nlate & tired."


def test_a_program_that_writes_its_own_sentence_makes_no_comment() -> None:
    text = b"Anna Larch has accepted this invitation."
    assert read_mail(multipart(("text/plain", text), (METHOD_PART, crlf(REPLY)))).comment == ""


def test_a_forwarded_invitation_is_not_an_answer() -> None:
    invitation = crlf(REPLY.replace("METHOD:REPLY", "METHOD:REQUEST"))
    mail = read_mail(multipart(("text/plain", b"See this"), ('text/calendar; name="event.ics"', invitation)))
    assert (mail.kind, mail.method) == (Kind.OTHER_METHOD, "REQUEST")


def test_an_answer_inside_a_forwarded_mail_is_read_as_passed_on() -> None:
    head = crlf(f'{HEAD}Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: message/rfc822\n\n')
    mail = read_mail(head + single() + b"\r\n--b--\r\n")
    assert (mail.kind, mail.uid, mail.participants[0].partstat) == (Kind.FORWARDED, UID, "ACCEPTED")


def test_a_person_who_simply_replies_is_recognised_by_the_mail_they_answer() -> None:
    head = f"{HEAD}In-Reply-To: {OUR_ID}\n"
    mail = read_mail(crlf(f"{head}Content-Type: text/plain\n\nI cannot come.\n\nOn Monday X wrote:\n> Dear Anna"))
    assert (mail.kind, mail.uid, mail.comment) == (Kind.WRITTEN, UID, "I cannot come.")
    invitation = crlf(REPLY.replace("METHOD:REPLY", "METHOD:REQUEST"))
    quoting = multipart(("text/plain", b"No."), ("text/calendar; method=REQUEST", invitation), head=head)
    assert (read_mail(quoting).kind, read_mail(quoting).uid) == (Kind.WRITTEN, UID)


def test_an_out_of_office_note_is_no_answer_but_googles_generated_one_is() -> None:
    assert read_mail(single(head=f"{HEAD}Auto-Submitted: auto-replied (vacation)\n")).kind is Kind.AUTO_REPLY
    assert read_mail(single(head=f"{HEAD}Auto-Submitted: auto-generated\n")).kind is Kind.REPLY


def report(action: str) -> bytes:
    status = f"Reporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; anna@x.example\nAction: {action}\n"
    text = (
        f'{HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n{status}\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {OUR_ID}\nContent-Type: {METHOD_PART}\n\n{REPLY}\n--b--\n"
    )
    return crlf(text)


def test_a_bounce_says_which_invitation_did_not_arrive_and_is_never_an_answer() -> None:
    assert (read_mail(report("failed")).kind, read_mail(report("failed")).uid) == (Kind.BOUNCE, UID)
    assert read_mail(report("delayed")).kind is Kind.REPORT


def test_an_answer_wrapped_by_outlook_alone_cannot_be_read() -> None:
    head = f"{HEAD}References: <other@x.example> {OUR_ID}\n"
    mail = read_mail(multipart(("text/plain", b""), ('application/ms-tnef; name="winmail.dat"', b"x"), head=head))
    assert (mail.kind, mail.uid) == (Kind.UNREADABLE, UID)


@pytest.mark.parametrize(
    "calendar",
    ["", "Hello", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", REPLY.replace(f"UID:{UID}\n", ""), "x" * 600_000],
)
def test_a_calendar_part_that_is_none_cannot_be_read(calendar: str) -> None:
    assert read(calendar).kind is Kind.UNREADABLE


def test_an_answer_about_two_events_cannot_be_read() -> None:
    second = REPLY[REPLY.index("BEGIN:VEVENT") : REPLY.index("END:VCALENDAR")].replace(UID, "another")
    assert read(REPLY.replace("END:VCALENDAR", f"{second}END:VCALENDAR")).kind is Kind.UNREADABLE


def test_a_mail_too_large_to_read_is_named_as_such() -> None:
    mail = read_mail(single(head=f"{HEAD}In-Reply-To: {OUR_ID}\n") + b"x" * MAX_MAIL_OCTETS)
    assert (mail.kind, mail.uid, mail.sender) == (Kind.TOO_LARGE, UID, "anna.larch@school.example")


def test_two_senders_are_none() -> None:
    assert read_mail(single(head=HEAD.replace("From:", "From: ben@home.example,"))).sender == ""
    assert read_mail(single(head=f"From: ben@home.example\n{HEAD}")).sender == ""


def results(line: str, sender: str = "anna.larch@school.example") -> IncomingMail:
    head = HEAD.replace("anna.larch@school.example", sender)
    return read_mail(single(head=f"Authentication-Results: {line}\n{head}"), "authserv:mx.northmoor.example")


@pytest.mark.parametrize(
    ("line", "proof"),
    [
        ("mx.northmoor.example; dmarc=pass header.from=school.example", Proof.PASSED),
        ("mx.northmoor.example; dkim=pass (good; signature) header.d=school.example", Proof.PASSED),
        ("mx.northmoor.example 1; spf=pass; dkim=pass header.d=other.example", Proof.FAILED),
        ("mx.northmoor.example; dmarc=fail; dkim=pass header.d=school.example", Proof.FAILED),
        ("mx.northmoor.example; spf=pass smtp.mailfrom=school.example", Proof.FAILED),
        ("mx.northmoor.example; none", Proof.FAILED),
        ("mx.attacker.example; dmarc=pass header.from=school.example", Proof.MISSING),
        ("mx.attacker.example (mx.northmoor.example); dmarc=pass", Proof.MISSING),
    ],
)
def test_only_our_own_mail_server_can_vouch_for_a_sender(line: str, proof: Proof) -> None:
    assert results(line).proof is proof


def test_the_topmost_word_of_our_server_counts() -> None:
    forged = "mx.northmoor.example; dmarc=fail\nAuthentication-Results: mx.northmoor.example; dmarc=pass"
    assert results(forged).proof is Proof.FAILED


def test_without_a_server_of_our_own_any_objection_is_heard() -> None:
    head = f"Authentication-Results: mx.somewhere.example; dmarc=fail\n{HEAD}"
    assert read_mail(single(head=head)).disowned
    assert not read_mail(single()).disowned


def can_be_stored(mail: IncomingMail) -> bool:
    texts = [mail.sender, mail.subject, mail.method, mail.uid, mail.comment]
    return all("\0" not in text and text.encode() is not None for text in texts)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_falling_over(raw: bytes) -> None:
    assert can_be_stored(read_mail(raw))


@given(st.text(max_size=400), st.integers(0, len(REPLY)))
def test_any_damage_to_an_answer_is_read_without_falling_over(damage: str, at: int) -> None:
    calendar = (REPLY[:at] + damage + REPLY[at:]).encode("utf-8", "replace")
    assert can_be_stored(read_mail(multipart((METHOD_PART, calendar))))


header_names = st.sampled_from(
    ["From", "Subject", "Message-ID", "Content-Type", "Auto-Submitted", "Authentication-Results", "In-Reply-To"]
)


@given(st.lists(st.tuples(header_names, st.binary(max_size=80)), max_size=6))
def test_any_headers_are_read_without_falling_over(headers: list[tuple[str, bytes]]) -> None:
    lines = [name.encode() + b": " + value.replace(b"\n", b" ").replace(b"\r", b" ") for name, value in headers]
    assert can_be_stored(read_mail(b"\r\n".join(lines) + b"\r\n" + single()))


def test_what_a_database_would_refuse_is_left_out() -> None:
    odd = REPLY.replace(f"UID:{UID}", "UID:a\0b").replace("SEQUENCE:0", "SEQUENCE:99999999999999999999\nCOMMENT:a\0b")
    head = HEAD.encode().replace(b"anna.larch@", b"ann\xe4\x00@").replace(b"Subject: ", b"Subject: \xe4\x00")
    mail = read_mail(head + multipart((METHOD_PART, odd.encode()), head=""))
    assert can_be_stored(mail)
    assert mail.sequence == 2**31 - 1
