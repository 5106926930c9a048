"""Writes one invitation as a mail, in the shape that Google's calendar sends and every client tried understands.

    mixed { alternative { text/plain, text/html, text/calendar; method=… }, application/ics }

Both copies of the calendar are the same bytes. The mail is pure ASCII, has one recipient, and names nobody but them.
It is written by hand because the shape never changes and the standard library takes longer over it than all the rest.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from html import escape

from services.scheduling.adapters.icalendar_writer import utc_stamp, write_calendar
from services.scheduling.adapters.invitation_words import closing, entry_text, facts, opening, subject
from services.scheduling.domain.itip import Message, Method
from shared.platform.plain_mail import Mail, plain_name

_STYLE = "font-family:Arial,sans-serif;font-size:16px;line-height:1.5;color:#0b0c0c"


def write_mail(message: Message, now: datetime) -> Mail:
    """Return the mail that carries a message to its one invitee; `now` is its date."""
    calendar = write_calendar(message, entry_text(message))
    domain = message.organizer_email.rpartition("@")[2]
    message_id = f"<{message.uid}.{message.sequence}.{utc_stamp(message.dtstamp)}@{domain}>"
    title = subject(message)
    mixed, alternative = f"=_mixed_{message.uid}", f"=_alternative_{message.uid}"
    lines = [
        f"From: {mailbox(message.organizer_name, message.organizer_email)}",
        f"Reply-To: {message.organizer_email}",
        f"To: {mailbox(message.attendee.name, message.attendee.email)}",
        f"Subject: {_header('Subject', title)}",
        f"Date: {format_datetime(now.astimezone(UTC))}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{mixed}"',
        "",
        f"--{mixed}",
        f'Content-Type: multipart/alternative; boundary="{alternative}"',
        "",
        *_part(alternative, "text/plain; charset=UTF-8", _plain(message).encode()),
        *_part(alternative, "text/html; charset=UTF-8", _html(message).encode()),
        *_part(alternative, f"text/calendar; charset=UTF-8; method={message.method}", calendar),
        f"--{alternative}--",
        "",
        f"--{mixed}",
        'Content-Type: application/ics; name="meeting.ics"',
        'Content-Disposition: attachment; filename="meeting.ics"',
        "Content-Transfer-Encoding: base64",
        "",
        _base64(calendar),
        f"--{mixed}--",
        "",
    ]
    raw = "\r\n".join(lines).encode("ascii")
    return Mail(message_id, message.organizer_email, message.attendee.email, title, raw)


def mailbox(name: str, address: str) -> str:
    """Return a name and an address as a header value."""
    plain = plain_name(name)
    if not plain:
        return address
    if plain.isascii():
        return f'"{plain}"\r\n <{address}>' if len(plain) > 40 else f'"{plain}" <{address}>'
    return f"{_header('From', plain)}\r\n <{address}>"


def _header(name: str, value: str) -> str:
    value = " ".join(value.split())
    if value.isascii():
        return value
    return Header(value, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _part(boundary: str, content_type: str, content: bytes) -> list[str]:
    quoted = binascii.b2a_qp(content, istext=True).decode("ascii")
    return [
        f"--{boundary}",
        f"Content-Type: {content_type}",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        quoted,
    ]


def _base64(content: bytes) -> str:
    encoded = base64.b64encode(content).decode("ascii")
    return "\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))


def _plain(message: Message) -> str:
    rows = "\n".join(f"{label}: {value}" for label, value in facts(message))
    answer = []
    if message.method is not Method.CANCEL and message.answer_url:
        answer = [f"Say whether you can come:\n{message.answer_url}"]
    text = "\n\n".join([_greeting(message), opening(message), rows, *answer, *closing(message)])
    return "\r\n".join(text.splitlines()) + "\r\n"


def _html(message: Message) -> str:
    rows = "".join(
        f'<p style="margin:0 0 4px"><strong>{escape(label)}:</strong> {_value(value)}</p>\r\n'
        for label, value in facts(message)
    )
    answer = ""
    if message.method is not Method.CANCEL and message.answer_url:
        answer = (
            f'<p style="margin:24px 0"><a href="{escape(message.answer_url)}" style="display:inline-block;'
            'padding:10px 16px;background:#00703c;color:#ffffff;text-decoration:none;font-weight:bold">'
            "Say whether you can come</a></p>\r\n"
        )
    last = "".join(f"<p>{escape(paragraph)}</p>\r\n" for paragraph in closing(message))
    return (
        f'<!DOCTYPE html>\r\n<html lang="en"><head><meta charset="utf-8"><title>{escape(subject(message))}</title>'
        f'</head>\r\n<body style="{_STYLE}">\r\n<p>{escape(_greeting(message))}</p>\r\n'
        f"<p>{escape(opening(message))}</p>\r\n{rows}{answer}{last}</body></html>\r\n"
    )


def _value(value: str) -> str:
    """Return a fact as HTML: the address of an online meeting as a link."""
    if value.startswith(("https://", "http://")) and not value.split()[1:]:
        return f'<a href="{escape(value)}">{escape(value)}</a>'
    return escape(value)


def _greeting(message: Message) -> str:
    name = plain_name(message.attendee.name)
    return f"Dear {name}," if name else "Hello,"
