"""Takes a mail apart, forgivingly and within limits: its headers, its leaves, and what is wrapped in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from html import unescape

from services.scheduling.adapters.signed_mail import NotSigned, signed_content
from services.scheduling.adapters.text_cleaning import clean_text

MAX_PARTS = 100
MAX_MULTIPARTS = 40
MAX_BOUNDARIES = 1000
MAX_FORWARDS = 3
LONGEST_HEAD = 256 * 1024
SHORT = 16 * 1024
"""What is shorter cannot hold a header that takes long to read."""
MAX_TEXT_OCTETS = 512 * 1024
LONGEST_HEADER = 8000
_MULTIPART = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.MULTILINE)
_ENDLESS = re.compile(rb"^content-(?:type|disposition)[ \t]*:(?:[^\n]|\n[ \t]){4000}", re.MULTILINE)
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_HIDDEN = re.compile(r"<(head|style|script)\b", re.IGNORECASE)
_BREAK = re.compile(r"<br[^>]{0,100}>|</(?:p|div|tr|li|h\d)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_QUOTED_FROM = re.compile(r"^(?:-----Original Message|On .{5,200} wrote:|From: |_{10,})", re.MULTILINE)
_SCRAMBLED = "-----BEGIN PGP MESSAGE-----"
_SEALED = ("application/pgp-encrypted", "application/x-microsoft-rpmsg-message")
_OPAQUE = ("application/pkcs7-mime", "application/x-pkcs7-mime")


class TooDeep(Exception):
    """A mail has more parts within parts than any mail program writes."""


def parse_mail(raw: bytes) -> Message:
    """Return a mail as the standard library reads it; raises `TooDeep`."""
    lower = raw.lower()
    if lower.count(b"multipart/") + lower.count(b"message/") > MAX_MULTIPARTS < len(_MULTIPART.findall(lower)):
        raise TooDeep
    if len(raw) > SHORT:
        if _ENDLESS.search(lower) or (b"multipart/" in lower and raw.count(b"\n--") > MAX_BOUNDARIES):
            raise TooDeep
        ends = _HEAD_ENDS.search(raw, 16)
        if (ends.start() if ends else len(raw)) > LONGEST_HEAD:
            raise TooDeep
    return message_from_bytes(raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))


def parse_headers(raw: bytes) -> Message:
    """Return the headers of a mail alone, however large it is."""
    start = raw[: 64 * 1024].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return message_from_bytes(re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0])


def header(mail: Message, name: str) -> str:
    """Return a header in words, its encoded words decoded; empty when there is none."""
    value = as_written(mail, name)
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (LookupError, UnicodeError, ValueError, MessageError):
        return value


def as_written(mail: Message, name: str) -> str:
    """Return a header in one line as it stands in the mail, with its encoded words."""
    wanted = name.lower()
    value = next((str(text) for key, text in mail.raw_items() if key.lower() == wanted), "")[:LONGEST_HEADER]
    if not value.isascii():
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(value.split())


def only_sender(mail: Message) -> str:
    """Return the one address that a mail says it is from, in lower case; empty when there is not exactly one.

    Addresses are taken before encoded words are decoded: what is encoded in a name is a part of the name, even if it
    looks like an address.
    """
    if len(mail.get_all("From", [])) != 1:
        return ""
    try:
        found = [address.strip() for _, address in getaddresses([as_written(mail, "From")]) if "@" in address]
    except (RecursionError, IndexError, ValueError):
        return ""
    return clean_text(found[0].lower())[:254] if len(found) == 1 else ""


def leaves(mail: Message) -> Iterator[Message]:
    """Yield the leaves of a mail; of a mail that it forwards only the wrapper (`forwarded` opens it).

    A part that is wrapped in its own S/MIME signature is opened; one that cannot be opened is a leaf.
    """
    waiting, seen = [mail], 0
    while waiting and seen < MAX_PARTS:
        part = waiting.pop(0)
        seen += 1
        kind, payload = part.get_content_type(), part.get_payload()
        if kind.startswith("message/"):
            yield part
        elif isinstance(payload, list):
            waiting = [each for each in payload if isinstance(each, Message)] + waiting
        elif is_opaque(part) and (inner := _unsigned(part)) is not None:
            waiting.insert(0, inner)
        else:
            yield part


def is_opaque(part: Message) -> bool:
    """Tell whether a leaf is S/MIME: signed content, or content that can only be read with a key."""
    return part.get_content_type() in _OPAQUE or file_name(part).endswith(".p7m")


def is_encrypted(part: Message) -> bool:
    """Tell whether a leaf can only be read with a key."""
    if is_opaque(part) or part.get_content_type() in _SEALED or file_name(part) == "message.rpmsg":
        return True
    return part.get_content_type() == "text/plain" and _SCRAMBLED in _text(part)[:2000]


def forwarded(part: Message) -> Message | None:
    """Return the mail that a leaf holds, or None."""
    if part.get_content_type() in ("message/rfc822", "message/global"):
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if not isinstance(inner, Message):
            return None
        if as_written(part, "Content-Transfer-Encoding").lower() in ("base64", "quoted-printable") and not inner.keys():
            return _encoded_mail(part, inner)
        return inner
    if file_name(part).endswith(".eml"):
        return _mail_in(octets(part))
    return None


def _encoded_mail(part: Message, inner: Message) -> Message | None:
    """Return a mail that is wrapped encoded, which no standard allows and some programs do."""
    wrapper = Message()
    wrapper["Content-Transfer-Encoding"] = as_written(part, "Content-Transfer-Encoding")
    wrapper.set_payload(str(inner.get_payload()))
    return _mail_in(octets(wrapper))


def _mail_in(raw: bytes) -> Message | None:
    try:
        return parse_mail(raw)
    except (TooDeep, RecursionError):
        return None


def file_name(part: Message) -> str:
    """Return the name under which a leaf would be saved, in lower case."""
    try:
        return (part.get_filename() or "").lower()
    except (LookupError, UnicodeError, ValueError):
        return ""


def octets(part: Message) -> bytes:
    """Return what a leaf holds, decoded."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def charset(part: Message) -> str:
    """Return the character set that a leaf names, in lower case; empty when it names none."""
    try:
        return str(part.get_content_charset("") or "")
    except (LookupError, UnicodeError, ValueError):
        return ""


def written(parts: list[Message]) -> str:
    """Return what a person wrote in a mail, without the mail they answer."""
    bodies = {part.get_content_type(): part for part in reversed(parts) if not file_name(part)}
    if "text/plain" in bodies:
        text = _text(bodies["text/plain"])
    elif "text/html" in bodies:
        text = unescape(_TAG.sub("", _BREAK.sub("\n", _shown(_text(bodies["text/html"])))))
    else:
        return ""
    text = _QUOTED_FROM.split(text, maxsplit=1)[0]
    return clean_text("\n".join(line.strip() for line in text.splitlines() if not line.startswith(">")))


def _shown(html: str) -> str:
    """Leave out what a page does not show; what is never closed is left out to the end."""
    lower, kept, at = html.lower(), [], 0
    if len(lower) != len(html):
        return html
    while found := _HIDDEN.search(html, at):
        kept.append(html[at : found.start()])
        closing = lower.find(f"</{found.group(1).lower()}", found.end())
        at = lower.find(">", closing) + 1 if closing >= 0 else 0
        if at <= 0:
            return "".join(kept)
    return "".join([*kept, html[at:]])


def _unsigned(part: Message) -> Message | None:
    try:
        return _mail_in(signed_content(octets(part)))
    except (NotSigned, RecursionError):
        return None


def _text(part: Message) -> str:
    raw = octets(part)[:MAX_TEXT_OCTETS]
    try:
        return raw.decode(charset(part) or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
