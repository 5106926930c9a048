"""The words in which pages speak of drafts of a term."""

from __future__ import annotations

from collections.abc import Mapping

from services.scheduling.domain.term_draft import Placement, PlacementState, PlanState, TermPlan
from services.scheduling.domain.term_obstacles import Hindrance
from shared.platform.web.filters import plural, short_day

STATES: Mapping[PlanState, tuple[str, str]] = {
    PlanState.WAITING: ("Waiting to be drafted", "grey"),
    PlanState.PLANNING: ("Being drafted", "blue"),
    PlanState.READY: ("Ready", "green"),
    PlanState.SENDING: ("Invitations are going out", "blue"),
    PlanState.SENT: ("Sent", "purple"),
    PlanState.DISCARDED: ("Discarded", "grey"),
}
LINE_STATES: Mapping[PlacementState, tuple[str, str]] = {
    PlacementState.PLANNED: ("Planned", "teal"),
    PlacementState.UNPLACED: ("No time found", "orange"),
    PlacementState.LEFT_OUT: ("Left out", "grey"),
    PlacementState.TO_SEND: ("Being sent", "blue"),
    PlacementState.SENT: ("Sent", "green"),
    PlacementState.REFUSED: ("Could not be sent", "red"),
    PlacementState.GONE: ("Arranged otherwise", "grey"),
}
SECONDS: Mapping[int, str] = {
    0: "Do not improve it: the quick draft, within moments",
    10: "10 seconds",
    60: "1 minute",
    300: "5 minutes",
    600: "10 minutes",
}
PROBLEMS: Mapping[str, str] = {
    "solver_not_installed": (
        "The quick draft stands. To have drafts improved, whoever runs the suite installs the optional solver: "
        "see “Drafts of a term” in the guide to operations."
    ),
    "failed": "The draft could not be made because of a fault in the suite. Draft it again; if it fails again, ask "
    "whoever runs the suite to look at its log.",
}
PARTS = {
    "days": "Days away from the best day",
    "hours": "Early, late or over lunch",
    "journeys": "Journeys to schools",
    "unfair": "Weeks that are too full for one person",
    "missing": "People who had better come and cannot, and lessons missed",
    "moving": "Meetings moved from the draft before",
}
"""What each part of a draft's cost is for; the names are those of `term_plan.Cost`."""


def span(plan: TermPlan) -> str:
    """Return the days of a draft."""
    return f"{short_day(plan.first)} to {short_day(plan.last)}"


def relax(line: Placement, people: Mapping[str, str]) -> str:
    """Return the one thing to do about a meeting for which no time was found."""
    name = people.get(line.hindrance_person, "somebody who must be there")
    opens = plural(line.opens, "time", "times")
    there = f"Then there would be {opens}."
    return {
        Hindrance.OWN_DIARY.value: f"Ask {name} to make time: their own diary stands in the way most. {there}",
        Hindrance.OTHER_MEETINGS.value: f"Move another meeting of {name}, or allow them more a day or a week. {there}",
        Hindrance.LATEST_DATE.value: f"Hold it up to a week after its latest date. {there}",
        Hindrance.NOTICE.value: f"Give people less notice than your authority asks for. {there}",
        Hindrance.SCHOOL_DAYS.value: f"Hold it on a day on which the school does not meet. {there}",
        Hindrance.LESSONS.value: f"Let the child miss a lesson that they should never miss. {there}",
    }.get(
        line.hindrance,
        "No single change would open a time: arrange it by hand with those who must be there."
        if line.hindrance
        else "It gets a time when the term is drafted again.",
    )
