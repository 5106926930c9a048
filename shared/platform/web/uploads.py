"""A file that somebody sent: its bytes within a limit, and a name that is only ever shown.

What a file is, its reader tells from what is in it, never from its name or the type the browser says. Nothing that is
sent is unpacked, kept on disk or handed out again.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from flask import request

from shared.kernel.errors import DomainError

LARGEST = 10_000_000
LONGEST_NAME = 200


class FileTooLarge(DomainError):
    """The file is larger than what is taken."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file: its bytes, and what it was called where it came from."""

    content: bytes
    name: str


def sent_file(field: str, most: int = LARGEST) -> SentFile | None:
    """Return the file of a form's field, or None where none was chosen; raises `FileTooLarge` beyond `most` bytes."""
    sent = request.files.get(field)
    if sent is None or not sent.filename:
        return None
    content = sent.stream.read(most + 1)
    if len(content) > most:
        raise FileTooLarge("file_too_large", f"The file is larger than {most // 1_000_000} MB. Send it in parts.")
    return SentFile(content, shown_name(sent.filename))


def shown_name(name: str) -> str:
    """Return a file's name as it is kept and shown: its last part, without control or direction marks."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return plain.strip()[-LONGEST_NAME:] or "a file without a name"
