from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.application.meetings import Wish, arrange, cancel
from services.scheduling.domain.meeting import Answer, Meeting
from shared.platform.audit_tables import ENTRY
from shared.testing.pages import check_page

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office


@pytest.fixture
def meeting(office: Office, wish: Callable[..., Wish]) -> Meeting:
    asked = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        return arrange(work, asked.id, wish(), asked.version)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def address(office: Office, meeting: Meeting) -> str:
    with office.runtime.database("scheduling").reading() as connection:
        query = select(mail_out.c.raw).where(mail_out.c.recipient == "carer@people.example")
        raw = connection.execute(query).scalar_one().replace("=\r\n", "")
    found = re.search(r"/scheduling(/answer/[\w-]+)", raw)
    assert found is not None
    return found[1]


def given(office: Office, person: str = "carer") -> Answer:
    return next(each.answer for each in office.meeting_of("p1").invitees if each.person_id == person)


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_looking_changes_nothing_whatever_the_address_asks_for(
    client: FlaskClient, office: Office, address: str
) -> None:
    for call in (client.get, client.head):
        assert call(address, query_string={"answer": "declined"}).status_code == 200
    assert given(office) is Answer.NEEDS_ACTION
    assert office.meeting_of("p1").version == 2


def test_the_page_shows_when_and_where_and_nobody_else(client: FlaskClient, address: str) -> None:
    page = client.get(address)
    words = check_page(page)
    assert "Tuesday 1 December 2026, 10am to 11am" in words
    assert "Oakfield School" in words
    assert "Chris Lowe" in words
    for other in ("Amara", "Okafor", "Adeyemi", "Frost", "teacher", "Child c1", "worker@", "c1"):
        assert other not in words


def test_an_answer_is_recorded_shown_and_can_be_changed(client: FlaskClient, office: Office, address: str) -> None:
    for said in ("accepted", "declined"):
        token = token_in(client.get(address).text)
        done = client.post(address, data={"csrf_token": token, "answer": said, "comment": "Thank you"})
        assert done.status_code == 303
        assert given(office) is Answer(said)
        assert "Thank you. Your answer is recorded" in check_page(client.get(done.location))


def test_no_choice_is_asked_for_again_and_the_message_is_kept(client: FlaskClient, address: str) -> None:
    token = token_in(client.get(address).text)
    page = client.post(address, data={"csrf_token": token, "comment": "After school would be better"})
    assert page.status_code == 422
    assert "Select answer" in check_page(page)
    assert "After school would be better" in page.text


def test_an_unknown_link_gets_a_friendly_page(client: FlaskClient) -> None:
    page = client.get("/answer/this-is-not-a-secret-of-ours")
    assert page.status_code == 404
    assert "Look for the latest invitation in your mail" in check_page(page)


def test_the_link_of_a_cancelled_meeting_gets_the_same_page(
    client: FlaskClient, office: Office, meeting: Meeting, address: str
) -> None:
    with office.writing("worker") as work:
        cancel(work, meeting.id, "not_needed", meeting.version)
    assert client.get(address).status_code == 404


def test_every_use_of_a_link_is_on_record_a_scanners_too(client: FlaskClient, office: Office, address: str) -> None:
    def uses() -> list[tuple[str, str, str, str]]:
        with office.runtime.database("scheduling").writing() as connection:
            rows = connection.execute(select(ENTRY.c.kind, ENTRY.c.action, ENTRY.c.person_id, ENTRY.c.child_id)).all()
            connection.execute(delete(ENTRY))
        return [tuple(row) for row in rows]

    uses()
    opened = ("link", "scheduling.invitation.read", "carer", "c1")
    assert client.head(address).status_code == 200
    assert uses() == [opened]
    token = token_in(client.get(address).text)
    assert uses() == [opened]
    assert client.post(address, data={"csrf_token": token, "answer": "accepted"}).status_code == 303
    assert uses() == [("link", "scheduling.invitation.answer", "carer", "c1")]
    assert client.get("/answer/not-one-of-ours").status_code == 404
    assert uses() == []
