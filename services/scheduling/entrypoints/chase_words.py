"""The words for chasing, replanning and changes at short notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.scheduling.application.chase_list import ChaseLine, Waits
from services.scheduling.application.chasing import Chase
from services.scheduling.application.short_notice import LATE_REASONS
from services.scheduling.domain.chasing import Dated, Ladder, Outcome, Step
from services.scheduling.domain.meeting import Invitee
from shared.contracts.roles import Role
from shared.platform.web.filters import day, plural

LADDERS = {
    Ladder.ANSWERS: "If somebody does not answer",
    Ladder.ARRANGING: "If no time is arranged",
    Ladder.REPLANNING: "If no way out is found",
}
WAITS = {
    Waits.ANSWERS: "Answers",
    Waits.ARRANGING: "A time",
    Waits.REPLANNING: "A way out",
    Waits.LATE_CHANGE: "To be told of a change",
}
LATE = dict(
    zip(
        LATE_REASONS,
        (
            "Somebody is ill",
            "The school is closed or cannot have the meeting",
            "Somebody has to be elsewhere",
            "The child asked for it",
            "Another reason",
        ),
        strict=True,
    )
)
WITHOUT = {
    "heard_before": "They will give what is needed from them beforehand",
    "could_not_wait": "The decisions cannot wait for another meeting",
    "child_wished": "The child wishes the meeting to go ahead",
}


def step_words(step: Step) -> str:
    """Return in a sentence what happens at a step."""
    parts = []
    if step.remind:
        parts.append("those who have not answered are reminded by e-mail")
    if step.telephone:
        parts.append("they are to be telephoned")
    if step.tell:
        parts.append(f"{roles(step.tell)} {'is' if len(step.tell) == 1 else 'are'} told")
    sentence = f"{', '.join(parts[:-1])} and {parts[-1]}" if parts[1:] else "".join(parts)
    return sentence[:1].upper() + sentence[1:]


def roles(wanted: Iterable[Role]) -> str:
    """Return roles as people list them: the social worker and the team manager."""
    return " and ".join(f"the {role.in_text}" for role in wanted)


def ladder_rows(chase: Chase) -> list[dict[str, Any]]:
    """Return the steps of a meeting's ladder as its page shows them: when, what, and what became of it."""
    behind = {each.days: each for each in chase.taken}
    rows = []
    for dated in chase.steps:
        step = behind.get(dated.step.days)
        state = {None: "to_come", Outcome.DONE: "done"}.get(step.outcome if step else None, "passed_over")
        rows.append({"on": dated.on, "what": step_words(dated.step), "state": state})
    return rows


def next_words(chase: Chase) -> str:
    """Return what comes next and when; empty when nothing does."""
    following: Dated | None = chase.next
    if following is None:
        return ""
    words = step_words(following.step)
    when = day(following.on) if following.on > chase.today else "As soon as it is a working day"
    return f"{when}: {words[:1].lower()}{words[1:]}"


def waited_for(line: ChaseLine) -> str:
    """Return who or what a meeting on the chase list waits for."""
    chase = line.chase
    if line.waits is Waits.REPLANNING:
        return f"Cannot come and must be there: {names(chase.meeting.who_cannot)}"
    if line.waits is Waits.ARRANGING:
        return "No time is arranged"
    return names(chase.waited_for or chase.ring)


def names(people: Sequence[Invitee]) -> str:
    """Return people with their roles, as a list in words."""
    return ", ".join(f"{each.name} ({Role(each.role).title})" for each in people)


def line_of_history(what: str, facts: Mapping[str, Any], person: str) -> tuple[str, str] | None:
    """Return the title and text of a line of history about chasing or replanning; None for any other line."""
    if what == "chased":
        return "Chased", _chased(facts)
    if what == "seat_given":
        return f"Somebody else comes for {person}", _instead(facts)
    if what == "goes_ahead_without":
        return f"The meeting goes ahead without {person}", f"{WITHOUT.get(str(facts.get('why')), '')}."
    fixed = {
        "opened_to_online": (
            "People can join online now",
            "Those who could not come were asked again.",
        ),
        "manager_asked": ("Put before the team manager", ""),
        "no_show": (f"{person} did not come", ""),
    }
    return fixed.get(what)


def short_notice(facts: Mapping[str, Any]) -> str:
    """Return the sentence about a change at short notice; empty where it was none."""
    reason = LATE.get(str(facts.get("late_reason")), "")
    if not reason and not facts.get("late"):
        return ""
    return f" At short notice: {reason[:1].lower()}{reason[1:]}." if reason else " At short notice."


def _chased(facts: Mapping[str, Any]) -> str:
    parts = []
    if facts.get("asked"):
        parts.append(f"{plural(facts['asked'], 'person was', 'people were')} reminded by e-mail")
    if facts.get("ring"):
        parts.append(f"{plural(facts['ring'], 'person is', 'people are')} to be telephoned")
    told = [Role(role) for role in facts.get("told", ())]
    if told:
        parts.append(f"{roles(told)} {'was' if len(told) == 1 else 'were'} told")
    sentence = ". ".join(part[:1].upper() + part[1:] for part in parts)
    return f"{sentence}." if sentence else "Nobody could be reached by e-mail."


def _instead(facts: Mapping[str, Any]) -> str:
    role = Role(str(facts.get("to_role"))).title
    name = facts.get("to_name")
    return f"{name} ({role}) is invited." if name else f"{role} is invited."
