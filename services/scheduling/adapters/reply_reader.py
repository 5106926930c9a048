"""Reads an incoming mail: bytes to what it says, whoever wrote it and however broken it is; decides nothing.

The rules come from mails that Outlook, Google, Apple, Android, SOGo, Zimbra and Exchange really send.
"""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import Message

from services.scheduling.adapters.calendar_reader import (
    MAX_CALENDAR_OCTETS,
    CalendarAnswer,
    UnreadableCalendar,
    read_calendar,
)
from services.scheduling.adapters.delivery_report import DeliveryReport, is_daemon, read_free_report, read_report
from services.scheduling.adapters.mail_parts import (
    TooDeep,
    as_written,
    charset,
    file_name,
    forwarded,
    header,
    is_encrypted,
    leaves,
    octets,
    only_sender,
    parse_headers,
    parse_mail,
    written,
)
from services.scheduling.adapters.sender_proof import read_proof
from services.scheduling.adapters.text_cleaning import clean_text
from services.scheduling.adapters.tnef import Tnef, UnreadableTnef, read_tnef
from services.scheduling.domain.replies import IncomingMail, Kind, Participant

MAX_MAIL_OCTETS = 5 * 1024 * 1024
MAX_CALENDARS = 10
ANSWERING = {"REPLY": Kind.REPLY, "COUNTER": Kind.COUNTER, "REFRESH": Kind.REFRESH}
_OUR_MESSAGE = re.compile(rb"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.\d+\.\d{8}T\d{6}Z@")
_AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From")


class _AnswersDiffer(Exception):
    """Two calendars in one mail say different things."""


def read_mail(raw: bytes, mail_proof: str = "local") -> IncomingMail:
    """Return what a mail says. `mail_proof` is the setting that names the mail server whose word counts."""
    head = parse_headers(raw) if len(raw) > MAX_MAIL_OCTETS else None
    try:
        mail = head or parse_mail(raw)
    except (TooDeep, RecursionError):
        head = parse_headers(raw)
        return replace(_headers(head, mail_proof), kind=Kind.UNREADABLE, uid=_ours_named(head))
    said = replace(_headers(mail, mail_proof), uid=_ours_named(mail))
    if head is not None:
        return replace(said, kind=Kind.TOO_LARGE)
    if mail.get_content_type() == "multipart/report":
        return _not_delivered(said, read_report(mail), raw)
    parts = list(leaves(mail))
    if _is_automatic(mail):
        return replace(said, kind=Kind.AUTO_REPLY, comment=written(parts))
    try:
        calendar = _calendar(parts)
    except UnreadableCalendar:
        return replace(said, kind=Kind.UNREADABLE)
    except _AnswersDiffer:
        return replace(said, kind=Kind.ANSWERS_DIFFER)
    if calendar is not None and (calendar.method in ANSWERING or not said.uid):
        return _with_calendar(said, calendar, parts)
    return _without_calendar(said, parts, raw)


def _without_calendar(said: IncomingMail, parts: list[Message], raw: bytes) -> IncomingMail:
    if is_daemon(said.sender):
        return _not_delivered(said, read_free_report(written(parts)), raw)
    if any(is_encrypted(part) for part in parts):
        return replace(said, kind=Kind.ENCRYPTED)
    winmail = [part for part in parts if _is_tnef(part)]
    if winmail:
        return _from_outlook(said, winmail[0], parts)
    for part in parts:
        inner = forwarded(part)
        if inner is not None and (found := _forwarded_answer(said, inner)) is not None:
            return found
    return replace(said, kind=Kind.WRITTEN, comment=written(parts))


def _with_calendar(said: IncomingMail, calendar: CalendarAnswer, parts: list[Message]) -> IncomingMail:
    kind = ANSWERING.get(calendar.method, Kind.OTHER_METHOD)
    if not calendar.method or (kind is not Kind.OTHER_METHOD and not calendar.uid):
        kind = Kind.UNREADABLE
    counter = kind is Kind.COUNTER
    comment = calendar.comment
    if not comment and "microsoft" in calendar.product.lower():
        comment = written(parts)
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
        proposed_end=calendar.end if counter else calendar.proposed_end,
    )


def _headers(mail: Message, mail_proof: str) -> IncomingMail:
    sender = only_sender(mail)
    proof, disowned = read_proof(mail.get_all("Authentication-Results", []), sender, mail_proof)
    return IncomingMail(
        kind=Kind.WRITTEN,
        message_id=clean_text(as_written(mail, "Message-ID"))[:400],
        sender=sender,
        subject=clean_text(header(mail, "Subject"))[:300],
        proof=proof,
        disowned=disowned,
    )


def _is_automatic(mail: Message) -> bool:
    """Tell whether nobody wrote this mail (RFC 3834); Google says `auto-generated` of answers that people gave."""
    said = as_written(mail, "Auto-Submitted").lower()
    return (
        said.startswith("auto-replied")
        or as_written(mail, "Precedence").lower() == "auto_reply"
        or any(name in mail for name in _AUTOMATIC)
    )


def _calendar(parts: list[Message]) -> CalendarAnswer | None:
    """Return the calendar object that counts, or None when there is none.

    An answer counts before anything else: first a part that says its method in its header, then any calendar part,
    then an attached file. An attached invitation that somebody forwards is not an answer. Raises `_AnswersDiffer`
    when one mail holds two answers, `UnreadableCalendar` when it holds none but something that ought to be one.
    """
    named: list[Message] = []
    bare: list[Message] = []
    attached: list[Message] = []
    for part in parts:
        kind = part.get_content_type()
        if kind == "text/calendar":
            (named if part.get_param("method") else bare).append(part)
        elif kind == "application/ics" or file_name(part).endswith(".ics"):
            attached.append(part)
    found: list[CalendarAnswer] = []
    seen: set[bytes] = set()
    trouble: UnreadableCalendar | None = None
    for part in [*named, *bare, *attached][:MAX_CALENDARS]:
        raw = octets(part)
        if raw in seen:
            continue
        seen.add(raw)
        try:
            if len(raw) > MAX_CALENDAR_OCTETS:
                raise UnreadableCalendar("The calendar part is too large.")
            found.append(read_calendar(raw, charset(part)))
        except UnreadableCalendar as error:
            trouble = trouble or error
    answers = [each for each in found if each.method in ANSWERING]
    if any(_what_it_says(each) != _what_it_says(answers[0]) for each in answers):
        raise _AnswersDiffer
    if answers:
        return answers[0]
    if found:
        return found[0] if found[0].method else replace(found[0], method="" if named else "PUBLISH")
    if trouble is not None:
        raise trouble
    return None


def _what_it_says(answer: CalendarAnswer) -> tuple[object, ...]:
    return answer.method, answer.uid.casefold(), sorted(each.partstat for each in answer.participants), answer.start


def _is_tnef(part: Message) -> bool:
    kinds = ("application/ms-tnef", "application/vnd.ms-tnef")
    return part.get_content_type() in kinds or file_name(part) == "winmail.dat"


def _from_outlook(said: IncomingMail, part: Message, parts: list[Message]) -> IncomingMail:
    """Read an answer that Outlook wrapped for other Outlooks: as a calendar file, or in its own properties."""
    try:
        held = read_tnef(octets(part))
        calendar = _calendar_file(held)
    except (UnreadableTnef, UnreadableCalendar):
        return replace(said, kind=Kind.UNREADABLE)
    if calendar is not None and calendar.method in ANSWERING:
        return _with_calendar(said, calendar, parts)
    if not held.partstat or not held.uid:
        return replace(said, kind=Kind.UNREADABLE, comment=clean_text(held.note) or written(parts))
    return replace(
        said,
        kind=Kind.REPLY,
        method="REPLY",
        uid=held.uid,
        participants=(Participant("", held.partstat),),
        sequence=held.sequence,
        start=held.start,
        comment=clean_text(held.note),
        proposed_start=held.proposed_start,
        proposed_end=held.proposed_end,
    )


def _calendar_file(held: Tnef) -> CalendarAnswer | None:
    for name, raw in held.files:
        if name.lower().endswith(".ics") and len(raw) <= MAX_CALENDAR_OCTETS:
            return read_calendar(raw)
    return None


def _forwarded_answer(said: IncomingMail, inner: Message) -> IncomingMail | None:
    """Return what the answer says that somebody passes on; whoever passes it on, it is not proved to be theirs."""
    parts = list(leaves(inner))
    try:
        calendar = _calendar(parts)
    except (UnreadableCalendar, _AnswersDiffer):
        return None
    if calendar is None or calendar.method not in ANSWERING:
        return None
    return replace(_with_calendar(said, calendar, parts), kind=Kind.FORWARDED)


def _not_delivered(said: IncomingMail, report: DeliveryReport, raw: bytes) -> IncomingMail:
    return replace(
        said,
        kind=Kind.BOUNCE if report.failed else Kind.REPORT,
        uid=_ours_in(raw),
        comment=clean_text(report.diagnosis),
        undelivered_to=clean_text(report.address),
    )


def _ours_in(raw: bytes) -> str:
    match = _OUR_MESSAGE.search(raw)
    return match.group(1).decode() if match else ""


def _ours_named(mail: Message) -> str:
    """Return the UID of the invitation that the mail says it answers."""
    references = f"{as_written(mail, 'In-Reply-To')} {as_written(mail, 'References')}"
    return _ours_in(references.encode("ascii", "replace"))
