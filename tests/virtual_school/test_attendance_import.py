from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from services.virtual_school.adapters.attendance_files import ChildKeys, read_marks
from services.virtual_school.adapters.tables import ATTENDANCE_WEEK, CHILD, MARK, MARK_REPLACED
from services.virtual_school.application import cohort
from services.virtual_school.application.attendance import import_attendance, record_week, view_upload, view_week
from services.virtual_school.domain.attendance_codes import CODES, Session
from services.virtual_school.domain.uploads import RowProblem, Upload
from shared.kernel.errors import DomainError, InvalidInput, NotFound, Stale

HEADING = "reference,date,session,code\n"


def send(world: Any, text: str | bytes, who: str = "cate", *, replace: bool = False) -> Upload:
    content = text.encode() if isinstance(text, str) else text
    with world.writing(who) as work:
        return import_attendance(work, content, "marks.csv", replace_held=replace)


def counts(upload: Upload) -> tuple[int, ...]:
    return upload.rows, upload.added, upload.replaced, upload.kept, upload.unchanged, upload.refused


def percentage(world: Any, child_id: str) -> str:
    with world.reading("head") as work:
        return cohort.view_child(work, child_id).attendance.words


def test_marks_of_a_file_are_recorded_and_add_up(world: Any) -> None:
    world.child("c1")
    upload = send(world, HEADING + "R-c1,2026-11-20,AM,/\nR-c1,20/11/2026,pm,I\nr-c1,19-11-2026,AM,y4\n")
    assert counts(upload) == (3, 3, 0, 0, 0, 0)
    assert percentage(world, "c1") == "50.0%"


@pytest.mark.parametrize("column", ["upn", "child_id", "Reference"])
def test_a_child_is_named_by_upn_reference_or_id(world: Any, column: str) -> None:
    world.child("c1", upn="A123456789012")
    key = {"upn": "a123456789012", "child_id": "c1", "Reference": "R-c1"}[column]
    assert send(world, f"code,SESSION, Date,{column},comment\n/,AM,2026-11-20,{key},fine\n").added == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \n", "file_empty"),
        (b"PK\x03\x04 a spreadsheet", "file_not_text"),
        (b"reference,date\x00,session,code\n", "file_not_text"),
        (b"\xff\xfeh\x00i", "file_not_text"),
        (b"\xff\xfeh\x00i\x00", "file_header_wrong"),
        (b"name,date,session,code\nx,2026-11-20,AM,/\n", "file_header_wrong"),
        (b"reference,date,session\nR-c1,2026-11-20,AM\n", "file_header_wrong"),
        (b"reference,date,date,session,code\n", "file_header_wrong"),
        (b"R-c1,2026-11-20,AM,/\n", "file_header_wrong"),
        (b'reference,date,session,code\n"R-c1,2026-11-20', "file_not_csv"),
    ],
)
def test_a_file_that_is_not_one_is_refused_whole_and_records_nothing(world: Any, content: bytes, code: str) -> None:
    world.child("c1")
    with pytest.raises(DomainError) as refusal:
        send(world, content)
    assert refusal.value.code == code
    assert percentage(world, "c1") == "no marks"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_encodings_and_delimiters_of_spreadsheets_are_understood(world: Any, encoding: str, delimiter: str) -> None:
    world.child("c1", reference="É1")
    text = "reference,date,session,code\r\nÉ1,2026-11-20,AM,/\r\n\r\n,,,\r\n".replace(",", delimiter)
    assert counts(send(world, text.encode(encoding))) == (1, 1, 0, 0, 0, 0)


def test_each_row_that_cannot_be_used_is_told_by_line_and_the_others_are_recorded(world: Any) -> None:
    world.child("c1")
    rows = [
        "R-c1,2026-11-20,AM,/",
        "R-zz,2026-11-20,AM,/",
        ",2026-11-20,AM,/",
        "R-c1,2026-11-24,AM,/",
        "R-c1,31/02/2026,AM,/",
        "R-c1,2026-11-20,noon,/",
        "R-c1,2026-11-20,PM,H",
        "R-c1,2026-11-20,PM,ZZ",
        "R-c1,2026-11-20,AM,I",
        "R-c1,2026-11-20",
        "R-c1,2026-11-20,AM,/",
    ]
    upload = send(world, HEADING + "\n".join(rows))
    assert counts(upload) == (11, 1, 0, 0, 1, 9)
    assert [problem.line for problem in upload.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    said = {problem.line: problem.says for problem in upload.problems}
    assert "R-zz" in said[3]
    assert "future" in said[5]
    assert "Use C for leave" in said[8]
    assert said[10] == "Line 2 gives the same child, date and session the code /."


def test_lines_are_counted_over_line_breaks_within_a_cell(world: Any) -> None:
    world.child("c1")
    text = 'reference,date,session,code,note\nR-c1,2026-11-20,AM,/,"two\nlines"\nR-c1,2026-11-20,PM,?!,x\n'
    assert [problem.line for problem in send(world, text).problems] == [4]


def test_a_mark_that_differs_is_kept_unless_the_new_file_says_so(world: Any) -> None:
    world.child("c1")
    first, second = HEADING + "R-c1,2026-11-20,AM,N\n", HEADING + "R-c1,2026-11-20,AM,/\nR-c1,2026-11-20,PM,\\\n"
    send(world, first)
    assert counts(send(world, second)) == (2, 1, 0, 1, 0, 0)
    assert percentage(world, "c1") == "50.0%"
    assert counts(send(world, second, replace=True)) == (2, 0, 1, 0, 1, 0)
    assert percentage(world, "c1") == "100.0%"
    assert counts(send(world, second, replace=True)) == (2, 0, 0, 0, 2, 0)
    with world.runtime.database("virtual_school").reading() as connection:
        assert connection.execute(select(MARK_REPLACED.c.code)).scalars().all() == ["N"]


def test_nobody_records_for_a_child_who_is_not_theirs(world: Any) -> None:
    world.child("c1")
    world.child("c2", "sam", "carl")
    upload = send(world, HEADING + "R-c1,2026-11-20,AM,/\nR-c2,2026-11-20,AM,/\n", "dora")
    assert (upload.added, upload.refused) == (1, 1)
    assert "whom you may record for" in upload.problems[0].says
    assert send(world, HEADING + "R-c1,2026-11-19,AM,/\n", "sam").added == 0


def test_an_upload_is_shown_to_the_one_who_sent_it(world: Any) -> None:
    world.child("c1")
    upload = send(world, HEADING + "R-c1,2026-11-20,AM,?!\n")
    with world.reading("cate") as work:
        assert view_upload(work, upload.id).problems == (
            RowProblem(2, "“?!” is not an attendance code in force since 19 August 2024."),
        )
    with world.reading("head") as work, pytest.raises(NotFound):
        view_upload(work, upload.id)


def test_two_children_of_one_reference_are_not_guessed_between() -> None:
    keys = ChildKeys([("c1", "R1", None), ("c2", "R1", None)])
    read = read_marks((HEADING + "R1,2026-11-20,AM,/\n").encode(), keys, date(2026, 11, 20))
    assert read.problems == (RowProblem(2, "More than one child has reference “R1”."),)


def test_a_week_typed_into_the_form_is_recorded_and_an_empty_box_changes_nothing(world: Any) -> None:
    world.child("c1")
    monday = date(2026, 11, 16)
    typed = {(monday, Session.AM): "/", (monday, Session.PM): "c1", (monday + timedelta(days=1), Session.AM): " "}
    with world.writing("dora") as work:
        assert record_week(work, "c1", monday, typed, "").added == 2
    with world.reading("sam") as work:
        week = view_week(work, "c1", monday + timedelta(days=2))
    assert week.marks == {(monday, Session.AM): "/", (monday, Session.PM): "C1"}
    assert not week.may_record
    assert len(week.days) == 5


def test_a_wrong_code_in_the_form_is_told_by_its_box_and_nothing_is_recorded(world: Any) -> None:
    world.child("c1")
    monday = date(2026, 11, 16)
    typed = {(monday, Session.AM): "/", (monday, Session.PM): "H", (date(2026, 11, 24), Session.AM): "/"}
    with world.writing("dora") as work, pytest.raises(InvalidInput) as refusal:
        record_week(work, "c1", monday, typed, "")
    assert set(refusal.value.errors) == {"2026-11-16-PM", "2026-11-24-AM"}
    assert percentage(world, "c1") == "no marks"


def test_a_week_changed_by_somebody_else_meanwhile_is_told_with_both_texts(world: Any) -> None:
    world.child("c1")
    monday = date(2026, 11, 16)
    with world.writing("cate") as work:
        record_week(work, "c1", monday, {(monday, Session.AM): "I"}, "")
    with world.writing("dora") as work, pytest.raises(Stale) as refusal:
        record_week(work, "c1", monday, {(monday, Session.AM): "O"}, "")
    assert refusal.value.facts["theirs"] == {(monday, Session.AM): "I"}
    assert refusal.value.facts["yours"] == {(monday, Session.AM): "O"}
    with world.writing("dora") as work:
        assert record_week(work, "c1", monday, {(monday, Session.AM): "I"}, "").unchanged == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["AM", "PM"]), st.sampled_from(sorted(set(CODES) - {"\\"}))),
        max_size=60,
    )
)
def test_every_row_of_a_file_is_accounted_for(rows: list[tuple[int, str, str]]) -> None:
    today = date(2026, 11, 20)
    lines = [f"R1,{today - timedelta(days=days)},{session},{code}" for days, session, code in rows]
    read = read_marks((HEADING + "\n".join(lines)).encode(), ChildKeys([("c1", "R1", None)]), today)
    assert read.rows == len(rows)
    assert len(read.marks) + read.repeated + len(read.problems) == len(rows)
    assert len({(mark.day, mark.session) for mark in read.marks}) == len(read.marks)


@pytest.mark.slow
def test_two_hundred_thousand_marks_are_recorded_in_seconds_and_the_weeks_add_up(world: Any) -> None:
    children, days = 1000, 100
    with world.runtime.database("virtual_school").writing() as connection:
        connection.execute(
            insert(CHILD),
            [
                {
                    "id": f"c{n}", "authority": "northmoor", "reference": f"R{n}", "name": f"Child {n}",
                    "name_folded": f"child {n}", "phase": "primary", "year_group": 4,
                    "entered_care_on": date(2026, 1, 5),
                }
                for n in range(children)
            ],
        )  # fmt: skip
    weekdays = [day for n in range(200) if (day := world.today - timedelta(days=n)).weekday() < 5][:days]
    lines = [f"R{n},{day},{session},/" for n in range(children) for day in weekdays for session in ("AM", "PM")]
    seen: list[tuple[int, int]] = []
    started = time.perf_counter()
    with world.writing("head") as work:
        upload = import_attendance(
            work, (HEADING + "\n".join(lines)).encode(), "year.csv", progress=lambda *at: seen.append(at)
        )
    took = time.perf_counter() - started
    assert counts(upload) == (200_000, 200_000, 0, 0, 0, 0)
    assert seen[-1] == (200_000, 200_000)
    assert took < 60, f"200,000 marks took {took:.1f} s"
    with world.runtime.database("virtual_school").reading() as connection:
        summed = connection.execute(select(func.sum(ATTENDANCE_WEEK.c.attended))).scalar_one()
        held = connection.execute(select(func.count()).select_from(MARK)).scalar_one()
    assert summed == held == 200_000
