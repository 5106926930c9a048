"""What an invitation says, in plain English or another tongue: subject, paragraphs and the text inside the entry.

The words name nobody: not the child, not the other invitees, not the worker. They may be read on a locked telephone or
in a mailbox that a family shares.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.scheduling.adapters.tongues import ENGLISH, Tongue, to_say
from services.scheduling.domain.itip import NEUTRAL_SUMMARY, Act, Message, Method, PartStat
from services.scheduling.domain.meeting import ASK
from shared.platform.plain_mail import plain_name

_SUBJECT = {
    Act.INVITED: to_say("Invitation"),
    Act.MOVED: to_say("New time"),
    Act.PROPOSAL_ACCEPTED: to_say("New time"),
    Act.PROPOSAL_REFUSED: to_say("Time not changed"),
    Act.ORGANIZER_CHANGED: to_say("Updated"),
    Act.SENT_AGAIN: to_say("Invitation"),
    Act.CHANGED: to_say("Updated"),
    Act.ASKED_AGAIN: to_say("Please answer"),
    Act.REMOVED: to_say("Withdrawn"),
    Act.CANCELLED: to_say("Cancelled"),
}
_OPENING = {
    Act.INVITED: to_say("You are invited to an education meeting."),
    Act.MOVED: to_say(
        "The education meeting you were invited to has changed. Please answer again, even if you have before."
    ),
    Act.PROPOSAL_ACCEPTED: to_say(
        "The education meeting has been moved to the time you proposed. Please answer again, even if you have before."
    ),
    Act.PROPOSAL_REFUSED: to_say(
        "Thank you for proposing another time for this education meeting. It cannot be moved, so the date and time "
        "stay as they are. Please say whether you can come."
    ),
    Act.ORGANIZER_CHANGED: to_say(
        "Your education meeting is now arranged from another email address. The date and time are the same as before."
    ),
    Act.SENT_AGAIN: to_say("You asked for this invitation to an education meeting again. This is how it stands now."),
    Act.CHANGED: to_say(
        "Something about your education meeting has changed. The date and time are the same as before."
    ),
    Act.ASKED_AGAIN: to_say("We have not heard yet whether you can come to this education meeting."),
    Act.REMOVED: to_say("You no longer need to come to this education meeting. You do not need to do anything."),
    Act.CANCELLED: to_say("This education meeting has been cancelled. You do not need to do anything."),
}
_MODE = {
    "in_person": to_say("in person"),
    "online": to_say("online"),
    "mixed": to_say("in person or online, whichever suits you"),
}
AT_SHORT_NOTICE = to_say("At short notice")
WILL_REMIND = to_say("If you do not answer, we will remind you on: {days}.")
TO_ANSWER = to_say("Say whether you can come")


def subject(message: Message, tongue: Tongue = ENGLISH) -> str:
    """Return the subject line."""
    moved = message.act in (Act.MOVED, Act.PROPOSAL_ACCEPTED)
    lead = to_say("Changed") if moved and message.was_at is None else _SUBJECT[message.act]
    short = f"{tongue.say(AT_SHORT_NOTICE)}. " if message.late else ""
    return f"{short}{tongue.say(lead)}: {summary(message, tongue).lower()}, {tongue.moment(message.start)}"


def summary(message: Message, tongue: Tongue = ENGLISH) -> str:
    """Return what the meeting is called in a calendar."""
    return tongue.say(message.summary)


def greeting(message: Message, tongue: Tongue = ENGLISH) -> str:
    """Return the line that a mail begins with."""
    name = plain_name(message.attendee.name)
    return tongue.say("Dear {name},", name=name) if name else tongue.say("Hello,")


def facts(message: Message, tongue: Tongue = ENGLISH) -> list[tuple[str, str]]:
    """Return what the reader needs to know, as labels and values."""
    say = tongue.say
    rows = [(say("When"), tongue.when(message.start, message.end))]
    if message.was_at is not None:
        rows.append((say("Was"), tongue.moment(message.was_at)))
    if message.place:
        rows.append((say("Where"), place_words(message.place, tongue)))
    if message.method is not Method.CANCEL:
        mode = _MODE.get(message.mode)
        rows.append((say("How"), say(mode) if mode else message.mode))
        if message.joining_link:
            rows.append((say("Join online at"), message.joining_link))
    return [*rows, (say("Arranged by"), message.organizer_name)]


def place_words(place: str, tongue: Tongue = ENGLISH) -> str:
    """Return a place as it was written, or in words of ours what stands in its stead."""
    return tongue.say(ASK) if place == ASK else place


def opening(message: Message, tongue: Tongue = ENGLISH) -> str:
    """Return the first paragraph."""
    said = tongue.say(named(_OPENING[message.act], message.summary))
    return f"{tongue.say(AT_SHORT_NOTICE)}. {said}" if message.late else said


def named(words: str, summary: str) -> str:
    """Return what is said in English of an education meeting as it is said of a meeting of that name."""
    if summary == NEUTRAL_SUMMARY:
        return words
    name = summary.lower()
    article = "an" if name[0] in "aeiou" else "a"
    for said in ("An education meeting", "an education meeting"):
        words = words.replace(said, f"{said[0]}{article[1:]} {name}")
    return words.replace("education meeting", name)


def closing(message: Message, tongue: Tongue = ENGLISH) -> list[str]:
    """Return the last paragraphs: how to answer, why so little is said, whom to ask."""
    say = tongue.say
    paragraphs = []
    if message.method is Method.REQUEST:
        if message.reminders and message.attendee.partstat is PartStat.NEEDS_ACTION:
            paragraphs.append(will_remind(message.reminders, tongue))
        paragraphs.append(say("You can also answer with the buttons that your calendar shows for this invitation."))
    if message.method is not Method.CANCEL:
        paragraphs.append(say("The link above is yours alone, so please do not forward this email."))
        paragraphs.append(
            say("To protect people's privacy this email does not say who the meeting is about or who else is invited.")
        )
    whom = say("If anything is wrong, reply to this email ({address}).", address=message.organizer_email)
    return [*paragraphs, whom]


def will_remind(reminders: Iterable[datetime], tongue: Tongue = ENGLISH) -> str:
    """Return the sentence that says on which days who does not answer is reminded."""
    return tongue.say(WILL_REMIND, days=", ".join(tongue.day(each) for each in reminders))


def entry_text(message: Message, tongue: Tongue = ENGLISH) -> str:
    """Return the text inside the calendar entry."""
    say = tongue.say
    arranged = f"{say('Arranged by')}: {tongue.isolated(message.organizer_name)}"
    if message.method is Method.CANCEL:
        return f"{opening(message, tongue)}\n\n{arranged}"
    if message.method is Method.DECLINECOUNTER:
        return opening(message, tongue)
    answer = f"{say(TO_ANSWER)}: {message.answer_url}\n\n" if message.answer_url else ""
    join = f"{say('Join online at')}: {message.joining_link}\n\n" if message.joining_link else ""
    return f"{answer}{join}{arranged}"
