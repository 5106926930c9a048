"""Where the mails come from: meetings of a whole term, each with people who are told, in a database of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from services.scheduling.app import SPEC
from services.scheduling.application.outgoing_mail import tell
from services.scheduling.domain.itip import Arrangement, Invitation
from shared.kernel.clock import FixedClock, london_time
from shared.platform.access import system_actor
from shared.platform.migrations import upgrade
from shared.platform.runtime import Runtime
from shared.platform.settings import embedded
from shared.platform.work import writing_work

PEOPLE = 8
LANGUAGES = ("", "", "", "", "", "", "pl", "ar")
NOW = london_time(date(2026, 9, 7), 9)


def at(home: Path, port: int) -> Runtime:
    """Return the runtime of a home whose mail goes to a port; the pace is whatever the server takes."""
    settings = embedded(home, port=0, smtp_port=port, secret="for a measurement only", environ={})
    return Runtime(replace(settings, mail_per_minute=0), clock=FixedClock(NOW))


def arrangement(number: int) -> Arrangement:
    """Return one meeting; every person of all meetings has a mailbox of their own."""
    start = NOW + timedelta(days=7 + number % 80, minutes=15 * (number % 28))
    return Arrangement(
        meeting_id=f"meeting-{number}",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        mode="mixed",
        place=f"School {number % 60}, Room 2",
        organizer_name="Northmoor Virtual School meetings",
        organizer_email="meetings@pep.northmoor.example",
        joining_link=f"https://meet.example/{number}",
        invitations=tuple(
            Invitation(
                f"invitee-{number}-{person}",
                f"Person {number} of {person}",
                f"p{number}.{person}@people.example",
                required=person < 3,
                answer_url=f"https://pep.example/scheduling/answer/{number:020}{person:020}",
                language=LANGUAGES[person],
            )
            for person in range(PEOPLE)
        ),
    )


def fill(runtime: Runtime, meetings: int) -> None:
    """Tell everybody of every meeting: the mails wait afterwards."""
    upgrade(runtime.database(SPEC.name), SPEC)
    for first in range(0, meetings, 50):
        with writing_work(runtime, SPEC, system_actor("northmoor")) as work:
            for number in range(first, min(first + 50, meetings)):
                tell(work, arrangement(number))
