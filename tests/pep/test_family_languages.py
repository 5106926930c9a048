"""In which language a carer, parent, child or advocate is written to: recorded with the team, and told the others."""

from __future__ import annotations

from datetime import date

import pytest

from services.pep.adapters.history_store import history_of
from services.pep.application import children, team
from services.pep.application.children import NewChild
from services.pep.domain.children import Child
from shared.contracts.pep import PersonRecorded
from shared.contracts.roles import Role
from shared.platform.roster import Membership
from shared.testing.pages import check_page
from tests.pep.child_world import Pep

TODAY = date(2026, 11, 23)
DELE = {
    "role": "carer",
    "name": "Dele Stone",
    "email": "dele@home.example",
    "language": "pl",
    "from_date-day": "23",
    "from_date-month": "11",
    "from_date-year": "2026",
}


@pytest.fixture
def child(pep: Pep) -> Child:
    around = {Role.SOCIAL_WORKER: "worker"}
    new = NewChild(
        "100001", "Amara Bright", date(2013, 3, 9), "C1", date(2026, 11, 11), school_urn="900001", team=around
    )
    with pep.as_("manager") as work:
        return children.enter_care(work, new)


@pytest.fixture
def carer(pep: Pep, child: Child) -> Membership:
    with pep.as_("worker") as work:
        return team.add_new_person(work, child.id, "Dele Stone", "dele@home.example", Role.CARER, TODAY, "uk")


def told(pep: Pep, person_id: str) -> list[str]:
    return [fact.language for fact in pep.facts(PersonRecorded) if fact.person_id == person_id]


def test_the_language_is_chosen_when_somebody_of_the_family_is_recorded(pep: Pep, child: Child) -> None:
    client = pep.client("worker")
    page = client.get(f"/children/{child.id}/team/add?role=carer")
    check_page(page)
    assert '<option value="ti">Tigrinya</option>' in page.text
    assert "language" not in client.get(f"/children/{child.id}/team/add?role=iro").text.lower().replace('lang="en"', "")
    assert pep.client("worker").post(f"/children/{child.id}/team/add", data=DELE).status_code == 303
    page = client.get(f"/children/{child.id}/team")
    assert "Written to in Polish" in check_page(page)
    assert [fact.language for fact in pep.facts(PersonRecorded) if fact.name == "Dele Stone"] == ["pl"]


def test_a_language_that_is_not_on_the_list_is_refused_and_nothing_typed_is_lost(pep: Pep, child: Child) -> None:
    answer = pep.client("worker").post(f"/children/{child.id}/team/add", data={**DELE, "language": "xx"})
    assert answer.status_code == 422
    assert "Select language from the list" in check_page(answer)
    assert 'value="Dele Stone"' in answer.text


def test_it_is_changed_later_and_put_into_the_history(pep: Pep, child: Child, carer: Membership) -> None:
    address = f"/children/{child.id}/team/{carer.id}/language"
    page = pep.client("worker").get(address)
    check_page(page)
    assert '<option value="uk" selected>Ukrainian</option>' in page.text
    assert pep.client("worker").post(address, data={"language": "ar"}).status_code == 303
    assert pep.client("worker").post(address, data={"language": "ar"}).status_code == 303
    assert told(pep, carer.person_id) == ["uk", "ar"]
    with pep.reading_as("worker") as work:
        lines = [one.words for one in history_of(work.connection, child.id)]
    assert lines.count("Dele Stone is written to in Arabic") == 1
    assert pep.client("worker").post(address, data={"language": ""}).status_code == 303
    assert told(pep, carer.person_id)[-1] == ""
    assert "Written to in" not in pep.client("worker").get(f"/children/{child.id}/team").text


def test_staff_are_written_to_in_english(pep: Pep, child: Child) -> None:
    with pep.reading_as("worker") as work:
        (worker,) = [one for one in team.team_of(work, child.id) if one.role is Role.SOCIAL_WORKER]
    answer = pep.client("worker").post(f"/children/{child.id}/team/{worker.id}/language", data={"language": "pl"})
    assert answer.status_code == 422
    assert "Staff are written to in English" in answer.text


def test_a_program_records_and_reads_it(pep: Pep, child: Child, carer: Membership) -> None:
    client = pep.client("worker")
    joined = client.post(
        f"/api/children/{child.id}/team",
        json={"role": "parent", "name": "Ida Bright", "from_date": "2026-11-23", "language": "vi"},
    )
    assert (joined.status_code, joined.json and joined.json["language"]) == (201, "vi")
    changed = client.post(f"/api/team/{carer.id}/language", json={"language": "ro"})
    assert (changed.status_code, changed.json and changed.json["language"]) == (200, "ro")
    assert client.post(f"/api/team/{carer.id}/language", json={"language": "klingon"}).status_code == 422
    whole = client.get(f"/api/children/{child.id}/team").json
    assert whole is not None
    assert {one["name"]: one["language"] for one in whole if one["language"]} == {
        "Dele Stone": "ro",
        "Ida Bright": "vi",
    }


def test_who_may_not_see_addresses_does_not_see_languages(pep: Pep, child: Child, carer: Membership) -> None:
    with pep.as_("worker") as work:
        team.add_member(work, child.id, "parent", Role.PARENT, TODAY)
        mother = next(one for one in team.team_of(work, child.id) if one.role is Role.PARENT)
        team.change_language(work, mother.id, "pl")
    with pep.reading_as("parent") as work:
        assert {one.language for one in team.team_of(work, child.id)} == {""}
