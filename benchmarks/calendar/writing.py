"""Writing an invitation, beside icalendar with the standard library's mail classes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import icalendar

from benchmarks.calendar.timing import NOW, START, Figure, best
from services.scheduling.adapters.icalendar_writer import write_calendar
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.domain.itip import Arrangement, Invitation, Message, plan_messages


def invitation() -> Message:
    """Return an invitation to one person."""
    anna = Invitation("anna", "Anna Larch", "anna.larch@school.example", answer_url="https://pep.example/answer/1")
    meeting = Arrangement(
        "m1", START, START + timedelta(hours=1), "in_person", "Oakfield School", "Northmoor meetings",
        "meetings@northmoor.example", (anna,),
    )  # fmt: skip
    return plan_messages(None, meeting, NOW).messages[0]


def written_plainly(message: Message) -> bytes:
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


def figures() -> Iterator[Figure]:
    """Time an invitation, with and without the mail round it."""
    message = invitation()
    plain = {"icalendar": best(lambda: written_plainly(message))}
    yield Figure("one invitation, calendar alone", best(lambda: write_calendar(message, "x")), plain)
    yield Figure("one invitation, calendar and mail", best(lambda: write_mail(message, NOW)), plain, 0.6)
