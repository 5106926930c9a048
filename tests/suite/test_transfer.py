"""A new worker and a new school: on the day, in the three services, access ends and the work is the successor's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from services.pep.app import SPEC as PEP
from services.pep.application import children, team
from services.pep.application.schools import record_schools
from services.pep.domain.schools import School
from services.scheduling.adapters import meetings_store
from services.scheduling.adapters.tables import answer_link
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.domain.meeting import Meeting
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock, london_time
from shared.platform import roster
from shared.platform.inbox_tables import EVENT
from shared.platform.roster import Person
from shared.platform.settings import SERVICES
from shared.testing.pages import check_page
from shared.testing.runtimes import MONDAY_MORNING
from tests.suite.access_world import TODAY, AccessWorld

OTHER_SCHOOL = "900009"
OLD, NEW = "our-social_worker", "their-social_worker"
OLD_TEACHER, NEW_TEACHER, DELEGATE = "our-designated_teacher", "new-teacher", "our-delegate"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AccessWorld, dict[str, sqlite3.Connection]]]:
    """The world, and its databases as they were when it was made."""
    made = AccessWorld(tmp_path_factory.mktemp("transfer"))
    for service in SERVICES:
        with made.runtime.database(service).writing() as connection:
            connection.execute(delete(EVENT))  # what got stuck belongs to other tests
    with made.by_itself(PEP) as work:
        record_schools(work, [School(OTHER_SCHOOL, "Kestrel Park School", "Primary", town="Carrow")])
        kinds = frozenset({Role.DESIGNATED_TEACHER})
        person = Person(NEW_TEACHER, "northmoor", "New Teacher", "nt@kestrel.example", kinds, "Kestrel", OTHER_SCHOOL)
        made.people[NEW_TEACHER] = team.store_person(work, person)
    made.deliver()
    kept = {service: sqlite3.connect(":memory:") for service in SERVICES}
    for service, copy in kept.items():
        with closing(sqlite3.connect(path_of(made, service))) as source:
            source.backup(copy)
    yield made, kept
    made.runtime.close()
    for copy in kept.values():
        copy.close()


@pytest.fixture
def world(whole: tuple[AccessWorld, dict[str, sqlite3.Connection]]) -> Iterator[AccessWorld]:
    made, kept = whole
    yield made
    made.forget_clients()
    at(made, MONDAY_MORNING)
    for service, copy in kept.items():
        with closing(sqlite3.connect(path_of(made, service))) as spoilt:
            copy.backup(spoilt)


def path_of(world: AccessWorld, service: str) -> str:
    return str(world.runtime.database(service).engine.url.database)


def at(world: AccessWorld, instant: datetime) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(instant)


def seen_by(world: AccessWorld, person: str) -> dict[str, int]:
    """What somebody is answered about the child in each service; the Virtual School has no page for delegates."""
    things = world.things["ours"]
    paths = {
        "pep": f"/plans/{things['plan_id']}",
        "scheduling": f"/meetings/{things['meeting_id']}",
        "virtual_school": f"/children/{things['child_id']}",
    }
    return {service: world.client(service, person).get(path).status_code for service, path in paths.items()}


def everywhere(status: int) -> dict[str, int]:
    return dict.fromkeys(SERVICES, status)


def meeting(world: AccessWorld) -> Meeting:
    with world.looking(SCHEDULING) as work:
        found = meetings_store.load(work.connection, world.things["ours"]["meeting_id"])
    assert found is not None
    return found


def seats(world: AccessWorld, role: Role) -> list[tuple[str, bool]]:
    return [(one.person_id, one.required) for one in meeting(world).invitees if one.role == role]


def place_of(world: AccessWorld, role: Role) -> str:
    with world.looking(PEP) as work:
        members = roster.team(work.connection, world.things["ours"]["child_id"], work.today)
    return next(one.id for one in members if one.role is role)


@pytest.mark.parametrize(
    ("first_day", "midnight"),
    [
        (date(2026, 11, 24), datetime(2026, 11, 24, 0, 0, tzinfo=UTC)),
        (date(2027, 3, 29), datetime(2027, 3, 28, 23, 0, tzinfo=UTC)),  # the clocks went forward the day before
    ],
)
def test_a_new_worker_has_the_access_and_the_work_from_midnight_in_england(
    world: AccessWorld, first_day: date, midnight: datetime
) -> None:
    with world.acting(PEP, "our-team_manager") as work:
        team.change_worker(work, place_of(world, Role.SOCIAL_WORKER), NEW, first_day)
    world.deliver()
    at(world, midnight - timedelta(seconds=1))
    assert (seen_by(world, OLD), seen_by(world, NEW)) == (everywhere(200), everywhere(404))
    before = world.client("pep", OLD).get("/").text
    assert "Child Ours" in before
    at(world, midnight)
    assert (seen_by(world, OLD), seen_by(world, NEW)) == (everywhere(404), everywhere(200))
    for service in SERVICES:
        assert "Child Ours" not in world.client(service, OLD).get("/").text
    assert "Child Ours" in check_page(world.client("pep", NEW).get("/"))
    assert "Child Ours" in check_page(world.client("scheduling", NEW).get("/"))


def test_the_seat_at_a_meeting_to_come_is_the_successors(world: AccessWorld) -> None:
    (seat,) = [one for one in meeting(world).invitees if one.role == Role.SOCIAL_WORKER]
    with world.acting(PEP, "our-team_manager") as work:
        team.change_worker(work, place_of(world, Role.SOCIAL_WORKER), NEW, TODAY + timedelta(days=1))
    world.deliver()
    assert seats(world, Role.SOCIAL_WORKER) == [(NEW, True)]
    with world.runtime.database("scheduling").reading() as connection:
        links = connection.execute(select(answer_link.c.invitee_id)).scalars().all()
    assert seat.id not in links
    shown = check_page(world.client("pep", "our-iro").get(f"/plans/{world.things['ours']['plan_id']}"))
    assert "Their Social Worker" in shown


def test_who_leaves_after_the_meeting_keeps_the_seat(world: AccessWorld) -> None:
    with world.acting(PEP, "our-team_manager") as work:
        team.change_worker(work, place_of(world, Role.SOCIAL_WORKER), NEW, date(2026, 12, 2))
    world.deliver()
    assert seats(world, Role.SOCIAL_WORKER) == [(OLD, True)]


def test_a_successor_who_is_booked_then_comes_if_they_can(world: AccessWorld) -> None:
    with world.by_itself(SCHEDULING) as work:
        ours = meetings_store.load(work.connection, world.things["ours"]["meeting_id"])
        theirs = meetings_store.load(work.connection, world.things["theirs"]["meeting_id"])
        assert ours is not None
        assert theirs is not None
        assert ours.booking is not None
        work.connection.execute(
            meetings_store.meeting.update()
            .where(meetings_store.meeting.c.id == theirs.id)
            .values(starts_at=ours.booking.starts_at, ends_at=ours.booking.ends_at)
        )
    with world.acting(PEP, "our-team_manager") as work:
        team.change_worker(work, place_of(world, Role.SOCIAL_WORKER), NEW, TODAY)
    world.deliver()
    assert seats(world, Role.SOCIAL_WORKER) == [(NEW, False)]


def test_a_new_school_ends_access_the_same_day_and_takes_over_what_was_promised(world: AccessWorld) -> None:
    assert seen_by(world, OLD_TEACHER) == everywhere(200)
    assert seen_by(world, DELEGATE) == everywhere(200) | {"virtual_school": 403}
    promised = "Do what you promised for Child: Meet the carer"
    assert promised in world.client("pep", OLD_TEACHER).get("/").text
    at(world, london_time(TODAY + timedelta(days=1), 9))
    with world.acting(PEP, OLD) as work:
        child = children.child_record(work, world.things["ours"]["child_id"])
        children.change_school(work, child.id, child.version, OTHER_SCHOOL, work.today)
    world.deliver()
    for person in (OLD_TEACHER, DELEGATE):
        assert seen_by(world, person) == everywhere(404)
        for service in ("pep", "scheduling"):
            assert "Child Ours" not in world.client(service, person).get("/").text
    assert seen_by(world, NEW_TEACHER) == everywhere(200)
    assert seats(world, Role.DESIGNATED_TEACHER) == [(NEW_TEACHER, True)]
    work_list = check_page(world.client("pep", NEW_TEACHER).get("/"))
    assert "Do what Our Designated Teacher promised for Child: Meet the carer" in work_list
    concern = f"/concerns/{world.things['ours']['concern_id']}"
    check_page(world.client("pep", NEW_TEACHER).get(concern))
    assert world.client("pep", OLD_TEACHER).get(concern).status_code == 404
    assert world.client("pep", NEW_TEACHER).post(f"{concern}/done", data={"version": "2"}).status_code == 303


def test_what_was_promised_by_somebody_without_a_successor_is_the_social_workers(world: AccessWorld) -> None:
    with world.acting(PEP, OLD) as work:
        child = children.child_record(work, world.things["ours"]["child_id"])
        children.change_school(work, child.id, child.version, None, work.today)
    world.deliver()
    shown = check_page(world.client("pep", OLD).get("/"))
    assert "Do what Our Designated Teacher promised for Child: Meet the carer" in shown
    assert seats(world, Role.DESIGNATED_TEACHER) == []
