"""A unit of work: what it publishes is stored with it, numbered, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

from shared.contracts.envelope import Envelope
from shared.contracts.pep import ChildLeftCare
from shared.contracts.roles import Role
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import Actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.tables import service_metadata
from shared.platform.work import reading_work, writing_work
from shared.testing.runtimes import add_children, add_person, make_runtime, with_children

SPEC = ServiceSpec(
    name="pep",
    title="PEP",
    metadata=with_children(service_metadata()),
    register_pages=lambda app: None,
    register_api=lambda api: None,
    subscriptions={},
    migrations=Path(),
    templates=Path(),
)
LEFT = date(2026, 11, 20)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, [SPEC])
    add_children(made, SPEC, "a", "b")
    yield made
    made.close()


@pytest.fixture
def worker(runtime: Runtime) -> Actor:
    return add_person(runtime, SPEC, "amara", Role.SOCIAL_WORKER)


def stored(runtime: Runtime) -> list[Envelope]:
    payload = SPEC.metadata.tables["outbox"].c.payload
    order = SPEC.metadata.tables["outbox"].c.id
    with runtime.database("pep").reading() as connection:
        return [Envelope.from_bytes(raw) for raw in connection.execute(select(payload).order_by(order)).scalars()]


def test_facts_about_a_subject_are_numbered_from_one_without_a_gap(runtime: Runtime, worker: Actor) -> None:
    with writing_work(runtime, SPEC, worker) as work:
        work.publish("child/a", ChildLeftCare("a", LEFT))
        work.publish("child/b", ChildLeftCare("b", LEFT))
        work.publish("child/a", ChildLeftCare("a", LEFT))
    with writing_work(runtime, SPEC, worker) as work:
        work.publish("child/a", ChildLeftCare("a", LEFT))
    assert [(fact.subject, fact.subject_version) for fact in stored(runtime)] == [
        ("child/a", 1),
        ("child/b", 1),
        ("child/a", 2),
        ("child/a", 3),
    ]


def test_a_refused_change_publishes_nothing_and_uses_up_no_number(runtime: Runtime, worker: Actor) -> None:
    with pytest.raises(ZeroDivisionError), writing_work(runtime, SPEC, worker) as work:
        work.publish("child/a", ChildLeftCare("a", LEFT))
        work.flush()
        raise ZeroDivisionError
    with writing_work(runtime, SPEC, worker) as work:
        work.publish("child/a", ChildLeftCare("a", LEFT))
    assert [fact.subject_version for fact in stored(runtime)] == [1]


def test_a_fact_says_who_acted_and_in_which_role(runtime: Runtime, worker: Actor) -> None:
    with writing_work(runtime, SPEC, worker) as work:
        roster.join(work.connection, roster.Membership(new_id(), "a", "amara", Role.TEAM_MANAGER, LEFT, None, "", None))
        work.publish("child/a", ChildLeftCare("a", LEFT))
        work.publish("child/b", ChildLeftCare("b", LEFT))
    first, second = stored(runtime)
    assert (first.actor, first.acting_as) == ("amara", "team_manager")
    assert (second.actor, second.acting_as) == ("amara", "social_worker")
    assert first.traceparent == second.traceparent != ""


def test_reading_publishes_nothing(runtime: Runtime, worker: Actor) -> None:
    with reading_work(runtime, SPEC, worker) as work, pytest.raises(RuntimeError, match="publishes nothing"):
        work.publish("child/a", ChildLeftCare("a", LEFT))


@pytest.mark.parametrize("facts", [1, 50])
def test_storing_facts_costs_the_same_number_of_statements_however_many(
    runtime: Runtime, worker: Actor, facts: int
) -> None:
    statements: list[str] = []
    with writing_work(runtime, SPEC, worker) as work:
        for number in range(facts):
            work.publish(f"school/{number}", ChildLeftCare(str(number), LEFT))
        engine = runtime.database("pep").engine
        sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
        work.flush()
        assert len(statements) == 2
