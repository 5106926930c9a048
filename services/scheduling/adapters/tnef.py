"""Reads winmail.dat, the form in which Outlook wraps an answer for other Outlooks (TNEF, MS-OXTNEF).

What is wanted of it is little: attached files, the note, and of an answer to a meeting its kind, the UID, the count of
changes and a proposed time. Nothing is expanded and every length is checked, so a broken or hostile file costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

_SIGNATURE = 0x223E9F78
_MESSAGE_CLASS, _BODY, _MESSAGE_PROPERTIES = 0x00078008, 0x0002800C, 0x00069003
_ATTACHMENT_BEGINS, _ATTACHMENT_TITLE, _ATTACHMENT_DATA = 0x00069002, 0x00018010, 0x0006800F
_MAX_PROPERTIES = 2000
_MEETING = UUID("6ed8da90-450b-101b-98da-00aa003f1305")
_APPOINTMENT = UUID("00062002-0000-0000-c000-000000000046")
_GLOBAL_ID, _CLEAN_GLOBAL_ID = (_MEETING, 0x03), (_MEETING, 0x23)
_SEQUENCE, _START = (_APPOINTMENT, 0x8201), (_APPOINTMENT, 0x820D)
_PROPOSED_START, _PROPOSED_END = (_APPOINTMENT, 0x8250), (_APPOINTMENT, 0x8251)
_IS_PROPOSAL = (_APPOINTMENT, 0x8257)
_WIDTHS = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_TEXTS = {0x1E, 0x1F, 0x0D, 0x102}
_BEFORE_1970 = 116_444_736_000_000_000
SIGNATURE = struct.pack("<I", _SIGNATURE)
_MAPI = UUID(int=0)
"""The family under which a property of MAPI's own number, which has no name, is kept here."""
_CLASS, _PLAIN_BODY = (_MAPI, 0x001A), (_MAPI, 0x1000)
_ANSWERS = {
    "ipm.schedule.meeting.resp.pos": "ACCEPTED",
    "ipm.schedule.meeting.resp.neg": "DECLINED",
    "ipm.schedule.meeting.resp.tent": "TENTATIVE",
    "ipm.microsoft schedule.mtgrespp": "ACCEPTED",
    "ipm.microsoft schedule.mtgrespn": "DECLINED",
    "ipm.microsoft schedule.mtgrespa": "TENTATIVE",
}

Property = tuple[UUID, int]


class UnreadableTnef(Exception):
    """The octets are no TNEF, or cut short."""


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds. `partstat` is empty unless it answers a meeting; instants are aware."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    note: str = ""
    partstat: str = ""
    uid: str = ""
    sequence: int | None = None
    start: datetime | None = None
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None


def read_tnef(raw: bytes) -> Tnef:
    """Return what a winmail.dat holds; raises `UnreadableTnef`."""
    found, title = Tnef(), ""
    try:
        for attribute, content in _attributes(raw):
            if attribute == _MESSAGE_CLASS:
                found.partstat = _partstat(_text(content)) or found.partstat
            elif attribute == _BODY:
                found.note = _text(content)
            elif attribute == _MESSAGE_PROPERTIES:
                _note_properties(found, dict(_properties(content)))
            elif attribute == _ATTACHMENT_BEGINS:
                title = ""
            elif attribute == _ATTACHMENT_TITLE:
                title = _text(content)
            elif attribute == _ATTACHMENT_DATA:
                found.files.append((title, content))
    except (struct.error, ValueError, OverflowError) as error:
        raise UnreadableTnef("It is broken.") from error
    return found


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    signature, _key = struct.unpack_from("<IH", raw, 0)
    if signature != _SIGNATURE:
        raise ValueError("It is no TNEF.")
    at = 6
    while at + 9 <= len(raw):
        _level, attribute, length = struct.unpack_from("<BII", raw, at)
        if at + 9 + length > len(raw):
            raise ValueError("It is cut short.")
        yield attribute, raw[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("cp1252", "replace").strip()


def _partstat(message_class: str) -> str:
    """Return the answer that a message class stands for; what others add behind it does not count."""
    lower = message_class.lower()
    return next((said for kind, said in _ANSWERS.items() if lower == kind or lower.startswith(f"{kind}.")), "")


def _words(raw: bytes) -> str:
    """Return a text of MAPI, which is in UTF-16 or in the sender's own character set."""
    if raw[1:2] == b"\0":
        return raw.decode("utf-16-le", "replace").split("\0", 1)[0].strip()
    return _text(raw)


def _note_properties(found: Tnef, properties: dict[Property, bytes]) -> None:
    uid = properties.get(_CLEAN_GLOBAL_ID) or properties.get(_GLOBAL_ID) or b""
    found.uid = uid.hex()
    found.partstat = found.partstat or _partstat(_words(properties.get(_CLASS, b"")))
    found.note = found.note or _words(properties.get(_PLAIN_BODY, b""))
    if _SEQUENCE in properties:
        found.sequence = int.from_bytes(properties[_SEQUENCE][:4], "little")
    found.start = _instant(properties.get(_START))
    if any(properties.get(_IS_PROPOSAL, b"")):
        found.proposed_start = _instant(properties.get(_PROPOSED_START))
        found.proposed_end = _instant(properties.get(_PROPOSED_END))


def _properties(raw: bytes) -> Iterator[tuple[Property, bytes]]:
    """Yield the first value of each property (MS-OXTNEF section 2.1.3.4); all are aligned to four octets."""
    (count,) = struct.unpack_from("<I", raw, 0)
    if count > _MAX_PROPERTIES:
        raise ValueError("It has too many properties.")
    at = 4
    for _ in range(count):
        kind, number = struct.unpack_from("<HH", raw, at)
        at += 4
        name: Property | None = (_MAPI, number)
        if number >= 0x8000:
            name, at = _name(raw, at)
        value, at = _value(raw, at, kind)
        if name is not None:
            yield name, value


def _name(raw: bytes, at: int) -> tuple[Property | None, int]:
    family = UUID(bytes_le=raw[at : at + 16])
    by_text, number = struct.unpack_from("<II", raw, at + 16)
    at += 24
    return (None, at + _padded(number)) if by_text else ((family, number), at)


def _value(raw: bytes, at: int, kind: int) -> tuple[bytes, int]:
    base, several = kind & 0x0FFF, bool(kind & 0x1000)
    count = 1
    if several or base in _TEXTS:
        (count,) = struct.unpack_from("<I", raw, at)
        at += 4
    first = b""
    for index in range(min(count, len(raw))):
        length = _WIDTHS.get(base)
        if base in _TEXTS:
            (length,) = struct.unpack_from("<I", raw, at)
            at += 4
        if length is None or at + length > len(raw):
            raise ValueError("It is cut short, or of a kind that does not occur.")
        if index == 0:
            first = raw[at : at + length]
        at += _padded(length)
    return first, at


def _padded(length: int) -> int:
    return -(-length // 4) * 4


def _instant(raw: bytes | None) -> datetime | None:
    if raw is None or len(raw) != 8:
        return None
    ticks = int.from_bytes(raw, "little") - _BEFORE_1970
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
