"""Words that stand for sealed facts are seen by exactly those who may know them, wherever anybody can look.

Who may is worked out from the table of permissions. A new page, operation, mail or log line is walked through without
anybody adding it here.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Response

from services.pep.app import SPEC as PEP
from services.pep.application import children, placement
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import meetings
from services.scheduling.application.lookup import find_meeting
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import access
from shared.platform.access import Decision
from shared.platform.db import Database
from shared.testing.pages import steady
from tests.suite.access_world import PRIVATE_WORD, TODAY, AccessWorld, undone
from tests.suite.canary_world import (
    UNTOLD,
    Fact,
    Given,
    Lines,
    deliver,
    feeds_of,
    given,
    knows,
    mails,
    overhearing,
    public_pages,
    stored,
    take_in,
    walk,
)
from tests.suite.test_the_whole_matrix import ask, routes_of

pytestmark = pytest.mark.timeout(240)

SHOWS_THE_HOME = ("pep.placement.read", "pep.placement.record", "pep.record.prepare")
"""The rows whose pages show where the child lives: the page, the form that is filled in with it, the whole record."""

WHOLE_RECORD = ("scheduling.record.prepare", "pep.record.prepare")
"""The rows by which a copy of everything that is kept of a child is prepared."""

WITH_THE_SCHOOL = {"pep.school.recorded.v1", "pep.person.recorded.v1", "pep.child.school_changed.v1"}
"""The events that name a school: the register's, the teacher's, and the child's by its number."""

EDITED = re.compile(r'"version":\d+,?')
"""How often a record was edited; it says nothing of what."""

Read = dict[Role, list[Given]]


@pytest.fixture(scope="module")
def logged() -> Iterator[Lines]:
    lines = Lines()
    root = logging.getLogger()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(lines)
    root.setLevel(before)


@pytest.fixture(scope="module")
def told() -> list[str]:
    """Every event that was published while the world was made."""
    return []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, logged: Lines, told: list[str]) -> Iterator[AccessWorld]:
    with overhearing() as heard:
        made = AccessWorld(tmp_path_factory.mktemp("canary"))
        take_in(made)
    told.extend(heard)
    yield made
    made.runtime.close()


@pytest.fixture(scope="module")
def read(world: AccessWorld) -> Read:
    """Everything that each role was given, in one walk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", undone)
        return {role: list(walk(world, f"our-{role.value}")) for role in Role}


def who_saw(read: Read, fact: Fact) -> set[Role]:
    return {role for role, found in read.items() if any(fact in one.facts for one in found)}


def who_may(fact: Fact) -> set[Role]:
    return {role for role in Role if knows(role, fact)}


@pytest.mark.parametrize("fact", list(Fact))
def test_each_fact_is_seen_by_exactly_those_whom_the_table_names(read: Read, fact: Fact) -> None:
    assert who_saw(read, fact) == who_may(fact)


def test_where_the_child_lives_is_shown_by_its_own_rows_of_the_table_and_by_no_other(read: Read) -> None:
    shown = {(role, one.row) for role, found in read.items() for one in found if Fact.HOME in one.facts}
    assert shown == {(role, row) for row in SHOWS_THE_HOME for role in Role if knows(role, Fact.HOME, row)}
    assert {role for role, _ in shown} == who_may(Fact.HOME)


def test_the_walk_went_everywhere_and_met_every_kind_of_refusal(world: AccessWorld, read: Read) -> None:
    routes = [route for service, app in world.apps.items() for route in routes_of(service, app)]
    for role, found in read.items():
        everything = role is Role.SOCIAL_WORKER or role not in who_may(Fact.HOME)
        wanted = {str(route) for route in routes if everything or route.method == "GET"}
        assert wanted <= {one.where.rpartition(" ")[0] for one in found}
        assert 429 not in {one.status for one in found}
    assert {200, 403, 404, 412, 422} <= {one.status for found in read.values() for one in found}
    assert any("text/csv" in one.text for one in read[Role.SOCIAL_WORKER])


def confided(text: str) -> bool:
    return PRIVATE_WORD.casefold() in text.casefold()


def test_what_a_child_confides_for_the_agenda_is_read_by_social_care_alone(world: AccessWorld, read: Read) -> None:
    """And by the child who wrote it, when signed in; besides, it is in the whole record where a copy is prepared."""
    shown = {(role, one.row) for role, found in read.items() for one in found if confided(one.text)}
    whole = {(role, row) for role, row in shown if row in WHOLE_RECORD}
    assert {role for role, _ in shown - whole} == {Role.SOCIAL_WORKER, Role.TEAM_MANAGER, Role.CHILD}
    assert {role for role, _ in whole} <= {Role.SOCIAL_WORKER, Role.TEAM_MANAGER, Role.VIRTUAL_SCHOOL_HEAD}
    assert {row for role, row in shown if role is Role.SOCIAL_WORKER} >= {
        "scheduling.meeting.read", "scheduling.agenda.read",
    }  # fmt: skip
    assert any("The school trip" in one.text for one in read[Role.CARER])


def test_what_a_child_confides_is_in_no_event_and_no_log(told: list[str], read: Read, logged: Lines) -> None:
    assert [one for one in told if confided(one)] == []
    assert [line for line in logged.lines if confided(line)] == []


def test_who_is_not_on_the_team_comes_upon_nothing(world: AccessWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "writing", undone)
    others = [f"their-{role.value}" for role in Role if role is not Role.VIRTUAL_SCHOOL_HEAD]
    for person in [*others, "far-social_worker", "far-virtual_school_head"]:
        for service, app in world.apps.items():
            for route in routes_of(service, app):
                if "child_id" in route.arguments and route.method == "GET":
                    answer = given(route.action, str(route), ask(world.client(service, person), world, route, "ours"))
                    assert not answer.facts, (person, str(route))
                    assert not confided(answer.text), (person, str(route))


def test_what_needs_no_sign_in_shows_nothing(world: AccessWorld) -> None:
    found = list(public_pages(world))
    assert len(found) > 20
    assert [one.where for one in found if one.facts or confided(one.text)] == []


def test_mails_calendar_entries_and_the_pages_behind_links_tell_the_place_and_no_more(world: AccessWorld) -> None:
    known: dict[Fact, set[Role]] = {fact: set() for fact in Fact}
    asked, behind_links = set(), ""
    for role, one in mails(world):
        asked.add(role)
        behind_links += one.text if one.row == "link" else ""
        assert one.status == 200, one.where
        assert not confided(one.text), one.where
        for fact in one.facts:
            known[fact].add(role)
    assert "The school trip" in behind_links
    assert asked >= {Role.CHILD, Role.PARENT, Role.CARER, Role.DESIGNATED_TEACHER}
    assert known == {Fact.HOME: set(), Fact.SCHOOL: set(), Fact.PLACE: {r for r in asked if knows(r, Fact.PLACE)}}


def test_a_calendar_feed_tells_its_owner_the_place_and_nobody_a_name(world: AccessWorld) -> None:
    found = {role: list(feeds_of(world, role)) for role in Role}
    given = [one for feeds in found.values() for one in feeds]
    assert {one.status for one in given} == {200}
    assert {one.where.split()[0] for one in given} == {"mine", "school", "busy"}
    assert {fact for one in given for fact in one.facts} == {Fact.PLACE}
    told = {role for role, feeds in found.items() if any(Fact.PLACE in one.facts for one in feeds)}
    assert told <= who_may(Fact.PLACE)
    assert {Role.SOCIAL_WORKER, Role.CARER, Role.DESIGNATED_TEACHER} <= told
    assert all(one.where.startswith("mine") for one in given if one.facts)
    assert not [one for one in given if "Child Ours" in one.text or confided(one.text) or "people.example" in one.text]


def test_no_event_tells_where_the_child_lives_or_where_a_meeting_is(world: AccessWorld, told: list[str]) -> None:
    assert len(told) > 50
    assert [one for one in told if Fact.HOME.is_in(one) or Fact.PLACE.is_in(one)] == []
    assert {str(json.loads(one)["type"]) for one in told if Fact.SCHOOL.is_in(one)} == WITH_THE_SCHOOL


def test_where_the_child_lives_is_stored_in_one_table(world: AccessWorld) -> None:
    assert stored(world, Fact.HOME) == {"pep.placement"}


def test_no_log_line_holds_a_word(world: AccessWorld, read: Read, logged: Lines) -> None:
    assert len(logged.lines) > 100
    assert [line for line in logged.lines if any(fact.is_in(line) for fact in Fact)] == []


def test_nobody_finds_a_child_by_where_it_lives(world: AccessWorld) -> None:
    for role in Role:
        client = world.client("pep", f"our-{role.value}")
        for word in ("Xyzzyplugh", "Quuxfrobozz", "QZ9 7ZQ", "960987"):
            assert client.get("/api/children", query_string={"search": word}).json["total"] == 0


def test_an_error_of_ours_says_nothing(
    world: AccessWorld, logged: Lines, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    seen = placement.placement_of

    def fails(*args: Any) -> Any:
        raise RuntimeError(f"something went wrong with {seen(*args).now}")

    monkeypatch.setattr(placement, "placement_of", fails)
    monkeypatch.setitem(world.apps["pep"].config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(world.apps["pep"].config, "TESTING", False)
    before = len(logged.lines)
    for prefix in ("", "/api"):
        path = f"{prefix}/children/{world.things['ours']['child_id']}/placement"
        answer = given("", path, world.client("pep", "our-social_worker").get(path))
        assert (answer.status, answer.facts) == (500, set())
    written = [line.split(' {"name"')[0] for line in logged.lines[before:]]
    assert written
    assert [line for line in written if Fact.HOME.is_in(line.partition("} ")[0])] == []


@pytest.mark.parametrize("role", [role for role in Role if not knows(role, Fact.HOME)])
def test_a_page_is_the_same_whatever_may_not_be_known(
    world: AccessWorld, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    """Byte for byte, but for tokens and ids: before another home (and, to a parent, school and place) is recorded."""
    child_id = world.things["ours"]["child_id"]

    def everything() -> dict[str, str]:
        pages = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Database, "writing", undone)
            for service, app in world.apps.items():
                for route in routes_of(service, app):
                    if route.method == "GET" and route.arguments & {"child_id", "meeting_id"}:
                        answer = ask(world.client(service, f"our-{role.value}"), world, route, "ours")
                        pages[str(route)] = f"{answer.status} {EDITED.sub('', steady(answer))}"
        return pages

    before = everything()
    with world.acting(PEP, "our-social_worker") as work:
        view = placement.placement_of(work, child_id)
        other = placement.NewPlacement(TODAY, "1 Plover Row", carer_name="Somebody", carer_phone="01632 960111")
        placement.record_placement(work, child_id, other, view.version)
    if Fact.SCHOOL in UNTOLD.get(role, set()):
        with world.by_itself(PEP) as work:
            version = children.child_record(work, child_id).version
            children.change_school(work, child_id, version, None, TODAY)
        deliver(world)
    after = everything()
    assert sorted(name for name in before if before[name] != after[name]) == []


# The last tests leak on purpose: what they show is that the walk would notice.


def test_a_leak_in_the_name_of_a_file_is_noticed(world: AccessWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "writing", undone)
    views: dict[str, Callable[..., Any]] = world.apps["pep"].view_functions
    show = views["children.show"]

    def leaky(child_id: str) -> Response:
        answer: Response = show(child_id)
        answer.headers["Content-Disposition"] = 'attachment; filename="Quuxfrobozz.pdf"'
        return answer

    leaky.suite_access = show.suite_access  # type: ignore[attr-defined]
    monkeypatch.setitem(views, "children.show", leaky)
    assert any(Fact.HOME in one.facts for one in walk(world, "our-advocate"))


def test_a_policy_that_lets_too_many_in_is_noticed(world: AccessWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "writing", undone)
    strict = access.decide

    def lenient(actor: Any, action: str, thing: Any, field: str | None = None) -> Decision:
        open_row = replace(PERMISSIONS["pep.placement.read"], matter=None)
        monkeypatch.setitem(access.PERMISSIONS, "pep.placement.read", open_row)  # type: ignore[arg-type]
        return strict(actor, action, thing, field)

    monkeypatch.setattr(access, "decide", lenient)
    seen = {
        role
        for role in Role
        if any(
            Fact.HOME.is_in(ask(world.client("pep", f"our-{role.value}"), world, route, "ours").text)
            or "Plover" in ask(world.client("pep", f"our-{role.value}"), world, route, "ours").text
            for route in routes_of("pep", world.apps["pep"])
            if route.action == "pep.placement.read"
        )
    }
    monkeypatch.undo()
    assert seen - who_may(Fact.HOME)


def test_a_leak_into_a_mail_is_noticed(world: AccessWorld) -> None:
    with world.by_itself(SCHEDULING) as work:
        meeting = find_meeting(work, world.things["ours"]["meeting_id"])
        assert meeting.booking is not None
        wanted = {each.person_id: each.required for each in meeting.invitees}
        booking = replace(meeting.booking, joining_link="https://meet.example/Quuxfrobozz")
        meetings.move(work, meeting.id, meetings.Wish(booking, wanted), meeting.version)
    assert {role for role, one in mails(world) if Fact.HOME in one.facts}
