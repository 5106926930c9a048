"""A place that a parent may not know: in no mail, calendar entry, page or answer to them; and nothing gives it away."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from services.scheduling.adapters import tables_mail
from services.scheduling.app import SPEC
from services.scheduling.application import meetings, parents
from services.scheduling.domain.meeting import ASK, Meeting, Mode
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.platform import roster
from shared.platform.auth import issue_token
from shared.testing.apps import app_on
from shared.testing.pages import check_page, steady
from tests.scheduling.conftest import Office, a_wish
from tests.suite.mail_text import everything_in

PARENT = "dana@people.example"
PLACES = ("Oakfield School", "Zorblax Hall, Room 9")


@pytest.fixture
def meeting(office: Office) -> Meeting:
    with office.writing() as work:
        dana = roster.person(work.connection, "parent")
        assert dana is not None
        roster.record_person(work.connection, replace(dana, email=PARENT))
    return office.open_plan("c1", "p1")


def arrange(office: Office, meeting: Meeting, **where: object) -> Meeting:
    wish = a_wish()
    with office.writing("worker") as work:
        act = meetings.arrange if meeting.booking is None else meetings.move
        changed = meetings.Wish(replace(wish.booking, **where), wish.required_by_person)  # type: ignore[arg-type]
        return act(work, meeting.id, changed, meeting.version)


def tell(office: Office, standing: ParentStanding, until: date | None = None) -> None:
    with office.writing() as work:
        said = ParentStandingChanged("c1", "parent", Matter.SCHOOL.value, standing.value, until)
        parents.when_standing_changed(work, said)


def post(office: Office) -> None:
    """Let everything that waits be sent."""
    with office.writing() as work:
        waiting = tables_mail.mail_out.c.state == "queued"
        work.connection.execute(update(tables_mail.mail_out).where(waiting).values(state="sent"))


def mails(office: Office, meeting: Meeting, to: str = PARENT) -> list[tuple[str, str]]:
    """Return the act and everything readable of each mail to somebody, in the order in which they were written."""
    table = tables_mail.mail_out
    query = select(table.c.act, table.c.raw).where(table.c.meeting_id == meeting.id, table.c.recipient == to)
    with office.runtime.database("scheduling").reading() as connection:
        rows = connection.execute(query.order_by(table.c.dtstamp)).all()
    return [(act, everything_in(raw.encode())) for act, raw in rows]


def browser(office: Office, who: str) -> FlaskClient:
    client = app_on(SPEC, office.runtime).test_client()
    token = issue_token(office.runtime.settings.secret, who, office.runtime.clock.now())
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def pages(office: Office, meeting: Meeting) -> list[str]:
    """Return what the parent can look at: their list, the meeting by page and API, the page behind their link."""
    client = browser(office, "parent")
    link = max(re.findall(r"/answer/[\w-]+", " ".join(text for _, text in mails(office, meeting))), key=len)
    found = [client.get(path) for path in ("/", f"/meetings/{meeting.id}", f"/api/meetings/{meeting.id}", link)]
    assert [answer.status_code for answer in found] == [200] * 4
    for answer in found[:2]:
        check_page(answer)
    return [steady(answer) for answer in found]


@pytest.mark.parametrize("how", ["school", "place"])
def test_no_byte_of_the_place_reaches_a_parent_who_may_not_know_it(office: Office, meeting: Meeting, how: str) -> None:
    if how == "school":
        tell(office, ParentStanding.NOT_TOLD)
    arranged = arrange(office, meeting, place=PLACES[1], place_sealed=how == "place")
    moved = arrange(office, arranged, place="Zorblax Annexe", place_sealed=how == "place")
    sent = mails(office, meeting)
    assert [act for act, _ in sent] == ["invited"]
    for text in [*(text for _, text in sent), *pages(office, moved)]:
        assert "Zorblax" not in text
    assert f"LOCATION:{ASK}" in sent[0][1]
    assert "Zorblax Annexe" in mails(office, meeting, "teacher@people.example")[-1][1]
    for who in ("teacher", "carer"):
        assert "Zorblax Annexe" in browser(office, who).get(f"/meetings/{meeting.id}").text


def test_what_the_parent_sees_is_the_same_whatever_the_place_and_the_school_are(
    office: Office, meeting: Meeting
) -> None:
    tell(office, ParentStanding.NOT_TOLD)
    arranged = arrange(office, meeting, place=PLACES[0])
    before = pages(office, arranged)
    arrange(office, arranged, place=PLACES[1], place_sealed=True)
    with office.writing() as work:
        parents.meetings_store.save(work.connection, office.meeting_of("p1"))
    after = pages(office, arranged)
    without_versions = [re.sub(r'"version":\d+', "", page) for page in after]
    what_happened = re.compile(r"<h2[^>]*>What happened.*", re.DOTALL)
    same = [re.sub(r'"version":\d+', "", page) for page in before]
    assert [what_happened.sub("", page) for page in without_versions] == [what_happened.sub("", one) for one in same]


def test_the_name_of_the_teacher_gives_away_the_school_and_is_left_out(office: Office, meeting: Meeting) -> None:
    arranged = arrange(office, meeting)
    assert any("Ben Adeyemi" in page for page in pages(office, arranged))
    tell(office, ParentStanding.NOT_TOLD)
    for page in pages(office, arranged):
        assert "Ben Adeyemi" not in page
        assert "Oakfield" not in page


def test_the_link_to_join_online_stays(office: Office, meeting: Meeting) -> None:
    tell(office, ParentStanding.NOT_TOLD)
    link = "https://meet.example/abc"
    arranged = arrange(office, meeting, mode=Mode.MIXED, place=PLACES[1], joining_link=link)
    ((_, text),) = mails(office, meeting)
    assert link in text
    assert "Zorblax" not in text
    assert link in pages(office, arranged)[1]


def test_an_online_meeting_has_no_place_to_ask_for(office: Office, meeting: Meeting) -> None:
    link = "https://meet.example/abc"
    arranged = arrange(office, meeting, mode=Mode.ONLINE, place=PLACES[1], joining_link=link, place_sealed=True)
    for text in [mails(office, meeting)[0][1], *pages(office, arranged)]:
        assert ASK not in text
        assert "Zorblax" not in text


def test_who_is_told_the_school_no_longer_has_it_taken_out_of_the_calendar_and_back(
    office: Office, meeting: Meeting
) -> None:
    arrange(office, meeting, place=PLACES[1])
    post(office)
    tell(office, ParentStanding.NOT_TOLD)
    tell(office, ParentStanding.NOT_TOLD)
    post(office)
    assert [(act, "Zorblax" in text) for act, text in mails(office, meeting)] == [("invited", True), ("changed", False)]
    tell(office, ParentStanding.TOLD)
    assert [("Zorblax" in text) for _, text in mails(office, meeting)] == [True, False, True]
    assert {act for to, act in office.mails() if to != PARENT} == {"invited"}


@pytest.mark.parametrize(("until", "told"), [(date(2026, 11, 30), False), (date(2026, 12, 1), True)])
def test_the_place_is_told_only_if_the_parent_is_still_told_on_the_day(
    office: Office, meeting: Meeting, until: date, told: bool
) -> None:
    tell(office, ParentStanding.TOLD, until)
    arrange(office, meeting, place=PLACES[1])
    assert ("Zorblax" in mails(office, meeting)[0][1]) is told


def test_the_worker_keeps_a_place_from_parents_on_the_page(office: Office, meeting: Meeting) -> None:
    client = browser(office, "worker")
    starts = a_wish().booking.starts_at.isoformat()
    chosen = {"slot": starts, "minutes": "60", "invite": ["worker", "teacher", "parent"], "must": ["worker"]}
    check_page(client.get(f"/meetings/{meeting.id}/check", query_string=chosen))
    where = {"mode": "in_person", "place": PLACES[1], "place_sealed": "yes", "version": str(meeting.version)}
    assert client.post(f"/meetings/{meeting.id}/arrangement", data={**chosen, **where}).status_code == 303
    page = client.get(f"/meetings/{meeting.id}")
    check_page(page)
    assert "Parents are not told the place." in page.text
    again = client.get(f"/meetings/{meeting.id}/check", query_string=chosen).text
    assert re.search(r'name="place_sealed"[^>]*checked', again)
    assert "Parents are not told" not in browser(office, "carer").get(f"/meetings/{meeting.id}").text
    assert client.get(f"/api/meetings/{meeting.id}").json["place_sealed"] is True
    assert "place_sealed" not in browser(office, "parent").get(f"/api/meetings/{meeting.id}").json


def test_it_works_on_both_databases(migrated_office: Office) -> None:
    with migrated_office.writing() as work:
        dana = roster.person(work.connection, "parent")
        assert dana is not None
        roster.record_person(work.connection, replace(dana, email=PARENT))
    meeting = migrated_office.open_plan("c1", "p1")
    arrange(migrated_office, meeting, place=PLACES[1], place_sealed=True)
    arrange(migrated_office, migrated_office.meeting_of("p1"), place=PLACES[1])
    assert [(act, "Zorblax" in text) for act, text in mails(migrated_office, meeting)] == [
        ("invited", False),
        ("changed", True),
    ]
