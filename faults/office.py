"""The real scheduling service with invented children, all of one social worker, whose first meetings are to arrange."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from faults.ground import Ground, new_database
from services.scheduling.adapters import meetings_store
from services.scheduling.app import SPEC
from services.scheduling.application import reactions
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.domain.meeting import Booking, Meeting, Mode
from shared.contracts.pep import ChildEnteredCare, PlanOpened, SchoolRecorded
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock, london_time
from shared.platform import roster
from shared.platform.access import Actor, actor_for, system_actor
from shared.platform.runtime import Runtime
from shared.platform.settings import Settings, embedded
from shared.platform.work import Work, writing_work

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SLOT = (datetime(2026, 12, 1, 10, 0, tzinfo=UTC), datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
SECRET = "for fault trials only"  # nosec B105  # noqa: S105 - of an installation that lives for seconds
WORKER = "worker"
_URN = "100001"
_TEAM = {WORKER: Role.SOCIAL_WORKER, "teacher": Role.DESIGNATED_TEACHER, "carer": Role.CARER}


@dataclass(frozen=True)
class Office:
    """Where the office keeps its data; small enough to hand to a process. Its clock stands still at `NOW`."""

    home: Path
    database: str = ""
    smtp_port: int = 0

    def settings(self) -> Settings:
        """Return the settings."""
        made = embedded(self.home, port=1, smtp_port=self.smtp_port, secret=SECRET, environ={})
        return replace(made, databases={**made.databases, "scheduling": self.database}) if self.database else made

    def runtime(self, later: timedelta = timedelta()) -> Runtime:
        """Open the databases, `later` than `NOW`."""
        return Runtime(self.settings(), FixedClock(NOW + later))


@contextmanager
def open_office(ground: Ground, children: int) -> Iterator[Office]:
    """Make an office with so many children, each with a first plan and a meeting to arrange, and remove it at the end.

    Raises `NotHere` when PostgreSQL does not answer.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pep-suite-faults-")))
        office = Office(home, "" if ground.form == "embedded" else stack.enter_context(new_database()))
        runtime = office.runtime()
        SPEC.metadata.create_all(runtime.database(SPEC.name).engine)
        with writing_work(runtime, SPEC, system_actor()) as work:
            for person_id, role in _TEAM.items():
                roster.record_person(work.connection, _person(person_id, role))
            reactions.when_school_recorded(work, SchoolRecorded(_URN, "Oakfield School", "primary", "Northmoor"))
            for n in range(children):
                _take_in(work, f"child-{n}")
        runtime.close()
        yield office


def actor(person_id: str) -> Actor:
    """Return somebody of the team as an actor."""
    return actor_for(_person(person_id, _TEAM[person_id]))


def meetings(office: Office, children: int) -> list[Meeting]:
    """Return the meetings of the first so many children, as they are stored."""
    runtime = office.runtime()
    with runtime.database(SPEC.name).reading() as connection:
        found = [meetings_store.with_request(connection, f"plan-child-{n}") for n in range(children)]
    runtime.close()
    return [meeting for meeting in found if meeting is not None]


def arrange_all(office: Office, children: int) -> int:
    """Arrange the meetings of the first so many children, one after another; return how many mails that sends."""
    runtime = office.runtime()
    for n, meeting in enumerate(meetings(office, children)):
        starts = london_time(date(2026, 12, 1) + timedelta(days=n // 6), 9 + n % 6)
        booking = Booking(starts, starts + timedelta(hours=1), Mode.IN_PERSON, "Oakfield School")
        with writing_work(runtime, SPEC, actor(WORKER)) as work:
            arrange(work, meeting.id, Wish(booking, dict.fromkeys(_TEAM, True)), meeting.version)
    runtime.close()
    return children * len(_TEAM)


def _person(person_id: str, role: Role) -> roster.Person:
    return roster.Person(
        id=person_id,
        authority="northmoor",
        name=f"{person_id.title()} Example",
        email=f"{person_id}@people.example",
        kinds=frozenset({role}),
        organisation="",
        school_urn=_URN if role is Role.DESIGNATED_TEACHER else None,
    )


def _take_in(work: Work, child_id: str) -> None:
    entered = date(2026, 11, 16)
    reactions.when_child_entered_care(
        work,
        ChildEnteredCare(
            child_id=child_id,
            authority="northmoor",
            reference=child_id,
            entered_care_on=entered,
            phase="primary",
            year_group=4,
            name=f"Child {child_id}",
            school_urn=_URN,
        ),
    )
    for person_id, role in _TEAM.items():
        roster.join(
            work.connection,
            roster.Membership(
                id=f"{child_id}-{person_id}",
                child_id=child_id,
                person_id=person_id,
                role=role,
                from_date=entered,
                until=None,
                name=f"{person_id.title()} Example",
                email=f"{person_id}@people.example",
            ),
        )
    reactions.when_plan_opened(
        work,
        PlanOpened(
            child_id=child_id,
            plan_id=f"plan-{child_id}",
            kind="first",
            term="2026-autumn",
            opened_on=date(2026, 11, 20),
            meet_by=date(2026, 12, 11),
            due_on=date(2026, 12, 18),
            rule="first_meeting",
        ),
    )
