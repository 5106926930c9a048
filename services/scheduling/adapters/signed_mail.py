"""Opens an S/MIME mail whose content is wrapped in its signature (RFC 8551 section 3.5.2, CMS SignedData).

The signature is not looked at: whether the sender is who they claim is the business of our own mail server
(`sender_proof`). A BER reader of our own because nothing but the wrapped octets is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DEEPEST = 40


class NotSigned(Exception):
    """The octets are no signed content: encrypted, compressed or broken."""


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    end: int
    after: int


def signed_content(raw: bytes) -> bytes:
    """Return the mail that is wrapped in a signature; raises `NotSigned`."""
    try:
        kind, wrapped = _inside(raw, _read(raw, 0, 0))[:2]
        if raw[kind.start : kind.end] != _SIGNED_DATA:
            raise NotSigned("It is encrypted, or of another kind.")
        signed = _inside(raw, wrapped)[0]
        content = _inside(raw, signed)[2]
        return _octets(raw, _inside(raw, _inside(raw, content)[1])[0])
    except (IndexError, ValueError) as error:
        raise NotSigned("It is broken, or holds no content.") from error


def _read(raw: bytes, at: int, depth: int) -> _Element:
    """Return the element at a place. Its length may be left open (BER): then it ends at two zero octets."""
    if depth > _DEEPEST:
        raise ValueError("It is nested too deeply.")
    tag, length, start = raw[at], raw[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("Tags of several octets do not occur in signed mail.")
    if length == 0x80:
        end = start
        while raw[end : end + 2] != b"\0\0":
            end = _read(raw, end, depth + 1).after
        return _Element(tag, start, end, end + 2)
    if length > 0x80:
        size = length & 0x7F
        start, length = start + size, int.from_bytes(raw[start : start + size], "big")
    if start + length > len(raw):
        raise ValueError("It is cut short.")
    return _Element(tag, start, start + length, start + length)


def _inside(raw: bytes, outer: _Element) -> list[_Element]:
    found, at = [], outer.start
    while at < outer.end:
        found.append(_read(raw, at, 0))
        at = found[-1].after
    return found


def _octets(raw: bytes, string: _Element, depth: int = 0) -> bytes:
    if not string.tag & 0x20:
        return raw[string.start : string.end]
    if depth > _DEEPEST:
        raise ValueError("It is nested too deeply.")
    return b"".join(_octets(raw, piece, depth + 1) for piece in _inside(raw, string))
