"""The words in which pages show what the domain of polls names by codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.scheduling.domain.polls import Choice, Poll, PollState
from shared.platform.web.filters import day, plural

CHOICES = {Choice.YES: "Yes", Choice.IF_NEED_BE: "If need be", Choice.NO: "No"}
POLL_STATES = {
    PollState.OPEN: ("People are being asked", "blue"),
    PollState.CLOSED: ("Closed: choose a time", "yellow"),
    PollState.DECIDED: ("A time was chosen", "green"),
    PollState.WITHDRAWN: ("Withdrawn", "grey"),
}
POLL_HAPPENED = {
    "poll_asked": "People asked which times suit",
    "poll_answered": "{who} said which times suit",
    "poll_extended": "More time given to say which times suit",
    "poll_reminded": "Reminder sent to say which times suit",
    "poll_changed": "Other people asked which times suit",
    "poll_closed": "No more answers taken on which times suit",
    "poll_decided": "Asking ended, as the meeting has a time",
    "poll_withdrawn": "Asking withdrawn",
}
"""The titles of the lines of a meeting's history that are about polls."""


def poll_facts(what: str, facts: Mapping[str, Any], answered_by: Mapping[str, str]) -> str:
    """Return what a line of the history says beside its title."""
    if what == "poll_asked":
        until = day(date.fromisoformat(facts["closes_on"]))
        return f"{plural(facts['asked'], 'person', 'people')} about {plural(facts['times'], 'time')}, until {until}."
    if what == "poll_extended":
        return f"Until {day(date.fromisoformat(facts['closes_on']))}."
    if what == "poll_answered":
        return f"{answered_by.get(str(facts.get('by')), '')}.".capitalize().lstrip(".")
    if what == "poll_reminded":
        return f"{plural(facts['asked'], 'person', 'people')} who had not answered."
    if what == "poll_changed":
        return f"{plural(facts['asked'], 'person is', 'people are')} asked now."
    return f"{facts.get('answered')} of {facts.get('asked')} had answered."


def counts(yes: int, if_need_be: int, no: int, silent: int = 0) -> str:
    """Return how many said what of a time: 4 yes, 1 if need be, 1 no, 2 not answered."""
    parts = ((yes, "yes"), (if_need_be, "if need be"), (no, "no"), (silent, "not answered"))
    return ", ".join(f"{count} {words}" for count, words in parts if count) or "nobody asked"


def progress(poll: Poll) -> str:
    """Return how many of those who are asked have answered, as the beginning of a sentence."""
    asked = len(poll.respondents)
    answered = asked - len(poll.silent)
    return f"{answered} of {plural(asked, 'person', 'people')} asked {'has' if answered == 1 else 'have'}"
