"""Whom a newcomer may sign in as first, and what they find."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: Mapping[str, str] = {
    "Amina Yusuf": "meetings to arrange, plans to write, a concern to answer",
    "Marcus Hall": "the whole team's children",
    "Bronwen Hughes": "reviews of care plans: one to hold, what others agreed, plans to read before",
    "Sarah Whitfield": "Jamal's plan, nearly ready to submit",
    "Priya Raman": "submitted plans to rate",
    "Helen Okafor": "every child of the authority",
    "Angela Stott": "Tia's next meeting and her plan",
    "Simone Robinson": "Tia's next meeting",
    "Tia Robinson": "her own page",
}
