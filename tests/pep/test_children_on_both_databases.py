"""Children and teams on SQLite and on PostgreSQL: the whole way, an import, and two people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.pep.adapters.children_store import ChildFilter
from services.pep.adapters.people_store import PeopleFilter
from services.pep.adapters.ssda903 import EPISODE_COLUMNS, HEADER_COLUMNS
from services.pep.app import SPEC
from services.pep.application import caseload, children, imports, people, team
from services.pep.application.children import NewChild
from services.pep.application.children_list import list_rows
from services.pep.application.worklist import my_work
from services.pep.domain.people import PersonDetails
from services.pep.entrypoints.jobs import keep_up_with_the_date
from shared.contracts.pep import ChildEnteredCare, TeamMemberJoined
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, DomainError, Stale
from tests.pep.child_world import Pep, make_pep, make_pep_on, write

AMARA = NewChild(
    "100001",
    "Amara Bright",
    date(2013, 3, 9),
    "C1",
    date(2026, 11, 11),
    school_urn="900001",
    team={Role.SOCIAL_WORKER: "worker"},
)
TODAY = date(2026, 11, 23)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def pep(request: pytest.FixtureRequest, tmp_path: Path, pep_home: Path) -> Iterator[Pep]:
    if request.param == "postgresql":
        made = make_pep_on(request.getfixturevalue("new_postgresql_database")(), tmp_path)
    else:
        made = make_pep(pep_home, tmp_path)
    yield made
    made.runtime.close()


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment; return what each gave, or the refusal it met."""
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def enter(pep: Pep) -> Any:
    with pep.as_("worker") as work:
        return children.enter_care(work, AMARA)


def test_the_whole_way_of_a_child(pep: Pep) -> None:
    child = enter(pep)
    with pep.as_("worker") as work:
        child = children.change_details(work, child.id, child.version, {"known_as": "Ama"})
        child = children.change_school(work, child.id, child.version, "900002", TODAY)
        child = children.record_review(work, child.id, child.version, date(2026, 11, 20))
        rows, total = list_rows(work, ChildFilter(search="AMA", without_social_worker_on=None), offset=0, limit=10)
        assert my_work(work)
    assert (total, rows[0].child, rows[0].school_name) == (1, child, "Elm Street Primary School")
    keep_up_with_the_date(pep.runtime, SPEC)
    with pep.as_("worker") as work:
        assert not children.leave_care(work, child.id, child.version, TODAY).in_care


def test_a_return_is_imported_twice_with_the_same_result(pep: Pep, tmp_path: Path) -> None:
    count = 1200
    headers = [(f"{number}", "2", "09/03/2013", "WBRI", "", "", "") for number in range(count)]
    episodes = [
        (f"{number}", "14/06/2025", "S", "C2", "N1", "U1", "PR1", "", "", "", "", "", "") for number in range(count)
    ]
    write(tmp_path / "header.csv", HEADER_COLUMNS, headers)
    write(tmp_path / "episodes.csv", EPISODE_COLUMNS, episodes)

    reports = []
    for _ in range(2):
        with pep.as_("system") as work:
            reports.append(imports.import_ssda903(work, tmp_path, lambda done, total: None))

    assert reports[0].counts[imports.NEW] == reports[0].counts[imports.PLANS] == count
    assert reports[1].counts[imports.UNCHANGED] == count
    assert len(pep.facts(ChildEnteredCare)) == count


def test_of_two_who_record_one_child_at_once_one_is_told(pep: Pep) -> None:
    found = at_once(lambda: enter(pep), lambda: enter(pep))

    assert sorted(isinstance(one, Conflict) for one in found) == [False, True]
    assert len(pep.facts(ChildEnteredCare)) == 1


def test_of_two_who_take_one_role_at_once_one_is_told(pep: Pep) -> None:
    with pep.as_("system") as work:
        child = children.enter_care(work, NewChild("2", "Leo Marsh", date(2013, 3, 9), "C1", date(2026, 11, 11)))

    def join(who: str) -> Any:
        with pep.as_("head") as work:
            return team.add_member(work, child.id, who, Role.SOCIAL_WORKER, TODAY)

    found = at_once(lambda: join("worker"), lambda: join("worker2"))

    assert sorted(isinstance(one, Conflict) for one in found) == [False, True]
    assert len(pep.facts(TeamMemberJoined)) == 1


def test_of_two_who_hand_one_role_over_at_once_one_is_told(pep: Pep) -> None:
    child = enter(pep)
    with pep.reading_as("worker") as work:
        member = next(one for one in team.team_of(work, child.id) if one.role is Role.SOCIAL_WORKER)

    def hand_over() -> Any:
        with pep.as_("head") as work:
            return team.change_worker(work, member.id, "worker2", TODAY)

    found = at_once(hand_over, hand_over)

    assert sorted(isinstance(one, DomainError) for one in found) == [False, True]


def test_of_two_who_correct_one_child_at_once_one_is_told(pep: Pep) -> None:
    child = enter(pep)

    def correct(name: str) -> Any:
        with pep.as_("worker") as work:
            return children.change_details(work, child.id, child.version, {"known_as": name})

    found = at_once(lambda: correct("Ama"), lambda: correct("Amy"))

    assert sorted(isinstance(one, Stale) for one in found) == [False, True]


def test_of_two_who_change_one_person_at_once_one_is_told(pep: Pep) -> None:
    with pep.reading_as("head") as work:
        seen = people.person_record(work, "iro").version

    def rename(name: str) -> Any:
        with pep.as_("head") as work:
            details = PersonDetails(name, "iro@people.example", frozenset({Role.IRO}), "Northmoor")
            return people.change_person(work, "iro", seen, details)

    found = at_once(lambda: rename("Ines Lee"), lambda: rename("Ines Marsh-Lee"))

    assert sorted(isinstance(one, Stale) for one in found) == [False, True]


def test_a_caseload_is_handed_over_and_the_giver_goes(pep: Pep) -> None:
    child = enter(pep)
    with pep.as_("head") as work:
        taken = caseload.hand_over_caseload(work, "worker", Role.SOCIAL_WORKER, "worker2", TODAY)
        people.mark_as_gone(work, "worker", people.person_record(work, "worker").version)
        found, total = people.list_people(work, PeopleFilter("osei", Role.SOCIAL_WORKER), offset=0, limit=10)
        gone, _ = people.list_people(work, PeopleFilter(here=False), offset=0, limit=10)
    assert [one.child_id for one in taken] == [child.id]
    assert ([one.id for one in found], total, [one.id for one in gone]) == (["worker2"], 1, ["worker"])
