"""Sending and taking in mail on SQLite and on PostgreSQL, one at a time and several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select

from services.scheduling.adapters import told_store
from services.scheduling.adapters.tables_mail import mail_in
from services.scheduling.app import SPEC
from services.scheduling.application import meetings
from services.scheduling.domain.meeting import Meeting
from services.scheduling.entrypoints.receive_mail import receive_mail
from services.scheduling.entrypoints.send_mail import send_through
from shared.contracts.scheduling import InviteeReplied


class Postbox:
    def __init__(self) -> None:
        self.taken: list[str] = []
        self._lock = threading.Lock()

    def send(self, _sender: str, recipient: str, _raw: bytes) -> None:
        with self._lock:
            self.taken.append(recipient)


def arranged(office: Any, wish: Callable[..., Any]) -> Meeting:
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        return meetings.arrange(work, meeting.id, wish(), meeting.version)


def reply(
    office: Any, meeting: Meeting, who: str, partstat: str = "ACCEPTED", note: str = "Zoë \\u0000 \u0000"
) -> bytes:
    with office.reading() as work:
        told = told_store.load(work.connection, meeting.id)
    assert told is not None
    uid = next(each.uid for each in told.invitations if each.email.startswith(who))
    lines = [
        f"From: {who}@people.example",
        f"Message-ID: <{who}@people.example>",
        "Content-Type: text/calendar; charset=UTF-8; method=REPLY",
        "",
        "BEGIN:VCALENDAR",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "SEQUENCE:0",
        f"ATTENDEE;PARTSTAT={partstat}:mailto:{who}@people.example",
        "COMMENT:Zoë \0 may be late",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines).encode()


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(count)

    def together(number: int) -> Any:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(together, range(count)))


def test_a_meeting_is_told_moved_answered_and_cancelled(migrated_office: Any, wish: Callable[..., Any]) -> None:
    office = migrated_office
    meeting = arranged(office, wish)
    assert receive_mail(office.runtime, SPEC, reply(office, meeting, "carer"))["outcome"] == "applied"
    held = receive_mail(office.runtime, SPEC, reply(office, meeting, "teacher", "DELEGATED"))
    assert held["outcome"] == "held"
    post = Postbox()
    assert send_through(office.runtime, SPEC, post) == 3
    now = office.meeting_of("p1")
    with office.writing("worker") as work:
        moved = meetings.move(work, now.id, wish(hour=13), now.version)
        meetings.cancel(work, moved.id, "not_needed", moved.version)
    assert send_through(office.runtime, SPEC, post) == 3
    assert len(post.taken) == 6


def test_several_senders_send_every_mail_once(migrated_office: Any, wish: Callable[..., Any]) -> None:
    arranged(migrated_office, wish)
    post = Postbox()
    sent = at_once(4, lambda _number: send_through(migrated_office.runtime, SPEC, post))
    assert sum(sent) == 3
    assert sorted(post.taken) == ["carer@people.example", "teacher@people.example", "worker@people.example"]


def test_one_mail_taken_in_by_several_at_once_counts_once(migrated_office: Any, wish: Callable[..., Any]) -> None:
    office = migrated_office
    raw = reply(office, arranged(office, wish), "teacher")
    became = at_once(4, lambda _number: receive_mail(office.runtime, SPEC, raw))
    assert sorted(each["reason"] for each in became) == ["answer_recorded", "duplicate", "duplicate", "duplicate"]
    assert len([fact for fact in office.facts() if isinstance(fact, InviteeReplied)]) == 1
    with office.reading() as work:
        assert work.connection.execute(select(func.count()).select_from(mail_in)).scalar() == 1


def test_answers_of_different_people_at_the_same_moment_all_count(
    migrated_office: Any, wish: Callable[..., Any]
) -> None:
    office = migrated_office
    meeting = arranged(office, wish)
    people = ["teacher", "carer", "worker"]
    raws = [reply(office, meeting, who) for who in people]
    became = at_once(3, lambda number: receive_mail(office.runtime, SPEC, raws[number]))
    assert [each["outcome"] for each in became] == ["applied"] * 3
    answers = {each.person_id: each.answer.value for each in office.meeting_of("p1").invitees}
    assert {answers[who] for who in people} == {"accepted"}
