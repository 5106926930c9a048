from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pep.adapters.children_store import ChildFilter
from services.pep.adapters.csv_files import read_date
from services.pep.adapters.ssda903 import EPISODE_COLUMNS, HEADER_COLUMNS, REVIEW_COLUMNS, Record, read_return
from services.pep.app import SPEC
from services.pep.application import children, imports
from services.pep.application.children import NewChild
from services.pep.domain.children import Child
from services.pep.domain.imports import ImportReport, UnreadableFile
from services.pep.entrypoints.commands import run_import_schools, run_import_ssda903, tell
from shared.contracts.pep import ChildEnteredCare, ChildLeftCare, PlanOpened
from shared.kernel.errors import Denied
from shared.platform.authorities import INVENTED
from tests.pep.child_world import Pep, write

TODAY = date(2026, 11, 23)


def header(child: str, born: str = "09/03/2013", sex: str = "2", upn: str = "A123456789012") -> tuple[str, ...]:
    return (child, sex, born, "WBRI", upn, "", "")


def episode(child: str, began: str, ended: str = "", status: str = "C2", rec: str = "") -> tuple[str, ...]:
    return (child, began, "S", status, "N1", "U1", "PR1", ended, rec, "", "NX1 1AA", "NX2 2BB", "SC123456")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "return"
    made.mkdir()
    return made


def make_return(
    folder: Path, headers: list[tuple[str, ...]], episodes: list[tuple[str, ...]], encoding: str = "utf-8"
) -> Path:
    write(folder / "header.csv", HEADER_COLUMNS, headers, encoding)
    write(folder / "episodes.csv", EPISODE_COLUMNS, episodes, encoding)
    return folder


def read_one(folder: Path, *episodes: tuple[str, ...], born: str = "09/03/2013") -> Record:
    found = read_return(make_return(folder, [header("1", born)], list(episodes)), TODAY)
    assert found.problems == ()
    (record,) = found.records
    return record


def take_in(pep: Pep, folder: Path) -> ImportReport:
    with pep.as_("system") as work:
        return imports.import_ssda903(work, folder, lambda done, total: None)


def children_known(pep: Pep) -> list[Child]:
    with pep.reading_as("head") as work:
        return children.list_children(work, ChildFilter(in_care=None), offset=0, limit=1000)[0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("09/03/2013", date(2013, 3, 9)),
        ("09-03-2013", date(2013, 3, 9)),
        ("31/02/2013", None),
        ("2013-03-09", None),
        ("9/3/2013", None),
        ("09/03/13", None),
        ("", None),
        ("٠٩/٠٣/٢٠١٣", None),
    ],
)
def test_only_dates_as_the_return_writes_them_are_read(text: str, day: date | None) -> None:
    assert read_date(text) == day


def test_care_began_with_the_first_of_the_episodes_that_follow_one_another(folder: Path) -> None:
    record = read_one(
        folder,
        episode("1", "01/02/2024", "01/05/2024", rec="E4A"),
        episode("1", "14/06/2025", "20/08/2025", "V2", rec="X1"),
        episode("1", "21/08/2025", "03/01/2026", "C1", rec="X1"),
        episode("1", "03/01/2026", "", "C2"),
    )

    assert (record.entered_care_on, record.left_care_on, record.legal_status) == (date(2025, 6, 14), None, "C2")


@pytest.mark.parametrize(
    ("ended", "rec", "status"), [("19/08/2025", "X1", "V2"), ("20/08/2025", "E4A", "V2"), ("20/08/2025", "X1", "V3")]
)
def test_a_gap_an_end_of_care_or_a_short_break_begins_a_new_period(
    folder: Path, ended: str, rec: str, status: str
) -> None:
    record = read_one(folder, episode("1", "14/06/2025", ended, status, rec=rec), episode("1", "21/08/2025"))

    assert record.entered_care_on == date(2025, 8, 21)


def test_the_order_of_the_rows_does_not_matter(folder: Path) -> None:
    record = read_one(folder, episode("1", "03/01/2026"), episode("1", "14/06/2025", "03/01/2026", "C1", rec="X1"))

    assert record.entered_care_on == date(2025, 6, 14)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_each_encoding_that_is_met_is_read(folder: Path, encoding: str) -> None:
    found = read_return(make_return(folder, [header("Zoë-1")], [episode("Zoë-1", "14/06/2025")], encoding), TODAY)

    assert [record.reference for record in found.records] == ["Zoë-1"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("header.csv", b"", "header.csv is empty"),
        ("header.csv", b"CHILD,SEX\n1,2\n", "missing: DOB, ETHNIC, UPN, MOTHER, MC_DOB"),
        ("header.csv", ",".join([*HEADER_COLUMNS, "NAME"]).encode(), "unexpected: NAME"),
        ("header.csv", ",".join([*HEADER_COLUMNS, "SEX"]).encode(), "there twice: SEX"),
        ("episodes.csv", b"PK\x03\x04zip", "not a CSV text file"),
        ("episodes.csv", "CHILD,DECOM".encode("utf-16"), "not a CSV text file"),
        ("episodes.csv", ",".join(EPISODE_COLUMNS).encode() + b"\n\x81\x8d", "line 2: the text is neither"),
    ],
)
def test_a_file_that_is_no_return_is_refused_whole_and_says_why(
    pep: Pep, folder: Path, name: str, content: bytes, says: str
) -> None:
    make_return(folder, [header("1")], [episode("1", "14/06/2025")])
    (folder / name).write_bytes(content)

    with pytest.raises(UnreadableFile, match=says):
        take_in(pep, folder)
    assert children_known(pep) == []


def test_a_missing_folder_or_file_is_named(pep: Pep, folder: Path) -> None:
    with pytest.raises(UnreadableFile, match="no folder"):
        take_in(pep, folder / "nowhere")
    with pytest.raises(UnreadableFile, match=r"holds no header\.csv"):
        take_in(pep, folder)


def test_each_faulty_row_is_told_with_its_place_and_the_rest_is_imported(pep: Pep, folder: Path) -> None:
    headers = [
        header("1"),
        header("2", "2013-03-09"),
        header("", "09/03/2013"),
        header("1"),
        header("5", "09/03/2027"),
        header("6", upn="A12"),
        header("7", sex="F"),
        header("8"),
    ]
    episodes = [
        episode("1", "14/06/2025"),
        episode("9", "14/06/2025"),
        episode("6", "14/06/2025"),
        episode("7", "14/06/2025"),
        episode("8", "14/06/2025", status="Q9"),
        episode("8", "30/02/2025"),
        episode("8", "14/06/2025", "13/06/2025"),
        episode("8", "14/06/2027"),
        episode("8", "14/06/2012"),
        ("8", "14/06/2025"),
    ]

    report = take_in(pep, make_return(folder, headers, episodes))

    assert [(one.file, one.line, one.column, one.row_used) for one in report.problems] == [
        ("episodes.csv", 3, "CHILD", False),
        ("episodes.csv", 6, "LS", False),
        ("episodes.csv", 7, "DECOM", False),
        ("episodes.csv", 8, "DEC", False),
        ("episodes.csv", 9, "DECOM", False),
        ("episodes.csv", 10, "DECOM", False),
        ("episodes.csv", 11, "", False),
        ("header.csv", 3, "DOB", False),
        ("header.csv", 4, "CHILD", False),
        ("header.csv", 5, "CHILD", False),
        ("header.csv", 6, "DOB", False),
        ("header.csv", 7, "UPN", True),
        ("header.csv", 8, "SEX", True),
        ("header.csv", 9, "CHILD", False),
    ]
    assert [child.reference for child in children_known(pep)] == ["1", "6", "7"]
    assert report.rows == 18


def test_only_children_looked_after_now_and_under_18_become_known(pep: Pep, folder: Path) -> None:
    headers = [header("1"), header("2"), header("3", "23/11/2008"), header("4", "24/11/2008"), header("5")]
    episodes = [
        episode("1", "14/06/2025"),
        episode("2", "14/06/2025", "01/09/2025", rec="E4A"),
        episode("3", "14/06/2025"),
        episode("4", "14/06/2025"),
    ]

    report = take_in(pep, make_return(folder, headers, episodes))

    assert [child.reference for child in children_known(pep)] == ["1", "4"]
    assert {words: count for words, count in report.counts.items() if count} == {
        imports.NEW: 2,
        imports.PLANS: 2,
        imports.NOT_IN_CARE: 1,
        imports.ADULT: 1,
        imports.NO_EPISODE: 1,
    }


def test_a_child_without_a_name_is_shown_by_the_reference(pep: Pep, folder: Path) -> None:
    take_in(pep, make_return(folder, [header("566910")], [episode("566910", "14/06/2025")]))

    (child,) = children_known(pep)
    assert child.shown_name == "Child 566910"
    assert [fact.name for fact in pep.facts(ChildEnteredCare)] == ["Child 566910"]


def test_new_in_care_gets_the_first_plan_others_this_terms_and_short_breaks_none(pep: Pep, folder: Path) -> None:
    episodes = [episode("1", "16/11/2026"), episode("2", "14/06/2025"), episode("3", "14/06/2025", status="V4")]

    take_in(pep, make_return(folder, [header("1"), header("2"), header("3")], episodes))

    by_id = {child.id: child.reference for child in children_known(pep)}
    opened = {by_id[fact.child_id]: (fact.kind, fact.due_on) for fact in pep.facts(PlanOpened)}
    assert opened == {"1": ("first", date(2026, 11, 30)), "2": ("termly", date(2026, 12, 11))}


def test_the_same_return_twice_changes_nothing(pep: Pep, folder: Path) -> None:
    make_return(folder, [header("1"), header("2")], [episode("1", "14/06/2025"), episode("2", "16/11/2026")])
    take_in(pep, folder)
    before, facts = children_known(pep), len(pep.facts(object))

    report = take_in(pep, folder)

    assert children_known(pep) == before
    assert len(pep.facts(object)) == facts
    assert report.counts[imports.UNCHANGED] == 2


def test_a_later_return_tells_who_left_and_keeps_what_people_wrote(pep: Pep, folder: Path) -> None:
    with pep.as_("worker") as work:
        new = NewChild("1", "Amara Bright", date(2013, 3, 9), "C1", date(2025, 6, 14), school_urn="900001")
        children.enter_care(work, new)
    take_in(
        pep, make_return(folder, [header("1"), header("2")], [episode("1", "14/06/2025"), episode("2", "14/06/2025")])
    )
    ended = episode("2", "14/06/2025", "20/11/2026", rec="E4A")

    report = take_in(pep, make_return(folder, [header("1"), header("2")], [episode("1", "14/06/2025"), ended]))

    amara, other = sorted(children_known(pep), key=lambda child: child.reference)
    assert (amara.name, amara.school_urn, amara.legal_status, amara.upn) == (
        "Amara Bright",
        "900001",
        "C2",
        "A123456789012",
    )
    assert other.left_care_on == date(2026, 11, 20)
    assert [fact.left_on for fact in pep.facts(ChildLeftCare)] == [date(2026, 11, 20)]
    assert report.counts[imports.LEFT] == 1


def test_a_child_looked_after_again_is_told_and_gets_a_plan(pep: Pep, folder: Path) -> None:
    first = episode("1", "14/01/2025", "01/03/2025", rec="E4A")
    take_in(pep, make_return(folder, [header("1")], [episode("1", "14/01/2025")]))
    take_in(pep, make_return(folder, [header("1")], [first]))
    plans_before = len(pep.facts(PlanOpened))

    report = take_in(pep, make_return(folder, [header("1")], [first, episode("1", "16/11/2026")]))

    (child,) = children_known(pep)
    assert (child.in_care, child.entered_care_on) == (True, date(2026, 11, 16))
    assert report.counts[imports.RETURNED_TO_CARE] == 1
    assert len(pep.facts(ChildEnteredCare)) == 2
    assert len(pep.facts(PlanOpened)) == plans_before


def test_reviews_are_used_where_the_return_has_them(pep: Pep, folder: Path) -> None:
    make_return(folder, [header("1")], [episode("1", "14/06/2025")])
    rows = [("1", "09/03/2013", day, "PN1") for day in ("01/07/2025", "01/05/2025", "01/07/2027", "1 July")]
    write(folder / "reviews.csv", REVIEW_COLUMNS, rows)

    report = take_in(pep, folder)

    (child,) = children_known(pep)
    assert child.reviews_held == (date(2025, 7, 1),)
    assert [(one.file, one.line) for one in report.problems] == [("reviews.csv", 4), ("reviews.csv", 5)]


def test_nobody_on_a_team_may_import(pep: Pep, folder: Path) -> None:
    make_return(folder, [header("1")], [episode("1", "14/06/2025")])

    with pytest.raises(Denied), pep.as_("worker") as work:
        imports.import_ssda903(work, folder, lambda done, total: None)


def test_the_command_tells_a_data_officer_what_became_of_every_row(pep: Pep, folder: Path) -> None:
    make_return(folder, [header("1"), header("=2", "soon")], [episode("1", "14/06/2025")])
    out = io.StringIO()

    code = run_import_ssda903(pep.runtime, SPEC, INVENTED, folder, out)

    assert code == 0
    assert "1  children new to the suite" in out.getvalue()
    assert "1 fault: 1 row was left out." in out.getvalue()
    assert "header.csv, line 3, DOB “soon”: This is not a date as dd/mm/yyyy." in out.getvalue()
    (saved,) = (pep.runtime.settings.home / "reports").iterdir()
    assert saved.name in out.getvalue()
    assert saved.stat().st_mode & 0o077 == 0
    with saved.open(encoding="utf-8-sig", newline="") as file:
        assert next(iter(csv.DictReader(file)))["What is wrong"] == "This is not a date as dd/mm/yyyy."


def test_the_command_says_in_one_line_what_cannot_be_imported(
    pep: Pep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()

    assert run_import_schools(pep.runtime, SPEC, tmp_path / "none.csv", out) == 2
    assert out.getvalue() == ""
    assert capsys.readouterr().err.count("\n") == 1


def test_a_clean_import_says_so() -> None:
    out = io.StringIO()

    tell(ImportReport(rows=1), out, None)

    assert out.getvalue() == "Read 1 row.\nNo row has a fault.\n"


def test_an_end_that_promises_another_episode_and_an_overlap_are_told(folder: Path) -> None:
    headers = [header("1"), header("2")]
    episodes = [
        episode("1", "14/06/2025", "01/02/2026", rec="X1"),
        episode("2", "14/06/2025", "10/08/2025", rec="X1"),
        episode("2", "01/08/2025"),
    ]

    found = read_return(make_return(folder, headers, episodes), TODAY)

    assert [(one.line, one.column, one.row_used) for one in found.problems] == [(2, "REC", True)]
    assert [(one.left_care_on, one.entered_care_on) for one in found.records] == [
        (date(2026, 2, 1), date(2025, 6, 14)),
        (None, date(2025, 6, 14)),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "", "=3", "Zoë"]),
            st.sampled_from(["14/06/2025", "01/02/2026", "31/02/2026", "", "14/06/2031", "\x00", "９/９/2025"]),
            st.sampled_from(["C2", "V3", "V4", "", "c2", "C2 "]),
            st.sampled_from(["", "01/02/2026", "01/02/2024", "x"]),
            st.sampled_from(["", "X1", "E4A", "?"]),
        ),
        max_size=12,
    )
)
def test_whatever_the_rows_hold_each_is_used_or_told(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    place = tmp_path_factory.mktemp("any")
    episodes = [episode(child, began, ended, status, rec) for child, began, status, ended, rec in rows]
    make_return(place, [header("1"), header("2"), header("Zoë")], episodes)

    try:
        found = read_return(place, TODAY)
    except UnreadableFile:
        assert any("\x00" in row[1] for row in rows)
        return

    left_out = {one.line for one in found.problems if one.file == "episodes.csv" and not one.row_used}
    usable = {row[0] for line, row in enumerate(rows, start=2) if line not in left_out}
    assert {record.reference for record in found.records} == usable
    for record in found.records:
        assert record.born_on <= record.entered_care_on <= TODAY
        assert record.left_care_on is None or record.entered_care_on <= record.left_care_on <= TODAY


@given(st.binary(max_size=300))
def test_no_file_at_all_makes_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = tmp_path_factory.mktemp("bytes")
    for name in ("header.csv", "episodes.csv"):
        (place / name).write_bytes(content)

    with pytest.raises(UnreadableFile):
        read_return(place, TODAY)
