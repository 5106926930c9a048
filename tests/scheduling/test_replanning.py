"""What can be done when somebody who must be there cannot come; never a silent cancellation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.scheduling.app import SPEC
from services.scheduling.application.answers import record_answer
from services.scheduling.application.chase_list import Waits, Wanted, chase_list
from services.scheduling.application.chasing import chase_everything
from services.scheduling.application.meetings import Wish, arrange, move
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState, Mode
from services.scheduling.domain.quorum import Quorum
from services.scheduling.domain.replanning import go_ahead_without, lacking_without
from shared.contracts.roles import Role
from shared.contracts.scheduling import MeetingArranged
from shared.kernel.clock import london_time
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform import roster
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.test_meeting_pages import hidden, post

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
LINK = "https://meet.example/abc"


@pytest.fixture
def put_back(office: Office, wish: MakeWish) -> Meeting:
    """A meeting that the designated teacher cannot come to; a colleague of theirs is known, and one elsewhere."""
    key = office.runtime.settings.authorities[0].key
    teaches = frozenset({Role.DESIGNATED_TEACHER})
    with office.writing() as work:
        for person_id, name, urn in (("colleague", "Hana Reid", "100001"), ("elsewhere", "Ivo Marsh", "100002")):
            person = roster.Person(person_id, key, name, f"{person_id}@people.example", teaches, "", urn)
            roster.record_person(work.connection, person)
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        arranged = arrange(work, meeting.id, wish(), meeting.version)
    with office.writing() as work:
        record_answer(work, arranged.invitees[2].id, Answer.ACCEPTED, by="link")
        return record_answer(work, arranged.invitees[1].id, Answer.DECLINED, by="link", comment="In court")


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    return lambda who: signed_in(app.test_client(), office.runtime, SPEC, who)


def page_of(meeting: Meeting) -> str:
    return f"/meetings/{meeting.id}/replanning/{meeting.invitees[1].id}"


def test_a_colleague_of_the_same_school_takes_the_seat(
    enter: Callable[[str], FlaskClient], office: Office, put_back: Meeting
) -> None:
    worker, page = enter("worker"), page_of(put_back)
    words = check_page(worker.get(f"/meetings/{put_back.id}"))
    assert "What can be done if Ben Adeyemi does not come" in words
    words = check_page(worker.get(page))
    assert "Hana Reid" in words
    assert "Ivo Marsh" not in words
    assert "it would lack the designated teacher" in words
    assert "Select who takes the seat" in check_page(post(worker, page, f"{page}/seat"))
    done = post(worker, page, f"{page}/seat", person_id="colleague")
    assert done.status_code == 303
    words = check_page(worker.get(done.location))
    assert "Somebody else comes for Ben Adeyemi (designated teacher)" in words
    assert "Hana Reid (Designated teacher) is invited." in words
    after = office.meeting_of("p1")
    assert after.state is MeetingState.ARRANGED
    seat = after.invitees[1]
    assert (seat.name, seat.required, seat.stands_in_for, seat.answer) == (
        "Hana Reid", True, "teacher", Answer.NEEDS_ACTION,
    )  # fmt: skip
    assert ("colleague@people.example", "invited") in office.mails()
    assert ("teacher@people.example", "removed") in office.mails()
    assert ("carer@people.example", "changed") not in office.mails()
    told = office.facts()[-1]
    assert isinstance(told, MeetingArranged)
    assert [one.person_id for one in told.invitees] == ["worker", "colleague", "carer", "parent"]
    carer = check_page(enter("carer").get(f"/meetings/{put_back.id}"))
    assert "Hana Reid" in carer  # professionals' names are told
    assert "This person can come, or is no longer invited" in check_page(worker.get(page))


def test_whoever_took_a_seat_keeps_it_when_the_meeting_is_moved(
    enter: Callable[[str], FlaskClient], office: Office, put_back: Meeting, wish: MakeWish
) -> None:
    page = page_of(put_back)
    post(enter("worker"), page, f"{page}/seat", person_id="colleague")
    with office.writing("worker") as work:
        moved = move(
            work,
            put_back.id,
            wish(date(2026, 12, 3), worker=True, colleague=True, carer=False),
            office.meeting_of("p1").version,
        )
    assert [each.person_id for each in moved.invitees if each.stands_in_for] == ["colleague"]


def test_the_meeting_is_opened_to_those_who_join_online_and_only_who_declined_is_asked_again(
    enter: Callable[[str], FlaskClient], office: Office, put_back: Meeting
) -> None:
    worker, page = enter("worker"), page_of(put_back)
    wrong = post(worker, page, f"{page}/online", joining_link="meet me")
    assert "The link to join must start with https://" in check_page(wrong)
    assert 'value="meet me"' in wrong.text
    before = office.mails()
    assert post(worker, page, f"{page}/online", joining_link=LINK).status_code == 303
    after = office.meeting_of("p1")
    assert after.booking is not None
    assert (after.state, after.booking.mode) == (MeetingState.ARRANGED, Mode.MIXED)
    assert [each.answer for each in after.invitees[:3]] == [Answer.ACCEPTED, Answer.NEEDS_ACTION, Answer.ACCEPTED]
    assert after.invitees[1].joins == "online"
    sent = list(office.mails())
    for mail in before:
        sent.remove(mail)
    assert {act for _who, act in sent} == {"changed"}


def test_the_quorum_says_whether_a_meeting_goes_ahead_without_somebody(put_back: Meeting) -> None:
    teacher = put_back.invitees[1].id
    with pytest.raises(Conflict) as refused:
        go_ahead_without(put_back, teacher, Quorum(), "could_not_wait")
    assert refused.value.code == "quorum_lost"
    loose = Quorum(frozenset({Role.SOCIAL_WORKER}), others=1)
    assert lacking_without(put_back, teacher, loose).quorate
    with pytest.raises(InvalidInput):
        go_ahead_without(put_back, teacher, loose, "")
    after = go_ahead_without(put_back, teacher, loose, "could_not_wait")
    assert after.state is MeetingState.ARRANGED
    assert after.invitees[1].answer is Answer.DECLINED
    assert not after.invitees[1].required


def test_somebody_besides_the_quorum_may_be_gone_without_from_the_page(
    enter: Callable[[str], FlaskClient], office: Office, wish: MakeWish
) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        arranged = arrange(work, meeting.id, wish(worker=True, teacher=True, carer=True), meeting.version)
    with office.writing() as work:
        record_answer(work, arranged.invitees[2].id, Answer.DECLINED, by="link")
    worker, page = enter("worker"), f"/meetings/{arranged.id}/replanning/{arranged.invitees[2].id}"
    words = check_page(worker.get(page))
    assert "Why does the meeting go ahead without them?" in words
    assert "Nobody is known who could take this seat" in words  # nobody stands in for a carer
    done = post(worker, page, f"{page}/without", why="heard_before")
    assert "The meeting goes ahead without Chris Lowe (carer)" in check_page(worker.get(done.location))
    assert office.meeting_of("p1").state is MeetingState.ARRANGED


def test_the_worker_puts_it_before_the_manager_once(
    enter: Callable[[str], FlaskClient], office: Office, put_back: Meeting
) -> None:
    key = office.runtime.settings.authorities[0].key
    with office.writing() as work:
        manager = roster.Person("manager", key, "Gita Rao", "gita@people.example", frozenset({Role.TEAM_MANAGER}), "")
        roster.record_person(work.connection, manager)
        since = date(2026, 11, 16)
        place = roster.Membership("c1-m", "c1", "manager", Role.TEAM_MANAGER, since, None, "Gita Rao", None)
        roster.join(work.connection, place)
    worker, page = enter("worker"), page_of(put_back)
    assert post(worker, page, f"{page}/manager").status_code == 303
    assert "The team manager has been told" in check_page(worker.get(page))
    assert post(worker, page, f"{page}/manager").status_code == 422
    with office.reading("manager") as work:
        assert [line.waits for line in chase_list(work, Wanted()).lines] == [Waits.REPLANNING]
    chase_everything(office.runtime, SPEC)
    assert ("gita@people.example", "chase") in office.mails()


def test_a_perhaps_that_stands_until_close_to_the_day_opens_the_ways_out(
    enter: Callable[[str], FlaskClient], office: Office, wish: MakeWish
) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        arranged = arrange(work, meeting.id, wish(), meeting.version)
    with office.writing() as work:
        record_answer(work, arranged.invitees[1].id, Answer.TENTATIVE, by="link")
    address = f"/meetings/{arranged.id}"
    assert "still says “perhaps”" not in check_page(enter("worker").get(address))
    office.at(london_time(date(2026, 11, 26), 9))
    words = check_page(enter("worker").get(address))
    assert "Ben Adeyemi (Designated teacher) must be there and still says “perhaps”" in words
    page = f"{address}/replanning/{arranged.invitees[1].id}"
    assert "Ben Adeyemi is not sure" in check_page(enter("worker").get(page))
    assert office.meeting_of("p1").state is MeetingState.ARRANGED


def test_each_person_of_a_mixed_meeting_is_told_how_they_take_part(
    enter: Callable[[str], FlaskClient], office: Office
) -> None:
    meeting = office.open_plan("c1", "p1")
    worker = enter("worker")
    slot = london_time(date(2026, 12, 1), 10).isoformat()
    query = {"slot": slot, "minutes": "60", "invite": ["worker", "teacher", "carer"], "must": ["worker", "teacher"]}
    check = worker.get(f"/meetings/{meeting.id}/check", query_string=query)
    assert "In person and online: who takes part how" in check_page(check)
    data = {**hidden(check.text), "mode": "mixed", "place": "Oakfield School", "joining_link": LINK}
    both = worker.post(
        f"/meetings/{meeting.id}/arrangement", data={**data, "joins_room": ["teacher"], "joins_online": ["teacher"]}
    )
    assert "Somebody is ticked both in the room and online" in check_page(both)
    sent = worker.post(
        f"/meetings/{meeting.id}/arrangement", data={**data, "joins_room": ["teacher"], "joins_online": ["carer"]}
    )
    assert sent.status_code == 303
    joins = {each.person_id: each.joins for each in office.meeting_of("p1").invitees}
    assert joins == {"worker": "", "teacher": "in_person", "carer": "online"}
    assert "Chris Lowe Carer; online" in check_page(worker.get(sent.location))
