"""The review of the care plan by its Independent Reviewing Officer, on the same engine as PEP meetings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.scheduling.adapters import policies
from services.scheduling.application import reactions
from services.scheduling.application.answers import record_answer
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.lookup import policy_for
from services.scheduling.application.meetings import Wish, arrange, cancel, record_held
from services.scheduling.application.worklist import list_lines, my_meetings
from services.scheduling.domain.meeting import Answer, Kind, Meeting, MeetingState, Reason
from shared.contracts.pep import ReviewDue, ReviewWithdrawn
from shared.contracts.roles import Role
from shared.contracts.scheduling import (
    InviteeReplied,
    MeetingArranged,
    MeetingCancelled,
    MeetingHeld,
    MeetingPutBack,
    MeetingRestated,
)
from shared.kernel.errors import Denied, NotFound
from shared.platform import roster
from shared.platform.auth import issue_token
from shared.testing.pages import check_page

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
INVITED = {"iro": True, "worker": True, "teacher": False, "carer": False}


def due(office: Office, review_id: str = "r1", kind: str = "first") -> Meeting:
    with office.writing() as work:
        fact = ReviewDue("c1", review_id, kind, date(2026, 11, 16), date(2026, 12, 14), f"{kind}_review")
        reactions.when_review_due(work, fact)
    return office.meeting_of(review_id)


def arranged(office: Office, wish: MakeWish) -> Meeting:
    meeting = due(office)
    with office.writing("iro") as work:
        return arrange(work, meeting.id, wish(**INVITED), meeting.version)


def client(office: Office, app: Flask, who: str) -> FlaskClient:
    browser = app.test_client()
    token = issue_token(office.runtime.settings.secret, who, office.runtime.clock.now())
    browser.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return browser


def test_a_review_that_is_due_is_on_the_list_of_its_officer_and_of_the_social_worker(office: Office) -> None:
    due(office)
    again = due(office)
    for who, sees in (("iro", 1), ("worker", 1), ("teacher", 0), ("carer", 0)):
        with office.reading(who) as work:
            lines = my_meetings(work).to_arrange
        assert len(lines) == sees, who
    assert (again.kind, again.reason, again.plan_id, again.review_id) == (Kind.REVIEW, Reason.FIRST, "", "r1")
    assert again.meet_by == date(2026, 12, 14)


def test_the_officer_arranges_reviews_and_no_pep_meetings(office: Office, wish: MakeWish) -> None:
    pep, review = office.open_plan("c1", "p1"), due(office)
    with office.writing("iro") as work:
        assert arrange(work, review.id, wish(**INVITED), review.version).state is MeetingState.ARRANGED
        with pytest.raises(Denied):
            arrange(work, pep.id, wish(), pep.version)
    with office.reading("iro") as work:
        assert [line.may_arrange for line in list_lines(work)] == [False, True]
    with office.writing("teacher") as work, pytest.raises(Denied):
        cancel(work, review.id, "not_needed", review.version + 1)


def test_the_officer_may_ask_people_first_for_a_review_and_not_for_a_pep_meeting(office: Office, app: Flask) -> None:
    pep, review = office.open_plan("c1", "p1"), due(office)
    iro = client(office, app, "iro")
    assert check_page(iro.get(f"/meetings/{review.id}/poll/ask"))
    assert iro.get(f"/meetings/{pep.id}/poll/ask").status_code == 403


def test_who_must_be_there_and_how_long_before_people_are_told_are_the_authoritys_data_for_reviews(
    office: Office,
) -> None:
    pep, review = office.open_plan("c1", "p1"), due(office)
    with office.reading("iro") as work:
        mine, other = policy_for(work, review), policy_for(work, pep)
        required = {guest.role for guest, _ in propose_guests(work, review) if guest.required}
    assert (mine.required_roles, mine.notice_days) == ({Role.IRO, Role.SOCIAL_WORKER}, 5)
    assert (other.required_roles, other.notice_days) == ({Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER}, 2)
    assert mine.meeting_minutes == other.meeting_minutes, "what a kind does not say holds as for PEP meetings"
    assert required == {"iro", "social_worker"}


def test_everything_that_is_told_of_a_review_says_that_it_is_one(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish)
    iro = next(each for each in meeting.invitees if each.role == "iro")
    with office.writing() as work:
        record_answer(work, iro.id, Answer.DECLINED, by="link")
    with office.writing() as work:
        record_answer(work, iro.id, Answer.ACCEPTED, by="link")
    office.at(datetime.fromisoformat("2026-12-01T12:00:00+00:00"))
    now = office.meeting_of("r1")
    with office.writing("iro") as work:
        record_held(work, now.id, ["iro", "worker"], now.version)
    told: list[Any] = office.facts()
    assert [type(fact) for fact in told] == [
        MeetingArranged, InviteeReplied, MeetingPutBack, InviteeReplied, MeetingArranged, MeetingHeld,
    ]  # fmt: skip
    assert {(fact.kind, fact.review_id, fact.plan_id) for fact in told} == {("review", "r1", "")}
    office.open_plan("c1", "p1")


def test_a_review_that_needs_no_meeting_any_more_is_called_off(office: Office, wish: MakeWish) -> None:
    meeting = arranged(office, wish)
    with office.writing() as work:
        reactions.when_review_withdrawn(work, ReviewWithdrawn("c1", "r1", "held_elsewhere"))
        reactions.when_review_withdrawn(work, ReviewWithdrawn("c1", "never-heard-of", "not_needed"))
    assert office.meeting_of("r1").state is MeetingState.CANCELLED
    assert isinstance(office.facts()[-1], MeetingCancelled)
    assert [act for _, act in office.mails()].count("cancelled") == len([one for one in meeting.invitees if one.email])


def test_one_that_has_begun_is_not_called_off(office: Office, wish: MakeWish) -> None:
    arranged(office, wish)
    office.at(datetime.fromisoformat("2026-12-01T10:30:00+00:00"))
    with office.writing() as work:
        reactions.when_review_withdrawn(work, ReviewWithdrawn("c1", "r1", "held_elsewhere"))
    assert office.meeting_of("r1").state is MeetingState.ARRANGED


def test_the_invitation_to_a_review_names_it_neutrally(office: Office, wish: MakeWish) -> None:
    from sqlalchemy import select

    from services.scheduling.adapters.tables_mail import mail_out

    arranged(office, wish)
    with office.reading() as work:
        rows = work.connection.execute(select(mail_out.c.subject, mail_out.c.raw)).all()
    assert {row.subject for row in rows} == {"Invitation: review meeting, Tuesday 1 December 2026, 10am"}
    raw = rows[0].raw
    assert "SUMMARY:Review meeting" in raw
    assert "You are invited to a review meeting." in raw
    assert not [word for word in ("care plan", "education meeting", "Child c1", "looked after") if word in raw]


def test_the_pages_of_a_review_speak_of_the_review(office: Office, app: Flask, wish: MakeWish) -> None:
    meeting = due(office)
    iro = client(office, app, "iro")
    assert "Arrange the first review of the care plan" in check_page(iro.get("/"))
    page = check_page(iro.get(f"/meetings/{meeting.id}"))
    assert "within 20 working days" in page
    assert 'href="/pep/reviews/r1/pack"' in iro.get(f"/meetings/{meeting.id}").text
    assert "The plan this meeting is for" not in page
    assert check_page(iro.get(f"/meetings/{meeting.id}/times"))
    assert iro.get("/reviews/r1/meeting").location == f"/meetings/{meeting.id}"
    assert iro.get("/reviews/p1/meeting").status_code == 404
    shown = iro.get(f"/api/meetings/{meeting.id}").json
    assert shown is not None
    assert (shown["kind"], shown["plan_id"], shown["review_id"]) == ("review", "", "r1")


def test_a_teachers_delegate_is_told_nothing_of_reviews(office: Office) -> None:
    """They act in the plan; what is decided on the child's home and family is not theirs to know."""
    pep, review = office.open_plan("c1", "p1"), due(office)
    with office.writing() as work:
        person = roster.Person(
            "delegate", review.authority, "Hal Booth", None, frozenset({Role.DELEGATE}), "", "100001"
        )
        roster.record_person(work.connection, person)
        place = roster.Membership("c1-d", "c1", "delegate", Role.DELEGATE, date(2026, 11, 16), None, "Hal Booth", None)
        roster.join(work.connection, replace(place, acts_for="teacher", parts=()))
    from shared.platform.access import actor_for

    office.actors["delegate"] = actor_for(person)
    with office.reading("delegate") as work:
        assert [line.meeting.id for line in list_lines(work)] == [pep.id]
        from services.scheduling.application.lookup import find_meeting

        with pytest.raises((Denied, NotFound)):
            find_meeting(work, review.id)


def test_how_a_review_stands_is_said_again_as_a_review(office: Office, wish: MakeWish) -> None:
    from services.scheduling.application.announcing import announce

    arranged(office, wish)
    with office.writing() as work:
        announce(work, ["child/c1"])
    last = office.facts()[-1]
    assert isinstance(last, MeetingRestated)
    assert (last.kind, last.review_id, last.plan_id) == ("review", "r1", "")


def test_a_policy_may_leave_the_kinds_out() -> None:
    bare = replace(policies.load_policies("elsewhere")[0], kinds={})
    assert bare.for_kind("review") is bare
