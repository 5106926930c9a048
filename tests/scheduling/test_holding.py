"""How a meeting went: the quorum, who did not come, and how the child took part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.adapters import held_store
from services.scheduling.app import SPEC
from services.scheduling.application.announcing import announce
from services.scheduling.application.answers import record_answer
from services.scheduling.application.meetings import Wish, arrange, record_held
from services.scheduling.domain.holding import Account
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from services.scheduling.domain.quorum import Quorum, in_words, read_quorum, what_lacks
from shared.contracts.participation import Conveyed, Participation, ParticipationCode, participation_code
from shared.contracts.roles import Role
from shared.contracts.scheduling import MeetingCancelled, MeetingHeld, MeetingRestated
from shared.kernel.clock import london_time
from shared.kernel.errors import InvalidInput
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.test_meeting_pages import post

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
AFTER = london_time(date(2026, 12, 1), 12)
QUORUM = Quorum(
    others=1, stand_ins={Role.DESIGNATED_TEACHER: (Role.DELEGATE,), Role.SOCIAL_WORKER: (Role.TEAM_MANAGER,)}
)
CODES = {
    (True, Conveyed.SPOKE): "PN1",
    (True, Conveyed.ADVOCATE): "PN2",
    (True, Conveyed.SYMBOLS): "PN3",
    (True, Conveyed.OTHER_MEANS): "PN3",
    (True, Conveyed.NOT): "PN4",
    (False, Conveyed.ADVOCATE): "PN5",
    (False, Conveyed.OTHER_MEANS): "PN6",
    (False, Conveyed.SPOKE): "PN6",
    (False, Conveyed.SYMBOLS): "PN6",
    (False, Conveyed.NOT): "PN7",
}


@pytest.fixture
def over(office: Office, wish: MakeWish) -> Meeting:
    """A meeting that was arranged and is over."""
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        arranged = arrange(work, meeting.id, wish(), meeting.version)
    office.at(AFTER)
    return arranged


def hold(office: Office, meeting: Meeting, came: list[str], account: Account) -> None:
    with office.writing("worker") as work:
        record_held(work, meeting.id, came, meeting.version, account)


@pytest.mark.parametrize(("attended", "conveyed"), CODES)
def test_each_way_of_taking_part_has_its_code(attended: bool, conveyed: Conveyed) -> None:
    assert participation_code(Participation(attended, conveyed)) == CODES[attended, conveyed]
    assert participation_code(Participation(attended, conveyed, under_four=True)) is ParticipationCode.PN0


def test_every_code_is_reached_and_has_words() -> None:
    assert {*CODES.values(), "PN0"} == set(ParticipationCode)
    assert len({code.words for code in ParticipationCode}) == len(ParticipationCode)


@pytest.mark.parametrize(
    ("present", "roles", "others"),
    [
        (["social_worker", "designated_teacher", "carer"], (), 0),
        (["social_worker", "designated_teacher"], (), 1),
        (["social_worker", "delegate", "carer"], (), 0),
        (["social_worker", "delegate"], (), 1),  # the delegate sits for the teacher and is not one of the others too
        (["social_worker", "designated_teacher", "delegate"], (), 0),
        (["social_worker", "carer"], (Role.DESIGNATED_TEACHER,), 0),
        ([], (Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER), 1),
    ],
)
def test_a_quorum_is_its_roles_or_their_stand_ins_and_so_many_others(
    present: list[str], roles: tuple[Role, ...], others: int
) -> None:
    lacking = what_lacks(QUORUM, present)
    assert (lacking.roles, lacking.others) == (roles, others)


@given(st.lists(st.sampled_from(list(Role)), max_size=6), st.sampled_from(list(Role)))
def test_one_more_person_never_makes_a_meeting_less_quorate(present: list[Role], more: Role) -> None:
    before, after = what_lacks(QUORUM, present), what_lacks(QUORUM, [*present, more])
    assert set(after.roles) <= set(before.roles)
    assert after.others <= before.others or len(after.roles) < len(before.roles)


def test_a_quorum_is_said_as_people_say_it() -> None:
    assert in_words(QUORUM) == (
        "the social worker or the team manager, the designated teacher or the delegate of the designated teacher "
        "and 1 other person"
    )
    assert in_words(read_quorum({"roles": []})) == "anybody"


def test_how_a_meeting_went_is_kept_and_told(office: Office, over: Meeting) -> None:
    account = Account(apologies=("carer",), participation=Participation(False, Conveyed.ADVOCATE))
    hold(office, over, ["worker", "teacher"], account)
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingHeld)
    assert (fact.quorate, fact.why_counted, fact.participation) == (True, "", "PN5")
    assert (fact.apologies, fact.no_shows) == (("carer",), ("parent",))
    with office.writing() as work:
        announce(work, ["child/c1"])
    again = office.facts()[-1]
    assert isinstance(again, MeetingRestated)
    assert (again.participation, again.no_shows, again.child_attended) == ("PN5", ("parent",), False)


def test_who_had_said_no_has_sent_apologies(office: Office, over: Meeting) -> None:
    office.at(london_time(date(2026, 11, 24), 9))
    with office.writing() as work:
        record_answer(work, over.invitees[2].id, Answer.DECLINED, by="mail")
    office.at(AFTER)
    hold(office, office.meeting_of("p1"), ["worker", "teacher"], Account())
    with office.reading() as work:
        went = held_store.load(work.connection, over.id)
    assert went is not None
    assert (went.apologies, went.no_shows, went.participation) == (("carer",), ("parent",), None)


@pytest.mark.parametrize(
    ("account", "field"),
    [
        (Account(), "counts"),
        (Account(why_counted="because"), "counts"),
        (Account(why_counted="other"), "note"),
        (Account(apologies=("worker",), why_counted="could_not_wait"), "apologies"),
    ],
)
def test_a_meeting_without_its_quorum_counts_only_with_a_reason(
    office: Office, over: Meeting, account: Account, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        hold(office, over, ["worker", "carer"], account)
    assert list(refused.value.errors) == [field]
    assert office.meeting_of("p1").state is MeetingState.ARRANGED


def test_the_child_cannot_have_come_and_stayed_away(office: Office, wish: MakeWish) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing() as work:
        office.add_child_to_team(work, "c1")
    with office.writing("worker") as work:
        over = arrange(work, meeting.id, wish(worker=True, teacher=True, kid=False), meeting.version)
    office.at(AFTER)
    came = ["worker", "teacher", "kid"]
    for there, part in ((came, False), (came[:2], True)):
        with pytest.raises(InvalidInput) as refused:
            hold(office, over, there, Account(participation=Participation(part, Conveyed.NOT)))
        assert list(refused.value.errors) == ["part"]
    hold(office, over, came, Account(participation=Participation(True, Conveyed.SPOKE)))
    assert office.facts()[-1].participation == "PN1"


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    return lambda who: signed_in(app.test_client(), office.runtime, SPEC, who)


def send(client: FlaskClient, meeting: Meeting, **typed: Any) -> Any:
    form = f"/meetings/{meeting.id}/held"
    return post(client, form, form, **typed)


def test_the_page_asks_whether_a_meeting_without_the_teacher_counts(
    enter: Callable[[str], FlaskClient], office: Office, over: Meeting
) -> None:
    worker = enter("worker")
    form = check_page(worker.get(f"/meetings/{over.id}/held"))
    assert "Ben Adeyemi" in form
    assert "Does the meeting count?" not in form
    asked = send(worker, over, attended=["worker", "carer"], part="away_not")
    assert asked.status_code == 422
    words = check_page(asked)
    assert "Ben Adeyemi had to be there. Say whether the meeting counts all the same, or arrange another" in words
    assert "Your authority wants the social worker or the team manager and the designated teacher or" in words
    done = send(
        worker, over, attended=["worker", "carer"], part="away_not", counts="could_not_wait", note="He was ill."
    )
    assert done.status_code == 303
    words = check_page(worker.get(done.location))
    assert "held without everybody whom your authority wants there" in words
    assert "Missing: the designated teacher." in words
    assert "The decisions could not wait for another meeting. “He was ill.”" in words
    assert "Did not come, and their views were not told (code PN7)" in words
    teacher = check_page(enter("teacher").get(done.location))
    assert "The decisions could not wait" in teacher
    assert "He was ill." not in teacher
    parent = check_page(enter("parent").get(done.location))
    assert "PN7" not in parent


def test_a_no_show_may_mean_that_another_meeting_is_arranged(
    enter: Callable[[str], FlaskClient], office: Office, over: Meeting
) -> None:
    worker = enter("worker")
    done = send(worker, over, attended=["worker", "carer"], apologies=["parent"], part="away_not", counts="rearrange")
    assert done.status_code == 303
    words = check_page(worker.get(done.location))
    assert "back on the list to be arranged again" in words
    assert "Ben Adeyemi (designated teacher) did not come" in words
    assert "Dana Frost (parent) did not come" not in words
    assert office.meeting_of("p1").state is MeetingState.TO_ARRANGE
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingCancelled)
    assert fact.reason == "no_show"
    with office.reading() as work:
        assert held_store.load(work.connection, over.id) is None


def test_a_meeting_that_everybody_came_to_cannot_be_sent_back(
    enter: Callable[[str], FlaskClient], over: Meeting
) -> None:
    refused = send(enter("worker"), over, attended=["worker", "teacher"], part="away_not", counts="rearrange")
    assert "Everybody who had to be there was" in check_page(refused)


def test_a_meeting_says_beforehand_with_whom_it_goes_ahead(
    enter: Callable[[str], FlaskClient], office: Office, wish: MakeWish
) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        arranged = arrange(work, meeting.id, wish(worker=True, carer=False), meeting.version)
    words = check_page(enter("worker").get(f"/meetings/{arranged.id}"))
    assert "The meeting goes ahead with the social worker or the team manager and the designated teacher" in words
    assert "As things stand it lacks the designated teacher." in words
    assert "goes ahead with" not in check_page(enter("carer").get(f"/meetings/{arranged.id}"))
