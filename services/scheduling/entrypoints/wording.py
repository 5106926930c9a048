"""The words in which pages show what the domain names by codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.scheduling.adapters.history_store import Happening
from services.scheduling.application.telling import SUMMARIES as SUMMARIES
from services.scheduling.domain.feeds import FeedKind
from services.scheduling.domain.holding import HowItWent
from services.scheduling.domain.lessons import Lesson
from services.scheduling.domain.meeting import Answer, Invitee, Kind, Meeting, Mode, Reason
from services.scheduling.domain.quorum import Lacking, Quorum, WhyCounted, in_words
from services.scheduling.domain.slots import Suggestions
from services.scheduling.domain.working_hours import DAYS, Stretch, hours_in_words
from services.scheduling.entrypoints.agenda_words import HAPPENED as AGENDA_HAPPENED
from services.scheduling.entrypoints.chase_words import line_of_history, short_notice
from services.scheduling.entrypoints.polls_wording import POLL_HAPPENED, poll_facts
from shared.contracts.participation import Conveyed
from shared.contracts.roles import Role
from shared.platform.web.filters import clock_time, day

WHY = {
    Reason.FIRST: "The first PEP needs a meeting, so that the plan is ready for the first review.",
    Reason.TERMLY: "The PEP is reviewed every school term.",
    Reason.EARLY: "An early PEP meeting was asked for.",
    Reason.CONCERN: "A concern was raised, and an early PEP meeting was chosen as the answer to it.",
    Reason.WORKER_ASKED: "A further PEP meeting was asked for.",
}
WHY_REVIEW = {
    Reason.FIRST: "The care plan is first reviewed within 20 working days of the day the child became looked after.",
    Reason.SECOND: "The care plan is reviewed again within three months of the first review.",
    Reason.LATER: "The care plan is reviewed every six months at least.",
    Reason.EARLY: "An early review of the care plan was asked for.",
}
TITLES = {
    Reason.FIRST: "First PEP meeting",
    Reason.TERMLY: "PEP meeting",
    Reason.EARLY: "Early PEP meeting",
    Reason.CONCERN: "Early PEP meeting",
    Reason.WORKER_ASKED: "Further PEP meeting",
}
REVIEW_TITLES = {
    Reason.FIRST: "First review of the care plan",
    Reason.SECOND: "Second review of the care plan",
    Reason.LATER: "Review of the care plan",
    Reason.EARLY: "Early review of the care plan",
}
MODES = {Mode.IN_PERSON: "In person", Mode.ONLINE: "Online", Mode.MIXED: "In person and online"}
JOINS = {Mode.IN_PERSON.value: "in the room", Mode.ONLINE.value: "online"}
ANSWERS = {Answer.ACCEPTED: "Yes, I will come", Answer.TENTATIVE: "Perhaps", Answer.DECLINED: "No, I cannot come"}
ANSWERED_BY = {
    "": "",
    "page": "on their own page",
    "mail": "from their calendar",
    "link": "by their personal link",
    "worker": "recorded by a worker",
}
CANCEL_REASONS = {
    "rearranging": "This time does not work: arrange another",
    "no_show": "Somebody who had to be there did not come: arrange another",
    "not_needed": "The meeting is not needed",
    "child_left_care": "The child is no longer looked after",
    "plan_superseded": "A later plan has replaced the one it was for",
}
FEEDS = {
    FeedKind.MINE: "My meetings",
    FeedKind.SCHOOL: "Meetings of my school's children",
    FeedKind.BUSY: "Only when I am busy",
}
FEED_HINTS = {
    FeedKind.MINE: "Each meeting you are invited to, with its time and place. No names.",
    FeedKind.SCHOOL: "For the school's own calendar: times only. No names, no places.",
    FeedKind.BUSY: "For a calendar program that looks up when people are free (VFREEBUSY).",
}
PARTS = {
    "spoke": ("Came and spoke for themselves", True, Conveyed.SPOKE),
    "advocate": ("Came, and an advocate spoke for them", True, Conveyed.ADVOCATE),
    "symbols": ("Came, and said it by signs, symbols, drawing or writing", True, Conveyed.SYMBOLS),
    "silent": ("Came, and did not say what they think in any way", True, Conveyed.NOT),
    "away_advocate": ("Did not come: an advocate said it for them", False, Conveyed.ADVOCATE),
    "away_other_means": (
        "Did not come: sent it another way, such as in writing, by telephone or on their page",
        False,
        Conveyed.OTHER_MEANS,
    ),
    "away_not": ("Did not come, and what they think was not told", False, Conveyed.NOT),
}
"""How a child took part, as the form offers it: the words, whether they came, and how they were heard."""
WHY_COUNTED = {
    WhyCounted.HEARD_BEFORE.value: "They gave what was needed from them beforehand",
    WhyCounted.JOINED_OTHERWISE.value: "They were heard another way, for example by telephone",
    WhyCounted.COULD_NOT_WAIT.value: "The decisions could not wait for another meeting",
    WhyCounted.CHILD_WISHED.value: "The child wished the meeting to go ahead",
    WhyCounted.OTHER.value: "Another reason, which I write below",
}
WHY_COUNTED_SHOWN = {**WHY_COUNTED, WhyCounted.OTHER.value: "There was another reason"}
MAIL_ACTS = {
    "chase": "Notice that meetings wait",
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
    "poll_asked": "Asked which times suit",
    "poll_reminder": "Reminder to say which times suit",
    "poll_answered": "Told that everybody has answered",
    "poll_closed": "Told that the closing date has passed",
}
MAIL_STATES = {
    "queued": ("Waiting to be sent", "blue"),
    "sent": ("Sent", "green"),
    "failed": ("Could not be sent", "red"),
    "replaced": ("Replaced by a later mail", "grey"),
}
_SAID = {"accepted": "yes", "declined": "no", "tentative": "perhaps"}


def quorum(wanted: Quorum) -> str:
    """Return in words without whom a meeting does not go ahead."""
    return in_words(wanted)


def lacking(missing: Lacking) -> str:
    """Return in words what a meeting lacks of its quorum."""
    names = [f"the {small(role.title)}" for role in missing.roles]
    if missing.others:
        names.append(f"{missing.others} more {'person' if missing.others == 1 else 'people'}")
    return names_in_words(names)


def was_there(meeting: Meeting, went: HowItWent | None, invitee: Invitee) -> str:
    """Return of an invited person whether they were at a meeting that was held."""
    if invitee.person_id in meeting.attended:
        return "Yes"
    if went is not None and invitee.person_id in went.apologies:
        return "Sent apologies"
    return "Did not come" if went is not None else "No"


def small(words: str) -> str:
    """Return words as they stand inside a sentence."""
    return (
        words
        if words[:2].isupper() or words.startswith(("Independent", "Virtual School"))
        else words[:1].lower() + words[1:]
    )


def meeting_title(meeting: Meeting) -> str:
    """Return what a meeting is called on pages for those who work with the child."""
    return (REVIEW_TITLES if meeting.kind is Kind.REVIEW else TITLES)[meeting.reason]


def why_meeting(meeting: Meeting) -> str:
    """Return in a sentence why a meeting is to be arranged."""
    return (WHY_REVIEW if meeting.kind is Kind.REVIEW else WHY)[meeting.reason]


def role_title(role: str) -> str:
    """Return a role in words."""
    return Role(role).title


def when(starts_at: datetime, ends_at: datetime) -> str:
    """Return a time as people say it: Monday 7 December 2026, 10am to 11am."""
    return f"{day(starts_at)}, {clock_time(starts_at)} to {clock_time(ends_at)}"


def diaries(found: Suggestions) -> str:
    """Return whose own diaries were looked at for these times, and whose are not known."""
    if not found.known:
        return "People's own diaries are not known here: only their PEP meetings and the hours they gave."
    if not found.unknown:
        return "Everybody's own diary was looked at."
    known, unknown = names_in_words(found.known), names_in_words(found.unknown)
    return f"Looked at: the own {'diary' if len(found.known) == 1 else 'diaries'} of {known}. Not known: {unknown}."


def lesson_in_words(lesson: Lesson) -> str:
    """Return when a lesson is: Tuesdays, 10am to 11am, or on a day."""
    hours = hours_in_words([Stretch(0, lesson.starts, lesson.ends)])
    if lesson.weekday is None:
        return f"{day(lesson.day)}, {hours}"
    return f"{DAYS[lesson.weekday]}s, {hours}{f' until {day(lesson.until)}' if lesson.until else ''}"


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
    if happening.what in POLL_HAPPENED:
        return POLL_HAPPENED[happening.what].format(who=_person(facts) if "role" in facts else "")
    if happening.what == "answered":
        return f"{_person(facts)} said {_SAID.get(str(facts.get('answer')), 'something')}"
    if happening.what in AGENDA_HAPPENED:
        return AGENDA_HAPPENED[happening.what].format(who=_person(facts))
    together = line_of_history(happening.what, facts, _person(facts))
    if together is not None:
        return together[0]
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
        "sent_from_draft": "Arranged from a draft of the term",
        "proposal_refused": "Proposed time not taken",
        "invited_nevertheless": f"{facts.get('name') or 'Somebody'} was invited though the child would rather not",
    }.get(happening.what, happening.what.replace("_", " ").capitalize())


def _text(what: str, facts: Mapping[str, Any]) -> str:
    if what == "asked_for":
        return f"To be held by {day(date.fromisoformat(facts['meet_by']))}."
    if what in ("arranged", "moved", "changed"):
        before = f" It was {_moment(facts['was_at'])}." if what == "moved" and facts.get("was_at") else ""
        return f"{_moment(facts['starts_at'])}.{before}{short_notice(facts)}"
    if what == "answered":
        return f"{ANSWERED_BY.get(str(facts.get('by')), '')}.".capitalize().lstrip(".")
    if what == "sent_from_draft":
        return f"{facts.get('by')} had the invitations of the draft sent."
    if what == "put_back":
        return f"{_person(facts)} must be there and cannot come."
    if what == "cancelled":
        return f"{CANCEL_REASONS.get(str(facts.get('reason')), '')}.{short_notice(facts)}"
    if what == "reminded":
        return f"{facts.get('asked')} of those who had not answered were asked again."
    if what == "proposal_refused":
        return f"{_person(facts)} was told that the time stays as it is."
    if what == "invited_nevertheless":
        return str(facts.get("why", ""))
    if what in POLL_HAPPENED:
        return poll_facts(what, facts, ANSWERED_BY)
    if what == "held":
        return _held(facts)
    together = line_of_history(what, facts, "")
    return together[1] if together is not None else ""


def _held(facts: Mapping[str, Any]) -> str:
    sentences = [f"{facts.get('attended')} of {facts.get('invited')} people came."]
    if not facts.get("quorate", True):
        sentences.append("It was not quorate.")
    if facts.get("why_counted"):
        sentences.append(f"It counts: {small(WHY_COUNTED_SHOWN[str(facts['why_counted'])])}.")
    return " ".join(sentences)


def _person(facts: Mapping[str, Any]) -> str:
    if "role" not in facts:
        return ""
    role = Role(str(facts["role"])).in_text
    name = facts.get("name")
    return f"{name} ({role})" if name else f"The {role}"


def _moment(text: object) -> str:
    instant = datetime.fromisoformat(str(text))
    return f"{day(instant)} at {clock_time(instant)}"
