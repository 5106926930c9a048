"""Mails are stored with the change they tell of, sent once, tried again when that fails, and never lost from sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from sqlalchemy import select

from services.scheduling.adapters.mail_queue import QUEUE, OutgoingMail
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.application import meetings, outgoing_mail
from services.scheduling.domain.meeting import Meeting
from services.scheduling.entrypoints.send_mail import send_due_mail, send_through
from shared.kernel.errors import NotFound
from shared.platform.mail import MailNotSent
from shared.platform.mail_queue import MAX_ATTEMPTS


@dataclass
class Postbox:
    """A mail server that takes everything, or refuses as it is told to."""

    trouble: MailNotSent | None = None
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    asked: int = 0

    def send(self, sender: str, recipient: str, raw: bytes) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        self.taken.append((sender, recipient, raw))


def arranged(office: Any, wish: Callable[..., Any], plan: str = "p1") -> Meeting:
    meeting = office.open_plan("c1", plan)
    with office.writing("worker") as work:
        return meetings.arrange(work, meeting.id, wish(), meeting.version)


def moved(office: Any, wish: Callable[..., Any], meeting: Meeting, hour: int) -> Meeting:
    with office.writing("worker") as work:
        return meetings.move(work, meeting.id, wish(hour=hour), meeting.version)


def mails(office: Any, meeting: Meeting) -> list[OutgoingMail]:
    with office.reading() as work:
        return outgoing_mail.mails_sent(work, meeting.id)


def subject_of(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Subject"])


def later(office: Any, **passed: float) -> None:
    office.at(office.runtime.clock.now() + timedelta(**passed))


def test_arranging_queues_one_mail_for_each_invitee_who_has_an_address(office: Any, wish: Callable[..., Any]) -> None:
    queued = mails(office, arranged(office, wish))
    assert sorted(each.recipient for each in queued) == [
        "carer@people.example",
        "teacher@people.example",
        "worker@people.example",
    ]
    assert {(each.state, each.act) for each in queued} == {("queued", "invited")}


def test_nothing_is_queued_when_the_change_itself_is_rolled_back(office: Any, wish: Callable[..., Any]) -> None:
    meeting = office.open_plan("c1", "p1")
    with pytest.raises(ZeroDivisionError), office.writing("worker") as work:
        meetings.arrange(work, meeting.id, wish(), meeting.version)
        raise ZeroDivisionError
    assert mails(office, meeting) == []


def test_every_mail_is_sent_once_from_the_role_address_and_marked(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    post = Postbox()
    assert send_through(office.runtime, SPEC, post) == 3
    assert send_through(office.runtime, SPEC, post) == 0
    assert {sender for sender, _, _ in post.taken} == {office.runtime.settings.authorities[0].organizer_address}
    assert len({recipient for _, recipient, _ in post.taken}) == 3
    assert {(each.state, each.attempts) for each in mails(office, meeting)} == {("sent", 1)}


def test_moving_keeps_each_persons_entry_and_raises_its_sequence(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    send_through(office.runtime, SPEC, Postbox())
    moved(office, wish, meeting, 13)
    with office.runtime.database("scheduling").reading() as connection:
        rows = connection.execute(select(mail_out.c.recipient, mail_out.c.uid, mail_out.c.sequence)).all()
    entries = {(recipient, uid) for recipient, uid, _ in rows}
    assert len(rows) == 6
    assert len(entries) == len({uid for _, uid in entries}) == 3
    assert sorted(sequence for _, _, sequence in rows) == [0, 0, 0, 1, 1, 1]


def test_a_mail_that_waits_is_replaced_by_a_later_one_of_the_same_entry(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    moved(office, wish, meeting, 13)
    assert sorted((each.act, each.state) for each in mails(office, meeting)) == [
        *[("invited", "replaced")] * 3,
        *[("moved", "queued")] * 3,
    ]
    post = Postbox()
    send_through(office.runtime, SPEC, post)
    assert len(post.taken) == 3


def test_what_replaces_an_unsent_invitation_reads_as_an_invitation(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    meeting = moved(office, wish, meeting, 13)
    moved(office, wish, meeting, 14)
    post = Postbox()
    send_through(office.runtime, SPEC, post)
    assert {subject_of(raw) for _, _, raw in post.taken} == {
        "Invitation: education meeting, Tuesday 1 December 2026, 2pm"
    }


def test_what_replaces_an_unsent_move_still_says_that_the_time_is_new(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    send_through(office.runtime, SPEC, Postbox())
    meeting = moved(office, wish, meeting, 13)
    with office.writing("worker") as work:
        elsewhere = replace(wish(hour=13), booking=replace(wish(hour=13).booking, place="Library"))
        meetings.move(work, meeting.id, elsewhere, meeting.version)
    post = Postbox()
    send_through(office.runtime, SPEC, post)
    assert len(post.taken) == 3
    assert all(b"Please answer again" in raw.replace(b"=\r\n", b"") for _, _, raw in post.taken)
    assert all(b"Library" in raw for _, _, raw in post.taken)


def test_the_text_of_a_mail_that_went_out_is_not_kept(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    assert all(b"/answer/" in each.raw for each in mails(office, meeting))
    send_through(office.runtime, SPEC, Postbox())
    assert {each.raw for each in mails(office, meeting)} == {b""}


def test_cancelling_takes_the_meeting_out_of_every_calendar(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    send_through(office.runtime, SPEC, Postbox())
    with office.writing("worker") as work:
        meetings.cancel(work, meeting.id, "not_needed", meeting.version)
    post = Postbox()
    send_through(office.runtime, SPEC, post)
    assert len(post.taken) == 3
    assert all(b"method=CANCEL" in raw for _, _, raw in post.taken)


def test_a_meeting_arranged_anew_is_a_new_entry_in_every_calendar(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    send_through(office.runtime, SPEC, Postbox())
    with office.writing("worker") as work:
        meeting = meetings.cancel(work, meeting.id, "rearranging", meeting.version)
        meetings.arrange(work, meeting.id, wish(hour=14), meeting.version)
    with office.runtime.database("scheduling").reading() as connection:
        rows = connection.execute(
            select(mail_out.c.recipient, mail_out.c.act, mail_out.c.uid, mail_out.c.sequence)
        ).all()
    teacher = sorted((act, sequence) for recipient, act, _, sequence in rows if recipient.startswith("teacher"))
    assert teacher == [("cancelled", 1), ("invited", 0), ("invited", 0)]
    assert len({uid for _, act, uid, _ in rows if act == "invited"}) == 6
    assert len({uid for _, act, uid, _ in rows if act == "cancelled"}) == 3
    post = Postbox()
    assert send_through(office.runtime, SPEC, post) == 6


def test_a_server_that_is_away_is_asked_once_and_everything_waits(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    away = Postbox(MailNotSent("No answer", permanent=False, unreachable=True))
    assert send_through(office.runtime, SPEC, away) == 0
    assert away.asked == 1
    assert {(each.state, each.problem) for each in mails(office, meeting)} == {("queued", "No answer")}
    assert send_through(office.runtime, SPEC, Postbox()) == 0
    later(office, minutes=1)
    assert send_through(office.runtime, SPEC, Postbox()) == 3


def test_a_refusal_for_good_is_shown_and_can_be_tried_again(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    send_through(office.runtime, SPEC, Postbox(MailNotSent("550 no such user", permanent=True)))
    failed = mails(office, meeting)
    assert {(each.state, each.problem) for each in failed} == {("failed", "550 no such user")}
    later(office, days=2)
    assert send_through(office.runtime, SPEC, Postbox()) == 0
    with office.writing("worker") as work:
        outgoing_mail.try_again(work, meeting.id, failed[0].id)
    assert send_through(office.runtime, SPEC, Postbox()) == 1


def test_after_many_attempts_a_mail_is_given_up_in_plain_sight(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    for _ in range(MAX_ATTEMPTS):
        later(office, hours=7)
        send_through(office.runtime, SPEC, Postbox(MailNotSent("451 busy", permanent=False)))
    assert {(each.state, each.attempts) for each in mails(office, meeting)} == {("failed", MAX_ATTEMPTS)}


def test_a_sender_that_dies_leaves_the_mails_to_the_next(office: Any, wish: Callable[..., Any]) -> None:
    arranged(office, wish)
    with office.writing() as work:
        assert len(QUEUE.claim_due(work.connection, work.now)) == 3
    assert send_through(office.runtime, SPEC, Postbox()) == 0
    later(office, minutes=6)
    assert send_through(office.runtime, SPEC, Postbox()) == 3


def test_a_clock_set_back_by_a_day_does_not_keep_the_mails_for_a_day(office: Any, wish: Callable[..., Any]) -> None:
    arranged(office, wish)
    later(office, days=-1)
    assert send_through(office.runtime, SPEC, Postbox()) == 3


def test_trying_again_what_was_not_given_up_is_refused(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    queued = mails(office, meeting)[0]
    with office.writing("worker") as work, pytest.raises(NotFound):
        outgoing_mail.try_again(work, meeting.id, queued.id)


def test_without_a_mail_server_everything_keeps_waiting(office: Any, wish: Callable[..., Any]) -> None:
    meeting = arranged(office, wish)
    assert send_due_mail(office.runtime, SPEC) == 0
    assert {(each.state, each.attempts) for each in mails(office, meeting)} == {("queued", 0)}
