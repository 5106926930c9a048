# ruff: noqa: E501 - one sort a line
"""Whole mails made by chance from a grammar of structures, encodings and odd properties: what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scheduling.application.incoming_mail import REASONS
from services.scheduling.domain.replies import Kind, Outcome, Proof, uid_forms
from tests.scheduling.letters import ANNA, ENTRY, LONDON, MEETING, OUR_ID, UID, crlf, decided, letter, multipart, part

VOUCHED = "Authentication-Results: mx.northmoor.example; dmarc=pass header.from=school.example\n"
FAILED = "Authentication-Results: mx.northmoor.example; dmarc=fail header.from=school.example\n"
FORGED = "Authentication-Results: mx.attacker.example; dmarc=pass header.from=school.example\n"

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=40)
names = words.map(lambda name: name.replace('"', "").replace(":", " "))
uids = st.sampled_from([UID, UID.upper(), f"{{{UID}}}", UID.replace("-", "") + "0000", "another", "", "040000008200E0"])
people = st.sampled_from(
    [f"mailto:{ANNA}", f"MAILTO:{ANNA.upper()}", ANNA, "mailto:ben@home.example", "tel:1", "mailto:"]
)
partstats = st.sampled_from(
    ["ACCEPTED", "DECLINED", "TENTATIVE", "accepted", "DELEGATED", "NEEDS-ACTION", "X-MAYBE", ""]
)
stamps = st.sampled_from(
    ["20261120T120000Z", "20261120T093000Z", "20251120T120000Z", "20991120T120000Z", "nonsense", ""]
)
starts = st.sampled_from(
    [";TZID=Europe/London:20261207T143000", ":20261207T143000Z", ";TZID=Nowhere:20261207T143000", ":x"]
)
oddities = st.sampled_from(
    ["X-ODD;A=\"b;c:d\":e", "RRULE:FREQ=SECONDLY", "RECURRENCE-ID:20261207T143000Z", "ATTENDEE", "BEGIN:VALARM", "END:VALARM",
     "END:VEVENT", "BEGIN:VEVENT", "METHOD:CANCEL", "COMMENT:\\n\\,\\;\\\\", "ATTENDEE;CN=\"open:mailto:x", "\t folded", "=:;\"", ""]
)  # fmt: skip


@st.composite
def attendees(draw: Any) -> str:
    partstat = draw(partstats)
    said = f";PARTSTAT={partstat}" if partstat else ""
    return f'ATTENDEE;CN="{draw(names)}"{said}{draw(st.sampled_from(["", ";DELEGATED-TO=x", ";X-A=b"]))}:{draw(people)}'


@st.composite
def calendars(draw: Any) -> bytes:
    lines = [f"UID:{draw(uids)}", f"DTSTAMP:{draw(stamps)}", f"DTSTART{draw(starts)}", f"SEQUENCE:{draw(sequences)}"]
    lines += draw(st.lists(attendees(), min_size=1, max_size=3))
    lines += [f"COMMENT:{draw(words)}"] if draw(st.booleans()) else []
    lines += draw(st.lists(oddities, max_size=2))
    lines = draw(st.permutations(lines))
    method = draw(st.sampled_from(["REPLY", "REPLY", "REPLY", "COUNTER", "REFRESH", "CANCEL", "REQUEST", "reply ", ""]))
    event = "\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])
    zone = draw(st.sampled_from([LONDON, ""]))
    raw = crlf(f"BEGIN:VCALENDAR\nMETHOD:{method}\n{zone}{event}\nEND:VCALENDAR\n")
    made = draw(st.sampled_from(["as it is", "as it is", "lf", "cr", "bom", "utf-16", "cp1252", "cut", "twice"]))
    changes = {
        "lf": lambda: raw.replace(b"\r\n", b"\n"),
        "cr": lambda: raw.replace(b"\r\n", b"\r"),
        "bom": lambda: b"\xef\xbb\xbf" + raw,
        "utf-16": lambda: raw.decode().encode("utf-16"),
        "cp1252": lambda: raw.decode().encode("cp1252", "replace"),
        "cut": lambda: raw[: draw(st.integers(0, len(raw)))],
        "twice": lambda: raw + raw,
    }
    return changes.get(made, lambda: raw)()


sequences = st.sampled_from(["0", "0", "1", "-1", "99999999999", "x", ""])
kinds = st.sampled_from(
    ["text/calendar; charset=utf-8; method=REPLY", "text/calendar", "TEXT/CALENDAR; METHOD=request", "application/ics",
     'application/octet-stream; name="invite.ics"', "text/plain", "text/calendar; charset=utf-16", "application/ms-tnef",
     "application/pkcs7-mime", "message/delivery-status"]
)  # fmt: skip
encodings = st.sampled_from(["base64", "quoted-printable", "8bit", "x-unknown"])


@st.composite
def entities(draw: Any, depth: int = 0) -> bytes:
    shape = draw(
        st.sampled_from(["leaf", "leaf", "words", "mixed", "alternative", "related", "signed", "report", "mail"])
    )
    if depth > 2 or shape == "leaf":
        return part(draw(kinds), draw(calendars()), draw(encodings))
    if shape == "words":
        return part("text/plain; charset=utf-8", draw(words), draw(encodings))
    if shape == "mail":
        return b"Content-Type: message/rfc822\r\n\r\n" + letter(draw(entities(depth + 1)))
    inner = draw(st.lists(entities(depth + 1), min_size=1, max_size=3))
    return multipart(shape, *inner, boundary=f"b{depth}")


@st.composite
def mails(draw: Any) -> bytes:
    sender = draw(
        st.sampled_from([ANNA, ANNA.upper(), f"{draw(names)} <{ANNA}>", "ben@home.example", f"{ANNA}, x@y.example"])
    )
    marks = [
        VOUCHED,
        FAILED,
        FORGED,
        f"In-Reply-To: {OUR_ID}\n",
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated\n",
    ]
    head = "".join(draw(st.lists(st.sampled_from(marks), max_size=3)))
    return letter(draw(entities()), sender.replace("\n", " "), draw(words), head)


@settings(max_examples=250, deadline=None)
@given(mails())
def test_whatever_comes_nothing_is_applied_that_is_not_proved_and_nothing_is_lost(raw: bytes) -> None:
    for proof in ("local", "authserv:mx.northmoor.example"):
        mail, decision = decided(raw, proof, replace(ENTRY, sequence=1))
        assert decision.reason in REASONS
        assert all("\0" not in text for text in (mail.sender, mail.subject, mail.uid, mail.comment))
        if decision.outcome is Outcome.APPLIED:
            assert mail.kind in (Kind.REPLY, Kind.REFRESH)
            assert mail.sender == ANNA
            assert UID in set(uid_forms(mail.uid))
            assert mail.kind is Kind.REFRESH or (mail.start == MEETING if mail.sequence is None else mail.sequence >= 1)
            assert mail.proof is Proof.PASSED if proof != "local" else not mail.disowned
            assert decision.answer in (None, "accepted", "declined", "tentative")
        elif decision.outcome is Outcome.IGNORED:
            assert (
                mail.kind in (Kind.REPORT, Kind.AUTO_REPLY, Kind.BOUNCE, Kind.COMPLAINT, Kind.REPLY, Kind.REFRESH)
                or mail.says_nothing
            )


@settings(max_examples=100, deadline=None)
@given(words, encodings.filter(lambda how: how != "x-unknown"), st.sampled_from(["mixed", "alternative", "related"]))
def test_a_note_is_kept_whatever_wraps_it(note: str, how: str, shape: str) -> None:
    escaped = note.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    event = f"BEGIN:VEVENT\nUID:{UID}\nCOMMENT:{escaped}\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{ANNA}\nEND:VEVENT\n"
    calendar = f"BEGIN:VCALENDAR\nMETHOD:REPLY\n{event}END:VCALENDAR\n".encode().replace(b"\n", b"\r\n")
    raw = letter(
        multipart(shape, part("text/plain", "x"), part("text/calendar; charset=utf-8; method=REPLY", calendar, how))
    )
    mail, decision = decided(raw)
    assert decision.outcome is Outcome.APPLIED
    kept = "".join(each for each in note if each.isprintable() or each == "\t")
    assert "".join(each for each in mail.comment if each.isprintable() or each == "\t").strip() == kept.strip()


@settings(max_examples=60, deadline=None)
@given(mails(), st.integers(0, 4000), st.binary(max_size=20))
def test_a_mail_that_is_damaged_on_the_way_is_read_all_the_same(raw: bytes, at: int, noise: bytes) -> None:
    mail, decision = decided(raw[:at] + noise + raw[at:])
    assert decision.reason in REASONS
    assert mail.dtstamp is None or mail.dtstamp > datetime(1, 1, 1, tzinfo=UTC)
