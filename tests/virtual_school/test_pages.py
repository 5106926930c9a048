from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.virtual_school.application import rating, suspensions
from services.virtual_school.domain.rubric import Decision, Rating
from shared.contracts.pep import ChildSchoolChanged, ConcernAnswered
from shared.contracts.virtual_school import ConcernRaised, PlanQualityApproved, PlanQualityReturned
from shared.testing.pages import check_page

Fields = Callable[[Any, str], dict[str, str]]


@pytest.fixture
def busy(world: Any) -> Any:
    """A child with a plan to rate, marks and a suspension with its concern."""
    world.child("c1", name="Amira Lindqvist")
    world.plan("c1", "p1", submitted=1)
    with world.writing("dora") as work:
        suspensions.record_suspension(
            work,
            "c1",
            starts_on=date(2026, 11, 17),
            ends_on=date(2026, 11, 18),
            sessions=3,
            permanent=False,
            reasons=("PA", "DB"),
        )
    return world


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    return check_page(answer)


@pytest.mark.parametrize("who", ["head", "cate", "dora", "sam", "iris"])
def test_my_work_says_what_waits_for_each(busy: Any, who: str) -> None:
    busy.child("c2", "iris")
    page = text(busy.client(who).get("/"))
    assert ("Rate the termly plan, autumn 2026" in page) == (who in ("head", "cate"))
    assert ("Suspended from school" in page) == (who != "iris")
    assert ("This school year" in page) == (who in ("head", "cate"))


def test_a_parent_has_no_place_here(busy: Any) -> None:
    for address in ("/", "/children", "/plans", "/concerns", "/attendance", "/suspensions"):
        assert busy.client("pat").get(address).status_code == 403
    for address in ("/children/c1", "/plans/p1", "/children/c1/attendance/2026-11-16"):
        assert busy.client("pat").get(address).status_code in (403, 404)


def test_somebody_not_on_the_team_is_not_told_that_a_child_exists(busy: Any) -> None:
    for address in ("/children/c1", "/plans/p1", "/children/c1/attendance/2026-11-16", "/children/zz", "/plans/zz"):
        assert busy.client("carl").get(address).status_code == 404


@pytest.mark.parametrize("who", ["head", "cate", "dora", "sam"])
def test_a_childs_page_shows_plans_attendance_suspensions_and_concerns(busy: Any, who: str) -> None:
    page = text(busy.client(who).get("/children/c1"))
    for words in (
        "Fernhill Academy",
        "To rate",
        "Physical assault against an adult (PA)",
        "Suspended from 17 Nov 2026",
    ):
        assert words in page
    assert ("Record a suspension" in page) == (who != "sam")


def test_a_concern_shows_its_answer_and_its_end(busy: Any) -> None:
    (raised,) = busy.told(ConcernRaised)
    busy.hear(ConcernAnswered("c1", raised.concern_id, "action", busy.today, "sam", date(2026, 12, 4)))
    page = text(busy.client("sam").get("/children/c1"))
    assert "Answered on 23 Nov 2026: an action for Sam Example by 4 Dec 2026." in page
    assert "Closed on 23 Nov 2026: answered, and the suspension ended on 18 Nov 2026." in page


def test_a_child_without_school_or_anything_else_has_a_page(world: Any) -> None:
    world.child("c1", school_urn=None)
    world.hear(ChildSchoolChanged("c1", date(2026, 11, 20)))
    page = text(world.client("cate").get("/children/c1"))
    assert "No school since 20 Nov 2026" in page
    assert "Monitoring has raised no concern." in page


def test_a_plan_is_rated_on_its_page(busy: Any, csrf: Fields) -> None:
    client = busy.client("cate")
    page = text(client.get("/plans/p1"))
    assert "5 of 5" in page
    assert "£250.00" in page
    assert "Red needs at least one. Amber needs at least one. Each goes to the school" in page
    fields = csrf(client, "/plans/p1")
    chosen = {"rating": "amber", "reasons": ["voice", "carer"], "decision": "approve", "feedback": "Well begun."}
    answer = client.post("/plans/p1/rating", data={**fields, **chosen})
    assert answer.status_code == 303
    page = text(client.get("/plans/p1"))
    assert "You rated the plan amber and approved it" in page
    assert "Well begun." in page
    assert len(busy.told(PlanQualityApproved)) == 1
    assert "Well begun." in text(busy.client("dora").get("/plans/p1"))


def test_a_rating_that_lacks_something_is_told_and_nothing_typed_is_lost(busy: Any, csrf: Fields) -> None:
    client = busy.client("cate")
    fields = csrf(client, "/plans/p1")
    page = text(client.post("/plans/p1/rating", data={**fields, "rating": "red", "decision": "approve",
                                                      "feedback": "Kept text"}), 422)  # fmt: skip
    assert "Choose at least one reason for a rating of red." in page
    assert "A plan rated red cannot be approved." in page
    assert "Kept text" in page
    page = text(client.post("/plans/p1/rating", data=csrf(client, "/plans/p1")), 422)
    assert "Choose a rating" in page
    assert "Choose whether to approve or return the plan" in page
    assert busy.told(PlanQualityApproved) == busy.told(PlanQualityReturned) == []


def test_the_second_of_two_decisions_is_told_what_happened_and_keeps_the_note(busy: Any, csrf: Fields) -> None:
    first, second = busy.client("cate"), busy.client("head")
    typed = {"rating": "red", "reasons": "voice", "decision": "return", "feedback": "From the head"}
    of_second = csrf(second, "/plans/p1")
    first.post("/plans/p1/rating", data={**csrf(first, "/plans/p1"), **typed, "feedback": "From Cate"})
    page = text(second.post("/plans/p1/rating", data={**of_second, **typed}), 409)
    assert "This submission has already been decided." in page
    assert "From the head" in page
    assert "From Cate" in page
    assert len(busy.told(PlanQualityReturned)) == 1


def test_the_same_form_sent_twice_decides_once(busy: Any, csrf: Fields) -> None:
    client = busy.client("cate")
    data = {**csrf(client, "/plans/p1"), "rating": "green", "decision": "approve"}
    assert [client.post("/plans/p1/rating", data=data).status_code for _ in range(2)] == [303, 303]
    assert len(busy.told(PlanQualityApproved)) == 1


def test_those_who_may_not_rate_see_no_form(busy: Any, csrf: Fields) -> None:
    client = busy.client("dora")
    assert "waits for the Virtual School" in text(client.get("/plans/p1"))
    fields = csrf(client, "/children/c1/suspensions/new")
    assert client.post("/plans/p1/rating", data={**fields, "submission": 1, "rating": "green"}).status_code == 403


def test_the_plans_are_listed_by_state(busy: Any) -> None:
    with busy.writing("cate") as work:
        rating.rate_plan(work, "p1", submission=1, rating=Rating.GREEN, reasons=(), decision=Decision.APPROVE)
    client = busy.client("cate")
    assert "There is no such plan." in text(client.get("/plans"))
    assert "Amira Lindqvist" in text(client.get("/plans?state=approved"))
    assert "There is no such plan." in text(client.get("/plans?state=nonsense&page=-4"))


def test_the_concerns_are_listed_by_state(busy: Any) -> None:
    client = busy.client("sam")
    assert "Amira Lindqvist" in text(client.get("/concerns"))
    assert "There is no such concern." in text(client.get("/concerns?state=closed"))


def test_a_week_is_recorded_in_its_grid(busy: Any, csrf: Fields) -> None:
    client = busy.client("dora")
    address = "/children/c1/attendance/2026-11-18"
    text(client.get(address))
    assert "Not yet</span>" not in client.get(address).text
    fields = csrf(client, address)
    answer = client.post(address, data={**fields, "2026-11-16-AM": "/", "2026-11-16-PM": "o"})
    assert answer.status_code == 303
    page = text(client.get(answer.location))
    assert "50.0%" in page
    assert "Saved: 2 marks changed" in page
    assert "Other absence without leave" in text(busy.client("sam").get(address))
    assert "Not yet</span>" in client.get("/children/c1/attendance/2026-11-23").text


def test_a_wrong_code_in_the_grid_is_linked_to_its_box(busy: Any, csrf: Fields) -> None:
    client = busy.client("dora")
    address = "/children/c1/attendance/2026-11-16"
    answer = client.post(address, data={**csrf(client, address), "2026-11-16-AM": "J", "2026-11-17-AM": "L"})
    page = text(answer, 422)
    assert "Monday am: J was withdrawn on 19 August 2024. Use J1 for an interview." in page
    assert 'href="#2026-11-16-AM"' in answer.text
    assert 'value="L"' in answer.text


def test_a_grid_changed_meanwhile_shows_both_texts(busy: Any, csrf: Fields) -> None:
    first, second = busy.client("dora"), busy.client("cate")
    address = "/children/c1/attendance/2026-11-16"
    stale = csrf(first, address)
    second.post(address, data={**csrf(second, address), "2026-11-16-AM": "I"})
    answer = first.post(address, data={**stale, "2026-11-16-AM": "O"})
    page = text(answer, 412)
    assert "Nothing you wrote is lost" in page
    assert 'value="O"' in answer.text
    saved = first.post(address, data={**csrf_of(answer.text), "2026-11-16-AM": "O"})
    assert saved.status_code == 303


def csrf_of(html: str) -> dict[str, str]:
    import re

    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html[html.index("<main") :]))


@pytest.mark.parametrize("day", ["zzz", "2026-02-31"])
def test_a_week_that_is_not_one_is_not_found(busy: Any, day: str) -> None:
    assert busy.client("dora").get(f"/children/c1/attendance/{day}").status_code == 404


def send(client: Any, csrf: Fields, address: str, content: bytes, **more: str) -> Any:
    data = {**csrf(client, address), **more, "file": (io.BytesIO(content), "marks.csv")}
    return client.post(address, data=data, content_type="multipart/form-data")


def test_a_file_of_marks_is_sent_and_its_outcome_shown(busy: Any, csrf: Fields) -> None:
    client = busy.client("dora")
    content = b"reference,date,session,code\nR-c1,2026-11-20,AM,/\nR-c1,2026-11-20,PM,H\n"
    answer = send(client, csrf, "/attendance", content)
    assert answer.status_code == 303
    page = text(client.get(answer.location))
    assert "Use C for leave" in page
    assert "marks.csv" in text(client.get("/attendance"))
    assert "H was withdrawn" in client.get(f"{answer.location}/problems.csv").text


@pytest.mark.parametrize("address", ["/attendance", "/suspensions"])
@pytest.mark.parametrize(
    ("content", "says"), [(b"", "The file is empty"), (b"a,b\n1,2\n", "Nothing was recorded"), (b"PK\x03\x04", "CSV")]
)
def test_a_wrong_file_is_told_on_the_page(busy: Any, csrf: Fields, address: str, content: bytes, says: str) -> None:
    assert says in text(send(busy.client("dora"), csrf, address, content), 422)


@pytest.mark.parametrize("address", ["/attendance", "/suspensions"])
def test_sending_without_a_file_is_told(busy: Any, csrf: Fields, address: str) -> None:
    client = busy.client("dora")
    assert "Choose a CSV file" in text(client.post(address, data=csrf(client, address)), 422)


@pytest.mark.parametrize("address", ["/attendance/template.csv", "/suspensions/template.csv"])
def test_the_template_is_a_file_that_can_be_sent_back(busy: Any, csrf: Fields, address: str) -> None:
    client = busy.client("dora")
    template = client.get(address)
    assert "attachment" in template.headers["Content-Disposition"]
    assert send(client, csrf, address.removesuffix("/template.csv"), template.data).status_code in (200, 303)


def test_the_codes_are_explained(busy: Any) -> None:
    assert "Regulated performance" in text(busy.client("sam").get("/attendance/codes"))


def test_a_suspension_is_recorded_and_withdrawn(busy: Any, csrf: Fields) -> None:
    client = busy.client("dora")
    address = "/children/c1/suspensions/new"
    typed = {
        "permanent": "no", "sessions": "2", "reasons": ["BU"],
        "starts_on-day": "20", "starts_on-month": "11", "starts_on-year": "2026",
        "ends_on-day": "20", "ends_on-month": "11", "ends_on-year": "2026",
    }  # fmt: skip
    answer = client.post("/children/c1/suspensions", data={**csrf(client, address), **typed})
    assert answer.status_code == 303
    page = text(client.get("/children/c1"))
    assert "Suspension on 20 Nov 2026" in page
    again = text(client.post("/children/c1/suspensions", data={**csrf(client, address), **typed}), 409)
    assert "already recorded" in again
    with busy.reading("dora") as work:
        newest = suspensions.suspensions_of(work, "c1")[0]
    withdrawal = client.post(f"/suspensions/{newest.id}/withdrawal", data=csrf(client, "/children/c1"))
    assert withdrawal.status_code == 303
    assert "Suspension on 20 Nov 2026" not in text(client.get("/children/c1"))


def test_a_suspension_that_cannot_be_is_told_by_field(busy: Any, csrf: Fields) -> None:
    client = busy.client("dora")
    fields = csrf(client, "/children/c1/suspensions/new")
    typed = {"permanent": "yes", "reasons": ["BU", "PA", "DB", "DM"], "starts_on-day": "20", "starts_on-month": "11",
             "starts_on-year": "2026", "ends_on-day": "21", "ends_on-month": "11", "ends_on-year": "2026"}  # fmt: skip
    page = text(client.post("/children/c1/suspensions", data={**fields, **typed}), 422)
    assert "A permanent exclusion has no last day." in page
    assert "one, two or three different reasons" in page
    page = text(client.post("/children/c1/suspensions", data=csrf(client, "/children/c1/suspensions/new")), 422)
    assert "Enter first day" in page


def test_a_file_of_suspensions_tells_each_row(busy: Any, csrf: Fields) -> None:
    client = busy.client("cate")
    heading = b"reference,starts_on,ends_on,sessions,reasons,permanent\n"
    rows = (
        b"R-c1,17/11/2026,18/11/2026,3,PA,no\n"
        b"R-c1,2026-10-05,2026-10-05,1,db pa,\n"
        b"R-c1,2026-10-06,,,TH,yes\n"
        b"R-c1,2026-10-07,2026-10-07,9,TH,no\n"
        b"R-c1,2026-10-08,2026-10-08,1,ZZ,no\n"
        b"R-zz,2026-10-08,2026-10-08,1,TH,no\n"
        b"R-c1,2026-10-09,2026-10-09,x,TH,maybe\n"
    )
    page = text(send(client, csrf, "/suspensions", heading + rows))
    assert "from 1 to 2 for these dates" in page
    assert "“ZZ” is not a reason code" in page
    assert "“R-zz”" in page
    assert "not yes or no" in page
    with busy.reading("cate") as work:
        found = suspensions.suspensions_of(work, "c1")
    assert [(each.starts_on.isoformat(), each.permanent) for each in found] == [
        ("2026-11-17", False), ("2026-10-06", True), ("2026-10-05", False)
    ]  # fmt: skip
    answer = send(client, csrf, "/suspensions", heading + b"R-c1,2026-10-05,2026-10-05,1,DB,\n")
    assert "Recorded 0 of 1 rows; 1 were recorded already" in text(client.get(answer.location))
