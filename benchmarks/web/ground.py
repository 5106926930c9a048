"""What is read and written: invented children, each with a team and one plan filled in by the real use cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from services.pep.adapters import children_store
from services.pep.app import SPEC
from services.pep.application import plans, sections, targets
from services.pep.domain.children import Child
from services.pep.domain.forms import FieldType, Section
from services.pep.domain.plan import Plan, PlanKind
from services.pep.domain.targets import Category
from services.pep.domain.terms import Phase
from services.pep.entrypoints.subscriptions import SUBSCRIPTIONS
from shared.contracts.roles import Role
from shared.contracts.scheduling import InviteeReplied, InviteeState, MeetingArranged
from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.access import actor_for, system_actor
from shared.platform.runtime import Runtime
from shared.platform.settings import Mode, Settings
from shared.platform.work import Work, writing_work

AUTHORITY = "northmoor"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "a secret for the benchmark only"
TARGETS = 6
TEAM = (
    (Role.SOCIAL_WORKER, "Sam Osei"),
    (Role.DESIGNATED_TEACHER, "Dee Larkin"),
    (Role.CARER, "Cal Winter"),
    (Role.IRO, "Ira Novak"),
    (Role.VIRTUAL_SCHOOL_CASEWORKER, "Val Greene"),
    (Role.PARENT, "Pat Bright"),
)
SAMPLES = {FieldType.YES_NO: "no", FieldType.DATE: "2026-12-07", FieldType.NUMBER: "4", FieldType.MONEY: "10"}
WORDS = "Reads with an adult for twenty minutes each evening and tells the story again in their own words."


@dataclass(frozen=True, slots=True)
class Filled:
    """A plan that was filled in, the person who reads and writes it, and its targets."""

    plan_id: str
    person_id: str
    target_ids: tuple[str, ...]


def make_runtime(database: str) -> Runtime:
    """Return the runtime on one database; the clock stands still, so that every round meets the same day."""
    settings = Settings(Mode.LOCAL, SECRET, "", {"pep": database}, "http://127.0.0.1", Path())
    return Runtime(settings, FixedClock(NOW))


def backends_of(url: str) -> Callable[[], list[int]]:
    """Return what gives the processes of a PostgreSQL server on this machine that work on a database."""
    if url.startswith("sqlite"):
        return list

    def pids() -> list[int]:
        engine = create_engine(url, poolclass=NullPool)
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with engine.connect() as connection:
            return list(connection.execute(text(query)).scalars())

    return pids


def fill(runtime: Runtime, count: int) -> list[Filled]:
    """Make the tables, and `count` children with a plan each; every fourth section still waits for its answers."""
    SPEC.metadata.create_all(runtime.database("pep").engine)
    return [_fill_one(runtime, number) for number in range(count)]


def _fill_one(runtime: Runtime, number: int) -> Filled:
    child = Child(
        id=f"child-{number}",
        authority=AUTHORITY,
        reference=f"{100_000 + number}",
        name=f"Amara Bright {number}",
        born_on=date(2012, 3, 9),
        legal_status="C2",
        entered_care_on=date(2025, 11, 3),
        placement_started_on=date(2025, 11, 3),
        phase=Phase.SECONDARY,
        year_group=9,
    )
    people = {
        role: roster.Person(
            f"{role}-{number}", AUTHORITY, f"{name} {number}", f"{role}-{number}@people.example", frozenset({role}), ""
        )
        for role, name in TEAM
    }

    with writing_work(runtime, SPEC, system_actor(AUTHORITY)) as work:

        @contextmanager
        def acting(role: Role) -> Iterator[Work]:
            before, work.actor = work.actor, actor_for(people[role])
            yield work
            work.actor = before

        children_store.add(work.connection, [child])
        for role, person in people.items():
            roster.record_person(work.connection, person)
            place = roster.Membership(
                f"{role}-{number}", child.id, person.id, role, date(2026, 9, 1), None, person.name, person.email
            )
            roster.join(work.connection, place)
        with acting(Role.SOCIAL_WORKER):
            opened = plans.open_plan(work, child, PlanKind.TERMLY, "termly_pep", date(2026, 12, 4), date(2026, 12, 11))
            _arrange(work, opened, people)
            form = plans.parts_of(work, opened).form
        for place, section in enumerate(form.sections):
            with acting(section.owner):
                sections.save_section(work, opened.id, section.key, _answers(section, gaps=place % 4 == 3), 0)
        with acting(Role.DESIGNATED_TEACHER):
            made = [targets.add_target(work, opened.id, _target(place)) for place in range(TARGETS)]
    return Filled(opened.id, people[Role.DESIGNATED_TEACHER].id, tuple(target.id for target in made))


def _answers(section: Section, *, gaps: bool) -> dict[str, str]:
    asked = section.fields[1:] if gaps else section.fields
    return {one.key: one.options[0][0] if one.options else SAMPLES.get(one.type, WORDS) for one in asked}


def _target(number: int) -> targets.TargetWords:
    return targets.TargetWords(
        category=Category.ACADEMIC,
        what=f"Read {number + 1} chapter books alone and talk about each",
        measure="Reading age up by six months in the school's own test",
        who="Dee Larkin and Cal Winter",
        by_date=date(2027, 3, 26),
        how_often="Three times a week",
        cost_pence=4_000,
    )


def _arrange(work: Work, plan: Plan, people: dict[Role, roster.Person]) -> None:
    start = datetime(2026, 12, 2, 14, 30, tzinfo=UTC)
    invited = tuple(
        InviteeState(person.id, role.value, role in (Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER), "needs_action")
        for role, person in people.items()
    )
    meeting_id = f"meeting-{plan.id[:28]}"
    facts: list[MeetingArranged | InviteeReplied] = [
        MeetingArranged(plan.child_id, plan.id, meeting_id, start, start + timedelta(hours=1), "in_person", invited),
        *(
            InviteeReplied(
                plan.child_id, plan.id, meeting_id, one.person_id, one.role, one.required, "accepted", "mail"
            )
            for one in invited[:3]
        ),
    ]
    for fact in facts:
        SUBSCRIPTIONS[type(fact)](work, fact)
