"""What will be talked about at a meeting: shaped by the child and others, put in order by the social worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.application.agenda import (
    AgendaPage,
    add_point,
    agenda_by_link,
    change_point,
    change_point_by_link,
    look_at_agenda,
    move_point,
    order_points,
    own_point_by_link,
    say_who_starts,
    take_point_out,
    take_point_out_by_link,
)
from services.scheduling.application.meeting_page import look_at_meeting
from services.scheduling.application.meetings import Wish as Chosen
from services.scheduling.application.meetings import arrange
from services.scheduling.domain.agenda import (
    LONGEST,
    MOST_POINTS,
    Point,
    Wish,
    as_read,
    in_order,
    moved,
    read_standing,
    standing_points,
)
from services.scheduling.domain.meeting import Kind, Meeting
from shared.contracts.parents import ParentStanding
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.test_meeting_pages import post

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

SECRET = "Please ask me about Wednesday"
EVERYBODY = ("worker", "teacher", "carer", "parent", "iro", "kid")


@pytest.fixture
def meeting(office: Office, wish: Callable[..., Chosen]) -> Meeting:
    with office.writing() as work:
        office.add_child_to_team(work, "c1", email="kid@people.example")
    asked = office.open_plan("c1", "p1")
    who = {"worker": True, "teacher": True, "carer": False, "parent": False, "iro": False, "kid": False}
    with office.writing("worker") as work:
        return arrange(work, asked.id, wish(**who), asked.version)


def link_of(office: Office, person: str) -> str:
    with office.runtime.database("scheduling").reading() as connection:
        query = select(mail_out.c.raw).where(mail_out.c.recipient == f"{person}@people.example")
        raw = connection.execute(query).scalars().first().replace("=\r\n", "")
    found = re.search(r"/scheduling/answer/([\w-]+)", raw)
    assert found is not None
    return found[1]


def add(office: Office, meeting: Meeting, who: str, text: str, wish: Wish = Wish.TALK) -> Point:
    with office.writing(who) as work:
        return add_point(work, meeting.id, text, wish)


def seen(office: Office, meeting: Meeting, who: str) -> AgendaPage:
    with office.reading(who) as work:
        return look_at_agenda(work, meeting.id)


def words(page: AgendaPage) -> list[str]:
    return [one.text for one in (*page.agenda.of_child, *page.agenda.of_others)]


def client_of(app: Flask, office: Office, who: str) -> FlaskClient:
    return signed_in(app.test_client(), office.runtime, SPEC, who)


def a_point(number: int, role: Role = Role.CHILD, wish: Wish = Wish.TALK) -> Point:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    return Point(str(number), "m", f"person-{role}", "Name", role.value, f"Point {number}", wish, number, at)


def test_the_child_adds_a_point_in_the_page_and_everybody_invited_reads_it(
    app: Flask, office: Office, meeting: Meeting
) -> None:
    kid, address = client_of(app, office, "kid"), f"/meetings/{meeting.id}/agenda"
    assert "Say what you want to talk about" in check_page(kid.get(f"/meetings/{meeting.id}"))
    check_page(kid.get(address))
    added = post(kid, address, f"{address}/points", text="I want to do art club", wish="talk")
    assert (added.status_code, added.location) == (303, address)
    for who in EVERYBODY:
        for page in (f"/meetings/{meeting.id}", address):
            read = check_page(client_of(app, office, who).get(page))
            assert read.index("I want to do art club") < read.index("How things are at school now"), who
    behind_link = app.test_client().get(f"/answer/{link_of(office, 'carer')}")
    assert "I want to do art club" in check_page(behind_link)


def test_by_the_personal_link_the_child_adds_changes_and_takes_back(
    app: Flask, office: Office, meeting: Meeting
) -> None:
    client, address = app.test_client(), f"/answer/{link_of(office, 'kid')}/agenda"
    assert address in client.get(address.removesuffix("/agenda")).text
    assert post(client, address, f"{address}/points", text="Maths is hard", wish="talk").status_code == 303
    (point,) = seen(office, meeting, "kid").agenda.of_child
    assert (point.name, point.role) == ("Kit Lowe", "child")
    one = f"{address}/points/{point.id}"
    check_page(client.get(one))
    assert post(client, one, one, text="Maths is too easy", wish="talk").status_code == 303
    assert words(seen(office, meeting, "teacher")) == ["Maths is too easy"]
    assert post(client, address, f"{address}/starter", role="child").status_code == 303
    assert "The child would like to start." in check_page(client.get(address))
    assert post(client, address, f"{one}/removal").status_code == 303
    assert words(seen(office, meeting, "teacher")) == []


def test_looking_at_the_link_changes_nothing_and_an_unknown_one_shows_nothing(
    app: Flask, office: Office, meeting: Meeting
) -> None:
    client = app.test_client()
    assert client.get("/answer/nothing/agenda").status_code == 404
    address = f"/answer/{link_of(office, 'carer')}/agenda"
    assert "Who should start?" not in check_page(client.get(address))
    refused = post(client, address, f"{address}/starter", role="carer")
    assert refused.status_code == 303
    assert seen(office, meeting, "kid").agenda.starter == ""


def test_what_is_for_the_social_worker_alone_is_read_by_social_care_and_the_child(
    app: Flask, office: Office, meeting: Meeting
) -> None:
    before = office.facts(), office.mails()
    point = add(office, meeting, "kid", SECRET, Wish.WORKER_ONLY)
    for who in EVERYBODY:
        expected = [SECRET] if who in ("worker", "kid") else []
        assert words(seen(office, meeting, who)) == expected, who
        for path in (f"/meetings/{meeting.id}", f"/meetings/{meeting.id}/agenda", f"/api/meetings/{meeting.id}/agenda",
                     f"/api/meetings/{meeting.id}", "/", "/calendar"):  # fmt: skip
            answer = client_of(app, office, who).get(path)
            if who not in ("worker", "kid"):
                assert SECRET not in answer.text, (who, path)
                assert point.id not in answer.text, (who, path)
        with office.reading(who) as work:
            assert not [one for one in look_at_meeting(work, meeting.id).history if one.what.startswith("agenda")]
    for who in ("teacher", "carer", "iro", "kid", "worker"):
        for rest in ("", "/agenda"):
            assert SECRET not in app.test_client().get(f"/answer/{link_of(office, who)}{rest}").text
    assert (office.facts(), office.mails()) == before


def test_behind_the_link_the_child_can_take_it_back_and_not_read_it(office: Office, meeting: Meeting) -> None:
    point, secret = add(office, meeting, "kid", SECRET, Wish.WORKER_ONLY), link_of(office, "kid")
    with office.writing("kid") as work:
        assert words(agenda_by_link(work, secret)) == [""]
        with pytest.raises(NotFound):
            own_point_by_link(work, secret, point.id)
        with pytest.raises(NotFound):
            change_point_by_link(work, secret, point.id, "Something else", Wish.TALK)
        with pytest.raises(NotFound):
            take_point_out_by_link(work, link_of(office, "carer"), point.id)
        take_point_out_by_link(work, secret, point.id)
    assert words(seen(office, meeting, "worker")) == []


def test_only_the_child_writes_for_the_social_worker_alone(office: Office, meeting: Meeting) -> None:
    for who in ("worker", "carer", "teacher"):
        with pytest.raises(InvalidInput):
            add(office, meeting, who, "Between us", Wish.WORKER_ONLY)


def test_somebody_elses_point_is_not_changed_and_is_taken_out_by_the_social_worker_alone(
    office: Office, meeting: Meeting
) -> None:
    point = add(office, meeting, "kid", "Art club")
    for who in ("teacher", "carer", "worker"):
        with office.writing(who) as work, pytest.raises(NotFound):
            change_point(work, meeting.id, point.id, "Something else", Wish.TALK)
    for who in ("teacher", "carer"):
        with office.writing(who) as work, pytest.raises(NotFound):
            take_point_out(work, meeting.id, point.id)
    with office.writing("worker") as work:
        take_point_out(work, meeting.id, point.id)
    assert words(seen(office, meeting, "kid")) == []


def test_the_worker_puts_the_points_in_order_by_buttons(app: Flask, office: Office, meeting: Meeting) -> None:
    points = [add(office, meeting, "teacher", text) for text in ("One", "Two", "Three")]
    worker, address = client_of(app, office, "worker"), f"/meetings/{meeting.id}/agenda"
    check_page(worker.get(address))
    assert post(worker, address, f"{address}/points/{points[2].id}/earlier").status_code == 303
    assert words(seen(office, meeting, "kid")) == ["One", "Three", "Two"]
    assert post(worker, address, f"{address}/points/{points[0].id}/later").status_code == 303
    assert words(seen(office, meeting, "kid")) == ["Three", "One", "Two"]
    assert "Move up" not in client_of(app, office, "teacher").get(address).text
    with office.writing("teacher") as work, pytest.raises(Denied):
        move_point(work, meeting.id, points[0].id, -1)
    with office.writing("worker") as work:
        order_points(work, meeting.id, [one.id for one in points])
    assert words(seen(office, meeting, "kid")) == ["One", "Two", "Three"]


def test_nothing_typed_is_lost_and_what_is_wrong_is_said(app: Flask, office: Office, meeting: Meeting) -> None:
    kid, address = client_of(app, office, "kid"), f"/meetings/{meeting.id}/agenda"
    long = "x" * (LONGEST + 1)
    refused = post(kid, address, f"{address}/points", text=long, wish="talk")
    assert refused.status_code == 422
    assert long in refused.text
    check_page(refused)
    by_link = f"/answer/{link_of(office, 'kid')}/agenda"
    refused = post(app.test_client(), by_link, f"{by_link}/points", text="", wish="talk")
    assert refused.status_code == 422
    check_page(refused)


def test_the_agenda_stays_as_it_is_once_the_meeting_has_begun(app: Flask, office: Office, meeting: Meeting) -> None:
    point = add(office, meeting, "kid", "Art club")
    office.at(london_time(date(2026, 12, 1), 10))
    with pytest.raises(Conflict):
        add(office, meeting, "kid", "And music")
    with office.writing("worker") as work, pytest.raises(Conflict):
        take_point_out(work, meeting.id, point.id)
    assert "stays as it is" in check_page(client_of(app, office, "kid").get(f"/meetings/{meeting.id}/agenda"))


def test_a_parent_reads_it_as_far_as_they_are_told_of_meetings(office: Office, meeting: Meeting) -> None:
    add(office, meeting, "kid", "Art club")
    assert words(seen(office, meeting, "parent")) == ["Art club"]
    with office.writing() as work:
        office.say_of_parent(work, "c1", standing=ParentStanding.NOT_TOLD)
    with office.reading("parent") as work, pytest.raises((Denied, NotFound)):
        look_at_agenda(work, meeting.id)


def test_names_of_family_are_for_professionals_and_oneself(office: Office, meeting: Meeting) -> None:
    add(office, meeting, "kid", "Art club")
    named = {who: seen(office, meeting, who).agenda.of_child[0].name for who in EVERYBODY}
    assert named == {"worker": "Kit Lowe", "teacher": "Kit Lowe", "iro": "Kit Lowe", "kid": "Kit Lowe",
                     "carer": "", "parent": ""}  # fmt: skip


def test_the_history_says_who_added_and_never_what(app: Flask, office: Office, meeting: Meeting) -> None:
    point = add(office, meeting, "kid", "Art club")
    with office.writing("kid") as work:
        change_point(work, meeting.id, point.id, SECRET, Wish.WORKER_ONLY)
        say_who_starts(work, meeting.id, "child")
    with office.reading("teacher") as work:
        lines = [one for one in look_at_meeting(work, meeting.id).history if one.what.startswith("agenda")]
    assert sorted(one.what for one in lines) == ["agenda_added", "agenda_taken_out"]
    assert "Art club" not in str(lines)
    page = client_of(app, office, "worker").get(f"/meetings/{meeting.id}").text
    assert "Kit Lowe (child or young person) added to what will be talked about" in check_page(page)


def test_one_person_does_not_fill_the_agenda(office: Office, meeting: Meeting) -> None:
    for number in range(MOST_POINTS):
        add(office, meeting, "carer", f"Point {number}")
    with pytest.raises(Conflict):
        add(office, meeting, "carer", "One more")
    add(office, meeting, "kid", "Art club")


def test_the_api_does_what_the_pages_do(app: Flask, office: Office, meeting: Meeting) -> None:
    address = f"/api/meetings/{meeting.id}/agenda"
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    kid, worker = client_of(app, office, "kid"), client_of(app, office, "worker")
    made = kid.post(f"{address}/points", json={"text": "Art club"}, headers=headers)
    assert made.status_code == 201
    (one,) = made.json["of_child"]
    assert (one["text"], one["own"], one["wish"]) == ("Art club", True, "talk")
    changed = kid.put(f"{address}/points/{one['id']}", json={"text": SECRET, "wish": "worker_only"}, headers=headers)
    assert changed.json["of_child"][0]["text"] == SECRET
    assert kid.put(f"{address}/starter", json={"role": "social_worker"}, headers=headers).json["starter"]
    assert kid.put(f"{address}/starter", json={"role": "advocate"}, headers=headers).status_code == 422
    assert worker.put(f"{address}/order", json={"points": [one["id"]]}, headers=headers).status_code == 200
    assert worker.put(f"{address}/order", json={"points": []}, headers=headers).status_code == 422
    assert kid.delete(f"{address}/points/{one['id']}", headers=headers).status_code == 204
    assert worker.get(address).json["of_child"] == []
    assert worker.get(address).json["always"][0] == "How things are at school now"


def test_what_is_always_talked_about_follows_the_occasion(meeting: Meeting) -> None:
    standing = read_standing({"first": ["A"], "review": ["B"], "other": ["C"]})
    assert standing_points(standing, meeting) == ("A",)
    assert standing_points(standing, replace(meeting, kind=Kind.REVIEW)) == ("B",)
    assert standing_points(read_standing({"other": ["C"]}), meeting) == ("C",)
    for wrong in ({"first": ["A"]}, {"other": ["C"], "firts": ["A"]}):
        with pytest.raises(KeyError):
            read_standing(wrong)


@given(st.lists(st.sampled_from([Role.CHILD, Role.CARER]), min_size=1, max_size=8), st.data())
def test_moving_keeps_every_point_and_moves_within_its_group(roles: list[Role], data: st.DataObject) -> None:
    points = [a_point(number, role) for number, role in enumerate(roles)]
    chosen = data.draw(st.sampled_from(points))
    by = data.draw(st.sampled_from([-1, 1]))
    after = moved(points, chosen.id, by)
    assert sorted(one.id for one in after) == sorted(one.id for one in points)
    assert [one.position for one in after] == list(range(len(points)))
    for role in (Role.CHILD, Role.CARER):
        group = [one.id for one in points if one.role == role]
        if chosen.id in group and 0 <= group.index(chosen.id) + by < len(group):
            at = group.index(chosen.id)
            group[at], group[at + by] = group[at + by], group[at]
        assert [one.id for one in after if one.role == role] == group


def test_a_reader_sees_their_own_private_points_and_nobody_elses() -> None:
    points = [a_point(1, wish=Wish.WORKER_ONLY), a_point(2)]
    assert [one.id for one in as_read(points, {"person-child"}, reads_all=False)] == ["1", "2"]
    assert [one.id for one in as_read(points, {"somebody"}, reads_all=False)] == ["2"]
    assert [one.id for one in as_read(points, (), reads_all=True)] == ["1", "2"]
    with pytest.raises(InvalidInput):
        in_order(points, ["1", "1"])
