"""A copy of one child's record: everything each service has, without what is withheld, and on record."""

from __future__ import annotations

import csv
import inspect
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from services.pep.adapters import links_store, plans_store
from services.pep.adapters.links_store import Contribution
from services.pep.app import SPEC as PEP
from services.pep.application import links, sections, targets, views
from services.pep.domain.forms import FieldType
from services.pep.domain.targets import Category
from services.scheduling.app import SPEC as SCHEDULING
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from services.virtual_school.application import attendance
from services.virtual_school.domain.attendance_codes import Session
from shared.platform import audit
from shared.platform.audit_tables import ENTRY
from shared.platform.copies import MARK, RELEASE
from shared.platform.erasure import rows_of_child
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES
from shared.platform.trail import Kind
from shared.testing.pages import check_page
from tests.suite.access_world import SPECS, AccessWorld

HEAD, MANAGER, WORKER = "our-virtual_school_head", "our-team_manager", "our-social_worker"
BROTHER = "Zebedee Quill"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("copies"))
    write_about(made)
    yield made
    made.runtime.close()


@pytest.fixture(autouse=True)
def nothing_marked(world: AccessWorld) -> None:
    for spec in SPECS:
        with world.by_itself(spec) as work:
            work.connection.execute(MARK.delete())
            work.connection.execute(RELEASE.delete())


def write_about(world: AccessWorld) -> None:
    """Let everybody write something of the child that is ours."""
    ours = world.things["ours"]
    with world.acting(PEP, WORKER) as work:
        plan = plans_store.load_plan(work.connection, ours["plan_id"])
        words = targets.TargetWords(
            Category.OTHER, f"Visit {BROTHER} on Sundays", "He says so", "The carer", date(2027, 1, 5), "Weekly", 1250
        )
        targets.add_target(work, plan.id, words)
        views.save_views(work, plan.id, {"going_well": "I like my brother Zebedee quill"}, 0, how="talked")
        sent = links.send_to_guest(work, plan.id, "Una Vance", "Educational psychologist", "una@people.example")
        said = Contribution(sent.id, plan.id, sent.name, sent.capacity, "Short tasks suit him.", work.now, 1)
        links_store.save_contribution(work.connection, said)
    with world.acting(PEP, "our-designated_teacher") as work:
        page = sections.read_section(work, plan.id, "arrangements")
        text = next(field for field in page.section.fields if field.type in (FieldType.TEXT, FieldType.TEXTAREA))
        for version, said in enumerate(("He sits beside his friend.", "He sits in front.")):
            sections.save_section(work, plan.id, "arrangements", {text.key: said}, version)
    with world.acting(VIRTUAL_SCHOOL, "our-designated_teacher") as work:
        marks = [(date(2026, 11, 16), Session.AM, "/"), (date(2026, 11, 17), Session.PM, "I")]
        attendance.record_marks(work, ours["child_id"], marks, replace_held=False)
    with world.by_itself(SCHEDULING) as work:
        invitee = SCHEDULING.metadata.tables["invitee"]
        this = invitee.c.id == ours["invitee_id"]
        work.connection.execute(update(invitee).where(this).values(comment=f"I come with {BROTHER}."))


def address(world: AccessWorld, rest: str = "", child: str = "ours") -> str:
    return f"/children/{world.things[child]['child_id']}/record{rest}"


def mark(world: AccessWorld, service: str, who: str = HEAD, **fields: str) -> int:
    given = {"ground": "third_party", **fields}
    return world.client(service, who).post(address(world, "/mark"), data=given).status_code


def release(world: AccessWorld, service: str, who: str = HEAD) -> str:
    """Release a copy and return its id."""
    data = {"released_to": "=HYPERLINK the child"}
    assert world.client(service, who).post(address(world, "/release"), data=data).status_code == 303
    with world.runtime.database(service).reading() as connection:
        return str(connection.execute(select(RELEASE.c.id).order_by(RELEASE.c.number.desc())).scalars().first())


def copy_of(world: AccessWorld, service: str, release_id: str, who: str = HEAD) -> tuple[str, dict[str, Any]]:
    """Return the page and the data of a released copy."""
    answer = world.client(service, who).get(address(world, f"/releases/{release_id}/copy.zip"))
    assert answer.status_code == 200
    name = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])
    assert name is not None
    assert re.fullmatch(r"record-(pep|scheduling|virtual-school)-2026-11-23-\d+\.zip", name[1])
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == ["record.css", "record.html", "record.json"]
        return unescape(archive.read("record.html").decode()), json.loads(archive.read("record.json"))


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("pep", ["He sits beside his friend.", "He sits in front.", f"Visit {BROTHER} on Sundays", "£12.50",
                 "I like my brother", "We talked", "Our Social Worker", "Invited to meetings", "An inquiry",
                 "Meet the carer", "700000", "Became looked after", "Una Vance", "Short tasks suit him."]),
        ("scheduling", ["Oakfield Academy", f"I come with {BROTHER}.", "Invitation", "our-carer@people.example"]),
        ("virtual_school", ["Mon am /", "Tue pm I", "Persistent or general disruptive behaviour", "Concern:"]),
    ],
)  # fmt: skip
def test_everything_a_service_has_is_read_in_order_and_handed_out(
    world: AccessWorld, service: str, says: list[str]
) -> None:
    page, data = copy_of(world, service, release(world, service))
    for words in says:
        assert words in page, words
        assert words in json.dumps(data, ensure_ascii=False), words
    days = [one["date"] for one in data["entries"]]
    assert days == sorted(days)
    assert "<script" not in page
    assert not [word for word in ("class=", "http", "src=") if word in page]


LEFT_OUT: Mapping[str, str] = {
    "answer_link": "a hash; the invitation is in the copy",
    "attendance_week": "added up from the marks, which are in the copy",
    "chase_notice": "the lines of the meeting's history that say who was told are in the copy",
    "chase_step": "the lines of the meeting's history that say how it was chased are in the copy",
    "child_views": "the newest of its versions, which are in the copy",
    "claim": "the times of the meeting, to keep two from being booked at once",
    "delegated_place": "to which delegation a place on the team belongs; the place is in the copy",
    "emergency_opening": "its account is in pep's copy",
    "erasure_request": "says that the record is to be erased",
    "late_change": "the line of the meeting's history that says so is in the copy",
    "link_visit": "kept for a day; the link's uses are in the copy",
    "mark_replaced": "which file replaced a mark, for a file to be taken back",
    "membership": "a copy of pep's",
    "parent_standing": "follows from the decisions, which are in pep's copy",
    "poll_link": "a hash; the mail that asks is in the copy",
    "plan_meeting": "a copy of scheduling's",
    "plan_section": "the newest of its versions, which are in the copy",
    "released_copy": "the bytes of copies like this; their release is in the copy",
    "room_claim": "the times of the meeting, to keep two from being booked into one room at once",
    "told_invitee": "what was last told of an invitation; the mails are in the copy",
    "told_meeting": "what was last told of a meeting; the mails are in the copy",
    "withheld_passage": "what is withheld",
}
"""Tables with rows of a child's that no entry comes from, and why."""
WITHOUT_WORDS = {"pep": {"mail_out"}}
"""What a mail about a link says is gone once it was sent."""


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_table_with_rows_of_a_child_is_in_the_copy_or_says_why_not(spec: ServiceSpec) -> None:
    module = sys.modules[spec.chronology.__module__] if spec.chronology else None
    assert module is not None
    parts = {sys.modules[part.__module__] for part in vars(module).values() if inspect.isfunction(part)}
    told_by = [part for part in parts if part is module or part.__name__.endswith("_chronology")]
    source = "".join(inspect.getsource(part) for part in told_by)
    named = set(re.findall(r'"([a-z_]+)"', source)) | {RELEASE.name}
    tables = {table.name for table in rows_of_child(spec.metadata, lambda column: column == "c")}
    assert tables - named - set(LEFT_OUT) - WITHOUT_WORDS.get(spec.name, set()) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_the_pages_are_sound_and_lead_to_the_other_services(world: AccessWorld, service: str) -> None:
    client = world.client(service, HEAD)
    mark(world, service, words="child ours")
    release(world, service)
    for rest in ("", "/mark", "/mark?entry=child", "/release"):
        answer = client.get(address(world, rest))
        assert answer.status_code == 200, rest
        check_page(answer.text)
    shown = client.get(address(world)).text
    assert len(re.findall(r'href="[^"]*/children/[^"]*/record"', shown)) >= 2
    assert "Withheld wherever they are" in shown


def test_what_is_withheld_is_in_no_byte_of_the_copy(world: AccessWorld) -> None:
    assert mark(world, "pep", words=BROTHER) == 303
    page, data = copy_of(world, "pep", first := release(world, "pep"))
    for told in (page, json.dumps(data, ensure_ascii=False)):
        assert "quill" not in told.lower()
        assert told.count("[withheld: information about another person]") >= 3  # the target, its step, the views
    listed = world.client("pep", HEAD).get(address(world, f"/releases/{first}/withheld.csv"))
    rows = list(csv.reader(io.StringIO(listed.data.decode("utf-8-sig"))))
    assert len(rows) >= 4
    assert all("Schedule 2, paragraph 16" in row[4] for row in rows[1:])


def test_a_cell_of_the_list_cannot_be_a_formula(world: AccessWorld) -> None:
    mark(world, "pep", words=BROTHER, note='=HYPERLINK("https://example.org")')
    listed = world.client("pep", HEAD).get(address(world, f"/releases/{release(world, 'pep')}/withheld.csv"))
    for row in list(csv.reader(io.StringIO(listed.data.decode("utf-8-sig"))))[1:]:
        assert row[5].startswith("'=")


def test_an_entry_or_a_part_of_it_is_withheld_and_can_be_released_again(world: AccessWorld) -> None:
    assert mark(world, "pep", entry="child", part="legal_status", ground="court") == 303
    _, data = copy_of(world, "pep", release(world, "pep"))
    said = {part["label"]: part["text"] for part in data["entries"][0]["says"]}
    first = next(one for one in data["entries"] if one["record"] == "child")
    said = {part["label"]: part["text"] for part in first["says"]}
    assert said["Legal status"] == "[withheld: given to a court]"
    assert said["Reference"] == "700000"
    with world.runtime.database("pep").reading() as connection:
        mark_id = connection.execute(select(MARK.c.id).where(MARK.c.taken_back_at.is_(None))).scalar_one()
    assert world.client("pep", HEAD).post(address(world, f"/marks/{mark_id}/removal")).status_code == 303
    _, data = copy_of(world, "pep", release(world, "pep"))
    assert "[withheld" not in json.dumps(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"words": "a word that nobody wrote"},
        {"words": ""},
        {"entry": "child", "part": "legal_status", "words": BROTHER},
        {"entry": "child", "ground": ""},
        {"entry": "child", "ground": "because"},
    ],
)
def test_a_mark_that_would_withhold_nothing_is_refused(world: AccessWorld, fields: dict[str, str]) -> None:
    assert mark(world, "pep", **fields) == 422
    with world.runtime.database("pep").reading() as connection:
        assert connection.execute(select(MARK)).all() == []


def test_no_copy_is_made_while_a_mark_has_lost_what_it_withheld(world: AccessWorld) -> None:
    assert mark(world, "scheduling", words=BROTHER) == 303
    with world.by_itself(SCHEDULING) as work:
        invitee = SCHEDULING.metadata.tables["invitee"]
        this = invitee.c.id == world.things["ours"]["invitee_id"]
        work.connection.execute(update(invitee).where(this).values(comment="I come with Zeb Quill."))
    client = world.client("scheduling", HEAD)
    assert client.post(address(world, "/release"), data={"released_to": "The child"}).status_code == 409
    shown = client.get(address(world)).text
    check_page(shown)
    assert "Marks that withhold nothing any more" in shown
    with world.by_itself(SCHEDULING) as work:
        work.connection.execute(update(invitee).where(this).values(comment=f"I come with {BROTHER}."))


def test_a_second_look_is_somebody_elses(world: AccessWorld) -> None:
    made = release(world, "pep", MANAGER)
    look = address(world, f"/releases/{made}/second-look")
    assert world.client("pep", MANAGER).post(look).status_code == 409
    assert world.client("pep", WORKER).post(look).status_code == 303
    assert world.client("pep", HEAD).post(look).status_code == 409
    assert "Our Social Worker" in world.client("pep", HEAD).get(address(world)).text


def test_a_social_worker_prepares_and_does_not_release(world: AccessWorld) -> None:
    assert mark(world, "pep", WORKER, words=BROTHER) == 303
    page = world.client("pep", WORKER).get(address(world)).text
    check_page(page)
    assert "/release" not in page
    assert world.client("pep", WORKER).get(address(world, "/release")).status_code == 403


def test_another_childs_copy_is_not_to_be_had_by_the_address_of_ones_own(world: AccessWorld) -> None:
    made = release(world, "pep")
    wrong = address(world, f"/releases/{made}/copy.zip", "theirs")
    assert world.client("pep", HEAD).get(wrong).status_code == 404


@pytest.mark.parametrize("service", SERVICES)
def test_releasing_and_taking_a_copy_away_are_on_record(world: AccessWorld, service: str) -> None:
    with world.runtime.database(service).writing() as connection:
        connection.execute(ENTRY.delete())
    copy_of(world, service, release(world, service))
    asked = audit.Asked(world.things["ours"]["child_id"])
    with world.runtime.database(service).reading() as connection:
        entries, _ = audit.of_child(connection, asked, limit=10)
    assert {(one.kind, one.action, one.person_id) for one in entries} == {
        (Kind.CHANGE, f"{service}.record.export", HEAD),
        (Kind.EXPORT, f"{service}.record.export", HEAD),
    }


def test_the_copy_says_who_has_used_the_record_by_role_and_body(world: AccessWorld) -> None:
    world.client("virtual_school", WORKER).get(f"/children/{world.things['ours']['child_id']}")
    _, data = copy_of(world, "virtual_school", release(world, "virtual_school"))
    used = [one for one in data["entries"] if one["kind"] == "Who has used the record"]
    assert any("Social worker, Northmoor" in part["text"] for one in used for part in one["says"])


def test_no_file_of_a_copy_is_left_in_the_homes_folder(world: AccessWorld) -> None:
    home = Path(world.runtime.settings.home)
    before = {file for file in home.rglob("*") if "sqlite" not in file.name}
    release(world, "pep")
    assert {file for file in home.rglob("*") if "sqlite" not in file.name} == before
