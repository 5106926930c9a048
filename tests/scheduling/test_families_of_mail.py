# ruff: noqa: E501 - one mail a line
"""What becomes of each shape in which mail programs send answers: invented people, real shapes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.domain.replies import Kind, Proof
from tests.scheduling.letters import (
    ANNA,
    EVENT,
    METHOD,
    OUR_ID,
    UID,
    beside,
    calendar,
    came_to,
    changed,
    decided,
    joined,
    letter,
    multipart,
    part,
    reply,
)

ATTENDEE = f"ATTENDEE;CN=Anna Larch;PARTSTAT=ACCEPTED:mailto:{ANNA}"
ICS = 'application/ics; name="invite.ics"'
WORDS = part("text/plain; charset=utf-8", "Anna Larch has accepted.", "7bit")
PAGE = part("text/html; charset=utf-8", "<p>Anna Larch has accepted.</p>", "quoted-printable")
EXCHANGE_UID = (
    "040000008200E00074C5B7101A82E008"
    + "0" * 40
    + "31000000"
    + (b"vCal-Uid\1\0\0\0" + UID.encode() + b"\0").hex().upper()
)
SIGNED = multipart(
    "signed",
    multipart("mixed", WORDS, part(METHOD, calendar()), boundary="i"),
    part("application/pkcs7-signature", b"x"),
)
PROPOSED = 'ATTENDEE;PARTSTAT=TENTATIVE;TO-ALL-PROPOSED-NEW-TIME="DTSTART;TZID=Europe/London:20261208T100000":mailto:'


def with_attendee(line: str, *more: tuple[str, str]) -> bytes:
    return reply(calendar(changed((ATTENDEE, line), *more)))


def wrapped_deep() -> bytes:
    inner = multipart("alternative", WORDS, PAGE, part(METHOD, calendar()), boundary="i")
    picture = part('image/png; name="logo.png"', b"\x89PNG")
    return letter(multipart("related", inner, picture))


APPLIED = {
    "google: three alternatives, and the same calendar as a file": letter(
        multipart(
            "mixed",
            multipart("alternative", WORDS, PAGE, part(METHOD, calendar(), "7bit"), boundary="i"),
            part(ICS, calendar(), more='Content-Disposition: attachment; filename="invite.ics"\r\n'),
        ),
        head="Auto-Submitted: auto-generated\nSender: Calendar <calendar-notification@calendars.example>\n",
    ),
    "iphone: words and a calendar": beside("Anna has accepted."),
    "outlook: with a picture": wrapped_deep(),
    "apple mail: mixed within alternative, no method in the header": letter(
        multipart(
            "alternative",
            WORDS,
            multipart(
                "mixed", PAGE, part('text/calendar; name="reply.ics"', calendar(), "quoted-printable"), boundary="i"
            ),
        )
    ),
    "sogo: a page and a calendar, side by side": letter(multipart("mixed", PAGE, part(METHOD, calendar(), "8bit"))),
    "notes: the calendar as a file of no kind": letter(
        multipart(
            "mixed",
            multipart("related", multipart("alternative", WORDS, PAGE, boundary="j"), boundary="i"),
            part('application/octet-stream; name="c070205.ics"', calendar()),
        )
    ),
    "zimbra: nothing but the calendar": reply(how="7bit"),
    "bluemind: the calendar as an attachment, its zone after the event": letter(
        multipart(
            "related",
            PAGE,
            part(
                METHOD,
                calendar().replace(b"VERSION:2.0", b"CALSCALE:GREGORIAN"),
                "8bit",
                "Content-Disposition: attachment; filename=reply.ics\r\n",
            ),
        )
    ),
    "yahoo: scheduling parameters that should not be there": with_attendee(
        f"ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-STATUS=1.1;SCHEDULE-AGENT=NONE;CUTYPE=INDIVIDUAL:mailto:{ANNA}"
    ),
    "a mailing list's or scanner's line below": letter(
        multipart(
            "mixed",
            multipart("alternative", WORDS, part(METHOD, calendar()), boundary="i"),
            part("text/plain", "--\nScanned"),
        )
    ),
    "signed, its signature beside it": letter(SIGNED),
    "only the file, in words of its own": letter(multipart("mixed", WORDS, part("text/ics; name=x.ics", calendar()))),
    "quoted-printable": reply(how="quoted-printable"),
    "line feeds alone": reply(calendar().replace(b"\r\n", b"\n"), how="8bit").replace(b"\r\n", b"\n"),
    "carriage returns alone": reply(calendar().replace(b"\r\n", b"\r")),
    "carriage returns doubled": reply(calendar().replace(b"\r\n", b"\r\r\n")),
    "folded after every character": reply(
        b"\r\n ".join(bytes([each]) for each in calendar()).replace(b"\r\n \r\r\n \n", b"\r\n")
    ),
    "utf-16 with a mark": reply(calendar().decode().encode("utf-16"), "text/calendar; method=REPLY; charset=utf-16"),
    "utf-16 that nobody names": reply(calendar().decode().encode("utf-16-be"), "text/calendar; method=REPLY"),
    "windows-1252 said to be utf-8": reply(calendar(changed(("Anna Larch", "Zoë Larch"))).decode().encode("cp1252")),
    "a character set that does not exist": reply(kind="text/calendar; method=REPLY; charset=x-unknown"),
    "a byte order mark": reply(b"\xef\xbb\xbf" + calendar()),
    "a byte order mark before the mail": b"\xef\xbb\xbf" + reply(),
    "a line of an mbox before the mail": b"From anna.larch@school.example Sat Nov 21 09:30:00 2026\r\n" + reply(),
    "all in small letters": reply(
        calendar().lower().replace(b"reply", b"Reply").replace(b"europe/london", b"Europe/London")
    ),
    "headers in capitals": reply(kind="TEXT/CALENDAR; METHOD=REPLY")
    .replace(b"From:", b"FROM:")
    .replace(b"Content", b"CONTENT"),
    "no organiser": reply(calendar(changed(("ORGANIZER;CN=Northmoor:mailto:meetings@northmoor.example\n", "")))),
    "no sequence": reply(calendar(changed(("SEQUENCE:0\n", "")))),
    "no stamp": reply(calendar(changed(("DTSTAMP:20261120T120000Z\n", "")))),
    "no time": reply(calendar(changed(("DTSTART;TZID=Europe/London:20261207T143000\n", "")))),
    "a day without a time": reply(
        calendar(changed(("DTSTART;TZID=Europe/London:20261207T143000", "DTSTART;VALUE=DATE:20261207")))
    ),
    "a zone that nobody knows": reply(
        calendar(changed(("TZID=Europe/London", 'TZID="(UTC+00:00) Dublin, Edinburgh, Lisbon"')))
    ),
    "a sequence beyond all numbers": reply(calendar(changed(("SEQUENCE:0", "SEQUENCE:1407317367304")))),
    "the uid in capitals": reply(calendar(changed((UID, UID.upper())))),
    "the uid in brackets": reply(calendar(changed((UID, f"{{{UID.upper()}}}")))),
    "the uid as a urn": reply(calendar(changed((UID, f"urn:uuid:{UID}")))),
    "the uid without hyphens, padded": reply(calendar(changed((UID, UID.replace("-", "").upper() + "00000000")))),
    "the uid wrapped by exchange": reply(calendar(changed((UID, EXCHANGE_UID)))),
    "the uid folded": reply(calendar(changed((UID, UID[:10] + "\n " + UID[10:])))),
    "an address in capitals": with_attendee(f"ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:{ANNA.upper()}"),
    "an address without mailto": with_attendee(f"ATTENDEE;PARTSTAT=ACCEPTED:{ANNA}"),
    "an address in angle brackets": with_attendee(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:<{ANNA}>"),
    "mailto twice": with_attendee(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:mailto:{ANNA}"),
    "an address in the parameter alone": with_attendee(
        f"ATTENDEE;PARTSTAT=ACCEPTED;EMAIL={ANNA}:/principals/users/anna"
    ),
    "an address that is no address": with_attendee("ATTENDEE;PARTSTAT=ACCEPTED:invalid:nomail"),
    "everybody listed, one of whom answers": with_attendee(
        f"ATTENDEE;PARTSTAT=DECLINED:mailto:ben@home.example\n{ATTENDEE}\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:c@x.example"
    ),
    "sent by an assistant's program in the invitee's name": with_attendee(
        f'ATTENDEE;SENT-BY="mailto:pa@school.example";PARTSTAT=ACCEPTED:mailto:{ANNA}'
    ),
    "an answer quoted": with_attendee(f'attendee;partstat="accepted":mailto:{ANNA}'),
    "a name with every mark in quotes": with_attendee(
        f"ATTENDEE;CN=\"Larch; Anna: 'the, 2nd' ^'x^'\";PARTSTAT=ACCEPTED:mailto:{ANNA}"
    ),
    "an alarm with an attendee of its own": reply(
        calendar(
            changed(
                ("END:VEVENT", "BEGIN:VALARM\nATTENDEE;PARTSTAT=DECLINED:mailto:x@y.example\nEND:VALARM\nEND:VEVENT")
            )
        )
    ),
    "an alarm that never ends": reply(calendar(changed(("END:VEVENT", "BEGIN:VALARM\nACTION:DISPLAY\nEND:VEVENT")))),
    "the calendar never ends": reply(calendar().replace(b"END:VCALENDAR\r\n", b"")),
    "the method after the event": reply(
        calendar(method="").replace(b"END:VCALENDAR", b"METHOD:REPLY\r\nEND:VCALENDAR"), "text/calendar"
    ),
    "the same event twice": reply(calendar(EVENT + EVENT)),
    "the same calendar twice": reply(calendar() + calendar()),
    "the invitation beside the answer": letter(
        multipart("mixed", part(METHOD, calendar()), part('text/calendar; name="i.ics"', calendar(method="REQUEST")))
    ),
    "a header that lies": reply(kind="text/calendar; method=REQUEST"),
    "a broken base64": reply().replace(b"\r\n\r\n", b"\r\n\r\n!!", 1),
    "a boundary that never ends": beside("Yes").replace(b"--b--\r\n", b""),
    "a method that is encoded": reply(kind="text/calendar; method*=us-ascii''REPLY"),
    "bombs of rules that nobody looks at": reply(
        calendar(changed(("SUMMARY", "RRULE:FREQ=SECONDLY;COUNT=999999999\nRDATE:20261207T143000Z\nSUMMARY")))
    ),
}


@pytest.mark.parametrize("name", APPLIED)
def test_an_answer_in_any_shape_is_recorded(name: str) -> None:
    assert came_to(APPLIED[name]) == "applied accepted"


FORWARDED = multipart("mixed", WORDS, b"Content-Type: message/rfc822\r\n\r\n" + reply())
ENCODED = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(reply())
TASK = EVENT.replace("VEVENT", "VTODO")
WRITTEN = part("text/plain", "Who is there?", "7bit")
HELD = {
    "other_sender": {
        "an assistant answers": reply(sender="pa@school.example"),
        "a gateway's own address": reply(sender="Anna via Calendar <calendar-notification@calendars.example>"),
        "a list that changed the sender": reply(sender='"Anna via Staff" <staff@lists.school.example>'),
        "another domain": reply(sender="anna.larch@school.example.attacker.example"),
        "no sender": reply().replace(b"From:", b"X-From:"),
        "two senders": reply(sender=f"{ANNA}, ben@home.example"),
        "brackets without end": reply(sender="(" * 5000),
    },
    "delegated": {
        "sends a colleague": with_attendee(f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@school.example":mailto:{ANNA}'),
        "says yes and names a colleague": with_attendee(
            f'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-TO="mailto:ben@school.example":mailto:{ANNA}'
        ),
    },
    "attendee_differs": {
        "answers for somebody else": with_attendee("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@school.example"),
        "answers for the organiser": with_attendee("ATTENDEE;PARTSTAT=ACCEPTED:mailto:meetings@northmoor.example"),
    },
    "attendee_missing": {"nobody answers": with_attendee("X-NOBODY:1")},
    "no_answer_in_it": {
        "not decided": with_attendee(f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{ANNA}"),
        "nothing said": with_attendee(f"ATTENDEE;RSVP=TRUE:mailto:{ANNA}"),
        "an answer of its own": with_attendee(f"ATTENDEE;PARTSTAT=X-GLADLY:mailto:{ANNA}"),
        "yes and no in one line": with_attendee(f"ATTENDEE;PARTSTAT=ACCEPTED;PARTSTAT=DECLINED:mailto:{ANNA}"),
        "a quote that is never closed": with_attendee(f'ATTENDEE;CN="Anna;PARTSTAT=ACCEPTED:mailto:{ANNA}'),
        "vCalendar 1.0": reply(calendar(changed((ATTENDEE, f"ATTENDEE;STATUS=ACCEPTED:mailto:{ANNA}"))).replace(b"2.0", b"1.0")),
    },
    "answers_differ": {
        "yes and no in two lines": with_attendee(f"{ATTENDEE}\n{ATTENDEE.replace('ACCEPTED', 'DECLINED')}"),
        "yes and no in two events": reply(calendar(EVENT + changed(("ACCEPTED", "DECLINED")))),
        "yes and no in two calendars of one part": reply(calendar() + calendar(changed(("ACCEPTED", "DECLINED")))),
        "yes and no in two parts": letter(
            multipart("mixed", part(METHOD, calendar()), part(ICS, calendar(changed(("ACCEPTED", "DECLINED")))))
        ),
    },
    "part_of_series": {
        "about one day of many": reply(calendar(changed(("SEQUENCE:0", "RECURRENCE-ID:20261207T143000Z")))),
    },
    "proposes_other_time": {
        "google: COUNTER under a header that says REPLY": reply(
            calendar(changed(("20261207T14", "20261208T10"), ("20261207T15", "20261208T11")), "COUNTER")
        ),
        "outlook: with the time it had": reply(
            calendar(changed(("SUMMARY", "X-MS-OLK-ORIGINALSTART;TZID=GMT Standard Time:20261207T143000\nSUMMARY")), "COUNTER"),
            "text/calendar; method=COUNTER",
        ),
        "apple: hidden in an answer": with_attendee(PROPOSED + ANNA),
        "nobody named": reply(calendar(changed((f"{ATTENDEE}\n", "")), "COUNTER")),
    },
    "proposes_past_time": {"over": reply(calendar(changed(("20261207T14", "20261101T10"), ("20261207T15", "20261101T11")), "COUNTER"))},
    "proposes_late_time": {"too late": reply(calendar(changed(("20261207T14", "20270107T10"), ("20261207T15", "20270107T11")), "COUNTER"))},
    "proposes_no_time": {
        "none": reply(calendar(changed(("DTSTART;TZID=Europe/London:20261207T143000\n", "")), "COUNTER")),
        "a day": reply(calendar(changed(("DTSTART;TZID=Europe/London:20261207T143000", "DTSTART;VALUE=DATE:20261208")), "COUNTER")),
        "ends before it starts": reply(calendar(changed(("20261207T15", "20261207T09")), "COUNTER")),
    },
    "not_an_answer": {
        "the invitation passed on": beside("See this", calendar(method="REQUEST"), "text/calendar; name=event.ics"),
        "a CANCEL": reply(calendar(method="CANCEL")),
        "a CANCEL of nothing": reply(b"BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n"),
        "a REQUEST of the invitee's own": reply(calendar(method="REQUEST"), "text/calendar; method=REQUEST"),
        "an ADD": reply(calendar(method="ADD")),
        "a DECLINECOUNTER": reply(calendar(method="DECLINECOUNTER")),
        "a published calendar": letter(multipart("mixed", WORDS, part(ICS, calendar(method="")))),
        "an answer about a task": reply(calendar(TASK)),
        "free and busy times": reply(calendar("BEGIN:VFREEBUSY\nUID:x\nEND:VFREEBUSY\n")),
    },
    "could_not_read": {
        "no method anywhere": reply(calendar(method="")),
        "two methods": reply(calendar().replace(b"METHOD:REPLY", b"METHOD:REPLY\r\nMETHOD:COUNTER")),
        "two events": reply(calendar(EVENT + EVENT.replace(UID, "another"))),
        "two uids in one event": reply(calendar(changed((f"UID:{UID}", f"UID:{UID}\nUID:another")))),
        "no uid": reply(calendar(changed((f"UID:{UID}\n", ""))), head=f"In-Reply-To: {OUR_ID}\n"),
        "cut short": reply(calendar()[: calendar().index(b"SUMMARY")]),
        "an empty calendar": reply(b""),
        "words instead of a calendar": reply(b"Sorry, I cannot come."),
        "eleven calendars": letter(multipart("mixed", *[part(ICS, calendar())] * 11)),
        "a header without end": letter(b"Content-Type: text/plain" + b";a=b" * 100_000 + b"\r\n\r\nYes"),
    },
    "forwarded": {
        "as an attached mail": letter(FORWARDED, "ben@school.example"),
        "by the invitee": letter(FORWARDED),
        "as a file": letter(multipart("mixed", WORDS, part('application/octet-stream; name="Accepted.EML"', reply()))),
        "encoded, as no standard allows": letter(multipart("mixed", WORDS, ENCODED)),
        "within one that was passed on": letter(
            multipart("mixed", WORDS, b"Content-Type: message/rfc822\r\n\r\n" + letter(FORWARDED), boundary="o")
        ),
        "as the whole mail": letter(b"Content-Type: message/rfc822\r\n\r\n" + reply()),
    },
    "encrypted": {
        "s/mime": letter(part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"0\x80junk")),
        "s/mime as a file of no kind": letter(part('application/octet-stream; name="smime.p7m"', b"0\x80junk")),
        "pgp": letter(
            multipart("encrypted", part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream", "-----"))
        ),
        "pgp in the text": letter(part("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n", "7bit")),
        "protected by microsoft": letter(
            multipart("mixed", WORDS, part('application/x-microsoft-rpmsg-message; name="message.rpmsg"', b"x"))
        ),
    },
    "automatic_reply": {
        "by the standard": letter(part("text/plain", "I am away."), head="Auto-Submitted: auto-replied\n"),
        "exchange": letter(
            part("text/plain", "I am away."), subject="Automatic reply: Education meeting",
            head="Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n",
        ),
        "an older one": letter(part("text/plain", "I am away."), head="X-Autoreply: yes\n"),
        "a room that answers by itself": reply(head="Auto-Submitted: auto-replied (accepted)\n"),
    },
    "written_answer": {
        "words": letter(WRITTEN, subject="Re: Education meeting"),
        "a page": letter(part("text/html", "<p>Who is there?</p>"), subject="Re: Education meeting"),
        "a calendar as text": letter(part("text/plain", calendar()), subject="Re: Education meeting"),
        "the invitation quoted": letter(
            multipart("mixed", WRITTEN, part('text/calendar; name="i.ics"', calendar(method="REQUEST")))
        ),
        "a part without a boundary": letter(b"Content-Type: multipart/mixed\r\n\r\nWho is there?"),
        "signed by pgp": letter(multipart("signed", WRITTEN, part("application/pgp-signature", "x"))),
    },
}  # fmt: skip
NAMES_OURS = {"automatic_reply", "written_answer", "encrypted", "could_not_read"}


@pytest.mark.parametrize(("reason", "name"), [(reason, name) for reason in HELD for name in HELD[reason]])
def test_what_cannot_be_applied_safely_is_held_with_the_reason(reason: str, name: str) -> None:
    raw = HELD[reason][name]
    if reason in NAMES_OURS:
        raw = f"In-Reply-To: {OUR_ID}\r\n".encode() + raw
    assert came_to(raw) == f"held {reason}"


def status(action: str, recipient: str = f"rfc822; {ANNA}") -> bytes:
    lines = (
        "Reporting-MTA: dns; mx.school.example",
        "",
        f"Final-Recipient: {recipient}",
        f"Action: {action}",
        "Status: 5.1.1",
    )
    return part("message/delivery-status", joined(lines), "7bit")


RETURNED = b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: " + OUR_ID.encode() + b"\r\n"
DAEMON = "MAILER-DAEMON@mx.school.example (Mail Delivery System)"
QMAIL = f"Hi. This is the qmail-send program at mx.school.example.\nI'm afraid I wasn't able to deliver your message.\n\n<{ANNA}>:\n550 no mailbox here.\n"
EXIM = f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered:\n\n  {ANNA}\n    550 No Such User Here\n"
LATE = f"A message that you sent has not yet been delivered to\n\n  {ANNA}\n\nNo action is required on your part.\n"
SES = b"Content-Type: message/rfc822\r\n\r\n" + letter(
    part("text/calendar; method=REQUEST", calendar(method="REQUEST"))
)
NOTICES = {
    "postfix": (letter(multipart("report; report-type=delivery-status", WORDS, status("failed"), RETURNED), DAEMON), Kind.BOUNCE),
    "postfix, within what a scanner wrapped round it": (
        letter(multipart("mixed", multipart("report", WORDS, status("failed"), RETURNED, boundary="i"), WORDS), DAEMON),
        Kind.BOUNCE,
    ),
    "gmail": (
        letter(
            multipart(
                "report; report-type=delivery-status",
                multipart("related", multipart("alternative", WORDS, PAGE, boundary="j"), boundary="i"),
                status("failed"),
                RETURNED,
            ),
            "Mail Delivery Subsystem <mailer-daemon@mx.example>", head="X-Failed-Recipients: x@y.example\nAuto-Submitted: auto-replied\n",
        ),
        Kind.BOUNCE,
    ),
    "exchange": (
        letter(
            multipart("report; report-type=delivery-status", PAGE, status("failed", f"rfc822;{ANNA}"), RETURNED),
            "postmaster@school.example", head="Auto-Submitted: auto-replied\n",
        ),
        Kind.BOUNCE,
    ),
    "in other alphabets (RFC 6533)": (
        letter(
            multipart("report", WORDS, status("failed", f"utf-8; {ANNA}").replace(b"delivery-status", b"global-delivery-status"), RETURNED),
            DAEMON,
        ),
        Kind.BOUNCE,
    ),
    "another's Message-ID on what comes back": (letter(multipart("report", WORDS, status("failed"), SES, boundary="i"), DAEMON), Kind.BOUNCE),
    "fields that cannot be read": (
        letter(multipart("report", part("text/plain", EXIM), part("message/delivery-status", "QWN0aW9u", "7bit"), RETURNED), DAEMON),
        Kind.BOUNCE,
    ),
    "qmail, in words alone": (letter(part("text/plain", QMAIL), DAEMON, head=f"References: {OUR_ID}\n"), Kind.BOUNCE),
    "exim, in words alone": (
        letter(part("text/plain", EXIM), DAEMON, head=f"X-Failed-Recipients: {ANNA}\nAuto-Submitted: auto-replied\nReferences: {OUR_ID}\n"),
        Kind.BOUNCE,
    ),
    "an assistant's gateway": (
        letter(part("text/plain", EXIM), "no-reply@gateway.example", head=f"X-Failed-Recipients: {ANNA}\nReferences: {OUR_ID}\n"),
        Kind.BOUNCE,
    ),
    "a delay": (letter(multipart("report", WORDS, status("delayed"), RETURNED), DAEMON), Kind.REPORT),
    "a delay in words alone": (letter(part("text/plain", LATE), DAEMON, head=f"References: {OUR_ID}\n"), Kind.REPORT),
    "arrived": (letter(multipart("report", WORDS, status("delivered"), RETURNED), DAEMON), Kind.REPORT),
    "was read": (
        letter(multipart("report; report-type=disposition-notification", WORDS,
                         part("message/disposition-notification", "Disposition: manual-action; displayed\n", "7bit"), RETURNED)),
        Kind.REPORT,
    ),
    "called unwanted (ARF)": (
        letter(
            multipart("report; report-type=feedback-report", WORDS,
                      part("message/feedback-report", f"Feedback-Type: abuse\nOriginal-Rcpt-To: <{ANNA}>\n", "7bit"), RETURNED),
            "feedback@mx.example",
        ),
        Kind.COMPLAINT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_of_a_mail_server_is_known_for_one_and_names_the_invitation(name: str) -> None:
    raw, kind = NOTICES[name]
    mail, decision = decided(raw)
    assert (mail.kind, mail.uid) == (kind, UID)
    if kind is not Kind.REPORT:
        assert decision.outcome.value == "held"
        assert mail.undelivered_to == ANNA
    else:
        assert (decision.outcome.value, decision.reason) == ("ignored", "delivery_notice")


COMMENTS = {
    "in its own property": reply(calendar(changed(("SUMMARY", "COMMENT:I am late\\, sorry\nSUMMARY")))),
    "in Apple's": reply(calendar(changed(("SUMMARY", "X-CALENDARSERVER-PRIVATE-COMMENT:I am late\\, sorry\nSUMMARY")))),
    "beside the answer": with_attendee(f'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT="I am late, sorry":mailto:{ANNA}'),
    "in Outlook's text": beside("I am late, sorry\n\n________________________________\nFrom: x", calendar(product="Microsoft Exchange")),
    "in a page written by hand": letter(
        multipart("related", part("text/html", "<div class=WordSection1><p class=MsoNormal>I am late, sorry</p></div>"), part(METHOD, calendar()))
    ),
    "beside a proposal": beside("I am late, sorry", calendar(method="COUNTER")),
    "in Windows' letters": reply(calendar(changed(("SUMMARY", "COMMENT:I am late, sorry\nSUMMARY"))).replace(b"I am", b"I\x19 am").replace(b"\x19", b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMENTS)
def test_what_the_person_adds_is_kept(name: str) -> None:
    assert read_mail(COMMENTS[name]).comment == "I am late, sorry"


def test_two_notes_are_both_kept_and_one_that_comes_twice_is_one() -> None:
    event = changed(
        ("SUMMARY", "COMMENT:I am late\nCOMMENT:Bring the file\nX-CALENDARSERVER-PRIVATE-COMMENT:I am late\nSUMMARY")
    )
    assert read_mail(reply(calendar(event))).comment == "I am late\nBring the file"


def test_quotation_marks_of_windows_are_no_rubbish() -> None:
    event = changed(("SUMMARY", "COMMENT:“Café”\nSUMMARY"))
    assert (
        read_mail(reply(calendar(event).decode().encode("cp1252"), "text/calendar; method=REPLY")).comment == "“Café”"
    )


def test_a_mail_that_holds_nothing_but_a_picture_is_not_nothing() -> None:
    raw = letter(multipart("mixed", part('image/jpeg; name="note.jpg"', b"\xff\xd8")), subject="")
    assert came_to(raw) == "held no_calendar"
    assert came_to(letter(b"\r\n", subject="")) == "ignored nothing_in_it"


def test_a_server_that_does_not_name_itself_can_vouch_when_the_setting_says_so() -> None:
    """Microsoft 365 writes its results without its name in front."""
    said = "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=school.example; dkim=pass (ok)\n header.d=school.example;dmarc=pass action=none header.from=school.example;compauth=pass reason=100\n"
    assert read_mail(reply(head=said), "authserv:unnamed").proof is Proof.PASSED
    assert read_mail(reply(head=said), "authserv:mx.northmoor.example").proof is Proof.MISSING
    failed = said.replace("dmarc=pass", "dmarc=fail")
    assert read_mail(reply(head=failed + said), "authserv:unnamed").proof is Proof.FAILED


def test_the_time_that_is_proposed_is_read() -> None:
    assert read_mail(with_attendee(PROPOSED + ANNA)).proposed_start == datetime(2026, 12, 8, 10, tzinfo=UTC)
