"""Answers an invitation as a person's calendar program does: with a REPLY by mail (RFC 5546 section 3.2.3).

It shares no code with the service that reads the answer, so that what is sent here is what a stranger would send.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid

import icalendar

from suite.mail_folder import CalendarEntry, CaughtMail

ANSWERS = {"accepted": "ACCEPTED", "tentative": "TENTATIVE", "declined": "DECLINED"}
SUBJECTS = {"accepted": "Accepted", "tentative": "Maybe", "declined": "Declined"}
SENTENCES = {
    "accepted": "has accepted this invitation.",
    "tentative": "has replied “Maybe” to this invitation.",
    "declined": "has declined this invitation.",
}


def write_reply(mail: CaughtMail, entry: CalendarEntry, answer: str, comment: str, now: datetime) -> bytes:
    """Return the mail that answers an invitation; `answer` is accepted, tentative or declined."""
    calendar = _reply_calendar(entry, answer, comment, now)
    name = mail.recipient_name or mail.recipient
    reply = EmailMessage(policy=SMTP)
    reply["From"] = formataddr((mail.recipient_name, mail.recipient))
    reply["To"] = entry.organizer
    reply["Subject"] = f"{SUBJECTS[answer]}: {mail.subject.partition(': ')[2] or mail.subject}"
    reply["Date"] = format_datetime(now)
    reply["Message-ID"] = make_msgid(domain=mail.recipient.rpartition("@")[2])
    reply["In-Reply-To"] = mail.message_id
    reply["Auto-Submitted"] = "auto-generated"
    words = f"{name} {SENTENCES[answer]}\n"
    if comment:
        words += f"\n“{comment}”\n"
    reply.set_content(words)
    reply.add_alternative(calendar, maintype="text", subtype="calendar", params={"method": "REPLY", "charset": "UTF-8"})
    reply.make_mixed()
    reply.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")
    return reply.as_bytes()


def _reply_calendar(entry: CalendarEntry, answer: str, comment: str, now: datetime) -> bytes:
    asked = icalendar.Calendar.from_ical(entry.raw).walk("VEVENT")[0]
    event = icalendar.Event()
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER"):
        if name in asked:
            event[name] = asked[name]
    event.add("DTSTAMP", now.replace(microsecond=0))
    attendee = icalendar.vCalAddress(f"mailto:{entry.attendee}")
    if entry.attendee_name:
        attendee.params["CN"] = entry.attendee_name
    attendee.params["PARTSTAT"] = ANSWERS[answer]
    event["ATTENDEE"] = attendee
    if comment:
        event.add("COMMENT", comment)
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//PEP Suite//Local mail reader//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "REPLY")
    for zone in icalendar.Calendar.from_ical(entry.raw).walk("VTIMEZONE"):
        calendar.add_component(zone)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
