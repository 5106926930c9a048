"""The words in which pages show what the domain names by codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.scheduling.adapters.history_store import Happening
from services.scheduling.domain.meeting import Answer, Meeting, Mode, Reason
from services.scheduling.domain.slots import Suggestions
from shared.contracts.roles import Role
from shared.platform.web.filters import clock_time, day

WHY = {
    Reason.FIRST: "The first PEP needs a meeting, so that the plan is ready for the first review.",
    Reason.TERMLY: "The PEP is reviewed every school term.",
    Reason.EARLY: "An early PEP meeting was asked for.",
    Reason.CONCERN: "A concern was raised, and an early PEP meeting was chosen as the answer to it.",
    Reason.WORKER_ASKED: "A further PEP meeting was asked for.",
}
TITLES = {
    Reason.FIRST: "First PEP meeting",
    Reason.TERMLY: "PEP meeting",
    Reason.EARLY: "Early PEP meeting",
    Reason.CONCERN: "Early PEP meeting",
    Reason.WORKER_ASKED: "Further PEP meeting",
}
MODES = {Mode.IN_PERSON: "In person", Mode.ONLINE: "Online", Mode.MIXED: "In person and online"}
ANSWERS = {Answer.ACCEPTED: "Yes, I will come", Answer.TENTATIVE: "Perhaps", Answer.DECLINED: "No, I cannot come"}
ANSWERED_BY = {
    "": "",
    "mail": "from their calendar",
    "link": "by their personal link",
    "worker": "recorded by a worker",
}
CANCEL_REASONS = {
    "rearranging": "This time does not work: arrange another",
    "not_needed": "The meeting is not needed",
    "child_left_care": "The child is no longer looked after",
    "plan_superseded": "A later plan has replaced the one it was for",
}
MAIL_ACTS = {
    "invited": "Invitation",
    "changed": "Changed details",
    "moved": "New time or place",
    "proposal_accepted": "New time, as proposed",
    "proposal_refused": "Proposed time not taken",
    "organizer_changed": "Arranged from another address",
    "asked_again": "Reminder to answer",
    "sent_again": "Invitation sent again",
    "removed": "No longer invited",
    "cancelled": "Meeting cancelled",
    "told_after": "Told that it took place",
}
MAIL_STATES = {
    "queued": ("Waiting to be sent", "blue"),
    "sent": ("Sent", "green"),
    "failed": ("Could not be sent", "red"),
    "replaced": ("Replaced by a later mail", "grey"),
}
_SAID = {"accepted": "yes", "declined": "no", "tentative": "perhaps"}


def meeting_title(meeting: Meeting) -> str:
    """Return what a meeting is called on pages for those who work with the child."""
    return TITLES[meeting.reason]


def why_meeting(meeting: Meeting) -> str:
    """Return in a sentence why a meeting is to be arranged."""
    return WHY[meeting.reason]


def role_title(role: str) -> str:
    """Return a role in words."""
    return Role(role).title


def when(starts_at: datetime, ends_at: datetime) -> str:
    """Return a time as people say it: Monday 7 December 2026, 10am to 11am."""
    return f"{day(starts_at)}, {clock_time(starts_at)} to {clock_time(ends_at)}"


def diaries(found: Suggestions) -> str:
    """Return whose own diaries were looked at for these times, and whose are not known."""
    if not found.known:
        return "People's own diaries are not known here: only their PEP meetings."
    if not found.unknown:
        return "Everybody's own diary was looked at."
    known, unknown = names_in_words(found.known), names_in_words(found.unknown)
    return f"Looked at: the own {'diary' if len(found.known) == 1 else 'diaries'} of {known}. Not known: {unknown}."


def names_in_words(names: Sequence[str]) -> str:
    """Return names as people list them: A, B and C."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def timeline(history: tuple[Happening, ...]) -> list[dict[str, Any]]:
    """Return a meeting's history as the timeline shows it."""
    return [
        {
            "title": _title(happening),
            "by": happening.actor_name,
            "at": happening.at,
            "text": _text(happening.what, happening.facts),
        }
        for happening in history
    ]


def _title(happening: Happening) -> str:
    facts = happening.facts
    if happening.what == "answered":
        return f"{_person(facts)} said {_SAID.get(str(facts.get('answer')), 'something')}"
    return {
        "asked_for": "Meeting to be arranged",
        "arranged": "Meeting arranged and invitations sent",
        "moved": "Meeting moved to another time",
        "changed": "Place or invitees changed",
        "put_back": "Meeting put back on the list",
        "restored": "Everybody who must be there can come again",
        "cancelled": "Meeting cancelled",
        "held": "Meeting held",
        "reminded": "Reminder sent",
        "proposal_refused": "Proposed time not taken",
    }.get(happening.what, happening.what.replace("_", " ").capitalize())


def _text(what: str, facts: Mapping[str, Any]) -> str:
    if what == "asked_for":
        return f"To be held by {day(date.fromisoformat(facts['meet_by']))}."
    if what in ("arranged", "moved", "changed"):
        before = f" It was {_moment(facts['was_at'])}." if what == "moved" and facts.get("was_at") else ""
        return f"{_moment(facts['starts_at'])}.{before}"
    if what == "answered":
        return f"{ANSWERED_BY.get(str(facts.get('by')), '')}.".capitalize().lstrip(".")
    if what == "put_back":
        return f"{_person(facts)} must be there and cannot come."
    if what == "cancelled":
        return f"{CANCEL_REASONS.get(str(facts.get('reason')), '')}."
    if what == "reminded":
        return f"{facts.get('asked')} of those who had not answered were asked again."
    if what == "proposal_refused":
        return f"{_person(facts)} was told that the time stays as it is."
    if what == "held":
        return f"{facts.get('attended')} of {facts.get('invited')} people came."
    return ""


def _person(facts: Mapping[str, Any]) -> str:
    role = role_title(str(facts.get("role")))
    name = facts.get("name")
    return f"{name} ({role.lower() if role != role_title('iro') else role})" if name else f"The {role.lower()}"


def _moment(text: object) -> str:
    instant = datetime.fromisoformat(str(text))
    return f"{day(instant)} at {clock_time(instant)}"
