"""The word and the colour in which a page shows a state; the word always stands, so colour is never alone."""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = ("grey", "teal", "blue", "purple", "magenta", "red", "orange", "yellow", "green")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    text: str
    colour: str


_LOOKS = {
    "overdue": Look("Overdue", "red"),
    "late": Look("Late", "red"),
    "due": Look("Due", "blue"),
    "due_soon": Look("Due soon", "yellow"),
    "on_time": Look("On time", "green"),
    "done": Look("Done", "green"),
    "met": Look("Met", "green"),
    "not_started": Look("Not started", "grey"),
    "not_due": Look("Not due yet", "grey"),
    "started": Look("Started", "blue"),
    "complete": Look("Complete", "green"),
    "incomplete": Look("Not complete", "grey"),
    "waiting": Look("Waiting", "grey"),
    "open": Look("Open", "blue"),
    "closed": Look("Closed", "grey"),
    "draft": Look("Being written", "blue"),
    "in_progress": Look("Being written", "blue"),
    "meeting_arranged": Look("Meeting arranged", "teal"),
    "submitted": Look("With the Virtual School", "purple"),
    "returned": Look("Returned to mend", "orange"),
    "approved": Look("Approved", "green"),
    "withdrawn": Look("Withdrawn", "grey"),
    "superseded": Look("Replaced", "grey"),
    "cancelled": Look("Cancelled", "grey"),
    "to_arrange": Look("To arrange", "yellow"),
    "arranged": Look("Arranged", "teal"),
    "moved": Look("Moved", "yellow"),
    "held": Look("Held", "green"),
    "accepted": Look("Coming", "green"),
    "declined": Look("Not coming", "red"),
    "tentative": Look("Perhaps", "yellow"),
    "needs_action": Look("No answer yet", "grey"),
    "delegated": Look("Sends somebody else", "blue"),
    "raised": Look("Raised", "orange"),
    "answered": Look("Answered", "green"),
    "red": Look("Red", "red"),
    "amber": Look("Amber", "orange"),
    "green": Look("Green", "green"),
}


def state_look(state: object) -> Look:
    """Return the look of a state (an enum member or its value); an unknown one is shown in its own words, in grey."""
    key = str(getattr(state, "value", state) or "")
    return _LOOKS.get(key) or Look(key.replace("_", " ").strip().capitalize(), "grey")
