from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from services.virtual_school.application import cohort, suspensions
from services.virtual_school.application.attendance import import_attendance
from services.virtual_school.domain.cohort import CohortFilter, CohortOrder
from services.virtual_school.domain.plans import Standing
from shared.contracts.pep import ChildLeftCare, SchoolRecorded
from shared.platform.audit_tables import ENTRY
from shared.testing.pages import check_page

HEADING = "reference,date,session,code\n"


@contextmanager
def counted(world: Any) -> Iterator[list[str]]:
    """Count the statements sent to the database."""
    seen: list[str] = []
    engine = world.runtime.database("virtual_school").engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def names(world: Any, who: str = "head", **asked: Any) -> list[str]:
    with world.reading(who) as work:
        return [row.name for row in cohort.view_cohort(work, CohortFilter(**asked)).cohort.rows]


def attend(world: Any, child_id: str, attended: int, missed: int) -> None:
    days = [world.today - timedelta(days=n) for n in range(80)]
    slots = [(day, session) for day in days if day.weekday() < 5 for session in ("AM", "PM")]
    codes = ["/"] * attended + ["O"] * missed
    rows = [f"R-{child_id},{day},{session},{code}" for (day, session), code in zip(slots, codes, strict=False)]
    with world.writing("head") as work:
        import_attendance(work, (HEADING + "\n".join(rows)).encode(), "marks.csv")


@pytest.fixture
def three(world: Any) -> Any:
    """Three children: one late and rarely at school, one to rate, one with no plan yet and another caseworker."""
    world.hear(SchoolRecorded("900002", "Long Meadow Primary", "primary", "Northmoor"))
    world.child("c1", name="Amira Lindqvist", year_group=9)
    world.plan("c1", "p1", date(2026, 11, 20))
    attend(world, "c1", 10, 15)
    world.child("c2", name="Bo Tállis", phase="primary", year_group=3, school_urn="900002")
    world.plan("c2", "p2", submitted=1)
    attend(world, "c2", 39, 1)
    world.child("c3", "dora", "sam", "carl", name="Cleo Drax", school_urn=None)
    with world.writing("dora") as work:
        suspensions.record_suspension(
            work,
            "c3",
            starts_on=date(2026, 11, 17),
            ends_on=date(2026, 11, 18),
            sessions=3,
            permanent=False,
            reasons=("PA",),
        )
    return world


def test_each_row_shows_the_plan_attendance_suspensions_and_concerns(three: Any) -> None:
    with three.reading("head") as work:
        page = cohort.view_cohort(work, CohortFilter())
    amira, bo, cleo = page.cohort.rows
    assert (amira.standing, amira.attendance.words, amira.concerns, amira.unanswered) == (Standing.LATE, "40.0%", 2, 2)
    assert (bo.standing, bo.submission, bo.school, bo.caseworker) == (
        Standing.SUBMITTED,
        1,
        "Long Meadow Primary",
        "Cate Example",
    )
    assert (cleo.standing, cleo.suspensions, cleo.attendance.words, cleo.caseworker) == (
        Standing.NONE,
        1,
        "no marks",
        "Carl Example",
    )
    assert page.cohort.counts == {Standing.LATE: 1, Standing.SUBMITTED: 1, Standing.NONE: 1}
    assert [school.name for school in page.schools] == ["Fernhill Academy", "Long Meadow Primary"]
    assert [name for _, name in page.caseworkers] == ["Carl Example", "Cate Example"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": Standing.LATE}, ["Amira Lindqvist"]),
        ({"state": Standing.APPROVED}, []),
        ({"phase": "primary"}, ["Bo Tállis"]),
        ({"school": "900001"}, ["Amira Lindqvist"]),
        ({"caseworker": "carl"}, ["Cleo Drax"]),
        ({"year_group": 9}, ["Amira Lindqvist"]),
        ({"search": "tallis  BO"}, ["Bo Tállis"]),
        ({"search": "r-c3"}, ["Cleo Drax"]),
        ({"search": "%"}, []),
        ({"search": "_"}, []),
        ({"under": 90}, ["Amira Lindqvist"]),
        ({"under": 98}, ["Amira Lindqvist", "Bo Tállis"]),
        ({"concerns": True}, ["Amira Lindqvist", "Cleo Drax"]),
        ({"concerns": True, "phase": "secondary", "search": "cleo"}, ["Cleo Drax"]),
    ],
)
def test_the_cohort_is_narrowed_by_what_is_asked(three: Any, asked: dict[str, Any], found: list[str]) -> None:
    assert names(three, **asked) == found


@pytest.mark.parametrize(
    ("order", "descending", "first"),
    [
        (CohortOrder.NAME, True, "Cleo Drax"),
        (CohortOrder.ATTENDANCE, False, "Amira Lindqvist"),
        (CohortOrder.ATTENDANCE, True, "Bo Tállis"),
        (CohortOrder.SUSPENSIONS, True, "Cleo Drax"),
        (CohortOrder.CONCERNS, True, "Amira Lindqvist"),
        (CohortOrder.YEAR_GROUP, False, "Bo Tállis"),
        (CohortOrder.SCHOOL, True, "Bo Tállis"),
        (CohortOrder.DUE, False, "Amira Lindqvist"),
    ],
)
def test_the_cohort_is_sorted_and_children_without_a_value_come_last(
    three: Any, order: CohortOrder, descending: bool, first: str
) -> None:
    found = names(three, order=order, descending=descending)
    assert found[0] == first
    if order in (CohortOrder.ATTENDANCE, CohortOrder.SCHOOL, CohortOrder.DUE):
        assert found[-1] == "Cleo Drax"


def test_everybody_sees_only_the_children_they_are_responsible_for(three: Any) -> None:
    assert names(three, "cate") == ["Amira Lindqvist", "Bo Tállis"]
    assert names(three, "carl") == ["Cleo Drax"]
    assert names(three, "iris") == []
    assert names(three, "pat") == []


def test_a_child_no_longer_looked_after_is_not_in_the_cohort(three: Any) -> None:
    three.hear(ChildLeftCare("c3", three.today))
    assert names(three) == ["Amira Lindqvist", "Bo Tállis"]


def test_the_newest_plan_counts(three: Any) -> None:
    three.plan("c1", "p9", opened_on=three.today)
    assert names(three, state=Standing.LATE) == []  # opened on the same day, the one due later counts
    with three.reading("head") as work:
        (row,) = [row for row in cohort.view_cohort(work, CohortFilter()).cohort.rows if row.child_id == "c1"]
    assert row.plan_id == "p9"


def test_the_figures_are_worked_out_of_what_is_recorded(three: Any) -> None:
    with three.reading("head") as work:
        figures = cohort.view_figures(work)
    assert figures.children == 3
    assert (figures.plans_due, figures.plans_in_time, figures.in_time_words) == (1, 0, "0.0%")
    assert (figures.attendance.attended, figures.attendance.possible, figures.with_marks) == (49, 65, 2)
    assert (figures.under_threshold, figures.threshold_percent) == (1, 92)
    assert (figures.suspended_children, figures.suspensions, figures.suspension_sessions) == (1, 1, 3)
    assert figures.suspended_words == "33.3%"
    assert figures.concerns_unanswered == 3


def test_an_empty_virtual_school_has_figures_too(world: Any) -> None:
    with world.reading("head") as work:
        figures = cohort.view_figures(work)
    assert (figures.in_time_words, figures.suspended_words, figures.attendance.words) == (
        "none due yet",
        "no children",
        "no marks",
    )


@pytest.mark.parametrize("address", ["/children", "/", "/plans", "/concerns", "/children.csv"])
def test_a_list_takes_the_same_number_of_queries_whatever_its_length(world: Any, address: str) -> None:
    client = world.client("head")
    taken = []
    for many in (2, 10):
        for n in range(many):
            world.child(f"{many}-{n}")
            world.plan(f"{many}-{n}", f"p{many}-{n}", date(2026, 11, 20), submitted=n % 2)
        with counted(world) as seen:
            assert client.get(address).status_code == 200
        taken.append(len(seen))
    assert taken[0] == taken[1]
    assert taken[0] < 20


def test_the_page_shows_its_filters_as_chips_and_keeps_them_while_sorting(three: Any) -> None:
    answer = three.client("head").get("/children?phase=secondary&under=95&order=attendance&nonsense=1&year_group=zz")
    page = check_page(answer)
    assert "Amira Lindqvist" in page
    assert "Bo Tállis" not in page
    assert "Attendance under 95%" in page
    assert 'aria-sort="ascending"' in answer.text
    assert "phase=secondary" in answer.text.split('aria-sort="ascending"')[1][:300]


def test_a_long_cohort_is_shown_page_by_page(world: Any) -> None:
    for n in range(53):
        world.child(f"c{n:02}")
    client = world.client("head")
    assert "Page 1 of 2" in check_page(client.get("/children"))
    second = check_page(client.get("/children?page=2"))
    assert "Child c52" in second
    assert "Child c00" not in second
    assert "Page 2 of 2" in check_page(client.get("/children?page=99"))


def test_the_download_holds_what_is_shown_and_no_formula(three: Any) -> None:
    three.child("c4", name='=HYPERLINK("x")', reference="+44")
    answer = three.client("head").get("/children.csv?concerns=true")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["Child"] for row in rows] == ["Amira Lindqvist", "Cleo Drax"]
    assert (rows[0]["Attendance %"], rows[0]["Plan"]) == ("40.0", "Late")
    everyone = three.client("head").get("/children.csv").text
    assert "'=HYPERLINK" in everyone
    assert "'+44" in everyone


def test_the_download_is_on_record_as_taken_away_for_each_child_it_holds(three: Any) -> None:
    assert three.client("head").get("/children.csv?concerns=true").status_code == 200
    assert three.client("head").get("/children?concerns=true").status_code == 200
    with three.runtime.database("virtual_school").reading() as connection:
        columns = (ENTRY.c.kind, ENTRY.c.action, ENTRY.c.child_id, ENTRY.c.acting_as)
        query = select(*columns).where(ENTRY.c.kind != "change").order_by(ENTRY.c.id)
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [
        ("export", "virtual_school.cohort.export", "c1", "virtual_school_head"),
        ("export", "virtual_school.cohort.export", "c3", "virtual_school_head"),
        ("view", "virtual_school.cohort.read", "", "virtual_school_head"),
    ]


def test_an_empty_result_says_so(world: Any) -> None:
    assert "No child fits these filters." in check_page(world.client("head").get("/children?search=nobody"))
