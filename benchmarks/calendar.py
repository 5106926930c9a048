"""Times what meetings cost: an invitation, an answer, a published diary, finding times; each beside the plain way.

.venv/bin/python -m benchmarks.calendar

The plain way is icalendar with the standard library's mail classes. Times are of the processor, the best of rounds.
Ends with 1 when a target is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from time import process_time
from timeit import repeat

import icalendar
import recurring_ical_events

from services.scheduling.adapters.busy_reader import read_busy
from services.scheduling.adapters.icalendar_writer import write_calendar
from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.adapters.policies import load_policies
from services.scheduling.adapters.reply_reader import read_mail
from services.scheduling.domain.itip import Arrangement, Invitation, Message, plan_messages
from services.scheduling.domain.judging import Busy, Person, Question
from services.scheduling.domain.policy import policy_on
from services.scheduling.domain.replies import Entry, Outcome, decide
from services.scheduling.domain.slots import suggest
from services.scheduling.domain.term_calendar import TermCalendar, TermDate, TermDateKind
from shared.kernel.clock import london_time
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from suite.mail_folder import read_caught
from suite.mail_replies import write_reply

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
MONDAY = date(2026, 11, 2)
ROUNDS, TIMES = 9, 50


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


def read_plainly(raw: bytes) -> str:
    """Return what somebody answered, read with icalendar and the standard library's mail classes."""
    mail = message_from_bytes(raw, policy=policy.default)
    part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
    (event,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return str(event["ATTENDEE"].params["PARTSTAT"])


def question() -> Question:
    """Ask for an hour in six weeks that suits eight people, four of whom must be there, each booked once a day."""
    days = [MONDAY + timedelta(days=n) for n in range(42) if (MONDAY + timedelta(days=n)).weekday() < 5]
    people = tuple(
        Person(
            str(n),
            f"Person {n}",
            n < 4,
            tuple(
                Busy(london_time(day, hour), london_time(day, hour + 1))
                for day in days
                if (hour := 9 + day.day * n % 7)
            ),
        )
        for n in range(8)
    )
    term = (
        TermDate(TermDateKind.FIRST_DAY, MONDAY, MONDAY),
        TermDate(TermDateKind.LAST_DAY, date(2026, 12, 17), date(2026, 12, 17)),
    )
    calendar = TermCalendar("Oakfield", term, ENGLAND_AND_WALES)
    meeting_policy = policy_on(load_policies("northmoor"), MONDAY)
    return Question(MONDAY, MONDAY + timedelta(days=42), 60, meeting_policy, calendar, people)


def found_plainly(asked: Question) -> list[datetime]:
    """Find ten times by trying each half hour of each day against each booking."""
    found: list[datetime] = []
    day = asked.earliest
    while day <= asked.meet_by:
        for half_hour in range(17, 33) if asked.calendar.is_school_day(day) else ():
            starts = london_time(day, half_hour // 2, half_hour % 2 * 30)
            ends = starts + timedelta(minutes=asked.minutes)
            needed = (one for person in asked.people if person.required for one in person.busy)
            if not any(one.starts_at < ends and one.ends_at > starts for one in needed):
                found.append(starts)
        day += timedelta(days=1)
    return found[:10]


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


def best(act: Callable[[], object], times: int = TIMES, rounds: int = ROUNDS) -> float:
    """Return the least time of one call in milliseconds."""
    return min(repeat(act, number=times, repeat=rounds, timer=process_time)) / times * 1e3


def main() -> int:
    """Print a line for each job; return 1 when a target is missed."""
    message = invitation()
    caught = read_caught(1, write_mail(message, NOW).raw)
    assert caught.entry is not None
    answer = write_reply(caught, caught.entry, "accepted", "", NOW)
    entry = Entry(message.uid, "m1", "anna", message.attendee.email, 0, message.dtstamp, START)
    later, asked = NOW + timedelta(days=1), question()

    def decided() -> Outcome:
        return decide(read_mail(answer), entry, later, server_must_vouch=False).outcome

    assert decided() is Outcome.APPLIED
    assert read_plainly(answer) == "ACCEPTED"
    assert len(suggest(asked).slots) == 10
    jobs: list[tuple[str, float, Callable[[], object], Callable[[], object]]] = [
        ("one invitation, calendar alone", 0, lambda: write_calendar(message, "x"), lambda: written_plainly(message)),
        ("one invitation, calendar and mail", 0.6, lambda: write_mail(message, NOW), lambda: written_plainly(message)),
        ("one answer, mail to decision", 0.5, decided, lambda: read_plainly(answer)),
        ("ten times, eight people, six weeks", 1.0, lambda: suggest(asked), lambda: found_plainly(asked)),
    ]
    published, ahead = diary(), NOW + timedelta(weeks=26)
    assert len(read_busy(published, NOW, ahead)) == len({start for start, _ in busy_plainly(published, NOW, ahead)})
    missed = False
    print(f"{'':38}{'ours':>10}{'plain way':>12}{'ratio':>8}{'target':>10}")
    timed = [(name, target, best(ours), best(plain)) for name, target, ours, plain in jobs]
    read, read_so = (lambda: read_busy(published, NOW, ahead)), (lambda: busy_plainly(published, NOW, ahead))
    timed.append(("a diary of 5,000 entries", 150.0, best(read, 1, 5), best(read_so, 1, 2)))
    for name, target, took, beside in timed:
        late = bool(target) and took > target
        missed = missed or late
        said = f"{target:.1f} ms" if target else ""
        print(f"{name:38}{took:7.3f} ms{beside:9.3f} ms{took / beside:8.2f}{said:>10}{'  missed' if late else ''}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
