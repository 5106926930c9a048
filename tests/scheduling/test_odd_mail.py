"""Mails that wrap an answer, hide it, give it twice or pretend: signed, in winmail.dat, forwarded, forged."""

from __future__ import annotations

import base64
import contextlib
import struct
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.policy import SMTP
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.adapters.reply_reader import MAX_MAIL_OCTETS, read_mail
from services.scheduling.adapters.signed_mail import NotSigned, signed_content
from services.scheduling.adapters.tnef import UnreadableTnef, read_tnef
from services.scheduling.domain.replies import Kind, Proof, uid_forms

UID = "a8ad44aa-625c-42ff-ad63-1fcfba4c6ac6"
OUR_ID = f"<{UID}.0.20261120T093015Z@northmoor.example>"


def calendar(method: str = "REPLY", uid: str = UID, partstat: str = "ACCEPTED", extra: str = "") -> bytes:
    text = f"""BEGIN:VCALENDAR
PRODID:-//Somebody//Calendar//EN
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261121T080000Z
DTSTART:20261207T143000Z
DTEND:20261207T153000Z
SEQUENCE:0
ATTENDEE;PARTSTAT={partstat}:mailto:anna.larch@school.example
{extra}END:VEVENT
END:VCALENDAR
"""
    return text.replace("\n", "\r\n").encode()


def mail(subject: str = "Accepted", sender: str = "Anna Larch <anna.larch@school.example>") -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = sender, "meetings@northmoor.example", subject
    made["Message-ID"] = "<1@school.example>"
    return made


def answer(raw: bytes = b"", method: str = "REPLY") -> EmailMessage:
    made = mail()
    made.set_content("Anna Larch has accepted.")
    made.add_alternative(raw or calendar(), maintype="text", subtype="calendar", params={"method": method})
    return made


def attached(raw: bytes, kind: str, name: str, made: EmailMessage | None = None) -> bytes:
    made = made or mail()
    if made.get_content_type() == "text/plain" and not made.get_payload():
        made.set_content("See the attachment.")
    maintype, _, subtype = kind.partition("/")
    made.add_attachment(raw, maintype=maintype, subtype=subtype, filename=name)
    return made.as_bytes()


def signature(content: bytes, *options: pkcs7.PKCS7Options, encoding: Encoding = Encoding.DER) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Anna Larch")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=9000))
        .sign(key, hashes.SHA256())
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(encoding, list(options))


def wrapped(content: bytes, kind: str = "application/pkcs7-mime") -> bytes:
    made = mail()
    maintype, _, subtype = kind.partition("/")
    made.set_content(content, maintype=maintype, subtype=subtype, filename="smime.p7m")
    return made.as_bytes()


@pytest.mark.parametrize("kind", ["application/pkcs7-mime", "application/x-pkcs7-mime"])
def test_an_answer_wrapped_in_its_signature_is_read_and_the_signature_proves_nothing(kind: str) -> None:
    inner = answer().as_bytes().split(b"Message-ID: <1@school.example>\r\n", 1)[1]
    read = read_mail(wrapped(signature(inner, pkcs7.PKCS7Options.Binary), kind))
    assert (read.kind, read.uid, read.participants[0].partstat) == (Kind.REPLY, UID, "ACCEPTED")
    assert read.proof is Proof.MISSING


def test_an_answer_with_its_signature_beside_it_is_read() -> None:
    inner = answer().as_bytes().split(b"Message-ID: <1@school.example>\r\n", 1)[1]
    signed = signature(inner, pkcs7.PKCS7Options.DetachedSignature, encoding=Encoding.SMIME)
    head = b"From: anna.larch@school.example\r\nMessage-ID: <1@school.example>\r\n"
    assert b"multipart/signed" in signed
    assert (read_mail(head + signed).kind, read_mail(head + signed).uid) == (Kind.REPLY, UID)


def test_content_in_pieces_and_without_lengths_is_put_together() -> None:
    """Some mail programs write BER: a length left open, and the content cut into pieces."""
    pieces = b"".join(bytes([0x04, 0x05]) + part for part in (b"Hello", b" worl"))
    content = b"\xa0\x80\x24\x80" + pieces + b"\0\0\0\0"
    data = b"\x30\x80" + bytes.fromhex("06092a864886f70d010701") + content + b"\0\0"
    signed = b"\x30\x80\x02\x01\x01\x31\x00" + data + b"\0\0"
    whole = b"\x30\x80" + bytes.fromhex("06092a864886f70d010702") + b"\xa0\x80" + signed + b"\0\0\0\0"
    assert signed_content(whole) == b"Hello worl"


def test_an_encrypted_mail_is_named_as_such() -> None:
    enveloped = bytes.fromhex("300f06092a864886f70d010703a0023000")
    assert read_mail(wrapped(enveloped)).kind is Kind.ENCRYPTED


@given(st.binary(max_size=300), st.integers(0, 60))
def test_any_octets_may_stand_where_a_signature_should(junk: bytes, at: int) -> None:
    whole = bytes.fromhex("308006092a864886f70d010702a080308002010131003080")
    for raw in (junk, whole[:at] + junk, whole + junk):
        with contextlib.suppress(NotSigned):
            assert isinstance(signed_content(raw), bytes)


def attribute(level: int, identity: int, content: bytes) -> bytes:
    return struct.pack("<BII", level, identity, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def tnef(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def named(family: str, number: int, kind: int, value: bytes) -> bytes:
    head = struct.pack("<HH", kind, 0x8000) + UUID(family).bytes_le + struct.pack("<II", 0, number)
    if kind == 0x102:
        return head + struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return head + value


def global_id(uid: str) -> bytes:
    inner = b"vCal-Uid\x01\0\0\0" + uid.encode() + b"\0"
    return bytes.fromhex("040000008200E00074C5B7101A82E008") + b"\0" * 20 + struct.pack("<I", len(inner)) + inner


MEETING, APPOINTMENT = "6ed8da90-450b-101b-98da-00aa003f1305", "00062002-0000-0000-c000-000000000046"
TICKS = struct.pack("<Q", 116_444_736_000_000_000 + int(datetime(2026, 12, 8, 10, tzinfo=UTC).timestamp() * 10**7))


def response(kind: str, *properties: bytes) -> bytes:
    found = [named(MEETING, 0x03, 0x102, global_id(UID)), *properties]
    subject = struct.pack("<HH", 0x1E, 0x0037) + struct.pack("<II", 1, 3) + b"Hi\0\0"
    block = struct.pack("<I", len(found) + 1) + subject + b"".join(found)
    return tnef(
        attribute(1, 0x00078008, kind.encode() + b"\0"),
        attribute(1, 0x0002800C, b"I may be late\0"),
        attribute(1, 0x00069003, block),
    )


@pytest.mark.parametrize(
    ("kind", "partstat"),
    [
        ("IPM.Schedule.Meeting.Resp.Pos", "ACCEPTED"),
        ("IPM.Schedule.Meeting.Resp.Neg", "DECLINED"),
        ("IPM.Schedule.Meeting.Resp.Tent", "TENTATIVE"),
        ("IPM.Microsoft Schedule.MtgRespA", "TENTATIVE"),
    ],
)
def test_an_answer_that_outlook_wrapped_for_outlook_is_read(kind: str, partstat: str) -> None:
    raw = response(kind, named(APPOINTMENT, 0x8201, 0x03, struct.pack("<I", 2)))
    read = read_mail(attached(raw, "application/ms-tnef", "winmail.dat"))
    assert (read.kind, read.participants[0].partstat, read.sequence) == (Kind.REPLY, partstat, 2)
    assert UID in list(uid_forms(read.uid))
    assert read.comment == "I may be late"


def test_a_time_proposed_in_a_wrapped_answer_is_found() -> None:
    proposal = (named(APPOINTMENT, 0x8257, 0x0B, b"\x01\0\0\0"), named(APPOINTMENT, 0x8250, 0x40, TICKS))
    raw = response("IPM.Schedule.Meeting.Resp.Tent", *proposal)
    assert read_mail(attached(raw, "application/ms-tnef", "winmail.dat")).proposed_start == datetime(
        2026, 12, 8, 10, tzinfo=UTC
    )


def test_a_calendar_file_inside_winmail_is_read() -> None:
    raw = tnef(
        attribute(2, 0x00069002, b"\0" * 14),
        attribute(2, 0x00018010, b"meeting.ics\0"),
        attribute(2, 0x0006800F, calendar()),
    )
    read = read_mail(attached(raw, "application/octet-stream", "WINMAIL.DAT"))
    assert (read.kind, read.uid) == (Kind.REPLY, UID)


def test_another_thing_that_outlook_wrapped_cannot_be_read() -> None:
    made = mail("Notes")
    made["In-Reply-To"] = OUR_ID
    read = read_mail(attached(response("IPM.Note"), "application/ms-tnef", "winmail.dat", made))
    assert (read.kind, read.uid) == (Kind.UNREADABLE, UID)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_octets_may_stand_in_a_winmail(junk: bytes, at: int) -> None:
    whole = response("IPM.Schedule.Meeting.Resp.Pos")
    for raw in (junk, whole[:at] + junk + whole[at:], tnef(attribute(1, 0x00069003, junk))):
        with contextlib.suppress(UnreadableTnef):
            read_tnef(raw)


def test_an_answer_forwarded_as_an_attached_mail_says_what_it_says_and_from_whom_it_comes() -> None:
    made = mail("FW: Accepted", "pa@school.example")
    made.set_content("Anna's answer.")
    made.add_attachment(answer())
    read = read_mail(made.as_bytes())
    assert (read.kind, read.sender, read.uid) == (Kind.FORWARDED, "pa@school.example", UID)
    file = attached(answer().as_bytes(), "application/octet-stream", "Accepted.eml", mail("FW"))
    assert read_mail(file).kind is Kind.FORWARDED


def test_two_copies_of_one_answer_are_one_and_two_answers_are_none() -> None:
    twice = attached(calendar(), "application/ics", "invite.ics", answer())
    assert read_mail(twice).kind is Kind.REPLY
    for other in (calendar(partstat="DECLINED"), calendar(uid="another"), calendar(method="COUNTER")):
        assert read_mail(attached(other, "text/calendar", "other.ics", answer())).kind is Kind.ANSWERS_DIFFER


def test_the_invitation_sent_back_beside_the_answer_is_no_second_answer() -> None:
    assert read_mail(attached(calendar(method="REQUEST"), "text/calendar", "i.ics", answer())).kind is Kind.REPLY


@pytest.mark.parametrize(
    ("said", "meant", "kind"),
    [
        ("REQUEST", "REPLY", Kind.REPLY),
        ("REPLY", "COUNTER", Kind.COUNTER),
        ("REPLY", "REQUEST", Kind.OTHER_METHOD),
        ("REPLY", "CANCEL", Kind.OTHER_METHOD),
        ("REQUEST", "REFRESH", Kind.REFRESH),
    ],
)
def test_a_mail_that_lies_about_its_method_is_taken_at_what_its_calendar_says(
    said: str, meant: str, kind: Kind
) -> None:
    assert read_mail(answer(calendar(method=meant), method=said).as_bytes()).kind is kind


def test_a_calendar_without_a_method_is_not_given_that_of_the_header() -> None:
    raw = calendar().replace(b"METHOD:REPLY\r\n", b"")
    assert read_mail(answer(raw).as_bytes()).kind is Kind.UNREADABLE


@pytest.mark.parametrize(
    "sender",
    [
        "=?utf-8?q?=3Canna=2Elarch=40school=2Eexample=3E?= <mallory@elsewhere.example>",
        "=?utf-8?q?anna=2Elarch=40school=2Eexample=28?= <mallory@elsewhere.example>",
        '"anna.larch@school.example" <mallory@elsewhere.example>',
        "anna.larch@school.example <mallory@elsewhere.example>",
        "anna.larch@school.example, mallory@elsewhere.example",
        "anna.larch@school.example)mallory@elsewhere.example",
        "<anna.larch@school.example>mallory@elsewhere.example",
    ],
)
def test_an_address_in_a_name_is_a_name_and_two_addresses_are_none(sender: str) -> None:
    raw = answer().as_bytes().replace(b"Anna Larch <anna.larch@school.example>", sender.encode(), 1)
    assert read_mail(raw).sender in ("", "mallory@elsewhere.example")


def test_a_pass_for_another_domain_than_the_senders_proves_nothing() -> None:
    vouched = b"Authentication-Results: mx.northmoor.example; dmarc=pass header.from=elsewhere.example\r\n"
    assert read_mail(vouched + answer().as_bytes(), "authserv:mx.northmoor.example").proof is Proof.FAILED
    own = vouched.replace(b"elsewhere", b"school")
    assert read_mail(own + answer().as_bytes(), "authserv:mx.northmoor.example").proof is Proof.PASSED


@pytest.mark.parametrize(
    "name",
    [
        'O"Brien; "Zoë", the: 2nd',
        "Anna\rBCC: all@school.example",
        "علي حسن",
        "Δέσποινα Παπαδοπούλου",
        "小林 さくら",
        "אברהם כהן",
        "Ngô Thị Hương",
        "\u202emoc.elpmaxe@live",
        "👩‍🏫 Anna",
        "x" * 5000,
    ],
)
def test_names_in_every_script_and_with_every_mark_cost_nothing(name: str) -> None:
    quoted = name.replace('"', "")
    raw = calendar(extra=f"COMMENT:{name}\r\n").replace(b"ATTENDEE;", f'ATTENDEE;CN="{quoted}";'.encode())
    read = read_mail(answer(raw).as_bytes())
    assert (read.kind, read.participants[0].email) == (Kind.REPLY, "anna.larch@school.example")
    assert (read.participants[0].partstat, read.uid) == ("ACCEPTED", UID)
    assert "\r" not in read.comment
    assert "\u202e" not in read.comment


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "iso-8859-7", "koi8-r", "nonsense"])
def test_a_calendar_in_another_character_set_is_read(charset: str) -> None:
    note = {"iso-8859-7": "Καλημέρα", "koi8-r": "Доброе утро"}.get(charset, "Zoë")
    text = calendar(extra=f"COMMENT:{note}\r\n").decode()
    raw = text.encode("utf-8" if charset == "nonsense" else charset)
    part = Message()
    part["From"] = "anna.larch@school.example"
    part["Content-Type"] = f"text/calendar; method=REPLY; charset={charset}"
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(raw).decode())
    read = read_mail(part.as_bytes())
    assert (read.kind, read.comment) == (Kind.REPLY, note)


def test_a_calendar_whose_lines_end_in_carriage_returns_alone_is_read() -> None:
    raw = calendar().replace(b"\r\n", b"\r")
    assert read_mail(answer(raw).as_bytes()).participants[0].partstat == "ACCEPTED"


@pytest.mark.parametrize(
    "address",
    ["MAILTO:ANNA.LARCH@SCHOOL.EXAMPLE", "mailto:anna%2Elarch@school.example", "mailto: anna.larch@school.example"],
)
def test_the_address_of_an_attendee_is_read_however_it_is_written(address: str) -> None:
    raw = calendar().replace(b"mailto:anna.larch@school.example", address.encode())
    assert read_mail(answer(raw).as_bytes()).participants[0].email == "anna.larch@school.example"


def test_a_recurrence_bomb_is_not_expanded() -> None:
    bomb = "RRULE:FREQ=SECONDLY;COUNT=999999999\r\n" + "RDATE:20261207T143000Z\r\n" * 5000
    read = read_mail(answer(calendar(extra=bomb)).as_bytes())
    assert (read.kind, read.start) == (Kind.REPLY, datetime(2026, 12, 7, 14, 30, tzinfo=UTC))


def test_parts_within_parts_without_end_are_refused_and_their_sender_named() -> None:
    depth = 3000
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(depth))
    raw = b"From: anna.larch@school.example\r\nIn-Reply-To: " + OUR_ID.encode() + b"\r\n" + heads
    read = read_mail(raw)
    assert (read.kind, read.sender, read.uid) == (Kind.UNREADABLE, "anna.larch@school.example", UID)


def test_a_header_without_end_is_cut() -> None:
    raw = b"Subject: " + b"=?utf-8?q?x?= " * 100_000 + b"\r\n" + answer().as_bytes()
    assert len(read_mail(raw).subject) <= 300


def test_a_mail_of_fifty_megabytes_is_refused_by_its_head_alone() -> None:
    made = answer()
    made["In-Reply-To"] = OUR_ID
    read = read_mail(made.as_bytes() + b"x" * 10 * MAX_MAIL_OCTETS)
    assert (read.kind, read.uid, read.participants) == (Kind.TOO_LARGE, UID, ())


@pytest.mark.parametrize("line", ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply"])
def test_an_out_of_office_note_is_known_for_one_and_its_words_are_kept(line: str) -> None:
    made = mail("Automatic reply")
    made.set_content("I am away until 4 January.")
    read = read_mail(line.encode() + b"\r\nIn-Reply-To: " + OUR_ID.encode() + b"\r\n" + made.as_bytes())
    assert (read.kind, read.uid, read.comment) == (Kind.AUTO_REPLY, UID, "I am away until 4 January.")


def test_a_notice_of_an_old_mail_server_is_a_bounce_with_the_address_and_the_reason() -> None:
    made = mail("failure notice", "MAILER-DAEMON@mx.school.example")
    made.set_content(
        "Hi. This is the program at mx.school.example.\n\n<anna.larch@school.example>:\n550 no such user\n"
    )
    read = read_mail(made.as_bytes())
    assert (read.kind, read.undelivered_to) == (Kind.BOUNCE, "anna.larch@school.example")
    assert "550 no such user" in read.comment
