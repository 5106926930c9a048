"""Whom a newcomer may sign in as first, and what they find."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: Mapping[str, str] = {
    "Amina Yusuf": "a meeting to arrange, and plans to write",
    "Marcus Hall": "the whole team's children",
    "Ruth Feldman": "plans and care plans to read before a review",
    "Sarah Whitfield": "Oakfield Academy's sections and targets",
    "Tom Ashworth": "submitted plans to rate",
    "Helen Okafor": "the cohort of the whole authority",
    "Angela Stott": "Tia's meeting and plan",
    "Tia Robinson": "her own page",
}
