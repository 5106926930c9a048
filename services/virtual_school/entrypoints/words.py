"""How the Virtual School's facts are said on a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.virtual_school.domain.concerns import Concern, Outcome, Rule
from services.virtual_school.domain.plans import term_words
from shared.platform.web.filters import short_day


def evidence_words(rule: Rule, evidence: Mapping[str, str]) -> str:
    """Return what raised a concern, in one sentence."""
    if rule is Rule.ATTENDANCE_LOW:
        limit = f", under {evidence['threshold']}%" if "threshold" in evidence else ""
        return (
            f"Attended {evidence.get('attended')} of {evidence.get('possible')} possible sessions from "
            f"{_day(evidence, 'from')} to {_day(evidence, 'to')}: {evidence.get('percentage')}%{limit}."
        )
    if rule is Rule.SUSPENSION and evidence.get("kind") == "permanent_exclusion":
        return f"Permanently excluded from {_day(evidence, 'starts_on')}."
    if rule is Rule.SUSPENSION:
        first, last = _day(evidence, "starts_on"), _day(evidence, "ends_on")
        sessions = "1 session" if evidence.get("sessions") == "1" else f"{evidence.get('sessions')} sessions"
        return f"Suspended {f'on {first}' if first == last else f'from {first} to {last}'}, {sessions} missed."
    if rule is Rule.PLAN_LATE:
        return f"The plan for {term_words(evidence.get('term', ''))} was due on {_day(evidence, 'due_on')}."
    unit = evidence.get("unit", "").replace("_", " ")
    return f"No school since {_day(evidence, 'since')}: {evidence.get('days')} {unit}, limit {evidence.get('limit')}."


def answer_words(concern: Concern, names: Mapping[str, str]) -> str:
    """Return how a concern was answered, or an empty text."""
    if concern.answered_on is None:
        return ""
    on = short_day(concern.answered_on)
    if concern.answer == "early_meeting":
        return f"Answered on {on}: an early PEP meeting is to be arranged."
    owner = names.get(concern.owner_id or "", "")
    by = f" by {short_day(concern.by_date)}" if concern.by_date else ""
    return f"Answered on {on}: an action{f' for {owner}' if owner else ''}{by}."


def closing_words(concern: Concern) -> str:
    """Return how a concern ended, or an empty text."""
    if concern.closed_on is None:
        return ""
    evidence = concern.closing_evidence or {}
    on = short_day(concern.closed_on)
    if concern.outcome is Outcome.MISTAKEN:
        return f"Closed on {on}: raised by mistake."
    if "left_care_on" in evidence:
        return f"Closed on {on}: no longer looked after."
    if "submitted_on" in evidence:
        return f"Closed on {on}: a plan was submitted on {_day(evidence, 'submitted_on')}."
    if "superseded_on" in evidence:
        return f"Closed on {on}: a later plan replaced this one on {_day(evidence, 'superseded_on')}."
    if "percentage" in evidence:
        return f"Closed on {on}: attendance is back to {evidence['percentage']}%."
    if "ended_on" in evidence:
        return f"Closed on {on}: answered, and the suspension ended on {_day(evidence, 'ended_on')}."
    return f"Closed on {on}: a school was found."


def _day(evidence: Mapping[str, str], key: str) -> str:
    try:
        return short_day(date.fromisoformat(evidence.get(key, "")))
    except ValueError:
        return "an unknown date"
