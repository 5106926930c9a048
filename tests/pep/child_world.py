from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from services.pep.app import SPEC
from services.pep.application.schools import record_schools
from services.pep.application.team import record_person
from services.pep.domain.schools import School
from shared.contracts.envelope import Envelope
from shared.contracts.registry import from_data
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.access import Actor, actor_for, system_actor
from shared.platform.auth import issue_token
from shared.platform.roster import Person
from shared.platform.runtime import Runtime
from shared.platform.settings import embedded
from shared.platform.work import Work, reading_work, writing_work
from shared.testing.apps import app_on
from shared.testing.runtimes import MONDAY_MORNING, make_runtime

PEOPLE = {
    "worker": (Role.SOCIAL_WORKER, "Sam Reed", None),
    "worker2": (Role.SOCIAL_WORKER, "Nadia Osei", None),
    "manager": (Role.TEAM_MANAGER, "Priya Lowe", None),
    "iro": (Role.IRO, "Ines Marsh", None),
    "teacher": (Role.DESIGNATED_TEACHER, "Ben Hale", "900001"),
    "teacher2": (Role.DESIGNATED_TEACHER, "Kofi Dunn", "900002"),
    "caseworker": (Role.VIRTUAL_SCHOOL_CASEWORKER, "Wen Adeyemi", None),
    "head": (Role.VIRTUAL_SCHOOL_HEAD, "Ruth Calder", None),
    "parent": (Role.PARENT, "Jo Bright", None),
    "carer": (Role.CARER, "Maya Stone", None),
}

SCHOOLS = (
    School("900001", "Oakfield Academy", "Secondary", town="Northmoor"),
    School("900002", "Elm Street Primary School", "Primary", town="Northmoor"),
    School("900003", "Elmbank School", "Secondary", town="Eastmoor"),
    School("900004", "Old Mill School", "Secondary", status="Closed"),
)


@dataclass
class Pep:
    """The pep service on an empty SQLite database, with people and schools."""

    runtime: Runtime
    actors: dict[str, Actor] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        return app_on(SPEC, self.runtime)

    @contextmanager
    def as_(self, who: str) -> Iterator[Work]:
        with writing_work(self.runtime, SPEC, self.actor(who)) as work:
            yield work

    @contextmanager
    def reading_as(self, who: str) -> Iterator[Work]:
        with reading_work(self.runtime, SPEC, self.actor(who)) as work:
            yield work

    def actor(self, who: str) -> Actor:
        return system_actor("northmoor") if who == "system" else self.actors[who]

    def client(self, who: str | None) -> FlaskClient:
        client = self.app.test_client()
        if who is not None:
            token = issue_token(self.runtime.settings.secret, who, self.runtime.clock.now())
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def facts(self, *kinds: type) -> list[Any]:
        """Return what was published so far, of these kinds, in its order."""
        outbox = SPEC.metadata.tables["outbox"]
        with self.runtime.database("pep").reading() as connection:
            payloads = connection.execute(select(outbox.c.payload).order_by(outbox.c.id)).scalars().all()
        envelopes = [Envelope.from_bytes(payload) for payload in payloads]
        return [fact for fact in (from_data(one.type, one.data) for one in envelopes) if isinstance(fact, kinds)]

    def set_clock(self, to: Any) -> None:
        clock = self.runtime.clock
        assert isinstance(clock, FixedClock)
        clock.set(to)


def make_home(home: Path) -> Path:
    """Fill a home with the people and schools, once for all tests; each works on a copy."""
    pep = Pep(make_runtime(home, [SPEC]))
    add_people(pep)
    pep.runtime.close()
    return home


def add_people(pep: Pep) -> None:
    """Record the people and the schools."""
    with pep.as_("system") as work:
        record_schools(work, SCHOOLS)
        for who, (role, name, urn) in PEOPLE.items():
            record_person(
                work, Person(who, "northmoor", name, f"{who}@people.example", frozenset({role}), "Northmoor", urn)
            )
    with pep.runtime.database("pep").reading() as connection:
        pep.actors = {person.id: actor_for(person) for person in roster.people(connection)}


def make_pep_on(database: str, home: Path) -> Pep:
    """Return the service on an empty database at an address."""
    settings = embedded(
        home, port=8600, smtp_port=0, secret="a secret for tests only", environ={"PEP_SUITE_PEP_DATABASE": database}
    )
    pep = Pep(Runtime(settings, FixedClock(MONDAY_MORNING)))
    SPEC.metadata.create_all(pep.runtime.database("pep").engine)
    add_people(pep)
    return pep


def make_pep(made: Path, home: Path) -> Pep:
    """Return the service on a copy of a home made by `make_home`."""
    for file in made.iterdir():
        shutil.copy(file, home / file.name)
    settings = embedded(home, port=8600, smtp_port=0, secret="a secret for tests only", environ={})
    pep = Pep(Runtime(settings, FixedClock(MONDAY_MORNING)))
    with pep.runtime.database("pep").reading() as connection:
        pep.actors = {person.id: actor_for(person) for person in roster.people(connection)}
    return pep


def write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]], encoding: str = "utf-8") -> None:
    """Write a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
