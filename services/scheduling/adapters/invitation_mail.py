"""Writes one invitation as a mail, in the shape that Google's calendar sends and every client tried understands.

    mixed { alternative { text/plain, text/html, text/calendar; method=… }, application/ics }

Both copies of the calendar are the same bytes. The mail is pure ASCII, has one recipient, and names nobody but them.
Whoever reads another language gets everything in it first, and the same in English below: others at the meeting can
see what was said, and a wrong translation is found.
It is written by hand because the shape never changes and the standard library takes longer over it than all the rest.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from html import escape

from services.scheduling.adapters import invitation_words as words
from services.scheduling.adapters.icalendar_writer import utc_stamp, write_calendar
from services.scheduling.adapters.tongues import ENGLISH, Tongue, tongue_of
from services.scheduling.domain.itip import Message, Method
from shared.platform.plain_mail import Mail, plain_name

_STYLE = "font-family:Arial,sans-serif;font-size:16px;line-height:1.5;color:#0b0c0c"
_RULE = f"\n\n{'-' * 60}\n\n"


def write_mail(message: Message, now: datetime) -> Mail:
    """Return the mail that carries a message to its one invitee; `now` is its date."""
    tongues = tongues_for(message)
    entry_text = "\n\n".join(words.entry_text(message, tongue) for tongue in tongues)
    summary = " / ".join(words.summary(message, tongue) for tongue in tongues)
    calendar = write_calendar(message, entry_text, summary)
    domain = message.organizer_email.rpartition("@")[2]
    message_id = f"<{message.uid}.{message.sequence}.{utc_stamp(message.dtstamp)}@{domain}>"
    title = " / ".join(words.subject(message, tongue) for tongue in tongues)
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
        f"Content-Language: {', '.join(tongue.code for tongue in tongues)}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{mixed}"',
        "",
        f"--{mixed}",
        f'Content-Type: multipart/alternative; boundary="{alternative}"',
        "",
        *_part(alternative, "text/plain; charset=UTF-8", _plain(message, tongues).encode()),
        *_part(alternative, "text/html; charset=UTF-8", _html(message, tongues, title).encode()),
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


def tongues_for(message: Message) -> tuple[Tongue, ...]:
    """Return the languages of a message in their order: the reader's own, if it is another, then English."""
    own = tongue_of(message.language)
    return (ENGLISH,) if own.is_english else (own, ENGLISH)


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


def _plain(message: Message, tongues: tuple[Tongue, ...]) -> str:
    text = _RULE.join(_plain_in(message, tongue, tongues) for tongue in tongues)
    return "\r\n".join(text.splitlines()) + "\r\n"


def _plain_in(message: Message, tongue: Tongue, tongues: tuple[Tongue, ...]) -> str:
    rows = "\n".join(
        f"{label}: {value if _is_address(value) else tongue.isolated(value)}"
        for label, value in words.facts(message, tongue)
    )
    answer = [f"{tongue.say(words.TO_ANSWER)}:\n{message.answer_url}"] if _asks(message) else []
    first = _first_lines(tongue, tongues)
    paragraphs = [words.greeting(message, tongue), words.opening(message, tongue), rows, *answer]
    return "\n\n".join([*first, *paragraphs, *words.closing(message, tongue)])


def _html(message: Message, tongues: tuple[Tongue, ...], title: str) -> str:
    parts = "<hr>\r\n".join(_html_in(message, tongue, tongues) for tongue in tongues)
    return (
        f'<!DOCTYPE html>\r\n<html lang="{tongues[0].code}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'</head>\r\n<body style="{_STYLE}">\r\n{parts}</body></html>\r\n'
    )


def _html_in(message: Message, tongue: Tongue, tongues: tuple[Tongue, ...]) -> str:
    rows = "".join(
        f'<p style="margin:0 0 4px"><strong>{escape(label)}:</strong> <bdi>{_value(value)}</bdi></p>\r\n'
        for label, value in words.facts(message, tongue)
    )
    answer = ""
    if _asks(message):
        answer = (
            f'<p style="margin:24px 0"><a href="{escape(message.answer_url)}" style="display:inline-block;'
            'padding:10px 16px;background:#00703c;color:#ffffff;text-decoration:none;font-weight:bold">'
            f"{escape(tongue.say(words.TO_ANSWER))}</a></p>\r\n"
        )
    first = "".join(f"<p>{escape(line)}</p>\r\n" for line in _first_lines(tongue, tongues))
    last = "".join(f"<p>{escape(paragraph)}</p>\r\n" for paragraph in words.closing(message, tongue))
    return (
        f'<div lang="{tongue.code}" dir="{tongue.direction}">\r\n{first}'
        f"<p>{escape(words.greeting(message, tongue))}</p>\r\n"
        f"<p>{escape(words.opening(message, tongue))}</p>\r\n{rows}{answer}{last}</div>\r\n"
    )


def _first_lines(tongue: Tongue, tongues: tuple[Tongue, ...]) -> list[str]:
    """Return the line that says, in a mail of two languages, that the other is below."""
    return [tongue.say("The same in English is below.")] if len(tongues) > 1 and not tongue.is_english else []


def _asks(message: Message) -> bool:
    return message.method is not Method.CANCEL and bool(message.answer_url)


def _is_address(value: str) -> bool:
    return value.startswith(("https://", "http://")) and not value.split()[1:]


def _value(value: str) -> str:
    """Return a fact as HTML: the address of an online meeting as a link."""
    if _is_address(value):
        return f'<a href="{escape(value)}">{escape(value)}</a>'
    return escape(value)
