"""A record is erased in all three services, whatever is on its way, and nothing brings it back."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import String, Text, cast, insert, select

from services.pep.app import SPEC as PEP
from services.pep.application import retention
from services.scheduling.adapters import meetings_store
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import meetings
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from shared.contracts.pep import ChildDetailsChanged
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Conflict, NoSuchRecord
from shared.platform import audit_chain, erasure, kept_forms
from shared.platform.erasure import rows_of_child
from shared.platform.inbox import Inbox
from shared.platform.rebuilding import announce_everything
from shared.platform.settings import SERVICES
from shared.testing.runtimes import make_runtime
from shared.testing.servers import new_postgresql_database
from tests.suite.access_world import SPECS, AccessWorld

__all__ = ["new_postgresql_database"]

IN_2090 = datetime(2090, 3, 9, 10, tzinfo=UTC)
MAY_NAME = {"audit_entry", "tombstone", "inbox_position"}
"""What outlives the record names the child by an id that no longer leads anywhere."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    yield (built := prepare(AccessWorld(tmp_path_factory.mktemp("erasure"))))
    built.runtime.close()


@pytest.fixture
def world(made: AccessWorld, tmp_path: Path) -> Iterator[AccessWorld]:
    """The world on a copy of its databases."""
    made.runtime.close()
    shutil.copytree(made.runtime.settings.home, tmp_path / "home")
    copied = copy.copy(made)
    copied.runtime = make_runtime(tmp_path / "home", SPECS)
    copied.runtime.settings = replace(copied.runtime.settings, authorities=made.runtime.settings.authorities)
    yield copied
    copied.runtime.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AccessWorld]:
    if request.param == "sqlite":
        yield request.getfixturevalue("world")
        return
    make: Callable[[], str] = request.getfixturevalue("new_postgresql_database")
    built = prepare(AccessWorld(tmp_path, {spec.name: make() for spec in SPECS}))
    yield built
    built.runtime.close()


def prepare(world: AccessWorld) -> AccessWorld:
    """Lift the holds, and leave no request and nothing stuck behind."""
    for child, things in world.things.items():
        with world.acting(PEP, world.head(child)) as work:
            retention.lift_hold(work, things["hold_id"], "The inquiry is over")
    with world.by_itself(PEP) as work:
        work.connection.execute(PEP.metadata.tables["erasure_request"].delete())
    for spec in SPECS:
        with world.by_itself(spec) as work:
            work.connection.execute(spec.metadata.tables["inbox_event"].delete())
    world.deliver()
    return world


def set_clock(world: AccessWorld, to: datetime) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(to)


def erase(world: AccessWorld, child: str) -> erasure.Tombstone:
    with world.acting(PEP, "our-virtual_school_head") as work:
        request = retention.ask_for_erasure(work, world.things[child]["child_id"])
    with world.acting(PEP, "our-team_manager") as work:
        return retention.approve_erasure(work, request.id)


def traces(world: AccessWorld, words: set[str]) -> list[str]:
    """Return every place in the three databases where one of the words is still found."""
    found = []
    for spec in SPECS:
        with world.runtime.database(spec.name).reading() as connection:
            for table in spec.metadata.sorted_tables:
                if table.name in MAY_NAME:
                    continue
                about = select(table)
                if "subject" in table.c and table.name != "mail_in":  # that it is erased is told by the child's id, too
                    about = about.where(table.c.subject.not_like("record/%"))
                for row in connection.execute(about):
                    said = " ".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row)
                    found += [f"{spec.name}.{table.name}: {word}" for word in words if word in said]
    return found


def ids_of(world: AccessWorld, child_id: str) -> set[str]:
    """Return the id of everything that is a child's, in all services."""
    found = {child_id}
    for spec in SPECS:
        with world.runtime.database(spec.name).reading() as connection:
            for table, condition in rows_of_child(spec.metadata, lambda column: column == child_id).items():
                if "id" in table.c and isinstance(table.c.id.type, String):
                    found.update(connection.execute(select(cast(table.c.id, Text)).where(condition)).scalars())
    return found


def test_nothing_is_left_in_any_service_and_the_others_records_are_whole(either_world: AccessWorld) -> None:
    world = either_world
    ours, theirs = world.things["ours"], world.things["theirs"]
    words = ids_of(world, ours["child_id"]) | {"Child Ours", "700000"}
    neighbour = ids_of(world, theirs["child_id"])
    assert len(words) > 20
    with world.runtime.database("pep").writing() as connection:
        form = [("what", "something about the child")]
        kept_forms.keep(connection, "our-iro", f"/pep/plans/{ours['plan_id']}/sections/views", form, IN_2090)
    with world.runtime.database("virtual_school").writing() as connection:
        table = VIRTUAL_SCHOOL.metadata.tables["attendance_upload"]
        problems = [[2, "There is no child with reference “700000” whom you may record for."], [3, "No session."]]
        connection.execute(table.update().where(table.c.id == theirs["upload_id"]).values(problems=problems))
    set_clock(world, IN_2090)

    stone = erase(world, "ours")
    world.deliver()

    assert traces(world, words) == []
    assert ids_of(world, theirs["child_id"]) == neighbour
    with world.looking(VIRTUAL_SCHOOL) as work:
        assert work.connection.execute(select(table.c.problems).where(table.c.id == theirs["upload_id"])).scalar() == [
            [3, "No session."]
        ]
    with world.looking(PEP) as work:
        told = erasure.find(work.connection, stone.child_id)
    assert told is not None
    assert set(told.counts) == set(SERVICES)
    assert (told.counts["pep"]["child"], told.counts["scheduling"]["meeting"]) == (1, 2)
    assert told.counts["virtual_school"]["suspension"] == 1
    assert (told.asked_by, told.approved_by, told.rule) == (
        "our-virtual_school_head", "our-team_manager", "birthday",
    )  # fmt: skip
    assert "700000" not in told.mark


def test_those_known_through_the_child_alone_are_erased_and_the_staff_stay(world: AccessWorld) -> None:
    set_clock(world, IN_2090)
    erase(world, "theirs")  # their family is also on the team of the child that was "ours" before
    erase(world, "ours")
    world.deliver()
    erase(world, "former")
    world.deliver()
    for spec in SPECS:
        with world.runtime.database(spec.name).reading() as connection:
            left = set(connection.execute(select(spec.metadata.tables["person"].c.id)).scalars())
        family = {f"{group}-{role}" for group in ("our", "their") for role in ("carer", "parent", "child", "advocate")}
        assert not left & family, spec.name
        assert {"our-social_worker", "their-iro"} <= left


def test_late_facts_change_nothing_even_in_one_batch_with_the_erasure(world: AccessWorld) -> None:
    child_id = world.things["ours"]["child_id"]
    with world.by_itself(PEP) as work:
        work.publish(f"child/{child_id}", ChildDetailsChanged(child_id, "primary", 4, name="Child Late"))
    late = late_fact(world, child_id)
    set_clock(world, IN_2090)
    erase(world, "ours")
    told = erased_fact(world)
    for spec in (SCHEDULING, VIRTUAL_SCHOOL):
        inbox = Inbox(spec, world.runtime, SERVICES)
        inbox.receive([told, late])
        inbox.receive([late], carefully=True)
        inbox.try_held()
    world.deliver()
    assert traces(world, {child_id, "Child Late"}) == []


def test_a_fact_of_another_service_that_is_still_to_come_is_passed_over(world: AccessWorld) -> None:
    with world.acting(SCHEDULING, "our-social_worker") as work:
        meeting = meetings_store.load(work.connection, world.things["ours"]["meeting_id"])
        meetings.cancel(work, meeting.id, "rearranging", meeting.version)
    set_clock(world, IN_2090)
    erase(world, "ours")
    world.deliver()
    assert traces(world, {world.things["ours"]["child_id"]}) == []


def test_the_audit_can_still_be_verified_and_says_who_erased(world: AccessWorld) -> None:
    child_id = world.things["ours"]["child_id"]
    for spec in SPECS:
        audit_chain.seal_waiting(world.runtime, spec)
    set_clock(world, IN_2090)
    erase(world, "ours")
    world.deliver()
    for spec in SPECS:
        audit_chain.seal_waiting(world.runtime, spec)
        with world.runtime.database(spec.name).reading() as connection:
            report = audit_chain.verify(connection, spec.name, "northmoor", IN_2090)
            assert (report.findings, report.waiting) == ((), 0)
    with world.runtime.database("pep").reading() as connection:
        actions = {(entry.action, entry.person_id) for entry in audit_chain.chain(connection, "northmoor")
                   if entry.child_id == child_id}  # fmt: skip
    assert {
        ("pep.record.ask_erasure", "our-virtual_school_head"),
        ("pep.record.settle_erasure", "our-team_manager"),
    } <= actions


def test_a_service_whose_backup_was_restored_erases_again_when_pep_says_how_things_stand(world: AccessWorld) -> None:
    child_id = world.things["ours"]["child_id"]
    set_clock(world, IN_2090)
    erase(world, "ours")
    world.deliver()
    with world.by_itself(SCHEDULING) as work:  # as it was before
        work.connection.execute(erasure.TOMBSTONE.delete())
        values = {"id": child_id, "authority": "northmoor", "name": "Child Ours", "school_urn": None}
        work.connection.execute(insert(SCHEDULING.metadata.tables["child"]).values(values))
    announce_everything(PEP, world.runtime)
    world.deliver()
    assert traces(world, {child_id}) == []
    with world.looking(SCHEDULING) as work:
        assert erasure.find(work.connection, child_id) is not None


def test_a_restored_pep_erases_again_what_a_tombstone_names_and_a_hold_stops_it(world: AccessWorld) -> None:
    things = world.things["ours"]
    stone = erasure.Tombstone(
        7, things["child_id"], "northmoor", "0" * 64, "birthday", IN_2090.date(), "a", "b", IN_2090, (), {}
    )
    with world.acting(PEP, "our-virtual_school_head") as work:
        hold = retention.place_hold(work, None, "An inquiry into everything")
    with pytest.raises(Conflict, match="hold"), world.by_itself(PEP) as work:
        retention.erase_again(work, stone)
    with world.acting(PEP, "our-virtual_school_head") as work:
        retention.lift_hold(work, hold.id, "Over")
    with world.by_itself(PEP) as work:
        assert retention.erase_again(work, stone)
        assert not retention.erase_again(work, stone)
    world.deliver()
    assert traces(world, {things["child_id"], "Child Ours"}) == []


def test_what_was_written_at_the_same_moment_is_swept_away(world: AccessWorld) -> None:
    child_id = world.things["ours"]["child_id"]
    set_clock(world, IN_2090)
    erase(world, "ours")
    with world.by_itself(PEP) as work:
        history = PEP.metadata.tables["history"]
        row = {"at": work.now, "person_id": "", "name": "", "acting_as": "", "child_id": child_id, "plan_id": "",
               "code": "views_given", "facts": {}}  # fmt: skip
        work.connection.execute(insert(history).values(row))
        erasure.erase_what_came_back(work)
    assert [one for one in traces(world, {child_id}) if one.startswith("pep.")] == []
    with pytest.raises(NoSuchRecord), world.by_itself(PEP) as work:
        retention.ask_for_erasure(work, child_id)


def late_fact(world: AccessWorld, child_id: str) -> bytes:
    """Return the last fact that pep has told of a child."""
    return payloads(world, f"child/{child_id}")[-1]


def erased_fact(world: AccessWorld) -> bytes:
    return payloads(world, f"record/{world.things['ours']['child_id']}")[-1]


def payloads(world: AccessWorld, subject: str) -> list[bytes]:
    outbox = PEP.metadata.tables["outbox"]
    with world.runtime.database("pep").reading() as connection:
        query = select(outbox.c.payload).where(outbox.c.subject == subject).order_by(outbox.c.id)
        return list(connection.execute(query).scalars())
