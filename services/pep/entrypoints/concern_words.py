"""A concern in words: what happened, on what evidence, and what was answered."""

from __future__ import annotations

from datetime import date

from services.pep.domain.concerns import Answer, Concern
from services.pep.domain.periods import long_date


def evidence_rows(concern: Concern) -> list[dict[str, str]]:
    """Return the evidence as rows of a summary list; dates are written out."""
    return [
        {"key": name.replace("_", " ").capitalize(), "value": _plain(value)} for name, value in concern.evidence.items()
    ]


def story_of(concern: Concern) -> str:
    """Return in a sentence what was answered, or an empty text."""
    by = long_date(concern.by_date) if concern.by_date else ""
    if concern.answer is Answer.ACTION:
        done = f" Done on {long_date(concern.done_on)}." if concern.done_on else ""
        return f"{concern.owner_name} will do this by {by}: {concern.action}.{done}".replace("..", ".")
    if concern.answer is Answer.EARLY_MEETING:
        return f"An early PEP meeting was asked for, to be held by {by}."
    return ""


def _plain(value: str) -> str:
    try:
        return long_date(date.fromisoformat(value))
    except ValueError:
        return value.replace("_", " ")
