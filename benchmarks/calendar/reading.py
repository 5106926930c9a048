"""Reading an answer from its mail, and a published diary, beside icalendar with recurring-ical-events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import icalendar
import recurring_ical_events

from benchmarks.calendar.timing import NOW, START, Figure, best
from benchmarks.calendar.writing import invitation
from services.scheduling.adapters.busy_reader import read_busy
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.domain.replies import Entry, Outcome, decide
from suite.mail_folder import read_caught
from suite.mail_replies import write_reply


def read_plainly(raw: bytes) -> str:
    """Return what somebody answered, read with icalendar and the standard library's mail classes."""
    mail = message_from_bytes(raw, policy=policy.default)
    part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
    (event,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return str(event["ATTENDEE"].params["PARTSTAT"])


def diary(entries: int = 5_000) -> bytes:
    """Publish three years of appointments, as a calendar writes them, and one that repeats every week."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN"]
    for n in range(entries):
        starts = datetime(2024, 1, 1, 9) + timedelta(hours=5 * n)  # noqa: DTZ001 - its zone stands beside it
        lines += ["BEGIN:VEVENT", f"UID:{n}@diary.example", "DTSTAMP:20260101T000000Z"]
        lines += [f"DTSTART;TZID=Europe/London:{starts:%Y%m%dT%H%M%S}"]
        lines += [f"DTEND;TZID=Europe/London:{starts + timedelta(hours=1):%Y%m%dT%H%M%S}"]
        lines += [f"SUMMARY:Appointment number {n} with a title that is folded", "  in two", "LOCATION:Room 1"]
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM", "END:VEVENT"]
    weekly = ("DTSTART;TZID=Europe/London:20260105T100000", "DTEND;TZID=Europe/London:20260105T110000")
    lines += ["BEGIN:VEVENT", "UID:weekly", *weekly, "RRULE:FREQ=WEEKLY;BYDAY=MO", "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def busy_plainly(raw: bytes, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """Return when the owner of a diary is busy, read with icalendar and recurring-ical-events alone."""
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(raw)).between(first, last)
    return [(each["DTSTART"].dt, each["DTEND"].dt) for each in found]


def figures() -> Iterator[Figure]:
    """Time one answer from its mail to the decision, and a diary of 5,000 entries."""
    message = invitation()
    caught = read_caught(1, write_mail(message, NOW).raw)
    assert caught.entry is not None
    answer = write_reply(caught, caught.entry, "accepted", "", NOW)
    entry = Entry(message.uid, "m1", "anna", message.attendee.email, 0, message.dtstamp, START)
    later = NOW + timedelta(days=1)

    def decided() -> Outcome:
        return decide(read_mail(answer), entry, later, server_must_vouch=False).outcome

    assert decided() is Outcome.APPLIED
    assert read_plainly(answer) == "ACCEPTED"
    yield Figure("one answer, mail to decision", best(decided), {"icalendar": best(lambda: read_plainly(answer))}, 0.5)

    published, ahead = diary(), NOW + timedelta(weeks=26)
    assert len(read_busy(published, NOW, ahead)) == len({start for start, _ in busy_plainly(published, NOW, ahead)})
    plain = {"icalendar": best(lambda: busy_plainly(published, NOW, ahead), 1, 2)}
    yield Figure("a diary of 5,000 entries", best(lambda: read_busy(published, NOW, ahead), 1, 5), plain, 150.0)
