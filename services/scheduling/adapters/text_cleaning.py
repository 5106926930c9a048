"""What a stranger wrote, made fit to be kept and shown."""

from __future__ import annotations

import re

LONGEST_TEXT = 2000
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return what somebody wrote without control characters, cut to a sensible length.

    The marks that turn the direction of writing go too: with them a name can be made to read as another.
    """
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()[:LONGEST_TEXT]
