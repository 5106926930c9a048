from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from services.virtual_school.app import SPEC
from shared.contracts.envelope import Envelope
from shared.contracts.pep import (
    ChildEnteredCare,
    PlanOpened,
    PlanSubmitted,
    SchoolRecorded,
    TeamMemberJoined,
)
from shared.contracts.registry import from_data
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock, london_date
from shared.platform.access import Actor
from shared.platform.auth import issue_token
from shared.platform.migrations import upgrade
from shared.platform.runtime import Runtime
from shared.platform.work import Work, reading_work, writing_work
from shared.testing.apps import app_on
from shared.testing.bus import tell
from shared.testing.runtimes import add_person, make_runtime
from shared.testing.servers import new_postgresql_database
from shared.testing.sessions import enter

__all__ = ["new_postgresql_database"]

PEOPLE = {
    "head": Role.VIRTUAL_SCHOOL_HEAD,
    "cate": Role.VIRTUAL_SCHOOL_CASEWORKER,
    "carl": Role.VIRTUAL_SCHOOL_CASEWORKER,
    "dora": Role.DESIGNATED_TEACHER,
    "sam": Role.SOCIAL_WORKER,
    "iris": Role.IRO,
    "pat": Role.PARENT,
}


class World:
    """A Virtual School of its own, with people, that hears facts and keeps what it says."""

    def __init__(self, home: Path, database: str = "") -> None:
        self.runtime: Runtime = make_runtime(home, [] if database else [SPEC])
        if database:
            databases = {**self.runtime.settings.databases, "virtual_school": database}
            self.runtime.settings = replace(self.runtime.settings, databases=databases)
            upgrade(self.runtime.database("virtual_school"), SPEC)
        self.people: dict[str, Actor] = {
            name: add_person(self.runtime, SPEC, name, role, name=f"{name.capitalize()} Example")
            for name, role in PEOPLE.items()
        }

    @property
    def app(self) -> Flask:
        return app_on(SPEC, self.runtime)

    @property
    def today(self) -> date:
        return london_date(self.runtime.clock.now())

    def wait(self, days: int) -> None:
        clock = self.runtime.clock
        assert isinstance(clock, FixedClock)
        clock.set(clock.now() + timedelta(days=days))

    def hear(self, *facts: Any) -> None:
        """Hear facts of one service, about the one child (or school, or person) they name."""
        (subject,) = {_subject(fact) for fact in facts}
        tell(self.runtime, SPEC, subject, *facts)

    def child(self, child_id: str, *team: str, **given: Any) -> str:
        """Hear of a child with a team (the designated teacher, social worker and caseworker unless told)."""
        values: dict[str, Any] = {
            "child_id": child_id,
            "authority": "northmoor",
            "reference": f"R-{child_id}",
            "name": f"Child {child_id}",
            "entered_care_on": date(2026, 6, 1),
            "phase": "secondary",
            "year_group": 8,
            "school_urn": "900001",
        }
        joined = [
            TeamMemberJoined(
                child_id=child_id,
                membership_id=f"{child_id}-{name}",
                person_id=name,
                role=PEOPLE[name].value,
                from_date=date(2026, 6, 1),
                name=f"{name.capitalize()} Example",
            )
            for name in team or ("dora", "sam", "cate")
        ]
        self.hear(ChildEnteredCare(**{**values, **given}), *joined)
        return child_id

    def plan(
        self,
        child_id: str,
        plan_id: str,
        due_on: date = date(2026, 12, 11),
        *,
        submitted: int = 0,
        opened_on: date | None = None,
    ) -> str:
        """Hear of a plan, and of its submissions; one that is due already is opened today, as by an import."""
        self.hear(
            PlanOpened(
                child_id=child_id,
                plan_id=plan_id,
                kind="termly",
                term="2026-autumn",
                opened_on=opened_on or (self.today if due_on < self.today else date(2026, 9, 7)),
                meet_by=due_on - timedelta(days=10),
                due_on=due_on,
                rule="termly",
            )
        )
        for submission in range(1, submitted + 1):
            self.submit(child_id, plan_id, submission, due_on)
        return plan_id

    def submit(self, child_id: str, plan_id: str, submission: int, due_on: date = date(2026, 12, 11)) -> None:
        self.hear(
            PlanSubmitted(
                child_id=child_id,
                plan_id=plan_id,
                submission=submission,
                term="2026-autumn",
                submitted_on=self.today,
                due_on=due_on,
                headings=5,
                answered=5,
                targets=3,
                pupil_premium_pence=25000,
                views_given=True,
                meeting_held_on=date(2026, 11, 18),
            )
        )

    @contextmanager
    def writing(self, who: str) -> Iterator[Work]:
        with writing_work(self.runtime, SPEC, self.people[who]) as work:
            yield work

    @contextmanager
    def reading(self, who: str) -> Iterator[Work]:
        with reading_work(self.runtime, SPEC, self.people[who]) as work:
            yield work

    def told(self, kind: type | None = None) -> list[Any]:
        """Return the facts that were published, of one kind or all, in order."""
        outbox = SPEC.metadata.tables["outbox"]
        with self.runtime.database("virtual_school").reading() as connection:
            rows = connection.execute(select(outbox.c.payload).order_by(outbox.c.id)).scalars().all()
        envelopes = [Envelope.from_bytes(row) for row in rows]
        facts = [from_data(envelope.type, envelope.data) for envelope in envelopes]
        return [fact for fact in facts if kind is None or isinstance(fact, kind)]

    def token(self, who: str) -> dict[str, str]:
        secret = self.runtime.settings.secret
        return {"Authorization": f"Bearer {issue_token(secret, who, self.runtime.clock.now())}"}

    def client(self, who: str) -> FlaskClient:
        """Return a browser in which somebody is signed in."""
        return enter(self.app.test_client(), self.runtime, SPEC, who)


def _subject(fact: Any) -> str:
    for kind, key in (("child", "child_id"), ("school", "urn"), ("person", "person_id")):
        if hasattr(fact, key):
            return f"{kind}/{getattr(fact, key)}"
    raise AssertionError(fact)


FERNHILL = SchoolRecorded(urn="900001", name="Fernhill Academy", phase="secondary", town="Northmoor")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.hear(FERNHILL)
    yield world
    world.runtime.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on SQLite, and one on PostgreSQL."""
    database = request.getfixturevalue("new_postgresql_database")() if request.param == "postgresql" else ""
    world = World(tmp_path, database)
    world.hear(FERNHILL)
    yield world
    world.runtime.close()


@pytest.fixture
def csrf() -> Callable[[FlaskClient, str], dict[str, str]]:
    """Return a way to fetch a form's hidden fields, as a browser sends them back."""
    import re

    def fetch(client: FlaskClient, address: str) -> dict[str, str]:
        page = client.get(address)
        assert page.status_code == 200, page.status_code
        main = page.text[page.text.index("<main") :]
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main))

    return fetch
