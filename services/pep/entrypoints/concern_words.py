"""A concern in words: what happened, on what evidence, and what was answered."""

from __future__ import annotations

from datetime import date

from services.pep.domain.concerns import Answer, Concern
from services.pep.domain.periods import long_date
from services.pep.domain.plan import term_words

_LABELS = {
    "attended": "Sessions attended",
    "possible": "Sessions possible",
    "percentage": "Attendance",
    "threshold": "The authority’s threshold",
    "from": "From",
    "to": "To",
    "kind": "What it was",
    "starts_on": "First day",
    "ends_on": "Last day",
    "sessions": "Sessions missed",
    "term": "Plan",
    "due_on": "Was due on",
    "since": "Without a school since",
    "days": "Days without a school",
    "limit": "Limit",
}
_PERCENT = frozenset({"percentage", "threshold"})


def what_happened(concern: Concern) -> str:
    """Return in a sentence what raised a concern, from its evidence; its title where the evidence is not known."""
    told = {name: _plain(name, value) for name, value in concern.evidence.items()}
    sentence = {
        "attendance_low": "Attended {attended} of {possible} sessions ({percentage}) from {from} to {to}. "
        "The authority looks into anything under {threshold}.",
        "suspension": "{kind} from {starts_on}, {sessions} sessions.",
        "plan_late": "The plan for the {term} was due on {due_on} and has not been submitted.",
        "no_school": "On no school’s roll since {since}.",
    }.get(concern.rule, "")
    try:
        return sentence.format_map(told) or f"{concern.title}."
    except KeyError:
        return f"{concern.title}."


def evidence_rows(concern: Concern) -> list[dict[str, str]]:
    """Return the evidence as rows of a summary list; dates are written out."""
    return [
        {"key": _LABELS.get(name, name.replace("_", " ").capitalize()), "value": _plain(name, value)}
        for name, value in concern.evidence.items()
        if name != "unit"
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


def _plain(name: str, value: str) -> str:
    """Write a fact of the evidence out: dates in full, percentages with their sign, terms and codes in words."""
    if name in _PERCENT:
        return f"{value.removesuffix('%')}%"
    if name == "term":
        return term_words(value)
    if name == "kind":
        return value.replace("_", " ").capitalize()
    try:
        return long_date(date.fromisoformat(value))
    except ValueError:
        return value.replace("_", " ")
