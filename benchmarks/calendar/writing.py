"""Writing an invitation, beside icalendar and vobject with the standard library's mail classes, and ical.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import icalendar
import vobject

from benchmarks.calendar.timing import NOW, ROUNDS, START, TIMES, Figure, best
from services.scheduling.adapters.icalendar_writer import write_calendar
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.domain.itip import Arrangement, Invitation, Message, plan_messages
from tests.judges.reading import node_folder


def invitation() -> Message:
    """Return an invitation to one person."""
    anna = Invitation("anna", "Anna Larch", "anna.larch@school.example", answer_url="https://pep.example/answer/1")
    meeting = Arrangement(
        "m1", START, START + timedelta(hours=1), "in_person", "Oakfield School", "Northmoor meetings",
        "meetings@northmoor.example", (anna,),
    )  # fmt: skip
    return plan_messages(None, meeting, NOW).messages[0]


def calendar_plainly(message: Message) -> bytes:
    """Write the calendar of an invitation with icalendar."""
    event = icalendar.Event()
    for name, value in (("UID", message.uid), ("DTSTAMP", message.dtstamp), ("DTSTART", message.start)):
        event.add(name, value)
    event.add("DTEND", message.end)
    event.add("SEQUENCE", message.sequence)
    event.add("SUMMARY", message.summary)
    event.add("LOCATION", message.location)
    event.add("ORGANIZER", f"mailto:{message.organizer_email}")
    event.add("ATTENDEE", f"mailto:{message.attendee.email}")
    calendar = icalendar.Calendar()
    calendar.add("METHOD", "REQUEST")
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//x//x//EN")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def calendar_by_vobject(message: Message) -> bytes:
    """Write the same calendar with vobject."""
    calendar = vobject.iCalendar()
    calendar.add("method").value = "REQUEST"
    event = calendar.add("vevent")
    utc = vobject.icalendar.utc
    event.add("uid").value = message.uid
    event.add("dtstamp").value = message.dtstamp.astimezone(utc)
    event.add("dtstart").value = message.start.astimezone(utc)
    event.add("dtend").value = message.end.astimezone(utc)
    event.add("sequence").value = str(message.sequence)
    event.add("summary").value = message.summary
    event.add("location").value = message.location
    event.add("organizer").value = f"mailto:{message.organizer_email}"
    event.add("attendee").value = f"mailto:{message.attendee.email}"
    return str(calendar.serialize()).encode()


def mail_plainly(message: Message, raw: bytes) -> bytes:
    """Write the mail round a calendar with the standard library's classes."""
    mail = EmailMessage()
    mail["From"], mail["To"] = message.organizer_email, message.attendee.email
    mail["Subject"] = message.summary
    mail.set_content("You are invited.")
    mail.add_alternative("<p>You are invited.</p>", subtype="html")
    mail.add_alternative(raw, maintype="text", subtype="calendar", params={"method": "REQUEST"})
    mail.add_attachment(raw, maintype="application", subtype="ics", filename="meeting.ics")
    return mail.as_bytes()


def written_plainly(message: Message) -> bytes:
    """Write an invitation, calendar and mail, with icalendar and the standard library."""
    return mail_plainly(message, calendar_plainly(message))


def by_ical_js(message: Message) -> dict[str, float]:
    """Return how many milliseconds ical.js takes for the same calendar; nothing where Node is not installed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return {}
    given = {
        "uid": message.uid,
        "dtstamp": f"{message.dtstamp:%Y-%m-%dT%H:%M:%SZ}",
        "dtstart": f"{message.start:%Y-%m-%dT%H:%M:%SZ}",
        "dtend": f"{message.end:%Y-%m-%dT%H:%M:%SZ}",
        "sequence": message.sequence,
        "summary": message.summary,
        "location": message.location,
        "organizer": f"mailto:{message.organizer_email}",
        "attendee": f"mailto:{message.attendee.email}",
    }
    script = Path(__file__).with_name("write_with_ical_js.mjs")
    command = ["node", str(script), str(node_folder()), str(ROUNDS), str(TIMES)]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return {"ical.js": float(done.stdout)}


def figures() -> Iterator[Figure]:
    """Time an invitation: the calendar alone, with the mail round it, and a mail in two languages."""
    message = invitation()
    calendars = {
        "icalendar": best(lambda: calendar_plainly(message)),
        "vobject": best(lambda: calendar_by_vobject(message)),
        **by_ical_js(message),
    }
    mails = {
        "icalendar and EmailMessage": best(lambda: written_plainly(message)),
        "vobject and EmailMessage": best(lambda: mail_plainly(message, calendar_by_vobject(message))),
    }
    yield Figure("one invitation, calendar alone", best(lambda: write_calendar(message, "x")), calendars)
    yield Figure("one invitation, calendar and mail", best(lambda: write_mail(message, NOW)), mails, 0.6)
    arabic = replace(message, language="ar")
    yield Figure("the same in Arabic and English", best(lambda: write_mail(arabic, NOW)), mails, 0.6)
