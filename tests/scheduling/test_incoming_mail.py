"""A mail comes in: what it changes, what waits for the worker, and that the same mail twice is the same mail once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.scheduling.adapters import mail_in_store, mail_queue, told_store
from services.scheduling.app import SPEC
from services.scheduling.application import answers, incoming_mail, meeting_page, meetings
from services.scheduling.application.incoming_mail import REASONS
from services.scheduling.domain.itip import Invitation
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from services.scheduling.entrypoints.receive_mail import receive_mail
from shared.contracts.scheduling import InviteeReplied
from shared.kernel.errors import Conflict, NotFound
from shared.platform import roster

TEACHER = "teacher@people.example"


@dataclass
class Desk:
    """An arranged meeting and everybody's post."""

    office: Any
    meeting: Meeting
    wish: Callable[..., Any]

    def invitation(self, email: str = TEACHER) -> Invitation:
        with self.office.reading() as work:
            told = told_store.load(work.connection, self.meeting.id)
        assert told is not None
        return next(each for each in told.invitations if each.email == email)

    def reply(
        self,
        partstat: str = "ACCEPTED",
        *,
        email: str = TEACHER,
        sender: str = "",
        method: str = "REPLY",
        number: int = 1,
        sequence: int | None = None,
        minutes: int = 1,
        extra: str = "",
        headers: str = "",
    ) -> bytes:
        invitation = self.invitation(email)
        assert invitation.dtstamp is not None
        stamp = invitation.dtstamp + timedelta(minutes=minutes)
        text = f"""From: <{sender or email}>
To: meetings@pep.northmoor.example
Subject: Answer
Message-ID: <{number}@people.example>
{headers}MIME-Version: 1.0
Content-Type: text/calendar; charset=UTF-8; method=REPLY

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Somebody//Calendar//EN
METHOD:{method}
BEGIN:VEVENT
UID:{invitation.uid}
SEQUENCE:{invitation.sequence if sequence is None else sequence}
DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}
DTSTART;TZID=Europe/London:20261202T110000
DTEND;TZID=Europe/London:20261202T120000
ATTENDEE;PARTSTAT={partstat}:mailto:{email}
{extra}END:VEVENT
END:VCALENDAR
"""
        return text.replace("\n", "\r\n").encode()

    def receive(self, raw: bytes, minutes: int = 10) -> dict[str, str | None]:
        self.office.at(self.office.runtime.clock.now() + timedelta(minutes=minutes))
        return receive_mail(self.office.runtime, SPEC, raw)

    def answer_of(self, email: str = TEACHER) -> str:
        now = self.office.meeting_of("p1")
        return str(next(each for each in now.invitees if each.email == email).answer)

    def waiting(self) -> list[str]:
        with self.office.reading("worker") as work:
            return [mail.reason for mail in incoming_mail.held_mails(work, self.meeting.id)]


@pytest.fixture
def desk(office: Any, wish: Callable[..., Any]) -> Desk:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        meeting = meetings.arrange(work, meeting.id, wish(), meeting.version)
    return Desk(office, meeting, wish)


@pytest.mark.parametrize(
    ("partstat", "answer"), [("ACCEPTED", "accepted"), ("DECLINED", "declined"), ("TENTATIVE", "tentative")]
)
def test_a_reply_is_recorded_and_told_to_the_other_services(desk: Desk, partstat: str, answer: str) -> None:
    became = desk.receive(desk.reply(partstat))
    assert (became["outcome"], became["reason"], became["answer"]) == ("applied", "answer_recorded", answer)
    assert desk.answer_of() == answer
    told = [fact for fact in desk.office.facts() if isinstance(fact, InviteeReplied)]
    assert [(fact.person_id, fact.answer, fact.by) for fact in told] == [("teacher", answer, "mail")]


def test_an_answer_is_put_down_to_the_invitee_who_gave_it_with_their_note(desk: Desk) -> None:
    desk.receive(desk.reply("DECLINED", extra="COMMENT:I teach then\r\n"))
    meeting = desk.office.meeting_of("p1")
    assert next(each.comment for each in meeting.invitees if each.email == TEACHER) == "I teach then"
    assert meeting.state is MeetingState.PUT_BACK


def test_nothing_but_answer_and_note_is_taken_from_a_reply(desk: Desk) -> None:
    before = desk.office.meeting_of("p1")
    desk.receive(desk.reply(extra="LOCATION:Somewhere else\r\nSUMMARY:Party\r\n"))
    after = desk.office.meeting_of("p1")
    assert (after.booking, len(after.invitees)) == (before.booking, len(before.invitees))


def test_the_same_mail_twice_is_the_same_mail_once(desk: Desk) -> None:
    raw = desk.reply()
    desk.receive(raw)
    facts = len(desk.office.facts())
    again = desk.receive(raw)
    assert (again["outcome"], again["reason"]) == ("ignored", "duplicate")
    assert len(desk.office.facts()) == facts


def test_somebody_who_uses_anothers_message_id_does_not_shut_them_out(desk: Desk) -> None:
    desk.receive(desk.reply("DECLINED", sender="mallory@elsewhere.example"))
    assert desk.receive(desk.reply("ACCEPTED"))["outcome"] == "applied"


def test_a_changed_mind_counts_and_a_late_older_mail_does_not(desk: Desk) -> None:
    desk.receive(desk.reply("ACCEPTED", number=1, minutes=5))
    desk.receive(desk.reply("TENTATIVE", number=2, minutes=9))
    late = desk.receive(desk.reply("DECLINED", number=3, minutes=7))
    assert (late["outcome"], late["reason"]) == ("ignored", "newer_answer_known")
    assert desk.answer_of() == "tentative"


def test_an_answer_by_telephone_is_newer_than_a_mail_written_before(desk: Desk) -> None:
    desk.office.at(desk.office.runtime.clock.now() + timedelta(minutes=30))
    invitee = next(each for each in desk.meeting.invitees if each.email == TEACHER)
    with desk.office.writing("worker") as work:
        answers.record_told_answer(work, desk.meeting.id, invitee.id, Answer.ACCEPTED)
    assert desk.receive(desk.reply("TENTATIVE", minutes=10))["reason"] == "newer_answer_known"
    assert desk.receive(desk.reply("TENTATIVE", minutes=35, number=2))["outcome"] == "applied"


def test_an_answer_to_the_time_before_a_move_is_not_counted(desk: Desk) -> None:
    early = desk.reply("ACCEPTED")
    with desk.office.writing("worker") as work:
        meetings.move(work, desk.meeting.id, desk.wish(hour=13), desk.meeting.version)
    became = desk.receive(early)
    assert (became["outcome"], became["reason"]) == ("ignored", "answered_earlier_time")
    assert desk.answer_of() == "needs_action"
    assert desk.receive(desk.reply("ACCEPTED", number=2, sequence=1))["outcome"] == "applied"


def test_a_reply_from_another_address_waits_for_the_worker_who_can_count_it(desk: Desk) -> None:
    became = desk.receive(desk.reply("TENTATIVE", sender="teacher.alias@people.example"))
    assert (became["outcome"], became["reason"]) == ("held", "other_sender")
    assert desk.answer_of() == "needs_action"
    with desk.office.writing("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        incoming_mail.count_held(work, desk.meeting.id, mail.id)
    assert desk.answer_of() == "tentative"
    assert desk.waiting() == []


def test_a_mail_that_waits_can_be_laid_aside_once(desk: Desk) -> None:
    desk.receive(desk.reply(method="COUNTER"))
    with desk.office.writing("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        incoming_mail.settle_held(work, desk.meeting.id, mail.id)
    assert desk.waiting() == []
    with desk.office.writing("worker") as work, pytest.raises(NotFound):
        incoming_mail.settle_held(work, desk.meeting.id, mail.id)


def test_a_mail_without_an_answer_cannot_be_counted(desk: Desk) -> None:
    desk.receive(desk.reply("DELEGATED"))
    with desk.office.writing("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        with pytest.raises(Conflict):
            incoming_mail.count_held(work, desk.meeting.id, mail.id)


def test_a_held_answer_to_the_time_before_a_move_cannot_be_counted(desk: Desk) -> None:
    desk.receive(desk.reply("ACCEPTED", sender="teacher.alias@people.example"))
    with desk.office.writing("worker") as work:
        meetings.move(work, desk.meeting.id, desk.wish(hour=13), desk.meeting.version)
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        with pytest.raises(Conflict) as caught:
            incoming_mail.count_held(work, desk.meeting.id, mail.id)
    assert caught.value.code == "mail_answers_earlier_time"
    assert desk.answer_of() == "needs_action"


def test_a_stranger_can_neither_count_nor_lay_aside_a_mail(desk: Desk) -> None:
    desk.receive(desk.reply(method="COUNTER"))
    with desk.office.reading("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
    for act in (incoming_mail.settle_held, incoming_mail.count_held):
        with desk.office.writing("stranger") as work, pytest.raises(NotFound):
            act(work, desk.meeting.id, mail.id)


def test_a_proposal_of_another_time_waits_with_the_time(desk: Desk) -> None:
    became = desk.receive(desk.reply("TENTATIVE", method="COUNTER"))
    assert (became["outcome"], became["reason"]) == ("held", "proposes_other_time")
    assert became["proposed_start"] == "2026-12-02T11:00:00+00:00"
    assert desk.waiting() == ["proposes_other_time"]
    assert desk.answer_of() == "needs_action"


def test_a_person_who_writes_back_waits_for_the_worker_with_their_words(desk: Desk) -> None:
    invitation = desk.invitation()
    ours = f"<{invitation.uid}.0.20261120T093015Z@pep.northmoor.example>"
    raw = (
        f"From: {TEACHER}\r\nTo: meetings@pep.northmoor.example\r\nIn-Reply-To: {ours}\r\n"
        "Message-ID: <9@people.example>\r\nContent-Type: text/plain\r\n\r\nCould we meet at the library?\r\n"
    )
    assert desk.receive(raw.encode())["reason"] == "written_answer"
    with desk.office.reading("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
    assert mail.comment == "Could we meet at the library?"


def test_a_bounce_of_an_invitation_waits_for_the_worker_and_answers_nothing(desk: Desk) -> None:
    invitation = desk.invitation()
    assert invitation.dtstamp is not None
    ours = f"<{invitation.uid}.0.{invitation.dtstamp:%Y%m%dT%H%M%SZ}@pep.northmoor.example>"
    raw = (
        "From: MAILER-DAEMON@mx.example\r\nMessage-ID: <bounce@mx.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Action: failed\r\nFinal-Recipient: rfc822; {TEACHER}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n--b--\r\n"
    )
    became = desk.receive(raw.encode())
    assert (became["outcome"], became["reason"], became["meeting_id"]) == ("held", "undelivered", desk.meeting.id)
    assert desk.waiting() == ["undelivered"]
    assert desk.answer_of() == "needs_action"


def bounce(desk: Desk, ours: str = "", address: str = TEACHER) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nMessage-ID: <bounce@mx.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n--b--\r\n"
    ).encode()


def failing(desk: Desk) -> dict[str, str]:
    with desk.office.reading("worker") as work:
        page = meeting_page.look_at_meeting(work, desk.meeting.id)
    return {address: each.diagnosis for address, each in page.failing.items()}


def test_an_address_that_mail_comes_back_from_is_marked_until_somebody_writes_from_it(desk: Desk) -> None:
    became = desk.receive(bounce(desk))
    assert (became["outcome"], became["reason"]) == ("held", "undelivered")
    assert failing(desk) == {TEACHER: "5.1.1 550 no such user"}
    desk.receive(desk.reply("ACCEPTED", sender="mallory@elsewhere.example", number=7))
    assert list(failing(desk)) == [TEACHER]
    desk.receive(desk.reply("ACCEPTED", number=8))
    assert failing(desk) == {}


def test_a_bounce_about_somebody_unknown_marks_nobody(desk: Desk) -> None:
    assert desk.receive(bounce(desk, address="nobody@elsewhere.example"))["outcome"] == "ignored"
    assert failing(desk) == {}


def test_a_refresh_sends_the_invitation_again_to_the_invitee_alone(desk: Desk) -> None:
    before = len(desk.office.mails())
    invitation = desk.invitation()
    wish = desk.reply("NEEDS-ACTION", method="REFRESH")
    assert desk.receive(wish, minutes=60)["reason"] == "invitation_sent_again"
    assert [mail for mail in desk.office.mails() if mail[1] == "sent_again"] == [(TEACHER, "sent_again")]
    assert len(desk.office.mails()) == before + 1
    assert (desk.invitation().uid, desk.invitation().sequence) == (invitation.uid, invitation.sequence)
    assert desk.invitation().dtstamp > invitation.dtstamp
    assert desk.answer_of() == "needs_action"
    again = desk.receive(desk.reply("NEEDS-ACTION", method="REFRESH", number=2), minutes=1)
    assert (again["outcome"], again["reason"]) == ("ignored", "invitation_just_sent")


def test_a_stranger_gets_no_invitation_by_asking_for_it(desk: Desk) -> None:
    before = desk.office.mails()
    wish = desk.reply("NEEDS-ACTION", method="REFRESH", sender="mallory@elsewhere.example")
    assert desk.receive(wish, minutes=60)["reason"] == "other_sender"
    assert desk.office.mails() == before


def test_a_proposal_that_is_refused_is_answered_and_off_the_list(desk: Desk) -> None:
    desk.receive(desk.reply("TENTATIVE", method="COUNTER"))
    with desk.office.writing("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        incoming_mail.refuse_proposal(work, desk.meeting.id, mail.id)
    assert (TEACHER, "proposal_refused") in desk.office.mails()
    assert desk.waiting() == []
    assert desk.office.meeting_of("p1").booking == desk.meeting.booking


def test_a_mail_that_proposes_nothing_cannot_be_refused(desk: Desk) -> None:
    desk.receive(desk.reply("TENTATIVE", method="COUNTER", sender="mallory@elsewhere.example"))
    with desk.office.writing("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        with pytest.raises(Conflict) as caught:
            incoming_mail.refuse_proposal(work, desk.meeting.id, mail.id)
    assert caught.value.code == "mail_without_proposal"


def test_whoever_proposed_the_time_that_is_taken_reads_so_and_the_proposal_is_off_the_list(desk: Desk) -> None:
    counter = desk.reply("TENTATIVE", method="COUNTER").replace(b"20261202T1", b"20261203T1")
    desk.receive(counter)
    with desk.office.writing("worker") as work:
        meetings.move(work, desk.meeting.id, desk.wish(date(2026, 12, 3), 11), desk.meeting.version)
    acts = dict(desk.office.mails())
    assert {address: act for address, act in acts.items() if act != "invited"} == {
        TEACHER: "proposal_accepted",
        **{each.email: "moved" for each in desk.meeting.invitees if each.email and each.email != TEACHER},
    }
    assert desk.waiting() == []


def test_of_a_mail_too_large_to_read_only_the_beginning_is_kept(desk: Desk) -> None:
    raw = desk.reply(headers=f"In-Reply-To: <{desk.invitation().uid}.0.20261120T093015Z@pep.northmoor.example>\n")
    became = desk.receive(raw + b"x" * 6_000_000)
    assert (became["outcome"], became["reason"], became["meeting_id"]) == ("held", "too_large", desk.meeting.id)
    with desk.office.reading("worker") as work:
        (mail,) = incoming_mail.held_mails(work, desk.meeting.id)
        kept = mail_in_store.raw_of(work.connection, mail.id)
    assert kept is not None
    assert len(kept) == 65536


def test_the_same_answer_ten_times_is_one_answer(desk: Desk) -> None:
    outcomes = [desk.receive(desk.reply("ACCEPTED", number=1, minutes=1))["outcome"] for _ in range(10)]
    assert outcomes == ["applied"] + ["ignored"] * 9
    told = [fact for fact in desk.office.facts() if isinstance(fact, InviteeReplied)]
    assert len(told) == 1


def test_an_answer_in_which_the_organizer_is_the_attendee_counts_for_nobody(desk: Desk) -> None:
    raw = desk.reply("DECLINED").replace(f"mailto:{TEACHER}".encode(), b"mailto:meetings@pep.northmoor.example")
    assert desk.receive(raw)["reason"] == "attendee_differs"
    assert desk.answer_of() == "needs_action"


def test_the_address_that_invitations_come_from_is_not_written_to(desk: Desk) -> None:
    ours = desk.office.runtime.settings.authorities[0].organizer_address.upper()
    with desk.office.writing() as work:
        roster.record_person(work.connection, replace(roster.person(work.connection, "carer"), email=ours))
    with desk.office.writing("worker") as work:
        meetings.remind(work, desk.meeting.id)
        (failed,) = [mail for mail in mail_queue.of_meeting(work.connection, desk.meeting.id) if mail.state == "failed"]
    assert "the address that invitations come from" in failed.problem


def test_an_answer_for_somebody_who_is_no_longer_invited_is_ignored(desk: Desk) -> None:
    raw = desk.reply()
    with desk.office.writing("worker") as work:
        meetings.cancel(work, desk.meeting.id, "not_needed", desk.meeting.version)
    became = desk.receive(raw)
    assert (became["outcome"], became["reason"]) == ("ignored", "no_longer_invited")


def test_an_answer_that_names_no_invitation_waits_with_the_only_meeting_its_sender_is_asked_to(desk: Desk) -> None:
    raw = desk.reply().replace(desk.invitation().uid.encode(), b"b84ce20")
    assert desk.receive(raw)["reason"] == "unknown_invitation"
    assert desk.waiting() == ["unknown_invitation"]
    assert desk.answer_of() == "needs_action"


def test_a_mail_without_a_sender_is_not_taken_for_one_from_an_invitee_without_an_address(desk: Desk) -> None:
    raw = desk.reply().replace(desk.invitation().uid.encode(), b"b84ce20").replace(b"From: ", b"X-From: ")
    assert desk.receive(raw)["meeting_id"] is None


def test_with_several_meetings_to_choose_from_it_waits_apart(desk: Desk) -> None:
    second = desk.office.open_plan("c1", "p2")
    with desk.office.writing("worker") as work:
        meetings.arrange(work, second.id, desk.wish(hour=14), second.version)
    raw = desk.reply().replace(desk.invitation().uid.encode(), b"b84ce20")
    assert desk.receive(raw)["meeting_id"] is None
    assert desk.waiting() == []


def test_an_answer_from_somebody_unknown_is_held_apart_from_every_meeting(desk: Desk) -> None:
    raw = desk.reply(sender="mallory@elsewhere.example").replace(desk.invitation().uid.encode(), b"b84ce20")
    became = desk.receive(raw)
    assert (became["outcome"], became["reason"], became["meeting_id"]) == ("held", "unknown_invitation", None)
    assert desk.waiting() == []
    with desk.office.reading() as work:
        assert [mail.reason for mail in mail_in_store.waiting_unknown(work.connection, "northmoor", first=False)] == [
            "unknown_invitation"
        ]


def test_in_production_an_answer_counts_only_with_the_word_of_our_own_mail_server(desk: Desk) -> None:
    runtime = desk.office.runtime
    runtime.settings = replace(runtime.settings, mail_proof="authserv:mx.northmoor.example")
    assert desk.receive(desk.reply(number=1))["reason"] == "sender_unproved"
    vouched = "Authentication-Results: mx.northmoor.example; dmarc=pass header.from=people.example\n"
    assert desk.receive(desk.reply(number=2, headers=vouched))["outcome"] == "applied"


@pytest.mark.parametrize(
    ("raw", "outcome", "reason"),
    [
        (b"", "ignored", "nothing_in_it"),
        (b"\x00\xff\r\n\r\n", "held", "no_calendar"),
        (b"Hello", "held", "no_calendar"),
        (b"From: x@y.example\r\n\r\nHello\r\n", "held", "no_calendar"),
    ],
)
def test_a_mail_that_is_no_reply_is_named_and_changes_nothing(
    desk: Desk, raw: bytes, outcome: str, reason: str
) -> None:
    facts = len(desk.office.facts())
    became = desk.receive(raw)
    assert (became["outcome"], became["reason"]) == (outcome, reason)
    assert became["message"]
    assert len(desk.office.facts()) == facts


def test_every_reason_that_can_come_up_has_words() -> None:
    assert all(words.endswith(".") for words in REASONS.values())
