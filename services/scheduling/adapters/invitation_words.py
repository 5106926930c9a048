"""What an invitation says in plain English: subject, paragraphs and the text inside the calendar entry.

The words name nobody: not the child, not the other invitees, not the worker. They may be read on a locked telephone or
in a mailbox that a family shares.
"""

from __future__ import annotations

from datetime import datetime

from services.scheduling.domain.itip import Act, Message, Method
from shared.kernel.clock import LONDON

_SUBJECT = {
    Act.INVITED: "Invitation",
    Act.MOVED: "New time",
    Act.PROPOSAL_ACCEPTED: "New time",
    Act.PROPOSAL_REFUSED: "Time not changed",
    Act.ORGANIZER_CHANGED: "Updated",
    Act.SENT_AGAIN: "Invitation",
    Act.CHANGED: "Updated",
    Act.ASKED_AGAIN: "Please answer",
    Act.REMOVED: "Withdrawn",
    Act.CANCELLED: "Cancelled",
}
_OPENING = {
    Act.INVITED: "You are invited to an education meeting.",
    Act.MOVED: "The education meeting you were invited to has changed. Please answer again, even if you have before.",
    Act.PROPOSAL_ACCEPTED: (
        "The education meeting has been moved to the time you proposed. Please answer again, even if you have before."
    ),
    Act.PROPOSAL_REFUSED: (
        "Thank you for proposing another time for this education meeting. It cannot be moved, so the date and time "
        "stay as they are. Please say whether you can come."
    ),
    Act.ORGANIZER_CHANGED: (
        "Your education meeting is now arranged from another email address. The date and time are the same as before."
    ),
    Act.SENT_AGAIN: "You asked for this invitation to an education meeting again. This is how it stands now.",
    Act.CHANGED: "Something about your education meeting has changed. The date and time are the same as before.",
    Act.ASKED_AGAIN: "We have not heard yet whether you can come to this education meeting.",
    Act.REMOVED: "You no longer need to come to this education meeting. You do not need to do anything.",
    Act.CANCELLED: "This education meeting has been cancelled. You do not need to do anything.",
}
_MODE = {
    "in_person": "in person",
    "online": "online",
    "mixed": "in person or online, whichever suits you",
}


def clock_time(instant: datetime) -> str:
    """Return a time in England as people say it: 2:30pm, 2pm, midday."""
    local = instant.astimezone(LONDON)
    if (local.hour, local.minute) == (12, 0):
        return "midday"
    hour = local.hour % 12 or 12
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{hour}{minutes}{'am' if local.hour < 12 else 'pm'}"


def day(instant: datetime) -> str:
    """Return the day in England: Monday 7 December 2026."""
    local = instant.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y}"


def when(start: datetime, end: datetime) -> str:
    """Return a span in England: Monday 7 December 2026, 2:30pm to 3:30pm."""
    until = clock_time(end) if day(start) == day(end) else f"{day(end)}, {clock_time(end)}"
    return f"{day(start)}, {clock_time(start)} to {until}"


def subject(message: Message) -> str:
    """Return the subject line."""
    moved = message.act in (Act.MOVED, Act.PROPOSAL_ACCEPTED)
    lead = "Changed" if moved and message.was_at is None else _SUBJECT[message.act]
    return f"{lead}: {message.summary.lower()}, {day(message.start)}, {clock_time(message.start)}"


def facts(message: Message) -> list[tuple[str, str]]:
    """Return what the reader needs to know, as labels and values."""
    rows = [("When", when(message.start, message.end))]
    if message.was_at is not None:
        rows.append(("Was", f"{day(message.was_at)}, {clock_time(message.was_at)}"))
    if message.place:
        rows.append(("Where", message.place))
    if message.method is not Method.CANCEL:
        rows.append(("How", _MODE.get(message.mode, message.mode)))
        if message.joining_link:
            rows.append(("Join online at", message.joining_link))
    return [*rows, ("Arranged by", message.organizer_name)]


def opening(message: Message) -> str:
    """Return the first paragraph."""
    return _OPENING[message.act]


def closing(message: Message) -> list[str]:
    """Return the last paragraphs: how to answer, why so little is said, whom to ask."""
    paragraphs = []
    if message.method is Method.REQUEST:
        paragraphs.append("You can also answer with the buttons that your calendar shows for this invitation.")
    if message.method is not Method.CANCEL:
        paragraphs.append("The link above is yours alone, so please do not forward this email.")
        paragraphs.append(
            "To protect people's privacy this email does not say who the meeting is about or who else is invited."
        )
    paragraphs.append(f"If anything is wrong, reply to this email ({message.organizer_email}).")
    return paragraphs


def entry_text(message: Message) -> str:
    """Return the text inside the calendar entry."""
    if message.method is Method.CANCEL:
        return f"{opening(message)}\n\nArranged by {message.organizer_name}."
    if message.method is Method.DECLINECOUNTER:
        return opening(message)
    answer = f"Say whether you can come: {message.answer_url}\n\n" if message.answer_url else ""
    join = f"Join online at: {message.joining_link}\n\n" if message.joining_link else ""
    return f"{answer}{join}Arranged by {message.organizer_name}."
