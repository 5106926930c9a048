"""An authority changes its form by a spreadsheet: faults by their lines, a look before use, plans keep their own."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pep.adapters import forms_store
from services.pep.adapters.form_files import current_version, form_of
from services.pep.adapters.forms_store import find_form, read_sheet, version_of
from services.pep.app import SPEC
from services.pep.application import children, forms, plans, sections
from services.pep.application.circumstances import say_circumstances
from services.pep.domain.circumstances import SAID, Circumstance, from_record, with_record, with_said
from services.pep.domain.form_reading import faults_of_whole
from services.pep.domain.form_schema import answers_schema
from services.pep.domain.form_sheet import COLUMNS, FaultySheet, write_form_sheet
from services.pep.domain.forms import Form, Heading, headings_answered, missing
from services.pep.domain.plan import PlanKind
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Denied, InvalidInput, NotFound, Stale
from shared.platform.web.tables_as_csv import csv_text
from shared.testing.pages import check_page
from shared.testing.runtimes import add_person
from tests.pep.plan_world import TODAY, World
from tests.pep.test_forms import PHASES, filled


def sheet_of(form: Form, **changes: str) -> bytes:
    """Return a form's spreadsheet; `changes` are texts of it to replace, given as old=new pairs in `swap`."""
    text = csv_text(COLUMNS, write_form_sheet(form))
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def read(raw: bytes, phase: str = "primary") -> Form:
    return read_sheet(raw, "form.csv", phase, "own-1", "Our form")


@pytest.mark.parametrize("phase", PHASES)
def test_a_form_written_as_a_spreadsheet_is_the_same_form_when_it_is_read(phase: str) -> None:
    form = form_of(phase, current_version())
    again = read_sheet(sheet_of(form), "form.csv", phase, form.version, form.title)
    assert again == form


def test_every_fault_is_named_with_its_line_all_at_once() -> None:
    rows = write_form_sheet(form_of("primary", current_version()))
    at = {row[6]: number for number, row in enumerate(rows, start=2)}

    def cell(question: str, column: str) -> tuple[int, int]:
        return at[question] - 2, COLUMNS.index(column)

    for question, column, text in (
        ("lives_with", "type", "drawing"),
        ("homes_this_year", "largest", "many"),
        ("health", "heading", "fun"),
        ("settings_attended", "written by", "neighbour"),
        ("sen_needs", "required", "perhaps"),
        ("interests", "label", ""),
        ("carer_part", "help", "=HYPERLINK(1)"),
    ):
        line, place = cell(question, column)
        rows[line][place] = text
    with pytest.raises(FaultySheet) as caught:
        read(csv_text(COLUMNS, rows).replace("'=HYPER", "=HYPER").encode())
    said = {one.line: one.what for one in caught.value.faults}
    assert set(said) >= {
        at[key] for key in ("lives_with", "homes_this_year", "health", "settings_attended", "sen_needs")
    }
    assert "drawing" in said[at["lives_with"]]
    assert "“yes”, “no” or “when" in said[at["sen_needs"]]
    assert "formula" in said[at["carer_part"]]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty"),
        (b"a,b\r\n1,2\r\n", "columns are not as expected"),
        (",".join(COLUMNS).encode() + b"\r\n", "no question"),
        (",".join(COLUMNS).encode() + b"\r\nx,y\r\n", "has 2 cells"),
        (b"PK\x03\x04" + b"\0" * 40, "not a CSV text file"),
    ],
)
def test_a_file_that_is_no_form_says_what_it_should_be(raw: bytes, said: str) -> None:
    with pytest.raises(FaultySheet, match=said):
        read(raw)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("heading", list(Heading))
def test_no_heading_of_the_schedule_can_be_left_out_of_a_form(phase: str, heading: Heading) -> None:
    """All its required questions taken out, the form is refused; each left open by itself, the plan is not whole."""
    form = form_of(phase, current_version())
    carried = [(s, f) for s in form.sections for f in s.fields if f.required and f.heading is heading]
    assert carried
    without = replace(
        form,
        sections=tuple(
            replace(s, fields=tuple(f for f in s.fields if not (f.required and f.heading is heading)))
            for s in form.sections
        ),
    )
    assert any(heading.citation in fault for fault in faults_of_whole(without))
    for section, field in carried:
        answers = {**filled(form), section.key: {**filled(form)[section.key], field.key: None}}
        if section in form.applying((), {}).sections:
            assert heading not in headings_answered(form.applying((), {}), answers)


@pytest.mark.parametrize("phase", PHASES)
def test_whatever_applies_a_plan_still_holds_every_heading(phase: str) -> None:
    form = form_of(phase, current_version())
    for size in range(len(Circumstance) + 1):
        for given_ in combinations(Circumstance, size):
            asked = form.applying(given_, {})
            carried = {f.heading for s in asked.sections for f in s.fields if f.required}
            assert set(Heading) <= carried, given_
            assert missing(asked, filled(form)) == []


def test_a_section_waits_for_what_applies_or_for_an_answer() -> None:
    form = form_of("secondary", current_version())

    def keys(*circumstances: str, **answers: dict[str, Any]) -> set[str]:
        return {one.key for one in form.applying(circumstances, answers).sections}

    assert "no_school" in keys("no_school")
    assert not {"arrangements", "attendance"} & keys("no_school")
    assert "custody" in keys("custody")
    assert "no_school" not in keys("custody", "no_school")
    assert "alternative_provision" in keys("alternative_provision")
    assert "first_plan" in keys("initial") - keys()
    assert "reduced_timetable" in keys(arrangements={"full_time": False}) - keys()
    assert "ehc_plan" in keys(sen={"sen_status": "ehc_plan"}) - keys()
    assert "next_step" in keys("transition_year") - keys()
    assert "newly_arrived" in keys("newly_arrived") - keys()
    post_16 = form_of("post_16", current_version())
    seeking = post_16.applying((), {"arrangements": {"activity": "none"}})
    assert seeking.section("seeking_work") is not None
    assert post_16.applying((), {}).section("seeking_work") is None


@given(kept=st.sets(st.sampled_from(Circumstance)), said=st.sets(st.sampled_from(Circumstance)))
def test_what_is_said_and_what_the_record_tells_never_change_each_other(
    kept: set[Circumstance], said: set[Circumstance]
) -> None:
    assert set(with_said(tuple(kept), said)) == (kept - SAID) | (said & SAID)
    assert set(with_record(tuple(kept), said - SAID)) == (kept & SAID) | (said - SAID)


@pytest.mark.parametrize(
    ("first", "school", "group", "follows"),
    [
        (True, True, 4, {"initial"}),
        (False, False, 4, {"no_school"}),
        (False, False, -1, set()),
        (False, True, 11, {"transition_year"}),
    ],
)
def test_what_the_record_tells(first: bool, school: bool, group: int, follows: set[str]) -> None:
    assert from_record(first_plan=first, has_school=school, year_group=group) == follows


def a_head(world: World) -> None:
    world.people["head"] = add_person(world.runtime, SPEC, "head", Role.VIRTUAL_SCHOOL_HEAD, name="Hal Moss")


def own_sheet() -> bytes:
    """The secondary form with one question more, and the title of a section changed."""
    rows = write_form_sheet(form_of("secondary", current_version()))
    at = next(number for number, row in enumerate(rows) if row[6] == "interests")
    rows[at][1] = "Fun and friends"
    rows.insert(
        at + 1, ["leisure", "", "", "", "", "", "swims", "Can they swim?", "yes_no", "", "", "yes", "leisure", ""]
    )
    return csv_text(COLUMNS, rows).encode()


def test_the_head_changes_the_form_by_the_pages_and_only_new_plans_ask_it(world: World) -> None:
    a_head(world)
    before = world.open(kind=PlanKind.FIRST)
    browser = world.client("head")
    assert "Secondary" in check_page(browser.get("/forms"))
    assert "What the columns hold" in check_page(browser.get("/forms/secondary/change"))
    got = browser.get(f"/forms/secondary/{current_version()}/sheet.csv")
    assert read_sheet(got.data, "x.csv", "secondary", current_version(), before.phase).sections

    def send(raw: bytes, title: str = "Our secondary plan") -> Any:
        data = {"title": title, "sheet": (io.BytesIO(raw), "ours.csv")}
        return browser.post("/forms/secondary/change", data=data, content_type="multipart/form-data")

    wrong = send(own_sheet().replace(b"yes_no,,,yes,leisure", b"drawing,,,yes,leisure"))
    assert wrong.status_code == 422
    assert re.search(r"Line \d+: question “swims”", check_page(wrong))
    kept = send(own_sheet())
    assert kept.status_code == 303
    path = kept.headers["Location"]
    shown = check_page(browser.get(path))
    for words in (
        "Our secondary plan",
        "Can they swim?",
        "Fun and friends",
        "Asked when",
        "Schedule 1, paragraph 2(4)",
    ):
        assert words in shown
    past = (TODAY - timedelta(days=1)).isoformat().split("-")
    day = dict(zip(("from_date-year", "from_date-month", "from_date-day"), past, strict=True))
    assert browser.post(f"{path}/use", data=day).status_code == 422
    day = dict(zip(day, TODAY.isoformat().split("-"), strict=True))
    assert browser.post(f"{path}/use", data=day).status_code == 303
    assert "Our secondary plan" in check_page(browser.get("/forms"))
    after = world.open(kind=PlanKind.TERMLY)
    assert (before.form_version, after.form_version) == (current_version(), path.rpartition("/")[2])
    with world.looking("sam") as work:
        assert plans.parts_of(work, before).form.section("leisure") == form_of("secondary", current_version()).section(
            "leisure"
        )
        leisure = plans.parts_of(work, after).form.section("leisure")
    assert leisure is not None
    assert leisure.field("swims") is not None
    assert "Can they swim?" in check_page(world.client("sam").get(f"/plans/{after.id}/sections/leisure"))
    with world.acting("sam") as work:
        assert sections.save_section(work, after.id, "leisure", {"swims": "yes"}, 0).answers["swims"] is True


def test_a_form_can_be_decided_for_a_later_day_and_taken_back(world: World) -> None:
    a_head(world)
    with world.acting("head") as work:
        kept = forms.keep_own_form(work, "secondary", "Ours", own_sheet(), "ours.csv")
        forms.use_form(work, "secondary", kept.version, TODAY + timedelta(days=30))
    assert world.open(kind=PlanKind.FIRST).form_version == current_version()
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + timedelta(days=30))
    assert world.open(kind=PlanKind.TERMLY).form_version == kept.version
    with world.acting("head") as work:
        forms.use_form(work, "secondary", current_version(), work.today)
    assert world.open(kind=PlanKind.EARLY).form_version == current_version()


def test_the_same_form_sent_twice_is_one_and_another_authority_does_not_see_it(world: World) -> None:
    a_head(world)
    with world.acting("head") as work:
        first = forms.keep_own_form(work, "secondary", "Ours", own_sheet(), "ours.csv")
        assert forms.keep_own_form(work, "secondary", "Ours", own_sheet(), "again.csv").version == first.version
        assert len(forms_store.own_forms(work.connection, "northmoor", "secondary")) == 1
        assert version_of("southmoor", "secondary", "Ours", first.sheet) != first.version
    world.people["far"] = replace(world.people["head"], authority="southmoor")
    with world.acting("far") as work, pytest.raises(NotFound):
        forms.read_form(work, "secondary", first.version)
    with world.looking("head") as work, pytest.raises(NotFound):
        find_form(work.connection, "primary", first.version)
    with world.acting("sam") as work, pytest.raises(Denied):
        forms.use_form(work, "secondary", first.version, TODAY)
    with world.acting("head") as work, pytest.raises(InvalidInput):
        forms.keep_own_form(work, "secondary", " ", own_sheet(), "ours.csv")


def test_forms_over_the_api(world: World) -> None:
    a_head(world)
    api = world.client("head")
    listed = {one["phase"]: one for one in api.get("/api/forms").json}
    assert listed["secondary"]["version"] == current_version()
    whole = api.get(f"/api/forms/secondary/{current_version()}").json
    asked = next(one for one in whole["sections"] if one["key"] == "reduced_timetable")
    assert asked["shown_when"] == [{"section": "arrangements", "field": "full_time", "values": ["no"]}]
    schema = api.get(f"/api/forms/secondary/{current_version()}/schema").json
    assert schema == answers_schema(form_of("secondary", current_version()))
    refused = api.post("/api/forms/secondary", json={"title": "Ours", "sheet": "a,b\n"})
    assert refused.status_code == 422
    assert "Line 1" in str(refused.json)
    made = api.post("/api/forms/secondary", json={"title": "Ours", "sheet": own_sheet().decode()})
    assert made.status_code == 201
    use = api.put(f"/api/forms/secondary/{made.json['version']}/use", json={"from_date": TODAY.isoformat()})
    assert use.status_code == 204
    assert {one["phase"]: one["version"] for one in api.get("/api/forms").json}["secondary"] == made.json["version"]


def test_what_applies_follows_the_record_and_is_said_on_a_page(world: World) -> None:
    plan = world.open(kind=PlanKind.FIRST)
    assert plan.circumstances == ("initial",)
    with world.acting("sam") as work:
        child = children.child_record(work, plan.child_id)
        children.change_school(work, plan.child_id, child.version, None, TODAY)
    browser = world.client("sam")
    assert "On no school’s roll" in check_page(browser.get(f"/plans/{plan.id}/circumstances"))
    seen = world.plan(plan)
    sent = {"circumstances": "alternative_provision", "version": str(seen.version)}
    assert browser.post(f"/plans/{plan.id}/circumstances", data=sent).status_code == 303
    shown = check_page(browser.get(f"/plans/{plan.id}"))
    for words in (
        "While there is no school place",
        "Alternative provision",
        "First plan since they became looked after",
    ):
        assert words in shown
    assert browser.post(f"/plans/{plan.id}/circumstances", data={**sent, "circumstances": "custody"}).status_code == 412
    with world.acting("sam") as work, pytest.raises(InvalidInput):
        say_circumstances(work, plan.id, ["no_school"], world.plan(plan).version)
    with world.acting("kid") as work, pytest.raises(Denied):
        say_circumstances(work, plan.id, ["custody"], 1)
    with world.acting("sam") as work, pytest.raises(Stale):
        say_circumstances(work, plan.id, ["custody"], 1)
    assert world.open(kind=PlanKind.TERMLY).circumstances == ("alternative_provision",)
