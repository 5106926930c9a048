"""People and their dated places in the team around a child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.pep import PersonRecorded, TeamMemberJoined, TeamMemberLeft
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.access import system_actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.tables import service_metadata
from shared.platform.work import writing_work
from shared.testing.runtimes import add_children, make_runtime, with_children

SPEC = ServiceSpec(
    name="scheduling",
    title="Scheduling",
    metadata=with_children(service_metadata()),
    register_pages=lambda app: None,
    register_api=lambda api: None,
    subscriptions=roster.ROSTER_SUBSCRIPTIONS,
    migrations=Path(),
    templates=Path(),
)
DAY = date(2026, 11, 23)
JOINED = TeamMemberJoined("a", "m1", "amara", "social_worker", DAY, name="Amara Okafor", email="amara@people.example")
RECORDED = PersonRecorded("amara", "northmoor", ("social_worker",), "Northmoor Council", name="Amara Okafor-Reid")


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, [SPEC])
    add_children(made, SPEC, "a", "b", "c")
    yield made
    made.close()


def hear(runtime: Runtime, *facts: object) -> None:
    with writing_work(runtime, SPEC, system_actor("northmoor")) as work:
        for fact in facts:
            SPEC.subscriptions[type(fact)](work, fact)


def test_a_membership_counts_from_its_first_to_its_last_day_and_no_longer(runtime: Runtime) -> None:
    hear(runtime, JOINED, TeamMemberLeft("a", "m1", "amara", "social_worker", until=DAY + timedelta(days=7)))
    live = frozenset({Role.SOCIAL_WORKER})
    with runtime.database("scheduling").reading() as connection:
        for offset, expected in ((-1, frozenset()), (0, live), (7, live), (8, frozenset())):
            circle = roster.circle_of(connection, ["amara"], "a", DAY + timedelta(days=offset))
            assert (circle.authority, circle.of("amara").roles) == ("northmoor", expected), offset
        assert roster.circle_of(connection, ["amara"], "nobody", DAY) == roster.Circle("", {})


TEACHER = roster.Person("a", "northmoor", "Ada", "ada@s.example", frozenset({Role.DESIGNATED_TEACHER}), "S", "900001")


@pytest.mark.parametrize(
    ("changed", "is_one_desk"),
    [
        ({}, True),
        ({"authority": "northmoor"}, False),
        ({"school_urn": "900002"}, False),
        ({"school_urn": None}, False),
        ({"kinds": frozenset({Role.SOCIAL_WORKER})}, False),
        ({"active": False}, False),
    ],
)
def test_only_a_designated_teacher_of_one_school_has_one_desk_for_several_authorities(
    changed: dict[str, Any], is_one_desk: bool
) -> None:
    other = replace(TEACHER, **{"id": "b", "authority": "southmoor", **changed})
    assert roster.share_a_desk(TEACHER, other) is is_one_desk
    assert len(roster.desks([TEACHER, other])) == (1 if is_one_desk else 2)


def test_two_records_of_one_authority_stay_two_choices_beside_the_desk() -> None:
    others = [replace(TEACHER, id="b", authority="southmoor"), replace(TEACHER, id="c", authority="southmoor")]
    assert [[one.id for one in desk] for desk in roster.desks([TEACHER, *others])] == [["a", "b"], ["c"]]


def test_a_member_heard_of_before_the_person_is_known_by_name_and_filled_in_later(runtime: Runtime) -> None:
    hear(runtime, JOINED)
    with runtime.database("scheduling").reading() as connection:
        assert [(member.name, member.email) for member in roster.team(connection, "a", DAY)] == [
            ("Amara Okafor", "amara@people.example")
        ]
    hear(runtime, RECORDED)
    with runtime.database("scheduling").reading() as connection:
        assert [member.name for member in roster.team(connection, "a", DAY)] == ["Amara Okafor-Reid"]
        assert [person.kinds for person in roster.people(connection)] == [{Role.SOCIAL_WORKER}]


def test_a_member_joining_late_does_not_undo_what_is_known_of_the_person(runtime: Runtime) -> None:
    hear(runtime, RECORDED, JOINED)
    with runtime.database("scheduling").reading() as connection:
        assert [person.name for person in roster.people(connection)] == ["Amara Okafor-Reid"]
        assert roster.children_of(connection, ["amara"], DAY) == {"a": {Role.SOCIAL_WORKER}}


def test_teams_of_several_children_leave_nobody_out(runtime: Runtime) -> None:
    hear(runtime, JOINED, TeamMemberJoined("b", "m2", "idris", "iro", DAY, name="Idris Vaughan"))
    with runtime.database("scheduling").reading() as connection:
        found = roster.teams(connection, ["a", "b", "c"], DAY)
    assert {child: [member.name for member in members] for child, members in found.items()} == {
        "a": ["Amara Okafor"],
        "b": ["Idris Vaughan"],
        "c": [],
    }
