"""A designated teacher whom two authorities have recorded has all their pupils on one desk, and these never meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from services.pep.adapters import history_store
from services.pep.application import targets
from services.pep.domain.targets import Category
from services.virtual_school.application import attendance
from shared.platform import roster, sessions
from shared.platform.access import actor_for
from shared.platform.audit_tables import ENTRY
from shared.platform.auth import Ticket, hold
from shared.platform.work import writing_work
from shared.testing.pages import check_page
from tests.suite.access_world import PEP, SPECS, TODAY, VIRTUAL_SCHOOL, AccessWorld

HERE, THERE = "our-designated_teacher", "far-designated_teacher"
LISTS = (("pep", "/"), ("pep", "/children"), ("scheduling", "/"), ("virtual_school", "/children"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("desk"))
    yield made
    made.runtime.close()


def desk(world: AccessWorld, service: str, first: str = HERE, *elsewhere: str) -> FlaskClient:
    """Return a browser in which somebody is signed in as the first of these records, and acts by the others too."""
    client = world.apps[service].test_client()
    now = world.runtime.clock.now()
    secret = f"{service} {first} {elsewhere}"
    with world.runtime.database("pep").writing() as connection:
        if sessions.find(connection, sessions.id_of(secret)) is None:
            sessions.begin(connection, sessions.Session(sessions.id_of(secret), first, now, now, "A browser"))
    with client.session_transaction() as cookie:
        hold(Ticket(secret, first, now, now, elsewhere), cookie)
    return client


def entries(world: AccessWorld, service: str, child: str) -> set[tuple[str, str]]:
    """Return in whose chains a child's record stands in a service's audit, and by whom."""
    with world.runtime.database(service).reading() as connection:
        query = select(ENTRY.c.authority, ENTRY.c.person_id).where(ENTRY.c.child_id == world.things[child]["child_id"])
        return {(row.authority, row.person_id) for row in connection.execute(query)}


@pytest.mark.parametrize(("service", "path"), LISTS)
def test_all_pupils_are_listed_and_each_says_whose_they_are(world: AccessWorld, service: str, path: str) -> None:
    page = check_page(desk(world, service, HERE, THERE).get(path))
    for words in ("Child Ours", "Child Far", "Southmoor Council"):
        assert words in page, words
    assert "Child Theirs" not in page


@pytest.mark.parametrize(("service", "path"), LISTS)
def test_whoever_has_the_pupils_of_one_authority_is_not_told_of_any(
    world: AccessWorld, service: str, path: str
) -> None:
    page = check_page(desk(world, service).get(path))
    assert "Child Ours" in page
    assert "Child Far" not in page
    assert "Southmoor" not in page


@pytest.mark.parametrize("child", ["ours", "far"])
def test_a_childs_pages_are_opened_as_the_one_whom_the_authority_has_recorded(world: AccessWorld, child: str) -> None:
    things = world.things[child]
    for service, path in (
        ("pep", f"/children/{things['child_id']}"),
        ("pep", f"/plans/{things['plan_id']}"),
        ("pep", f"/api/plans/{things['plan_id']}"),
        ("scheduling", f"/meetings/{things['meeting_id']}"),
        ("virtual_school", f"/children/{things['child_id']}"),
    ):
        assert desk(world, service, HERE, THERE).get(path).status_code == 200, path
        assert desk(world, service, THERE, HERE).get(path).status_code == 200, path
    for spec in SPECS:
        seen = entries(world, spec.name, child)
        assert {authority for authority, _ in seen} == {"southmoor" if child == "far" else "northmoor"}
        assert (THERE if child == "far" else HERE) in {person for _, person in seen}
        assert (HERE if child == "far" else THERE) not in {person for _, person in seen}


def test_what_is_written_is_put_down_to_the_record_of_the_childs_authority(world: AccessWorld) -> None:
    child_id = world.things["far"]["child_id"]
    teacher = actor_for(world.people[HERE], [world.people[THERE]])
    with writing_work(world.runtime, PEP, teacher) as work:
        words = targets.TargetWords(Category.ACADEMIC, "Read another book", "Reads it", "All", TODAY, "Daily", 0)
        targets.add_target(work, world.things["far"]["plan_id"], words)
        (last, *_) = history_store.history_of(work.connection, child_id)
    with writing_work(world.runtime, VIRTUAL_SCHOOL, teacher) as work:
        content = "".join(
            f"{row}\r\n" for row in ("reference,date,session,code", "700000,2026-11-18,AM,/", "700003,2026-11-18,AM,/")
        )
        assert attendance.import_attendance(work, content.encode(), "week.csv").added == 2
    assert (last.code, last.person_id) == ("target_added", THERE)
    for spec in (PEP, VIRTUAL_SCHOOL):
        assert ("southmoor", THERE) in entries(world, spec.name, "far")
        assert "northmoor" not in {authority for authority, _ in entries(world, spec.name, "far")}
        assert "southmoor" not in {authority for authority, _ in entries(world, spec.name, "ours")}


def test_neither_authority_sees_the_record_of_the_other(world: AccessWorld) -> None:
    for head, theirs, others in (("our-virtual_school_head", HERE, THERE), ("far-virtual_school_head", THERE, HERE)):
        client = world.client("pep", head)
        listed = {one["id"] for one in client.get("/api/people?role=designated_teacher&limit=100").json["items"]}
        assert theirs in listed
        assert others not in listed
        assert client.get(f"/people/{others}").status_code == 404


def test_what_staff_of_another_authority_try_in_vain_stands_in_their_own_authoritys_audit(world: AccessWorld) -> None:
    child_id = world.things["ours"]["child_id"]
    assert world.client("pep", "far-iro").get(f"/children/{child_id}").status_code == 404
    assert ("southmoor", "far-iro") in entries(world, "pep", "ours")
    page = world.client("pep", "our-team_manager").get(f"/children/{child_id}/who-looked").text
    assert "Our Designated Teacher" in page
    assert "Far" not in page


def test_stuck_events_and_mails_of_no_meeting_are_listed_to_their_own_authority(world: AccessWorld) -> None:
    def listed(service: str, head: str, path: str, kind: str) -> set[str]:
        page = world.client(service, head).get(path).text
        return {child for child, things in world.things.items() if f"{path}/{things[kind]}" in page}

    for head, own in (("our-virtual_school_head", {"ours", "theirs", "former"}), ("far-virtual_school_head", {"far"})):
        for service in ("pep", "scheduling", "virtual_school"):
            assert listed(service, head, "/events", f"{service}_event") == own
        assert listed("scheduling", head, "/mails", "unknown_mail") == own


def test_a_record_that_is_no_longer_of_the_same_school_opens_nothing(world: AccessWorld) -> None:
    moved = world.people[THERE]
    changes: list[dict[str, Any]] = [{"school_urn": None}, {"active": False}, {"kinds": frozenset()}]
    for changed in changes:
        with world.runtime.database("pep").writing() as connection:
            roster.record_person(connection, replace(moved, **changed))
        page = desk(world, "pep", HERE, THERE).get("/children").text
        assert "Child Far" not in page
        assert "Child Ours" in page
    with world.runtime.database("pep").writing() as connection:
        roster.record_person(connection, moved)
    assert "Child Far" in desk(world, "pep", HERE, THERE).get("/children").text


def test_no_kind_of_staff_has_one_desk_for_two_authorities(world: AccessWorld) -> None:
    page = desk(world, "pep", "our-virtual_school_head", "far-virtual_school_head").get("/children").text
    assert "Child Ours" in page
    assert "Child Far" not in page
