"""The ladder by which meetings are chased: seen beforehand, taken step by step, stopped by an answer."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from services.scheduling.adapters import history_store, mail_queue
from services.scheduling.app import SPEC
from services.scheduling.application.answers import record_answer
from services.scheduling.application.chase_list import Waits, Wanted, chase_list
from services.scheduling.application.chasing import chase_everything, chase_of
from services.scheduling.application.meetings import Wish, arrange, cancel, move
from services.scheduling.domain.chasing import (
    ChasePolicy,
    Dated,
    Ladder,
    Outcome,
    Round,
    Step,
    Taken,
    due_steps,
    is_late_change,
    next_step,
    steps_of,
)
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState, Reason
from shared.contracts.roles import Role
from shared.contracts.scheduling import MeetingCancelled, MeetingMoved
from shared.kernel.clock import london_time
from shared.kernel.errors import InvalidInput
from shared.platform import roster
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.test_meeting_pages import post

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

MakeWish = Callable[..., Wish]
NO_HOLIDAYS: frozenset[date] = frozenset()


@pytest.fixture
def arranged(office: Office, wish: MakeWish) -> Meeting:
    """A meeting on Tuesday 1 December, arranged on Monday 23 November."""
    with office.writing() as work:
        place = roster.Membership(
            "c1-manager",
            "c1",
            "manager",
            Role.TEAM_MANAGER,
            date(2026, 11, 16),
            None,
            "Gita Rao",
            "gita@people.example",
        )
        roster.join(work.connection, place)
        head = roster.Person(
            "head", place_authority(office), "Hal Quin", "hal@people.example", frozenset({Role.VIRTUAL_SCHOOL_HEAD}), ""
        )
        roster.record_person(work.connection, head)
        manager = roster.Person(
            "manager", place_authority(office), "Gita Rao", "gita@people.example", frozenset({Role.TEAM_MANAGER}), ""
        )
        roster.record_person(work.connection, manager)
    meeting = office.open_plan("c1", "p1")
    with office.writing("worker") as work:
        return arrange(work, meeting.id, wish(), meeting.version)


def place_authority(office: Office) -> str:
    return office.runtime.settings.authorities[0].key


def days(office: Office, first: date, last: date) -> Iterator[list[tuple[str, str]]]:
    """Let the days pass, with the job run three times each; give the mails that each day brought."""
    day = first
    while day <= last:
        before = len(office.mails())
        known = office.mails()
        for hour in (7, 9, 15):
            office.at(london_time(day, hour))
            chase_everything(office.runtime, SPEC)
        found = office.mails()
        for mail in known:
            found.remove(mail)
        assert len(found) == len(office.mails()) - before
        yield found
        day += timedelta(days=1)


def test_each_step_is_taken_once_on_its_day_and_stops_when_answered(office: Office, arranged: Meeting) -> None:
    came = dict(zip(range(24, 29), days(office, date(2026, 11, 24), date(2026, 11, 28)), strict=False))
    assert came[24] == [("carer@people.example", "asked_again"), ("teacher@people.example", "asked_again")]
    assert came[25] == []
    assert came[26] == [
        ("carer@people.example", "asked_again"),
        ("teacher@people.example", "asked_again"),
        ("worker@people.example", "chase"),
    ]
    assert came[27] == []  # the silent are to be telephoned
    assert came[28] == []  # a Saturday
    with office.reading("worker") as work:
        chase = chase_of(work, office.meeting_of("p1"))
    assert [each.name for each in chase.ring] == ["Ben Adeyemi", "Chris Lowe", "Dana Frost"]
    for number in (1, 2, 3):
        with office.writing() as work:
            record_answer(work, arranged.invitees[number].id, Answer.ACCEPTED, by="link")
    assert next(days(office, date(2026, 11, 30), date(2026, 11, 30))) == []
    with office.reading("worker") as work:
        chase = chase_of(work, office.meeting_of("p1"))
    assert [each.outcome for each in chase.taken] == [Outcome.DONE] * 3 + [Outcome.NOT_NEEDED]
    assert (chase.next, chase.ring) == (None, ())


def test_the_last_step_tells_the_team_manager_who_reads_no_name_in_the_mail(office: Office, arranged: Meeting) -> None:
    *_before, last = days(office, date(2026, 11, 24), date(2026, 11, 30))
    assert last == [("gita@people.example", "chase"), ("worker@people.example", "chase")]
    with office.reading() as work:
        said = [line for line in history_store.load(work.connection, arranged.id) if line.what == "chased"]
    assert said[0].facts["told"] == ["social_worker", "team_manager"]


def test_what_was_missed_while_nothing_ran_is_made_up_for_with_the_last_step_only(
    office: Office, arranged: Meeting
) -> None:
    assert next(days(office, date(2026, 11, 27), date(2026, 11, 27))) == []
    with office.reading() as work:
        chase = chase_of(work, office.meeting_of("p1"))
    assert {step.days: step.outcome for step in chase.taken} == {
        5: Outcome.OVERTAKEN,
        3: Outcome.OVERTAKEN,
        2: Outcome.DONE,
    }


def test_a_new_time_begins_the_ladder_anew(office: Office, arranged: Meeting, wish: MakeWish) -> None:
    list(days(office, date(2026, 11, 24), date(2026, 11, 24)))
    with office.writing("worker") as work:
        move(work, arranged.id, wish(date(2026, 12, 10)), office.meeting_of("p1").version)
    with office.reading() as work:
        chase = chase_of(work, office.meeting_of("p1"))
    assert chase.taken == ()
    assert next(each.on for each in chase.steps) == date(2026, 12, 3)


def test_a_meeting_without_a_time_is_chased_up_to_the_virtual_school_head(office: Office, arranged: Meeting) -> None:
    office.add_child("c2", ("worker", "teacher"))
    office.open_plan("c2", "p2", meet_by=date(2026, 12, 1))
    with office.writing() as work:  # only the second child's meeting is looked at
        for each in arranged.invitees:
            record_answer(work, each.id, Answer.ACCEPTED, by="link")
    told = {
        day: mails
        for day, mails in zip(range(24, 33), days(office, date(2026, 11, 24), date(2026, 12, 2)), strict=True)
        if mails
    }
    assert told == {
        24: [
            ("hal@people.example", "chase"),
            ("worker@people.example", "chase"),
        ],  # at short notice: no manager on the team
        32: [("hal@people.example", "chase")],
    }


def test_a_required_no_that_nobody_deals_with_goes_up_step_by_step(office: Office, arranged: Meeting) -> None:
    with office.writing() as work:
        record_answer(work, arranged.invitees[1].id, Answer.DECLINED, by="link")
    told = [mails for mails in days(office, date(2026, 11, 24), date(2026, 11, 30)) if mails]
    assert told == [
        [("worker@people.example", "chase")],
        [("gita@people.example", "chase")],
        [("gita@people.example", "chase"), ("hal@people.example", "chase")],
    ]


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(0, 40),
    st.lists(st.integers(0, 15), min_size=1, max_size=5, unique=True),
    st.sampled_from(list(Ladder)),
)
def test_steps_lie_after_the_beginning_in_order_and_each_is_due_on_its_day(
    since: date, ahead: int, counted: list[int], ladder: Ladder
) -> None:
    state = {Ladder.ANSWERS: MeetingState.PUT_BACK, Ladder.REPLANNING: MeetingState.PUT_BACK}
    meeting = Meeting(
        "m", "northmoor", "c", "p", "p", Reason.FIRST, "first_meeting", "2026-autumn", since,
        since + timedelta(days=ahead), state=state.get(ladder, MeetingState.TO_ARRANGE),
    )  # fmt: skip
    real = Ladder.REPLANNING if meeting.state is MeetingState.PUT_BACK else Ladder.ARRANGING
    policy = ChasePolicy(tuple(Step(real, each, remind=True) for each in counted))
    steps = steps_of(meeting, policy, Round(1, since), NO_HOLIDAYS)
    assert [each.on for each in steps] == sorted(each.on for each in steps)
    assert all(each.on > since for each in steps)
    taken: list[Taken] = []
    for place, each in enumerate(steps):
        assert next_step(steps, taken, since) == each
        due = due_steps(steps, taken, each.on)
        assert due[0] == each
        assert next_step(steps, taken, each.on) == due[-1]
        taken.append(Taken(each.step.days, each.on, Outcome.DONE, 1))
        assert len(taken) == place + 1
    assert due_steps(steps, taken, date(2100, 1, 1)) == ()


def test_a_change_is_late_within_the_working_days_of_the_policy() -> None:
    policy = ChasePolicy(late_change_days=2)
    monday = date(2026, 11, 30)
    assert is_late_change(monday, date(2026, 11, 27), policy, NO_HOLIDAYS)  # Friday
    assert is_late_change(monday, date(2026, 11, 26), policy, NO_HOLIDAYS)
    assert not is_late_change(monday, date(2026, 11, 25), policy, NO_HOLIDAYS)
    assert not is_late_change(monday, date(2026, 12, 1), policy, NO_HOLIDAYS)
    assert Dated(Step(Ladder.ANSWERS, 1), monday).step.tell == ()


def test_a_late_move_asks_why_says_so_first_and_puts_the_silent_on_the_telephone_list(
    office: Office, arranged: Meeting, wish: MakeWish
) -> None:
    office.at(london_time(date(2026, 11, 30), 9))
    later = wish(date(2026, 12, 8))
    with pytest.raises(InvalidInput) as refused, office.writing("worker") as work:
        move(work, arranged.id, later, arranged.version)
    assert list(refused.value.errors) == ["late_reason"]
    later = Wish(later.booking, later.required_by_person, "illness")
    with office.writing("worker") as work:
        move(work, arranged.id, later, arranged.version)
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingMoved)
    assert (fact.late, fact.late_reason) == (True, "illness")
    with office.reading("worker") as work:
        (line,) = chase_list(work, Wanted()).lines
    assert line.waits is Waits.LATE_CHANGE
    assert [each.name for each in line.chase.ring] == ["Ben Adeyemi", "Chris Lowe", "Dana Frost"]
    office.at(london_time(date(2026, 12, 1), 12))  # nobody can come at the wrong time any more
    with office.reading("worker") as work:
        assert [each.waits for each in chase_list(work, Wanted()).lines] == [Waits.ANSWERS]


def test_changing_only_the_people_is_no_late_change(office: Office, arranged: Meeting, wish: MakeWish) -> None:
    office.at(london_time(date(2026, 11, 30), 9))
    with office.writing("worker") as work:
        move(work, arranged.id, wish(worker=True, teacher=True), arranged.version)
    assert not office.facts()[-1].late


def test_a_late_cancellation_asks_why_and_says_whom_to_telephone(
    office: Office, arranged: Meeting, enter: Callable[[str], FlaskClient]
) -> None:
    office.at(london_time(date(2026, 11, 30), 9))
    worker = enter("worker")
    form = f"/meetings/{arranged.id}/cancel"
    assert "Why at short notice?" in check_page(worker.get(form))
    refused = post(worker, form, form, reason="not_needed")
    assert "Say why it is changed at short notice" in check_page(refused)
    done = post(worker, form, form, reason="not_needed", late_reason="school_closed")
    words = check_page(worker.get(done.location))
    assert "To telephone" in words
    assert "was called off at short notice" in words
    assert "At short notice: the school is closed" in words
    assert "the school is closed" not in check_page(enter("carer").get(done.location))
    fact = office.facts()[-1]
    assert isinstance(fact, MeetingCancelled)
    assert (fact.late, fact.late_reason) == (True, "school_closed")
    with office.reading("worker") as work:
        assert [line.waits for line in chase_list(work, Wanted(ring=True)).lines] == [Waits.LATE_CHANGE]


def test_the_mail_and_the_answer_page_say_when_somebody_is_reminded(
    office: Office, arranged: Meeting, app: Flask
) -> None:
    with office.reading() as work:
        (mail,) = [each for each in mail_queue.of_meeting(work.connection, arranged.id) if "carer" in each.recipient]
    text = body_of(mail.raw)
    days_told = "Tuesday 24 November 2026, Thursday 26 November 2026"
    assert f"If you do not answer, we will remind you on: {days_told}." in " ".join(text.split())
    link = re.search(r"/answer/[^\s\"<]+", text)
    assert link is not None
    assert days_told in check_page(app.test_client().get(link[0]))
    with office.writing() as work:
        record_answer(work, arranged.invitees[2].id, Answer.ACCEPTED, by="link")
    assert days_told not in check_page(app.test_client().get(link[0]))


def test_the_mail_of_a_late_change_says_so_first(office: Office, arranged: Meeting) -> None:
    office.at(london_time(date(2026, 11, 30), 9))
    with office.writing("worker") as work:
        cancel(work, arranged.id, "not_needed", arranged.version, "illness")
        sent = [each for each in mail_queue.of_meeting(work.connection, arranged.id) if each.act == "cancelled"]
    assert {each.subject.partition(".")[0] for each in sent} == {"At short notice"}
    assert all("At short notice. This education meeting has been cancelled" in body_of(each.raw) for each in sent)
    assert not any("ill" in body_of(each.raw) for each in sent)


def body_of(raw: bytes) -> str:
    """Return the plain text of a mail."""
    part = message_from_bytes(raw, policy=default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    return lambda who: signed_in(app.test_client(), office.runtime, SPEC, who)


@pytest.mark.parametrize("who", ["worker", "teacher", "carer", "parent"])
def test_everybody_sees_beforehand_what_comes_when(
    enter: Callable[[str], FlaskClient], arranged: Meeting, who: str
) -> None:
    words = check_page(enter(who).get(f"/meetings/{arranged.id}"))
    assert "If somebody does not answer" in words
    assert "Tuesday 24 November 2026 Those who have not answered are reminded by e-mail." in words
    assert (
        "Monday 30 November 2026 They are to be telephoned and the social worker and the team manager are told."
        in words
    )


def test_the_chase_list_says_who_is_waited_for_and_what_comes_next(
    office: Office, arranged: Meeting, enter: Callable[[str], FlaskClient]
) -> None:
    office.at(london_time(date(2026, 11, 27), 9))
    chase_everything(office.runtime, SPEC)
    for who in ("worker", "manager", "head"):
        assert '/chase"' in enter(who).get("/").text
        words = check_page(enter(who).get("/chase"))
        assert "Child c1" in words
        assert "Ben Adeyemi (Designated teacher)" in words
        assert "Monday 30 November 2026: they are to be telephoned" in words
        assert "To telephone Ben Adeyemi (Designated teacher), for Child c1" in words
    assert '/chase"' not in enter("teacher").get("/").text
    for who in ("teacher", "carer", "stranger"):
        assert "Child c1" not in check_page(enter(who).get("/chase"))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1), ("waits=answers", 1), ("waits=arranging", 0), ("waits=nonsense", 1), ("worker=worker", 1),
        ("worker=stranger", 0), ("ring=yes", 1), ("overdue=yes", 0),
    ],
)  # fmt: skip
def test_filters_of_the_chase_list_are_in_the_address_and_count_for_the_spreadsheet(
    office: Office, arranged: Meeting, enter: Callable[[str], FlaskClient], query: str, count: int
) -> None:
    office.at(london_time(date(2026, 11, 27), 9))
    worker = enter("worker")
    check_page(worker.get(f"/chase?{query}"))
    answer = worker.get(f"/chase/list.csv?{query}")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 1 + count
    assert len(worker.get(f"/api/chase?{query.replace('yes', 'true').replace('nonsense', '')}").get_json()) == count


def test_the_chase_list_takes_the_same_number_of_statements_for_many_meetings(
    office: Office, arranged: Meeting
) -> None:
    def count() -> int:
        statements: list[str] = []
        with office.reading("worker") as work:
            engine = work.connection.engine
            listen = lambda *given: statements.append(given[2])  # noqa: E731
            event.listen(engine, "before_cursor_execute", listen)
            chase_list(work, Wanted())
            event.remove(engine, "before_cursor_execute", listen)
        return len(statements)

    office.at(datetime.fromisoformat("2026-11-27T09:00:00+00:00"))
    before = count()
    for number in range(2, 8):
        office.add_child(f"c{number}", ("worker", "teacher"))
        office.open_plan(f"c{number}", f"p{number}", meet_by=date(2026, 11, 20))
    assert count() == before


def test_a_cancelled_meeting_far_ahead_asks_for_no_reason(office: Office, arranged: Meeting) -> None:
    with office.writing("worker") as work:
        assert cancel(work, arranged.id, "not_needed", arranged.version).state is MeetingState.CANCELLED
    assert not office.facts()[-1].late
