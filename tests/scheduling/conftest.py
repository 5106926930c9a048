"""An invented child with a team, a school and a plan that needs a meeting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from services.scheduling.adapters import meetings_store, tables_mail
from services.scheduling.app import SPEC
from services.scheduling.application import parents, reactions
from services.scheduling.application.meetings import Wish
from services.scheduling.domain.meeting import Booking, Meeting, Mode
from shared.contracts.envelope import Envelope
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ChildEnteredCare, ParentStandingChanged, PlanOpened, SchoolRecorded
from shared.contracts.registry import from_data
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock, london_time
from shared.platform import roster
from shared.platform.access import Actor, actor_for, system_actor
from shared.platform.migrations import upgrade
from shared.platform.runtime import Runtime
from shared.platform.work import Work, reading_work, writing_work
from shared.testing.apps import app_on
from shared.testing.runtimes import make_runtime
from shared.testing.servers import new_postgresql_database

__all__ = ["new_postgresql_database"]

OAKFIELD = "100001"
TEAM = {
    "worker": (Role.SOCIAL_WORKER, "Amara Okafor"),
    "teacher": (Role.DESIGNATED_TEACHER, "Ben Adeyemi"),
    "carer": (Role.CARER, "Chris Lowe"),
    "parent": (Role.PARENT, "Dana Frost"),
    "iro": (Role.IRO, "Ewa Nowak"),
}
OUTSIDERS = {"stranger": (Role.SOCIAL_WORKER, "Femi Bello"), "manager": (Role.TEAM_MANAGER, "Gita Rao")}
EMAIL = {key: f"{key}@people.example" for key in TEAM} | {"parent": None}


@dataclass
class Office:
    """The scheduling service with one child's team, for a test to work with."""

    runtime: Runtime
    actors: dict[str, Actor]

    def writing(self, who: str = "") -> AbstractContextManager[Work]:
        """Open a unit of work as somebody (empty: the suite itself)."""
        return writing_work(self.runtime, SPEC, self.actor(who))

    def reading(self, who: str = "") -> AbstractContextManager[Work]:
        """Open a unit of work that only reads."""
        return reading_work(self.runtime, SPEC, self.actor(who))

    def actor(self, who: str) -> Actor:
        """Return somebody as an actor."""
        return self.actors[who] if who else system_actor(self.runtime.settings.authorities[0].key)

    def add_child(self, child_id: str, members: tuple[str, ...] = tuple(TEAM)) -> None:
        """Take in a child with a team."""
        with self.writing() as work:
            reactions.when_child_entered_care(
                work,
                ChildEnteredCare(
                    child_id=child_id,
                    authority=self.runtime.settings.authorities[0].key,
                    reference=child_id,
                    entered_care_on=date(2026, 11, 16),
                    phase="primary",
                    year_group=4,
                    name=f"Child {child_id}",
                    school_urn=OAKFIELD,
                ),
            )
            for member in members:
                roster.join(
                    work.connection,
                    roster.Membership(
                        id=f"{child_id}-{member}",
                        child_id=child_id,
                        person_id=member,
                        role=TEAM[member][0],
                        from_date=date(2026, 11, 16),
                        until=None,
                        name=TEAM[member][1],
                        email=EMAIL[member],
                    ),
                )
                if TEAM[member][0] is Role.PARENT:
                    self.say_of_parent(work, child_id, member)

    def add_child_to_team(self, work: Work, child_id: str, name: str = "Kit Lowe", email: str | None = None) -> None:
        """Let the child be somebody who can be invited and sign in, with the id `kid`."""
        authority = self.runtime.settings.authorities[0].key
        kid = roster.Person("kid", authority, name, email, frozenset({Role.CHILD}), "")
        roster.record_person(work.connection, kid)
        self.actors["kid"] = actor_for(kid)
        since = date(2026, 11, 16)
        place = roster.Membership(f"{child_id}-kid", child_id, "kid", Role.CHILD, since, None, name, email)
        roster.join(work.connection, place)

    def say_of_parent(
        self,
        work: Work,
        child_id: str,
        parent: str = "parent",
        standing: ParentStanding = ParentStanding.INVITED,
        **more: Any,
    ) -> None:
        """Hear how far a parent is told of meetings."""
        told = ParentStandingChanged(child_id, parent, Matter.MEETINGS.value, standing.value, **more)
        parents.when_standing_changed(work, told)

    def open_plan(self, child_id: str, plan_id: str, meet_by: date = date(2026, 12, 11)) -> Meeting:
        """Hear that a plan was opened; return its meeting."""
        with self.writing() as work:
            reactions.when_plan_opened(
                work,
                PlanOpened(
                    child_id=child_id,
                    plan_id=plan_id,
                    kind="first",
                    term="2026-autumn",
                    opened_on=date(2026, 11, 20),
                    meet_by=meet_by,
                    due_on=meet_by + timedelta(days=7),
                    rule="first_meeting",
                ),
            )
        return self.meeting_of(plan_id)

    def meeting_of(self, plan_id: str) -> Meeting:
        """Return the meeting of a plan as it is stored."""
        with self.runtime.database("scheduling").reading() as connection:
            found = meetings_store.with_request(connection, plan_id)
        assert found is not None
        return found

    def facts(self) -> list[Any]:
        """Return the facts published so far, in order."""
        outbox = SPEC.metadata.tables["outbox"]
        with self.runtime.database("scheduling").reading() as connection:
            rows = connection.execute(select(outbox.c.payload).order_by(outbox.c.id)).scalars()
            envelopes = [Envelope.from_bytes(bytes(raw)) for raw in rows]
        return [from_data(each.type, each.data) for each in envelopes]

    def mails(self) -> list[tuple[str, str]]:
        """Return the recipient and the act of every mail queued, the oldest first."""
        query = select(tables_mail.mail_out.c.recipient, tables_mail.mail_out.c.act)
        with self.runtime.database("scheduling").reading() as connection:
            return sorted((row[0], row[1]) for row in connection.execute(query))

    def at(self, now: datetime) -> None:
        """Set the clock."""
        assert isinstance(self.runtime.clock, FixedClock)
        self.runtime.clock.set(now)


def a_wish(day: date = date(2026, 12, 1), hour: int = 10, **who: bool) -> Wish:
    starts = london_time(day, hour)
    booking = Booking(starts, starts + timedelta(hours=1), Mode.IN_PERSON, "Oakfield School")
    return Wish(booking, who or {"worker": True, "teacher": True, "carer": False, "parent": False})


@pytest.fixture
def wish() -> Callable[..., Wish]:
    return a_wish


@pytest.fixture
def app(office: Office) -> Flask:
    return app_on(SPEC, office.runtime)


def open_office(runtime: Runtime) -> Office:
    """Fill an empty service with people, a school and one child."""
    actors: dict[str, Actor] = {}
    with runtime.database("scheduling").writing() as connection:
        for key, (role, name) in (TEAM | OUTSIDERS).items():
            someone = roster.Person(
                id=key,
                authority=runtime.settings.authorities[0].key,
                name=name,
                email=EMAIL.get(key),
                kinds=frozenset({role}),
                organisation="",
                school_urn=OAKFIELD if role is Role.DESIGNATED_TEACHER else None,
            )
            roster.record_person(connection, someone)
            actors[key] = actor_for(someone)
    made = Office(runtime, actors)
    with made.writing() as work:
        reactions.when_school_recorded(work, SchoolRecorded(OAKFIELD, "Oakfield School", "primary", "Northmoor"))
    made.add_child("c1")
    return made


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    runtime = make_runtime(tmp_path, [SPEC])
    yield open_office(runtime)
    runtime.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def migrated_office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give an office on tables made by the migrations, on each of the two databases."""
    runtime = make_runtime(tmp_path, [])
    if request.param == "postgresql":
        address = request.getfixturevalue("new_postgresql_database")()
        runtime.settings = replace(runtime.settings, databases={"scheduling": address})
    upgrade(runtime.database("scheduling"), SPEC)
    yield open_office(runtime)
    runtime.close()
