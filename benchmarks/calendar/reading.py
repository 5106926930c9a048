"""Reading an answer from its mail, and a published diary, beside icalendar, vobject and ical.js."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import icalendar
import recurring_ical_events
import vobject

from benchmarks.calendar import node
from benchmarks.calendar.timing import NOW, ROUNDS, START, Figure, best
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


def read_by_vobject(raw: bytes) -> str:
    """Return what somebody answered, read with vobject and the standard library's mail classes."""
    mail = message_from_bytes(raw, policy=policy.default)
    part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
    return str(vobject.readOne(part.get_payload(decode=True).decode()).vevent.attendee.params["PARTSTAT"][0])


def busy_by_vobject(raw: bytes, first: datetime, last: datetime) -> int:
    """Return how often the owner of a diary is busy, read with vobject alone."""
    found = 0
    for event in vobject.readOne(raw.decode()).vevent_list:
        lasts = event.dtend.value - event.dtstart.value
        if hasattr(event, "rrule"):
            found += len(event.rruleset.between(first, last))
        else:
            starts = event.dtstart.value
            found += starts < last and starts + lasts > first
    return found


def calendar_in(raw: bytes) -> bytes:
    """Return the calendar of a mail, for a reader that knows no mail."""
    part = next(each for each in message_from_bytes(raw).walk() if each.get_content_type() == "text/calendar")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def beside(ways: dict[str, float | None]) -> dict[str, float]:
    """Return the ways that could be timed on this machine."""
    return {way: took for way, took in ways.items() if took is not None}


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
    assert read_plainly(answer) == read_by_vobject(answer) == "ACCEPTED"
    ways = {
        "icalendar": best(lambda: read_plainly(answer)),
        "vobject": best(lambda: read_by_vobject(answer)),
        "ical.js, the calendar alone": node.times("answer", calendar_in(answer), ROUNDS, 500),
    }
    yield Figure("one answer, mail to decision", best(decided, 200), beside(ways), 0.5)

    published, ahead = diary(), NOW + timedelta(weeks=26)
    assert len(read_busy(published, NOW, ahead)) == len({start for start, _ in busy_plainly(published, NOW, ahead)})
    took = node.times("busy", published, 5, 1, NOW.isoformat(), ahead.isoformat())
    ways = {
        "icalendar": best(lambda: busy_plainly(published, NOW, ahead), 1, 2),
        "vobject": best(lambda: busy_by_vobject(published, NOW, ahead), 1, 2),
        "ical.js": took,
        "ical.js, taken apart alone": node.times("parse", published, 5, 1),
    }
    target = min(150.0, 1.2 * took) if took is not None else 150.0
    yield Figure("a diary of 5,000 entries", best(lambda: read_busy(published, NOW, ahead), 1, 5), beside(ways), target)
