"""Where a child lives: who reads it, how it is recorded, who else is told, and that it stays out of people's texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from services.pep.application import children, concerns, parents, placement, plans, sections, targets, team, views
from services.pep.application.placement import NewPlacement
from services.pep.domain.forms import FieldType
from services.pep.domain.parents import Ground
from services.pep.domain.placement import LEAKS, Traces, Watch, current, tidy_postcode
from services.pep.domain.targets import Category, Outcome
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Conflict, Denied, InvalidInput, Stale
from shared.platform.audit_tables import ENTRY
from shared.platform.roster import Membership, Person, join, record_person
from shared.testing.pages import check_page, steady
from tests.pep.plan_world import CAST, TODAY, World

HOME = NewPlacement(
    since=date(2026, 11, 11),
    address="12 Rowan Close\nNorthmoor",
    postcode="nm4 9xz",
    carer_id="cal",
    carer_name="C. Winter",
    carer_phone="01632 960 123",
)
READERS = {"sam", "ira", "val", "cal", "kid"}


def record(world: World, new: NewPlacement = HOME, who: str = "sam", version: int = 0) -> None:
    with world.acting(who) as work:
        placement.record_placement(work, world.child.id, new, version)


def sees(world: World, who: str) -> bool:
    """Tell whether somebody sees the address; a reader is shown it, everybody else gets a refusal or nothing."""
    answer = world.client(who).get(f"/children/{world.child.id}/placement")
    body = world.client(who).get(f"/api/children/{world.child.id}/placement")
    assert body.status_code == answer.status_code
    assert ("12 Rowan Close" in answer.text) is ("12 Rowan Close" in body.text)
    return "12 Rowan Close" in answer.text


def tell_school(world: World, standing: ParentStanding = ParentStanding.TOLD, **given: Any) -> None:
    with world.acting("sam") as work:
        parents.decide_for_school(work, world.child.id, standing, Ground.EMERGENCY_CONTACT, **given)


@contextmanager
def refused(field: str) -> Iterator[None]:
    with pytest.raises(InvalidInput) as refusal:
        yield
    assert refusal.value.errors == {field: [LEAKS]}


def at_school(world: World) -> None:
    """Let the child go to the designated teacher's school."""
    with world.runtime.database("pep").writing() as connection:
        child = parents.children_store.load(connection, world.child.id)
        children.children_store.save(connection, replace(child, school_urn="900001"))
        teacher = Person("dee", "northmoor", "Dee Larkin", None, frozenset({Role.DESIGNATED_TEACHER}), "", "900001")
        record_person(connection, teacher)
    world.people["dee"] = replace(world.people["dee"], school_urn="900001")


def test_it_is_read_by_those_who_may_know_it_and_nobody_else(world: World) -> None:
    record(world)
    assert {who for who in CAST if sees(world, who)} == READERS


def test_what_others_are_refused_is_the_same_with_and_without_it(world: World) -> None:
    paths = [f"/children/{world.child.id}/placement", f"/children/{world.child.id}", f"/children/{world.child.id}/team"]
    others = sorted(set(CAST) - READERS)

    def shown() -> list[str]:
        return [steady(world.client(who).get(path)) for who in others for path in paths]

    before = shown()
    record(world)
    assert shown() == before


def test_a_carer_sees_only_the_home_that_is_theirs(world: World) -> None:
    record(world, replace(HOME, carer_id=""))
    assert not sees(world, "cal")
    page = world.client("cal").get(f"/children/{world.child.id}/placement")
    assert (page.status_code, page.text.count("Not recorded")) == (200, 5)
    record(world, version=1)
    assert sees(world, "cal")


def test_everything_recorded_is_kept_and_the_latest_day_counts(world: World) -> None:
    record(world)
    record(world, replace(HOME, address="3 Mill Lane", since=TODAY), version=1)
    record(world, replace(HOME, address="12a Rowan Close"), version=2)
    with world.looking("ira") as work:
        view = placement.placement_of(work, world.child.id)
    assert view.now is not None
    assert view.now.address == "3 Mill Lane"
    assert [one.address for one in view.earlier] == ["12a Rowan Close", "12 Rowan Close\nNorthmoor"]
    with world.looking("kid") as work:
        assert placement.placement_of(work, world.child.id).earlier == ()


def test_a_correction_of_the_same_day_replaces_what_was_wrong(world: World) -> None:
    record(world)
    record(world, replace(HOME, address="21 Rowan Close"), version=1)
    with world.looking("sam") as work:
        now = placement.placement_of(work, world.child.id).now
    assert now is not None
    assert (now.address, now.postcode) == ("21 Rowan Close", "NM4 9XZ")


@pytest.mark.parametrize("who", ["ira", "val", "dee", "cal", "kid", "pat"])
def test_only_social_care_records_it(world: World, who: str) -> None:
    with pytest.raises(Denied):
        record(world, who=who)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("address", {"address": " \n "}),
        ("postcode", {"postcode": "somewhere"}),
        ("carer_phone", {"carer_phone": "960123"}),
        ("since", {"since": TODAY + timedelta(days=1)}),
        ("since", {"since": date(2001, 1, 1)}),
        ("carer_id", {"carer_id": "pat"}),
    ],
)
def test_what_cannot_be_meant_is_refused(world: World, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        record(world, replace(HOME, **given))
    assert list(refused.value.errors) == [field]


def test_two_who_record_at_once_lose_nothing(world: World) -> None:
    record(world)
    with pytest.raises(Stale):
        record(world)
    typed = {"address": "9 Elm Row", "version": "0", "since-day": "11", "since-month": "11", "since-year": "2026"}
    page = world.client("sam").post(f"/children/{world.child.id}/placement/change", data=typed)
    assert page.status_code == 412
    check_page(page)
    assert "9 Elm Row" in page.text
    assert "12 Rowan Close" in page.text


def test_a_worker_records_it_on_the_page(world: World) -> None:
    path = f"/children/{world.child.id}/placement"
    check_page(world.client("sam").get(f"{path}/change"))
    empty = world.client("sam").post(f"{path}/change", data={"version": "0"})
    assert empty.status_code == 422
    check_page(empty)
    typed = {
        "address": "12 Rowan Close\r\nNorthmoor",
        "postcode": "NM49XZ",
        "carer_id": "cal",
        "carer_name": "C. Winter",
        "carer_phone": "01632 960123",
        "since-day": "11",
        "since-month": "11",
        "since-year": "2026",
        "version": "0",
    }
    assert world.client("sam").post(f"{path}/change", data=typed).status_code == 303
    page = world.client("sam").get(path)
    check_page(page)
    for words in ("12 Rowan Close", "NM4 9XZ", "C. Winter", "01632 960123", "11 November 2026", "Sam Osei"):
        assert words in page.text
    assert f"{path}" in world.client("sam").get(f"/children/{world.child.id}").text
    assert f"{path}" not in world.client("dee").get(f"/children/{world.child.id}").text


def test_the_api_records_and_reads_it(world: World) -> None:
    client = world.client("sam")
    path = f"/api/children/{world.child.id}/placement"
    nothing = client.get(path)
    assert nothing.json == {"version": 0}
    body = {"since": "2026-11-11", "address": "12 Rowan Close", "postcode": "NM4 9XZ"}
    assert client.put(path, json=body).status_code == 428
    done = client.put(path, json=body, headers={"If-Match": nothing.headers["ETag"]})
    assert done.status_code == 200, done.text
    assert client.get(path).json["address"] == "12 Rowan Close"
    assert client.put(path, json=body, headers={"If-Match": nothing.headers["ETag"]}).status_code == 412


def test_who_read_and_recorded_it_is_in_the_audit(world: World) -> None:
    record(world)
    sees(world, "kid")
    with world.runtime.database("pep").reading() as connection:
        kept = connection.execute(select(ENTRY.c.person_id, ENTRY.c.kind, ENTRY.c.action, ENTRY.c.child_id)).all()
    assert ("sam", "change", "pep.placement.record", world.child.id) in kept
    assert ("kid", "view", "pep.placement.read", world.child.id) in kept


def test_no_event_tells_of_it(world: World) -> None:
    at_school(world)
    record(world)
    tell_school(world)
    table = placement.children_store.table.metadata.tables["outbox"]
    with world.runtime.database("pep").reading() as connection:
        assert connection.execute(select(table.c.id)).all() == []


def test_the_school_knows_once_it_was_decided_until_the_last_day_and_no_other_school(world: World) -> None:
    at_school(world)
    record(world)
    assert not sees(world, "dee")
    tell_school(world, until=TODAY)
    assert sees(world, "dee")
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + timedelta(days=1))
    assert not sees(world, "dee")
    tell_school(world)
    assert sees(world, "dee")
    with world.runtime.database("pep").writing() as connection:
        elsewhere = Person("dee", "northmoor", "Dee Larkin", None, frozenset({Role.DESIGNATED_TEACHER}), "", "900002")
        record_person(connection, elsewhere)
    assert not sees(world, "dee")


def test_it_is_decided_on_the_page_whether_the_school_is_told(world: World) -> None:
    path = f"/children/{world.child.id}/placement/school"
    with world.runtime.database("pep").writing() as connection:
        child = children.children_store.load(connection, world.child.id)
        children.children_store.save(connection, replace(child, school_urn=None, school_since=None))
    assert world.client("sam").post(path, data={"standing": "told", "ground": "emergency_contact"}).status_code == 409
    at_school(world)
    check_page(world.client("sam").get(path))
    nothing = world.client("sam").post(path, data={})
    assert nothing.status_code == 422
    check_page(nothing)
    assert world.client("sam").post(path, data={"standing": "told", "ground": "emergency_contact"}).status_code == 303
    page = world.client("sam").get(f"/children/{world.child.id}/placement")
    check_page(page)
    assert "Told where the child lives" in page.text
    assert world.client("ira").get(path).status_code == 403


def test_a_parent_knows_only_once_two_people_have_decided_it(world: World) -> None:
    record(world)
    with world.acting("sam") as work:
        decision = parents.decide_for_parent(
            work, world.child.id, "pat", ParentStanding.TOLD, Ground.AGREED, matter=Matter.PLACEMENT
        )
    assert not sees(world, "pat")
    with world.acting("sam") as work, pytest.raises(Conflict, match="second person"):
        parents.settle_decision(work, world.child.id, decision.id, confirmed=True)
    with world.acting("ira") as work:
        parents.settle_decision(work, world.child.id, decision.id, confirmed=True)
    assert sees(world, "pat")
    assert world.told(ParentStandingChanged) == []
    with world.acting("sam") as work:
        parents.decide_for_parent(
            work, world.child.id, "pat", ParentStanding.NOT_TOLD, Ground.AGREED, matter=Matter.PLACEMENT
        )
    assert not sees(world, "pat")


def test_who_leaves_the_team_stops_seeing_it(world: World) -> None:
    record(world)
    with world.acting("sam") as work:
        team.end_membership(work, "m-kid", TODAY - timedelta(days=1))
    assert world.client("kid").get(f"/children/{world.child.id}/placement").status_code == 404


def test_a_carer_who_is_also_a_parent_sees_the_home_that_is_theirs(world: World) -> None:
    record(world)
    with world.runtime.database("pep").writing() as connection:
        join(
            connection,
            Membership("m-both", world.child.id, "pat", Role.CARER, date(2026, 9, 1), None, "Pat Bright", None),
        )
    assert not sees(world, "pat")
    record(world, replace(HOME, carer_id="pat"), version=1)
    assert sees(world, "pat")
    assert not sees(world, "cal")


WRITTEN = (
    "She lives at 12 Rowan Close now",
    "12, rowan  close",
    "12 ROWAN\nCLOSE.",
    "post to nm49xz",
    "NM4 9XZ",
    "NM4-9XZ",
    "ring 01632 960123",
    "ring 01632960123 after six",
    "+44 (0)1632 960-123",
    "0044 1632 960 123",
)


def test_what_people_write_into_a_plan_never_gives_it_away(world: World) -> None:
    record(world)
    plan = world.open()
    for text in WRITTEN:
        with world.acting("dee") as work, refused("what"):
            targets.add_target(work, plan.id, targets.TargetWords(Category.ACADEMIC, text, "Reads it", "All"))


def test_it_is_refused_wherever_a_plan_takes_words(world: World) -> None:
    record(world)
    plan = world.open()
    text = WRITTEN[0]
    with world.acting("sam") as work:
        target = targets.add_target(work, plan.id, targets.TargetWords(Category.ACADEMIC, "Read", "Reads it", "All"))
        form = plans.parts_of(work, plan).form
    writers = {CAST[who][0]: who for who in ("sam", "dee", "cal", "val")}
    asked = {
        section: [field.key for field in section.fields if field.type in (FieldType.TEXT, FieldType.TEXTAREA)]
        for section in form.sections
    }
    assert sum(len(keys) for keys in asked.values()) > 10
    for section, keys in asked.items():
        for key in keys:
            with world.acting(writers[section.owner]) as work, refused(key):
                sections.save_section(work, plan.id, section.key, {key: text}, 0)
    with world.acting("sam") as work, refused("outcome_why"):
        targets.review_target(work, targets.read_target(work, target.id), Outcome.MET, text, target.version)
    with world.acting("sam") as work:
        targets.remove_target(work, targets.read_target(work, target.id), target.version)
    with world.acting("kid") as work, refused("going_well"):
        views.save_views(work, plan.id, {"going_well": text}, 0)
    with world.acting("sam") as work, refused("no_meeting_reason"):
        plans.submit_plan(work, plan.id, plan.version, no_meeting_reason=text)
    world.concern()
    with world.acting("sam") as work, refused("action"):
        concerns.answer_by_action(work, "concern", action=text, owner_id="dee", by_date=TODAY, seen_version=1)
    world.fill_in(plan)
    plan = world.plan(plan)
    page = world.client("sam").post(
        f"/plans/{plan.id}/submission", data={"version": str(plan.version), "no_meeting_reason": text}
    )
    assert page.status_code == 422
    assert text in page.text


def test_an_earlier_home_is_not_given_away_either(world: World) -> None:
    record(world)
    record(world, replace(HOME, address="3 Mill Lane", postcode="", carer_phone="", since=TODAY), version=1)
    for text in ("12 Rowan Close", "3 Mill Lane"):
        with world.acting("sam") as work, pytest.raises(InvalidInput):
            placement.refuse_what_gives_it_away(work, world.child.id, {"answers": {"inner": ["fine", text]}})


def a_home(address: str = "12 Rowan Close", postcode: str = "NM4 9XZ", phone: str = "01632 960123") -> Watch:
    return Watch([Traces(address, postcode, phone)])


@pytest.mark.parametrize(
    "text",
    [
        "Her class reads 12 books",
        "The close of term; Rowan reads well",
        "112 Rowan Closeness",
        "Room NM4, 9 xylophones",
        "UNM4 9XZ",
        "ring 01632 960124",
        "Cal Winter reads to her in Northmoor",
    ],
)
def test_what_only_looks_like_it_may_be_written(text: str) -> None:
    assert not a_home().finds(text)


@pytest.mark.parametrize(
    ("address", "text", "found"),
    [
        ("Rowan Cottage\nMill Lane", "at Rowan Cottage", True),
        ("Flat 2\n12 Rowan Close", "12 Rowan Close, flat 2", True),
        ("Flat 2\nNorthmoor", "flat 2 is fine, Northmoor too", False),
        ("Flat 2\nNorthmoor", "flat 2, Northmoor", True),
        ("12, Rowan Close", "12 Rowan Close", True),
        ("Oakfield\n3 Mill Lane", "Oakfield Academy", False),
        ("Oakfield\n3 Mill Lane", "3 Mill Lane", True),
        ("St John's House\nX", "st john’s house", True),
    ],
)
def test_which_part_of_an_address_is_looked_for(address: str, text: str, found: bool) -> None:
    assert a_home(address, "", "").finds(text) is found


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_address_and_any_text_can_be_compared(address: str, text: str) -> None:
    assert a_home(address).finds(text) in (True, False)


def test_where_nothing_is_recorded_nothing_is_found() -> None:
    assert not Watch([]).finds("12 Rowan Close, NM4 9XZ")
    assert current([]) is None


@pytest.mark.parametrize(("typed", "kept"), [("nm49xz", "NM4 9XZ"), (" ec1a-1bb ", "EC1A 1BB"), ("none", "none")])
def test_a_postcode_is_kept_as_it_is_written_on_letters(typed: str, kept: str) -> None:
    assert tidy_postcode(typed) == kept


def test_it_is_recorded_and_read_on_postgresql(tmp_path: Any, make_child: Any, new_postgresql_database: Any) -> None:
    world = World(tmp_path, make_child(), new_postgresql_database())
    record(world)
    assert {who for who in CAST if sees(world, who)} == READERS
    world.runtime.close()
