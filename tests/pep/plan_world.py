"""One invented child with a team, for the tests of plans: act as each of them, hear what other services tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from services.pep.adapters import children_store, plans_store
from services.pep.app import SPEC
from services.pep.application import plans, sections, targets
from services.pep.domain.children import Child
from services.pep.domain.forms import FieldType
from services.pep.domain.plan import Plan, PlanKind
from services.pep.entrypoints.subscriptions import SUBSCRIPTIONS
from shared.contracts.envelope import Envelope
from shared.contracts.registry import event_class, event_name, from_data, to_data
from shared.contracts.roles import Role
from shared.contracts.scheduling import (
    InviteeState,
    MeetingArranged,
    MeetingHeld,
)
from shared.contracts.virtual_school import ConcernRaised, PlanQualityApproved
from shared.platform import roster
from shared.platform.access import Actor, system_actor
from shared.platform.auth import issue_token
from shared.platform.work import Work, reading_work, writing_work
from shared.testing.apps import app_on
from shared.testing.runtimes import MONDAY_MORNING, add_person, make_runtime

TODAY = date(2026, 11, 23)
SOME = "Some words"
CAST = {
    "sam": (Role.SOCIAL_WORKER, "Sam Osei"),
    "dee": (Role.DESIGNATED_TEACHER, "Dee Larkin"),
    "ira": (Role.IRO, "Ira Novak"),
    "val": (Role.VIRTUAL_SCHOOL_CASEWORKER, "Val Greene"),
    "cal": (Role.CARER, "Cal Winter"),
    "kid": (Role.CHILD, "Amara Bright"),
    "pat": (Role.PARENT, "Pat Bright"),
}


class World:
    """One child with a team, and a way to act as each of them."""

    def __init__(self, home: Path, child: Child, database: str = "") -> None:
        self.runtime = make_runtime(home, [] if database else [SPEC])
        if database:
            databases = {**self.runtime.settings.databases, "pep": database}
            self.runtime.settings = replace(self.runtime.settings, databases=databases)
            SPEC.metadata.create_all(self.runtime.database("pep").engine)
        self.child = child
        self.people: dict[str, Actor] = {}
        for key, (role, name) in CAST.items():
            self.people[key] = add_person(self.runtime, SPEC, key, role, name=name)
        self.people["new"] = add_person(self.runtime, SPEC, "new", Role.SOCIAL_WORKER, name="Nia Stranger")
        with self.runtime.database("pep").writing() as connection:
            children_store.add(connection, [child])
            for key, (role, name) in CAST.items():
                member = roster.Membership(f"m-{key}", child.id, key, role, date(2026, 9, 1), None, name, None)
                roster.join(connection, member)

    @property
    def app(self) -> Flask:
        return app_on(SPEC, self.runtime)

    def client(self, key: str) -> FlaskClient:
        """Return a browser or a program that carries this person's token."""
        client = self.app.test_client()
        token = issue_token(self.runtime.settings.secret, key, self.runtime.clock.now())
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    @contextmanager
    def acting(self, key: str) -> Iterator[Work]:
        with writing_work(self.runtime, SPEC, self.people[key]) as work:
            yield work

    @contextmanager
    def looking(self, key: str) -> Iterator[Work]:
        with reading_work(self.runtime, SPEC, self.people[key]) as work:
            yield work

    def hear(self, fact: Any, actor: str = "val", acting_as: str = "virtual_school_caseworker") -> None:
        """Apply another service's fact as the consumer does."""
        name = event_name(type(fact))
        source = name.split(".")[0]
        cause = Envelope(
            "e", source, name, f"child/{self.child.id}", 1, MONDAY_MORNING, to_data(fact), "c", "", actor, acting_as
        )
        with writing_work(self.runtime, SPEC, system_actor("northmoor")) as work:
            work.cause = cause
            SUBSCRIPTIONS[type(fact)](work, from_data(name, to_data(fact)))

    def told(self, kind: type) -> list[Any]:
        """Return the facts of one kind that pep has stored to be sent."""
        table = SPEC.metadata.tables["outbox"]
        with self.runtime.database("pep").reading() as connection:
            rows = connection.execute(select(table.c.payload).order_by(table.c.id)).scalars()
            envelopes = [Envelope.from_bytes(row) for row in rows]
        return [from_data(one.type, one.data) for one in envelopes if event_class(one.type) is kind]

    def open(self, **given: Any) -> Plan:
        with self.acting("sam") as work:
            return plans.open_plan(
                work,
                self.child,
                given.get("kind", PlanKind.TERMLY),
                "termly_pep",
                given.get("meet_by", date(2026, 12, 4)),
                given.get("due_on", date(2026, 12, 11)),
            )

    def plan(self, plan: Plan) -> Plan:
        with self.looking("sam") as work:
            return plans_store.load_plan(work.connection, plan.id)

    def fill_in(self, plan: Plan) -> None:
        """Answer every section as the role that owns it, and set one target."""
        samples = {FieldType.YES_NO: "no", FieldType.DATE: "2026-12-07", FieldType.NUMBER: "4", FieldType.MONEY: "10"}
        writers = {Role.SOCIAL_WORKER: "sam", Role.DESIGNATED_TEACHER: "dee", Role.CARER: "cal"}
        written: set[str] = set()
        while True:
            with self.looking("sam") as work:  # an answer may bring up a section
                asked = [one for one in plans.parts_of(work, plan).form.sections if one.key not in written]
            if not asked:
                break
            for section in asked:
                raw = {f.key: f.options[0][0] if f.options else samples.get(f.type, SOME) for f in section.fields}
                with self.acting(writers[section.owner]) as work:
                    sections.save_section(work, plan.id, section.key, raw, 0)
                written.add(section.key)
        with self.acting("dee") as work:
            targets.add_target(work, plan.id, WHOLE)

    def arrange(self, plan: Plan, meeting_id: str = "meeting") -> None:
        start = datetime(2026, 12, 2, 14, 30, tzinfo=UTC)
        self.hear(
            MeetingArranged(
                plan.child_id,
                plan.id,
                meeting_id,
                start,
                start + timedelta(hours=1),
                "in_person",
                (
                    InviteeState("sam", "social_worker", True, "accepted"),
                    InviteeState("dee", "designated_teacher", True, "needs_action"),
                    InviteeState("unheard-of", "advocate", False, "needs_action"),
                ),
            ),
            "sam",
            "social_worker",
        )

    def hold(self, plan: Plan, meeting_id: str = "meeting") -> None:
        self.hear(
            MeetingHeld(plan.child_id, plan.id, meeting_id, date(2026, 12, 2), ("sam", "dee")), "sam", "social_worker"
        )

    def submit(self, plan: Plan, reason: str = "") -> Plan:
        with self.acting("dee") as work:
            return plans.submit_plan(work, plan.id, self.plan(plan).version, reason)

    def concern(self, concern_id: str = "concern") -> None:
        """Hear of a concern that monitoring raised by itself."""
        evidence = {"attended": "58", "possible": "74", "percentage": "78.4", "from": "2026-09-02", "to": "2026-11-20"}
        evidence["threshold"] = "90"
        answer_by = date(2026, 11, 30)
        fact = ConcernRaised(self.child.id, concern_id, "attendance_low", TODAY, answer_by, evidence)
        self.hear(fact, actor="", acting_as="")

    def approved(self) -> Plan:
        plan = self.open()
        self.fill_in(plan)
        self.arrange(plan)
        self.hold(plan)
        self.submit(plan)
        self.approve(plan)
        return self.plan(plan)

    def approve(self, plan: Plan) -> None:
        """Hear that the Virtual School approved the first submission."""
        self.hear(PlanQualityApproved(plan.child_id, plan.id, 1, "green", (), TODAY))


WHOLE = targets.TargetWords(
    what="Read a chapter book alone",
    measure="Reading age up by six months",
    who="Dee Larkin and Cal Winter",
    by_date=date(2027, 3, 26),
    how_often="Three times a week",
    cost_pence=25_000,
)
