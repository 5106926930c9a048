from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.pep.application import children, team
from services.pep.application.children import NewChild
from services.pep.application.worklist import my_work
from services.pep.domain.children import Child
from shared.contracts.pep import ChildEnteredCare, TeamMemberJoined
from shared.contracts.roles import Role
from shared.testing.pages import check_page
from tests.pep.child_world import Pep

FORM = {
    "name": "Leo Marsh",
    "known_as": "",
    "born_on-day": "5",
    "born_on-month": "5",
    "born_on-year": "2016",
    "sex": "1",
    "reference": "100002",
    "upn": "",
    "legal_status": "C2",
    "entered_care_on-day": "16",
    "entered_care_on-month": "11",
    "entered_care_on-year": "2026",
    "school": "elm street",
    "social_worker": "worker",
    "iro": "iro",
}


@pytest.fixture
def child(pep: Pep) -> Child:
    new = NewChild(
        "100001",
        "Amara Bright",
        date(2013, 3, 9),
        "C1",
        date(2026, 11, 11),
        known_as="Ama",
        school_urn="900001",
        team={Role.SOCIAL_WORKER: "worker"},
    )
    with pep.as_("manager") as work:
        return children.enter_care(work, new)


def pages_of(child: Child, membership_id: str) -> list[str]:
    return [
        "/",
        "/children",
        "/children/new",
        f"/children/{child.id}",
        f"/children/{child.id}/details",
        f"/children/{child.id}/school",
        f"/children/{child.id}/reviews/add",
        f"/children/{child.id}/leave",
        f"/children/{child.id}/team",
        f"/children/{child.id}/team/add",
        f"/children/{child.id}/team/add?role=iro",
        f"/children/{child.id}/team/add?role=carer",
        f"/children/{child.id}/team/{membership_id}/end",
        f"/children/{child.id}/team/{membership_id}/change",
    ]


def social_worker_of(pep: Pep, child: Child) -> str:
    with pep.reading_as("head") as work:
        return next(one.id for one in team.team_of(work, child.id) if one.role is Role.SOCIAL_WORKER)


def test_each_page_is_sound(pep: Pep, child: Child) -> None:
    for path in pages_of(child, social_worker_of(pep, child)):
        answer = pep.client("worker").get(path)

        assert answer.status_code == 200, path
        check_page(answer)


def test_no_page_tells_a_stranger_that_the_child_exists(pep: Pep, child: Child) -> None:
    for path in pages_of(child, social_worker_of(pep, child))[3:]:
        answer = pep.client("worker2").get(path)

        assert answer.status_code == 404, path
        assert "Amara" not in answer.text


def test_whoever_is_not_signed_in_is_sent_to_sign_in(pep: Pep, child: Child) -> None:
    for path in pages_of(child, social_worker_of(pep, child)):
        answer = pep.client(None).get(path)

        assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/sign-in"), path


def test_a_child_becomes_looked_after_by_the_form(pep: Pep) -> None:
    answer = pep.client("worker").post("/children/new", data=FORM)

    assert answer.status_code == 303
    (fact,) = pep.facts(ChildEnteredCare)
    assert answer.headers["Location"].endswith(f"/children/{fact.child_id}")
    assert (fact.name, fact.school_urn, fact.year_group) == ("Leo Marsh", "900002", 6)
    assert {one.role for one in pep.facts(TeamMemberJoined)} == {"social_worker", "iro", "designated_teacher"}
    page = pep.client("worker").get(answer.headers["Location"])
    check_page(page)
    assert "10 working days from 16 November 2026" in page.text
    assert "regulation 4(2)" in page.text


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": ""}, "name", "Enter full name"),
        ({"born_on-day": "31", "born_on-month": "2"}, "born_on", "real date"),
        ({"entered_care_on-year": "2027"}, "entered_care_on", "today or in the past"),
        ({"social_worker": ""}, "social_worker", "Select social worker"),
        ({"school": "hogwarts"}, "school", "No open school is known"),
        ({"school": "elm"}, "school", "2 schools match"),
        ({"upn": "12"}, "upn", "13 letters and digits"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    pep: Pep, change: dict[str, str], field: str, says: str
) -> None:
    answer = pep.client("worker").post("/children/new", data={**FORM, **change})

    assert answer.status_code == 422
    check_page(answer)
    assert says in answer.text
    assert f'href="#{field}"' in answer.text
    assert 'value="100002"' in answer.text
    assert pep.facts(ChildEnteredCare) == []


def test_one_of_several_schools_is_picked_from_the_matches(pep: Pep) -> None:
    asked = pep.client("worker").post("/children/new", data={**FORM, "school": "elm"})
    assert "Elmbank School" in asked.text

    answer = pep.client("worker").post("/children/new", data={**FORM, "school": "elm", "school_urn": "900003"})

    assert answer.status_code == 303
    assert [fact.school_urn for fact in pep.facts(ChildEnteredCare)] == ["900003"]


def test_a_reference_known_already_is_said_at_its_field(pep: Pep, child: Child) -> None:
    answer = pep.client("worker").post("/children/new", data={**FORM, "reference": "100001"})

    assert answer.status_code == 422
    assert 'href="#reference"' in answer.text


def details(**change: str) -> dict[str, str]:
    return {
        "name": "Amara Bright",
        "known_as": "Ama",
        "born_on-day": "9",
        "born_on-month": "3",
        "born_on-year": "2013",
        "legal_status": "C1",
        "entered_care_on-day": "11",
        "entered_care_on-month": "11",
        "entered_care_on-year": "2026",
        "placement_started_on-day": "11",
        "placement_started_on-month": "11",
        "placement_started_on-year": "2026",
        **change,
    }


def test_a_stale_edit_shows_both_texts_and_saves_neither_over_the_other(pep: Pep, child: Child) -> None:
    path = f"/children/{child.id}/details"
    client = pep.client("worker")
    assert client.post(path, data=details(known_as="Theirs", version="1")).status_code == 303

    answer = client.post(path, data=details(known_as="Mine", version="1"))

    assert answer.status_code == 412
    check_page(answer)
    assert "Theirs" in answer.text
    assert "Mine" in answer.text
    assert 'name="version" value="2"' in answer.text
    with pep.reading_as("worker") as work:
        assert children.child_record(work, child.id).known_as == "Theirs"
    assert client.post(path, data=details(known_as="Mine", version="2")).status_code == 303


def test_a_change_of_school_moves_the_designated_teacher(pep: Pep, child: Child) -> None:
    form = {
        "has_school": "yes",
        "school": "900002",
        "since-day": "23",
        "since-month": "11",
        "since-year": "2026",
        "version": "1",
    }

    assert pep.client("worker").post(f"/children/{child.id}/school", data=form).status_code == 303

    page = pep.client("worker").get(f"/children/{child.id}/team")
    assert "Kofi Dunn" in page.text


@pytest.mark.parametrize("change", [{"school": ""}, {"school": "nowhere"}, {"since-day": "24"}, {"school": "900001"}])
def test_a_change_of_school_that_cannot_be_is_refused(pep: Pep, child: Child, change: dict[str, str]) -> None:
    day = {"since-day": "23", "since-month": "11", "since-year": "2026"}
    form = {"has_school": "yes", "school": "900002", **day, "version": "1", **change}

    answer = pep.client("worker").post(f"/children/{child.id}/school", data=form)

    assert answer.status_code == 422
    check_page(answer)


def test_people_join_leave_and_hand_over_by_the_pages(pep: Pep, child: Child) -> None:
    client = pep.client("worker")
    today = {"from_date-day": "23", "from_date-month": "11", "from_date-year": "2026"}
    base = f"/children/{child.id}/team"

    assert client.post(f"{base}/add", data={"role": "iro", "person_id": "iro", **today}).status_code == 303
    carer = {"role": "carer", "name": "Dele Stone", "email": "dele@home.example", **today}
    assert client.post(f"{base}/add", data=carer).status_code == 303
    wrong = client.post(f"{base}/add", data={**carer, "email": "dele"})
    assert wrong.status_code == 422
    check_page(wrong)
    taken = client.post(f"{base}/add", data={"role": "social_worker", "person_id": "worker2", **today})
    assert taken.status_code == 422
    assert "Sam Reed holds this role" in taken.text
    member = social_worker_of(pep, child)
    changed = client.post(f"{base}/{member}/change", data={"person_id": "worker2", **today})
    assert changed.status_code == 303

    page = pep.client("worker2").get(base)
    check_page(page)
    assert "Nadia Osei" in page.text
    assert "dele@home.example" in page.text


def test_the_child_page_leaves_out_what_the_reader_may_not_see(pep: Pep, child: Child) -> None:
    with pep.as_("worker") as work:
        team.add_member(work, child.id, "carer", Role.CARER, date(2026, 11, 23))

    assert "Interim care order" in pep.client("worker").get(f"/children/{child.id}").text
    for who in ("carer", "teacher"):
        page = pep.client(who).get(f"/children/{child.id}")
        check_page(page)
        assert "Interim care order" not in page.text
        assert "100001" not in page.text


def test_whoever_may_not_read_the_plan_is_not_told_that_there_is_none(pep: Pep, child: Child) -> None:
    with pep.as_("worker") as work:
        team.add_member(work, child.id, "parent", Role.PARENT, date(2026, 11, 23))

    for path in ("/children", f"/children/{child.id}"):
        page = pep.client("parent").get(path)
        check_page(page)
        assert "no plan" not in page.text.lower()
        assert "/plans/" not in page.text
    assert "/plans/" in pep.client("worker").get(f"/children/{child.id}").text
    assert "/care-plan" in pep.client("worker").get(f"/children/{child.id}").text


def test_the_child_is_led_to_their_own_views(pep: Pep, child: Child) -> None:
    with pep.as_("worker") as work:
        place = team.add_new_person(work, child.id, "Amara Bright", None, Role.CHILD, date(2026, 11, 23))

    page = pep.client(place.person_id).get(f"/children/{child.id}")

    check_page(page)
    assert "My views" in page.text


@pytest.mark.parametrize(
    "address",
    [
        "/children?search=ama",
        "/children?phase=secondary&year_group=9",
        "/children?page=999999&phase=nonsense&year_group=x",
        "/children?in_care=false",
        "/children?without=social_worker",
        "/children?search=%00%25",
    ],
)
def test_any_filter_in_the_address_gives_a_sound_page(pep: Pep, child: Child, address: str) -> None:
    answer = pep.client("head").get(address)

    assert answer.status_code == 200
    check_page(answer)


def test_my_work_says_what_to_do_why_and_by_when(pep: Pep, child: Child) -> None:
    def keys(who: str) -> set[str]:
        with pep.reading_as(who) as work:
            return {item.key.split("/")[0] for item in my_work(work)}

    assert {"iro", "arrange-review"} <= keys("worker")
    assert keys("worker2") == set()
    page = pep.client("worker").get("/")
    check_page(page)
    assert "Add the Independent Reviewing Officer to the team" in page.text
    assert "regulation 33(1)" in page.text


def test_the_head_is_told_of_children_without_a_social_worker(pep: Pep) -> None:
    with pep.as_("head") as work:
        children.enter_care(work, NewChild("7", "No Worker", date(2015, 1, 1), "C1", date(2026, 11, 11)))

    page = pep.client("head").get("/")
    assert "Add a social worker for 1 child" in page.text
    assert "/pep/allocate" in page.text
    assert "No Worker" in pep.client("head").get("/children?without=social_worker").text


def test_the_head_gives_children_to_a_social_worker_many_at_a_time(pep: Pep) -> None:
    with pep.as_("head") as work:
        ids = [
            children.enter_care(work, NewChild(name, name, date(2015, 1, 1), "C1", date(2026, 11, 11))).id
            for name in ("Ann", "Bob", "Cem")
        ]
    client = pep.client("head")
    page = client.get("/allocate")
    check_page(page)
    assert "3 children have no social worker" in page.text

    for wrong in ({}, {"children": ids[:1]}, {"children": [ids[0], "x"], "person_id": "worker"}):
        answer = client.post("/allocate", data=wrong)
        assert answer.status_code in (404, 422)
        check_page(answer)
    assert client.post("/allocate", data={"children": ids[:2], "person_id": "worker"}).status_code == 303
    again = client.post("/allocate", data={"children": ids, "person_id": "worker2"})

    assert again.status_code == 422
    assert "Nothing was saved" in again.text
    with pep.reading_as("worker") as work:
        assert children.visible_ids(work) == set(ids[:2])
    assert "1 child has no social worker" in client.get("/allocate").text
    assert pep.client("worker").get("/allocate").status_code == 403


def test_a_child_without_a_name_is_shown_by_reference_only_to_those_who_may_see_it(pep: Pep) -> None:
    with pep.as_("head") as work:
        new: Any = NewChild("566910", "", date(2015, 1, 1), "C1", date(2026, 11, 11), team={Role.IRO: "iro"})
        child = children.enter_care(work, new)

    page = pep.client("iro").get(f"/children/{child.id}")
    check_page(page)
    assert "Child 566910" in page.text
