"""Times writing an invitation and reading an answer, against the same done with general libraries, in one run.

.venv/bin/python -m benchmarks.mail
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from timeit import repeat

import icalendar

from services.scheduling.adapters.icalendar_writer import write_calendar
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.domain.itip import Arrangement, Invitation, Message, plan_messages
from services.scheduling.domain.replies import Entry, decide
from suite.mail_folder import read_caught
from suite.mail_replies import write_reply

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ROUNDS, TIMES = 5, 200


def invitation() -> Message:
    """Return an invitation to one person."""
    anna = Invitation("anna", "Anna Larch", "anna.larch@school.example", answer_url="https://pep.example/answer/1")
    meeting = Arrangement(
        "m1", START, START + timedelta(hours=1), "in_person", "Oakfield School", "Northmoor meetings",
        "meetings@northmoor.example", (anna,),
    )  # fmt: skip
    return plan_messages(None, meeting, NOW).messages[0]


def with_libraries(message: Message) -> bytes:
    """Write the same invitation with icalendar and the standard library's mail classes."""
    event = icalendar.Event()
    for name, value in (("UID", message.uid), ("DTSTAMP", message.dtstamp), ("DTSTART", message.start)):
        event.add(name, value)
    event.add("DTEND", message.end)
    event.add("SEQUENCE", message.sequence)
    event.add("SUMMARY", message.summary)
    event.add("ORGANIZER", f"mailto:{message.organizer_email}")
    event.add("ATTENDEE", f"mailto:{message.attendee.email}")
    calendar = icalendar.Calendar()
    calendar.add("METHOD", "REQUEST")
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//x//x//EN")
    calendar.add_component(event)
    raw = calendar.to_ical()
    mail = EmailMessage()
    mail["From"], mail["To"] = message.organizer_email, message.attendee.email
    mail["Subject"] = message.summary
    mail.set_content("You are invited.")
    mail.add_alternative("<p>You are invited.</p>", subtype="html")
    mail.add_alternative(raw, maintype="text", subtype="calendar", params={"method": "REQUEST"})
    mail.add_attachment(raw, maintype="application", subtype="ics", filename="meeting.ics")
    return mail.as_bytes()


def best(act: Callable[[], object]) -> float:
    """Return the best time of one call in microseconds."""
    return min(repeat(act, number=TIMES, repeat=ROUNDS)) / TIMES * 1e6


def main() -> None:
    """Print a line for each job."""
    message = invitation()
    caught = read_caught(1, write_mail(message, NOW).raw)
    assert caught.entry is not None
    answer = write_reply(caught, caught.entry, "accepted", "", NOW)
    entry = Entry(message.uid, "m1", "anna", message.attendee.email, 0, message.dtstamp, START)
    later = NOW + timedelta(days=1)
    jobs = {
        "invitation: calendar": lambda: write_calendar(message, "x"),
        "invitation: calendar and mail": lambda: write_mail(message, NOW),
        "the same with general libraries": lambda: with_libraries(message),
        "answer: mail to decision": lambda: decide(read_mail(answer), entry, later, server_must_vouch=False),
        "reading it with general libraries": lambda: read_caught(1, answer),
    }
    for name, act in jobs.items():
        print(f"{name:42}{best(act):9.0f} µs")


if __name__ == "__main__":
    main()
