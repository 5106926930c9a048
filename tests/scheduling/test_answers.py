from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_string
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from services.scheduling.adapters.tables import answer_link
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.application.answers import (
    answer_by_link,
    link_actor,
    open_link,
    record_answer,
    record_told_answer,
)
from services.scheduling.application.meeting_page import look_at_meeting
from services.scheduling.application.meetings import Wish, arrange, cancel, move, remind
from services.scheduling.application.worklist import my_meetings
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from services.scheduling.entrypoints.jobs import forget_expired_links
from shared.contracts.pep import PersonRecorded
from shared.contracts.scheduling import InviteeReplied, MeetingArranged, MeetingPutBack
from shared.kernel.errors import Conflict, Denied, NotFound
from shared.platform import roster

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]


@pytest.fixture
def meeting(office: Office, wish: MakeWish) -> Meeting:
    asked = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        return arrange(work, asked.id, wish(), asked.version)


def invitee_of(meeting: Meeting, person_id: str) -> str:
    return next(each.id for each in meeting.invitees if each.person_id == person_id)


def link_of(office: Office, person: str) -> str:
    """Return the secret of the personal link as it stands in the newest mail to somebody."""
    query = (
        select(mail_out.c.raw)
        .where(mail_out.c.recipient == f"{person}@people.example")
        .order_by(mail_out.c.queued_at.desc(), mail_out.c.sequence.desc())
    )
    with office.runtime.database("scheduling").reading() as connection:
        raw = connection.execute(query).scalars().first()
    assert raw is not None
    for part in message_from_string(raw).walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found = re.search(r"/scheduling/answer/([\w-]+)", payload.decode())
            assert found is not None
            return found[1]
    raise AssertionError("The mail has no text.")


def test_a_required_no_puts_the_meeting_back_with_other_times(office: Office, meeting: Meeting) -> None:
    with office.writing() as work:
        record_answer(work, invitee_of(meeting, "teacher"), Answer.DECLINED, by="mail", comment="I am on a course")
    kinds = [type(fact) for fact in office.facts()[-2:]]
    assert kinds == [InviteeReplied, MeetingPutBack]
    with office.reading("worker") as work:
        assert [line.meeting.id for line in my_meetings(work).put_back] == [meeting.id]
        page = look_at_meeting(work, meeting.id)
    assert page.meeting.state is MeetingState.PUT_BACK
    assert page.alternatives
    assert all(slot.starts_at != page.meeting.booking.starts_at for slot in page.alternatives if page.meeting.booking)
    assert [each.comment for each in page.meeting.who_cannot] == ["I am on a course"]


def test_a_change_of_mind_restores_the_meeting_and_says_so(office: Office, meeting: Meeting) -> None:
    teacher = invitee_of(meeting, "teacher")
    for said in (Answer.DECLINED, Answer.ACCEPTED):
        with office.writing() as work:
            after = record_answer(work, teacher, said, by="link")
    assert after.state is MeetingState.ARRANGED
    assert isinstance(office.facts()[-1], MeetingArranged)


def test_an_optional_no_changes_nothing_but_the_answer(office: Office, meeting: Meeting) -> None:
    with office.writing() as work:
        after = record_answer(work, invitee_of(meeting, "carer"), Answer.DECLINED, by="mail")
    assert after.state is MeetingState.ARRANGED
    fact = office.facts()[-1]
    assert isinstance(fact, InviteeReplied)
    assert (fact.person_id, fact.answer, fact.by) == ("carer", "declined", "mail")


def test_the_same_answer_twice_is_told_once(office: Office, meeting: Meeting) -> None:
    for _ in range(2):
        with office.writing() as work:
            record_answer(work, invitee_of(meeting, "carer"), Answer.ACCEPTED, by="mail")
    assert sum(isinstance(fact, InviteeReplied) for fact in office.facts()) == 1


def test_an_answer_told_by_telephone_is_recorded_by_the_worker_only(office: Office, meeting: Meeting) -> None:
    parent = invitee_of(meeting, "parent")
    with pytest.raises(Denied), office.writing("carer") as work:
        record_told_answer(work, meeting.id, parent, Answer.ACCEPTED)
    with pytest.raises(NotFound), office.writing("stranger") as work:
        record_told_answer(work, meeting.id, parent, Answer.ACCEPTED)
    with office.writing("worker") as work:
        after = record_told_answer(work, meeting.id, parent, Answer.ACCEPTED)
    assert (after.invitee(parent).answer, after.invitee(parent).answered_by) == (Answer.ACCEPTED, "worker")


def test_nobody_answers_a_cancelled_meeting(office: Office, meeting: Meeting) -> None:
    with office.writing("worker") as work:
        cancel(work, meeting.id, "not_needed", meeting.version)
    with pytest.raises(Conflict), office.writing() as work:
        record_answer(work, invitee_of(meeting, "carer"), Answer.ACCEPTED, by="mail")


def test_a_personal_link_answers_for_its_holder_alone_and_only_its_hash_is_kept(
    office: Office, meeting: Meeting
) -> None:
    secret = link_of(office, "carer")
    with office.runtime.database("scheduling").reading() as connection:
        assert secret not in set(connection.execute(select(answer_link.c.token_hash)).scalars())
    with office.reading() as work:
        asked, actor = open_link(work, secret), link_actor(work, secret)
    assert asked.invitee.person_id == actor.person_id == "carer"
    with writing_as(office, secret) as work:
        after = answer_by_link(work, secret, Answer.ACCEPTED)
    assert after.invitee.answered_by == "link"
    with office.reading("worker") as work:
        assert look_at_meeting(work, meeting.id).history[0].actor_name == "Chris Lowe"


def writing_as(office: Office, secret: str):  # type: ignore[no-untyped-def]
    with office.reading() as work:
        actor = link_actor(work, secret)
    office.actors["holder"] = actor
    return office.writing("holder")


def test_an_unknown_or_expired_link_is_not_found(office: Office, meeting: Meeting) -> None:
    secret = link_of(office, "carer")
    with pytest.raises(NotFound), office.reading() as work:
        open_link(work, "not-a-secret-of-ours")
    assert meeting.booking is not None
    office.at(meeting.booking.ends_at + timedelta(days=2))
    with pytest.raises(NotFound), office.reading() as work:
        open_link(work, secret)
    with office.writing() as work:
        forget_expired_links(work)
    with office.runtime.database("scheduling").reading() as connection:
        assert not connection.execute(select(answer_link)).all()


def test_links_of_earlier_mails_still_open_the_meeting_after_it_moved(
    office: Office, meeting: Meeting, wish: MakeWish
) -> None:
    first = link_of(office, "carer")
    with office.writing("worker") as work:
        move(work, meeting.id, wish(date(2026, 12, 2)), meeting.version)
    with office.reading() as work:
        assert open_link(work, first).meeting.booking == wish(date(2026, 12, 2)).booking


def test_links_of_somebody_no_longer_invited_or_of_a_cancelled_meeting_are_useless(
    office: Office, meeting: Meeting, wish: MakeWish
) -> None:
    carer, teacher = link_of(office, "carer"), link_of(office, "teacher")
    with office.writing("worker") as work:
        changed = move(work, meeting.id, wish(worker=True, teacher=True), meeting.version)
    with pytest.raises(NotFound), office.reading() as work:
        open_link(work, carer)
    with office.writing("worker") as work:
        cancel(work, changed.id, "not_needed", changed.version)
    with pytest.raises(NotFound), office.reading() as work:
        open_link(work, teacher)


def test_a_reminder_goes_to_those_who_have_not_answered_and_can_be_reached(office: Office, meeting: Meeting) -> None:
    with office.writing() as work:
        record_answer(work, invitee_of(meeting, "teacher"), Answer.ACCEPTED, by="mail")
    with office.writing("worker") as work:
        assert remind(work, meeting.id) == 1
    asked = [recipient for recipient, act in office.mails() if act == "asked_again"]
    assert asked == ["carer@people.example"]
    with pytest.raises(Denied), office.writing("teacher") as work:
        remind(work, meeting.id)


def test_a_reminder_goes_to_the_address_somebody_has_today(office: Office, meeting: Meeting) -> None:
    with office.writing() as work:
        roster.when_person_recorded(
            work, PersonRecorded("carer", "northmoor", ("carer",), "", "Chris Lowe", "chris.new@people.example")
        )
    with office.writing("worker") as work:
        remind(work, meeting.id)
    assert ("chris.new@people.example", "invited") in office.mails()
    assert ("carer@people.example", "removed") in office.mails()
