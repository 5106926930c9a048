"""Please do not ask this person: the child says it, social care is warned and says why, nobody else reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from services.scheduling.adapters import unwanted_store
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.application import unwanted
from services.scheduling.application.guests import invited_to, propose_guests
from services.scheduling.application.meeting_page import look_at_meeting
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.unwanted import Unwanted
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.kernel.errors import Denied, NotFound
from shared.platform import roster
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
WHY = "Frimblewort"
SLOT = "slot=2026-12-01T10:00:00%2B00:00&minutes=60"


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    def enter(who: str) -> FlaskClient:
        return signed_in(app.test_client(), office.runtime, SPEC, who)

    return enter


@pytest.fixture
def meeting(office: Office) -> Meeting:
    with office.writing() as work:
        office.add_child_to_team(work, "c1", email="kid@people.example")
        place = roster.Membership(
            "c1-manager",
            "c1",
            "manager",
            Role.TEAM_MANAGER,
            date(2026, 11, 16),
            None,
            "Gita Rao",
            "manager@people.example",
        )
        roster.join(work.connection, place)
    return office.open_plan("c1", "p1")


def say(office: Office, person_id: str = "carer", name: str = "", who: str = "kid") -> Unwanted:
    with office.writing(who) as work:
        return unwanted.say_unwanted(work, "c1", person_id, name, WHY)


def fields_of(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        found.setdefault(name, []).append(value.replace("&#43;", "+"))
    return found


def test_the_child_says_it_on_a_page_of_theirs_and_takes_it_back(
    office: Office, enter: Callable[[str], FlaskClient], meeting: Meeting
) -> None:
    kid = enter("kid")
    assert 'href="/children/c1/unwanted"' in kid.get("/").text
    assert 'href="/children/c1/unwanted"' in kid.get(f"/meetings/{meeting.id}").text
    page = kid.get("/children/c1/unwanted").text
    check_page(page)
    assert "you do not want" in page
    sent = {**fields_of(page), "person_id": "carer", "why": WHY}
    assert kid.post("/children/c1/unwanted", data=sent).status_code == 303
    page = kid.get("/children/c1/unwanted").text
    check_page(page)
    assert "Chris Lowe" in page
    assert WHY in page
    found = re.search(r'action="(/children/c1/unwanted/[^"]+/remove)"', page)
    assert found is not None
    assert kid.post(found[1], data=fields_of(page)).status_code == 303
    assert WHY not in kid.get("/children/c1/unwanted").text


def test_a_wish_names_somebody(enter: Callable[[str], FlaskClient], meeting: Meeting) -> None:
    kid = enter("kid")
    for given in ({"why": WHY}, {"name": "a b"}, {"person_id": "stranger", "why": WHY}):
        page = kid.get("/children/c1/unwanted").text
        answer = kid.post("/children/c1/unwanted", data={**fields_of(page), **given})
        assert answer.status_code == 422
        check_page(answer.text)
        assert given.get("why", "") in answer.text


def test_it_is_said_by_the_childs_own_link_and_not_shown_behind_it(
    app: Flask, office: Office, meeting: Meeting, wish: MakeWish
) -> None:
    with office.writing("worker") as work:
        arrange(work, meeting.id, wish(worker=True, kid=False, carer=False), meeting.version)
    client = app.test_client()
    link = link_of(office, "kid")
    assert f"{link}/unwanted" in client.get(link).text
    page = client.get(f"{link}/unwanted").text
    check_page(page)
    assert client.post(f"{link}/unwanted", data={**fields_of(page), "why": WHY}).status_code == 422
    answer = client.post(f"{link}/unwanted", data={**fields_of(page), "name": "Mr Zibbo", "why": WHY})
    assert answer.status_code == 303
    after = client.get(answer.headers["Location"].partition("/scheduling")[2] or answer.headers["Location"])
    check_page(after.text)
    assert "Thank you" in after.text
    assert "Zibbo" not in after.text + client.get(link).text
    with office.reading("worker") as work:
        (kept,) = unwanted.told(work, "c1")
    assert (kept.name, kept.why, kept.said_by) == ("Mr Zibbo", WHY, "kid")
    others = link_of(office, "carer")
    assert "unwanted" not in client.get(others).text
    assert client.get(f"{others}/unwanted").status_code == 404
    fresh = fields_of(client.get(f"{link}/unwanted").text)
    assert client.post(f"{others}/unwanted", data={**fresh, "name": "Mr Zibbo"}).status_code == 404


def link_of(office: Office, who: str) -> str:
    with office.runtime.database("scheduling").reading() as connection:
        query = select(mail_out.c.raw).where(mail_out.c.recipient == f"{who}@people.example")
        raw = connection.execute(query).scalars().first().replace("=\r\n", "")
    found = re.search(r"/scheduling(/answer/[\w-]+)", raw)
    assert found is not None
    return found[1]


def test_whoever_chooses_people_is_warned_and_must_say_why(
    office: Office, enter: Callable[[str], FlaskClient], meeting: Meeting
) -> None:
    say(office)
    worker = enter("worker")
    people = worker.get(f"/meetings/{meeting.id}/people?{SLOT}").text
    check_page(people)
    assert "does not want Chris Lowe there" in people
    ticked = set(re.findall(r'name="invite"[^>]*value="(\w+)"[^>]* checked', people))
    assert "worker" in ticked
    assert "carer" not in ticked
    address = f"/meetings/{meeting.id}/check?{SLOT}&invite=worker&invite=teacher&invite=carer&must=worker"
    check = worker.get(address).text
    check_page(check)
    assert "does not want Chris Lowe there" in check
    assert "Why are they invited all the same?" in check
    sent = {**fields_of(check), "mode": "in_person", "place": "Oakfield School"}
    refused = worker.post(f"/meetings/{meeting.id}/arrangement", data=sent)
    check_page(refused.text)
    assert refused.status_code == 422
    assert "say why they are invited" in refused.text
    assert office.meeting_of("p1").invitees == ()
    again = {**sent, **fields_of(refused.text), "nevertheless": "Grounds enough"}
    assert worker.post(f"/meetings/{meeting.id}/arrangement", data=again).status_code == 303
    page = worker.get(f"/meetings/{meeting.id}").text
    check_page(page)
    assert page.count("Grounds enough") == 2  # beside the people, and in the history
    assert "Why are they invited" not in worker.get(address).text
    for who in ("carer", "teacher", "parent", "iro"):
        shown = enter(who).get(f"/meetings/{meeting.id}").text
        assert not re.findall("rounds enough|would rather not|does not want", shown), who
    assert "Somebody was invited though" in enter("kid").get(f"/meetings/{meeting.id}").text


def test_a_list_without_them_needs_no_reason(office: Office, meeting: Meeting, wish: MakeWish) -> None:
    say(office)
    with office.writing("worker") as work:
        arrange(work, meeting.id, wish(worker=True, teacher=True), meeting.version)
    with office.reading("worker") as work:
        assert look_at_meeting(work, meeting.id).together.unwanted == ()


def test_a_wish_that_comes_after_the_invitations_is_shown_on_the_meeting(
    office: Office, meeting: Meeting, wish: MakeWish
) -> None:
    with office.writing("worker") as work:
        arrange(work, meeting.id, wish(), meeting.version)
    say(office)
    with office.reading("manager") as work:
        assert look_at_meeting(work, meeting.id).together.unwanted == (("Chris Lowe", ""),)


@pytest.mark.parametrize("name", ["Amara", "my social worker", "Mrs Okafor", "Amar"])
def test_nobody_reads_what_is_about_themselves(
    office: Office, enter: Callable[[str], FlaskClient], meeting: Meeting, wish: MakeWish, name: str
) -> None:
    say(office, "", name)
    worker, manager = enter("worker"), enter("manager")
    with office.writing("worker") as work:
        arrange(work, meeting.id, wish(), meeting.version)
    for address in ("/children/c1/unwanted", f"/meetings/{meeting.id}", "/api/children/c1/unwanted", "/"):
        assert WHY not in worker.get(address).text, address
        assert "does not want" not in worker.get(address).text.replace("the child does not want at meetings", "")
    assert WHY in manager.get("/children/c1/unwanted").text
    assert "does not want Amara Okafor there" in manager.get(f"/meetings/{meeting.id}").text
    with office.writing("worker") as work, pytest.raises(NotFound):
        unwanted.take_back(work, "c1", unwanted_store.of_children(work.connection, ["c1"])["c1"][0].id)


def test_their_own_seat_tells_them_nothing(office: Office, meeting: Meeting, wish: MakeWish) -> None:
    say(office, "worker")
    with office.reading("worker") as work:
        assert ("worker", True) in {(guest.person_id, comes) for guest, comes in propose_guests(work, meeting)}
    with office.reading("manager") as work:
        assert ("worker", False) in {(guest.person_id, comes) for guest, comes in propose_guests(work, meeting)}


@pytest.mark.parametrize("who", ["carer", "parent", "teacher", "iro", "stranger"])
def test_others_are_refused(office: Office, enter: Callable[[str], FlaskClient], meeting: Meeting, who: str) -> None:
    kept = say(office, "iro")
    client = enter(who)
    assert client.get("/children/c1/unwanted").status_code in (403, 404)
    with office.writing(who) as work, pytest.raises((Denied, NotFound)):
        unwanted.say_unwanted(work, "c1", "carer", "", "")
    with office.writing(who) as work, pytest.raises((Denied, NotFound)):
        unwanted.take_back(work, "c1", kept.id)


def test_the_child_sees_a_wish_about_somebody_of_their_own_name(office: Office, meeting: Meeting) -> None:
    say(office, "", "Grandad Lowe")
    with office.reading("kid") as work:
        assert [one.name for one in unwanted.told(work, "c1")] == ["Grandad Lowe"]
    with office.reading("worker") as work:
        guests = [guest for guest, _ in propose_guests(work, meeting)]
        assert set(unwanted.unwanted_among(work, "c1", guests)) == {"carer"}  # Chris Lowe, never the child


def test_a_draft_of_the_term_leaves_them_out_of_its_lists(office: Office, meeting: Meeting) -> None:
    with office.reading() as work:
        before = {guest.person_id for guest in invited_to(work, [meeting])[meeting.id]}
    say(office, "teacher")
    with office.reading() as work:
        after = {guest.person_id for guest in invited_to(work, [meeting])[meeting.id]}
        sent = {guest.person_id for guest, comes in propose_guests(work, meeting) if comes}
    assert before - after == {"teacher"}
    assert sent == after


def test_whoever_asks_about_times_is_warned(
    office: Office, enter: Callable[[str], FlaskClient], meeting: Meeting
) -> None:
    say(office)
    page = enter("worker").get(f"/meetings/{meeting.id}/poll/ask").text
    check_page(page)
    assert "does not want Chris Lowe there" in page
    assert "carer" not in set(re.findall(r'name="invite"[^>]*value="(\w+)"[^>]* checked', page))


def test_the_api_asks_for_a_reason_and_tells_those_who_may_know(
    enter: Callable[[str], FlaskClient], meeting: Meeting
) -> None:
    origin = {"Origin": "http://localhost"}
    worker = enter("worker")
    told = worker.post("/api/children/c1/unwanted", json={"person_id": "carer", "why": WHY}, headers=origin)
    assert (told.status_code, told.json["name"]) == (201, "Chris Lowe")
    assert [one["why"] for one in worker.get("/api/children/c1/unwanted").json] == [WHY]
    path = f"/api/meetings/{meeting.id}"
    body = {
        "start": london_time(date(2026, 12, 1), 10).isoformat(),
        "end": london_time(date(2026, 12, 1), 11).isoformat(),
        "place": "Oakfield School",
        "invitees": [{"person_id": "worker", "required": True}, {"person_id": "carer"}],
    }
    tag = origin | {"If-Match": worker.get(path).headers["ETag"]}
    refused = worker.post(f"{path}/arrangement", json=body, headers=tag)
    assert refused.status_code == 422
    assert "nevertheless" in refused.text
    assert "Chris Lowe" in refused.text
    done = worker.post(f"{path}/arrangement", json=body | {"nevertheless": "He drives"}, headers=tag)
    assert done.json["unwanted"] == [{"name": "Chris Lowe", "why_invited": "He drives"}]
    for who in ("carer", "teacher", "iro", "parent"):
        assert "unwanted" not in enter(who).get(path).json
    gone = worker.delete(f"/api/children/c1/unwanted/{told.json['id']}", headers=origin)
    assert gone.status_code == 204
    assert worker.get("/api/children/c1/unwanted").json == []


def test_nothing_of_it_travels(office: Office, meeting: Meeting, wish: MakeWish) -> None:
    say(office)
    with office.writing("worker") as work:
        arrange(work, meeting.id, Wish(**{**vars_of(wish()), "nevertheless": "Grounds enough"}), meeting.version)
    assert not [fact for fact in office.facts() if WHY in repr(fact) or "Grounds enough" in repr(fact)]
    with office.runtime.database("scheduling").reading() as connection:
        raw = "".join(connection.execute(select(mail_out.c.raw)).scalars())
    assert raw
    assert WHY not in raw
    assert "Grounds" not in raw


def vars_of(wish: Wish) -> dict[str, object]:
    return {name: getattr(wish, name) for name in Wish.__slots__}
