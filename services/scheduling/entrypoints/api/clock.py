"""Times of day as the API writes them."""

from __future__ import annotations


def as_clock(minute: int) -> str:
    """Return a minute of the day as 09:00; the end of the day is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
