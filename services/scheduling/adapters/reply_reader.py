"""Reads an incoming mail: bytes to what it says, whoever wrote it and however broken it is; decides nothing.

The rules come from mails that Outlook, Google, Apple, Android, SOGo, Zimbra and Exchange really send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from html import unescape

from services.scheduling.adapters.calendar_reader import (
    MAX_CALENDAR_OCTETS,
    CalendarAnswer,
    UnreadableCalendar,
    clean_text,
    read_calendar,
)
from services.scheduling.adapters.sender_proof import read_proof
from services.scheduling.domain.replies import IncomingMail, Kind

MAX_MAIL_OCTETS = 5 * 1024 * 1024
MAX_PARTS = 100
ANSWERING = ("REPLY", "COUNTER")
_OUR_MESSAGE = re.compile(rb"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.\d+\.\d{8}T\d{6}Z@")
_HIDDEN = re.compile(r"<(head|style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br[^>]{0,100}>|</(?:p|div|tr|li|h\d)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_QUOTED_FROM = re.compile(r"^(?:-----Original Message|On .{5,200} wrote:|From: |_{10,})", re.MULTILINE)


def read_mail(raw: bytes, mail_proof: str = "local") -> IncomingMail:
    """Return what a mail says. `mail_proof` is the setting that names the mail server whose word counts."""
    if len(raw) > MAX_MAIL_OCTETS:
        head = _parsed(re.split(rb"\r?\n\r?\n", raw[:65536], maxsplit=1)[0])
        return replace(_headers(head, mail_proof), kind=Kind.TOO_LARGE, uid=_ours_named(head))
    mail = _parsed(raw)
    said = _headers(mail, mail_proof)
    if mail.get_content_type() == "multipart/report":
        return replace(said, kind=_report_kind(mail), uid=_ours_in(raw))
    if _header(mail, "Auto-Submitted").lower().startswith("auto-replied"):
        return replace(said, kind=Kind.AUTO_REPLY)
    parts = list(_parts(mail))
    try:
        calendar = _calendar(parts)
    except UnreadableCalendar:
        return replace(said, kind=Kind.UNREADABLE, uid=_ours_named(mail))
    if calendar is None:
        kind = Kind.UNREADABLE if any(_is_tnef(part) for part in parts) else Kind.WRITTEN
        return replace(said, kind=kind, uid=_ours_named(mail), comment=_written(parts))
    if calendar.method not in ANSWERING and (answered := _ours_named(mail)):
        return replace(said, kind=Kind.WRITTEN, uid=answered, comment=_written(parts))
    return _with_calendar(said, calendar, parts)


def _with_calendar(said: IncomingMail, calendar: CalendarAnswer, parts: list[Message]) -> IncomingMail:
    kinds = {"REPLY": Kind.REPLY, "COUNTER": Kind.COUNTER}
    kind = kinds.get(calendar.method, Kind.OTHER_METHOD)
    if not calendar.method or (kind is not Kind.OTHER_METHOD and not calendar.uid):
        kind = Kind.UNREADABLE
    counter = kind is Kind.COUNTER
    comment = calendar.comment
    if not comment and "microsoft" in calendar.product.lower():
        comment = _written(parts)
    return replace(
        said,
        kind=kind,
        method=clean_text(calendar.method)[:20],
        uid=clean_text(calendar.uid),
        participants=calendar.participants,
        sequence=calendar.sequence,
        dtstamp=calendar.dtstamp,
        start=calendar.start,
        comment=comment,
        proposed_start=calendar.start if counter else calendar.proposed_start,
        proposed_end=calendar.end if counter else None,
    )


def _parsed(raw: bytes) -> Message:
    return message_from_bytes(raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))


def _headers(mail: Message, mail_proof: str) -> IncomingMail:
    senders = [address.strip().casefold() for _, address in getaddresses([_header(mail, "From")]) if "@" in address]
    sender = clean_text(senders[0])[:254] if len(senders) == 1 and len(mail.get_all("From", [])) == 1 else ""
    proof, disowned = read_proof(mail.get_all("Authentication-Results", []), sender, mail_proof)
    return IncomingMail(
        kind=Kind.WRITTEN,
        message_id=_header(mail, "Message-ID").strip()[:400],
        sender=sender,
        subject=clean_text(_header(mail, "Subject"))[:300],
        proof=proof,
        disowned=disowned,
    )


def _header(mail: Message, name: str) -> str:
    value = mail.get(name)
    if value is None:
        return ""
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (LookupError, UnicodeError, ValueError):
        return " ".join(str(value).split())


def _parts(mail: Message) -> Iterator[Message]:
    """Yield the leaves of a mail, but nothing from inside a mail that it forwards."""
    waiting, seen = [mail], 0
    while waiting and seen < MAX_PARTS:
        part = waiting.pop(0)
        seen += 1
        if part.get_content_maintype() == "message":
            continue
        payload = part.get_payload()
        if part.is_multipart() and isinstance(payload, list):
            waiting = [each for each in payload if isinstance(each, Message)] + waiting
        else:
            yield part


def _calendar(parts: list[Message]) -> CalendarAnswer | None:
    """Return the calendar object that counts, or None when there is none.

    First a calendar part that says its method in its header; else one whose METHOD is an answer; else an attached
    file whose METHOD is an answer. An attached invitation that somebody forwards is not an answer.
    """
    named = [part for part in parts if _is_calendar(part) and part.get_param("method")]
    if named:
        return read_calendar(_content(named[0]))
    foreign: CalendarAnswer | None = None
    trouble: UnreadableCalendar | None = None
    for part in [each for each in parts if _is_calendar(each)] + [each for each in parts if _is_attached_ics(each)]:
        try:
            found = read_calendar(_content(part))
        except UnreadableCalendar as error:
            trouble = trouble or error
            continue
        if found.method in ANSWERING:
            return found
        foreign = foreign or found
    if foreign is not None:
        return foreign if foreign.method else replace(foreign, method="PUBLISH")
    if trouble is not None:
        raise trouble
    return None


def _is_calendar(part: Message) -> bool:
    return part.get_content_type() == "text/calendar"


def _is_attached_ics(part: Message) -> bool:
    if _is_calendar(part):
        return False
    return part.get_content_type() == "application/ics" or _file_name(part).endswith(".ics")


def _is_tnef(part: Message) -> bool:
    return part.get_content_type() in ("application/ms-tnef", "application/vnd.ms-tnef") or (
        _file_name(part) == "winmail.dat"
    )


def _file_name(part: Message) -> str:
    try:
        return (part.get_filename() or "").lower()
    except (LookupError, UnicodeError, ValueError):
        return ""


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    if len(raw) > MAX_CALENDAR_OCTETS:
        raise UnreadableCalendar("The calendar part is too large.")
    return raw


def _written(parts: list[Message]) -> str:
    """Return what a person wrote in the mail, without the mail they answer."""
    bodies = {part.get_content_type(): part for part in reversed(parts) if not part.get_filename()}
    if "text/plain" in bodies:
        text = _text(bodies["text/plain"])
    elif "text/html" in bodies:
        text = unescape(_TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub("", _text(bodies["text/html"])))))
    else:
        return ""
    text = _QUOTED_FROM.split(text, maxsplit=1)[0]
    return clean_text("\n".join(line.strip() for line in text.splitlines() if not line.startswith(">")))


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload[:MAX_CALENDAR_OCTETS] if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _report_kind(mail: Message) -> Kind:
    """Tell a mail that could not be delivered from a delay, a read receipt and other notices."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            actions = [str(each.get("Action", "")).strip().lower() for each in part.walk()]
            return Kind.BOUNCE if "failed" in actions else Kind.REPORT
    return Kind.REPORT


def _ours_in(raw: bytes) -> str:
    match = _OUR_MESSAGE.search(raw)
    return match.group(1).decode() if match else ""


def _ours_named(mail: Message) -> str:
    """Return the UID of the invitation that the mail says it answers."""
    references = " ".join([_header(mail, "In-Reply-To"), _header(mail, "References")])
    return _ours_in(references.encode("ascii", "replace"))
