"""The pages of asking people first, as the worker, as those who are asked, and as who must learn nothing of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from services.scheduling.app import SPEC
from services.scheduling.application.meetings import arrange
from services.scheduling.application.polls_ends import attend_to_polls
from services.scheduling.domain.meeting import Meeting, MeetingState
from services.scheduling.domain.polls import Choice, Poll, PollState
from shared.contracts.parents import ParentStanding
from shared.kernel.clock import london_time
from shared.platform.audit_tables import ENTRY
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.conftest import EMAIL, TEAM, a_wish
from tests.scheduling.polling import CLOSES, DAYS, an_asking, ask, link_in, mails_of, poll_of, says

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

YES, NEED, NO = Choice.YES, Choice.IF_NEED_BE, Choice.NO
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def enter(app: Flask, office: Office) -> Enter:
    return lambda who: signed_in(app.test_client(), office.runtime, SPEC, who)


@pytest.fixture
def meeting(office: Office) -> Meeting:
    return office.open_plan("c1", "p1")


@pytest.fixture
def link(office: Office, meeting: Meeting) -> str:
    ask(office, meeting)
    return f"/poll/{link_in(mails_of(office, 'poll_asked')['carer'])}"


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def post(client: FlaskClient, form_at: str, path: str, **data: Any) -> Any:
    return client.post(path, data={"csrf_token": token_in(client.get(form_at).text), **data})


def words_for(poll: Poll, *said: Choice) -> dict[str, str]:
    return {one.id: choice.value for one, choice in zip(poll.proposals, said, strict=True)}


def the_form(page: str) -> dict[str, list[str]]:
    """Return what the form of asking holds as it is shown."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page[page.index("<main") :]):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ("checkbox" not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(value[1])
    return found


# The worker asks.


def test_a_worker_asks_about_offered_times_as_they_are_ticked(enter: Enter, office: Office, meeting: Meeting) -> None:
    worker = enter("worker")
    assert f"/meetings/{meeting.id}/poll/ask" in worker.get(f"/meetings/{meeting.id}").text
    assert f"/meetings/{meeting.id}/poll/ask" in worker.get(f"/meetings/{meeting.id}/times").text
    address = f"/meetings/{meeting.id}/poll/ask"
    page = worker.get(address)
    words = check_page(page)
    assert "nobody sees another’s name or choice" in words
    form = the_form(page.text)
    assert len(form["times"]) == 4
    assert (form["closes_on-day"], form["closes_on-month"]) == (["26"], ["11"])
    assert set(form["must"]) == {"worker", "teacher"}
    done = worker.post(address, data=form)
    assert done.status_code == 303
    shown = check_page(worker.get(done.location))
    assert "2 people will get a mail" in shown
    assert "Somebody has no e-mail address" in shown
    poll = poll_of(office, meeting)
    assert len(poll.proposals) == 4
    assert all(one.day > CLOSES for one in poll.proposals)


def test_times_of_ones_own_are_asked_about_and_nothing_typed_is_lost(
    enter: Enter, office: Office, meeting: Meeting
) -> None:
    worker = enter("worker")
    address = f"/meetings/{meeting.id}/poll/ask"
    form = the_form(worker.get(address).text)
    own = {"day1-day": "1", "day1-month": "12", "day1-year": "2026", "time1": "half past", "day3-day": "9"}
    wrong = worker.post(address, data={**form, "times": form["times"][:1], **own, "closes_on-day": ""})
    assert wrong.status_code == 422
    words = check_page(wrong)
    for said in (
        "When time 1 starts must be a time",
        "The day of time 3 must include",
        "The closing date must include",
    ):
        assert said in words
    assert 'value="half past"' in wrong.text
    own = {"day1-day": "1", "day1-month": "12", "day1-year": "2026", "time1": "3.30pm"}
    done = worker.post(address, data={**form, "times": form["times"][:1], "minutes": "45", **own})
    assert done.status_code == 303
    typed = london_time(date(2026, 12, 1), 15, 30)
    found = poll_of(office, meeting).proposal_at(typed)
    assert found is not None
    assert found.ends_at - found.starts_at == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"times": []}, "Choose between 2 and 8 times"),
        ({"times": ["tomorrow"]}, "Select the times to ask about"),
        ({"times": ["2026-12-01T10:00:00"]}, "Select the times to ask about"),
        ({"invite": []}, "Select who is asked"),
        ({"invite": ["stranger"]}, "no longer on the child"),
        ({"minutes": "5"}, "A meeting lasts between 15 and 240 minutes"),
        ({"closes_on-year": "2027"}, "The closing date must be before the first of the times"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_form(
    enter: Enter, office: Office, meeting: Meeting, change: dict[str, Any], said: str
) -> None:
    worker = enter("worker")
    address = f"/meetings/{meeting.id}/poll/ask"
    page = worker.post(address, data={**the_form(worker.get(address).text), **change})
    assert page.status_code == 422
    assert said in check_page(page)
    assert office.mails() == []


def test_a_parent_who_is_not_invited_is_not_offered_and_the_page_says_why(
    enter: Enter, office: Office, meeting: Meeting
) -> None:
    with office.writing() as work:
        office.say_of_parent(work, "c1", standing=ParentStanding.NOT_TOLD)
    page = enter("worker").get(f"/meetings/{meeting.id}/poll/ask")
    words = check_page(page)
    assert "Dana Frost" not in words
    assert "1 parent on the team cannot be asked" in words


def test_the_page_of_the_poll_shows_the_best_first_and_leads_on_to_the_invitations(
    enter: Enter, office: Office, meeting: Meeting
) -> None:
    ask(office, meeting)
    sent = mails_of(office, "poll_asked")
    says(office, link_in(sent["teacher"]), meeting, NO, YES, NEED, comment="Not before nine")
    says(office, link_in(sent["carer"]), meeting, YES, NEED, YES)
    worker = enter("worker")
    page = worker.get(f"/meetings/{meeting.id}/poll")
    words = check_page(page)
    assert words.index("Wednesday 2 December") < words.index("Thursday 3 December") < words.index("Tuesday 1 December")
    assert "Ben Adeyemi must be there and said no." in words
    assert "2 yes, 1 if need be, 1 not answered" in words
    assert "Not before nine" in words
    take = re.search(r'href="([^"]+/people\?[^"]+)"', page.text)
    assert take is not None
    people = worker.get(take[1].replace("&amp;", "&"))
    chosen = check_page(people)
    assert "2 of the 4 people who were asked can come, and 1 more if need be" in chosen
    assert set(the_form(people.text)["invite"]) == {"worker", "teacher", "carer", "parent"}
    assert set(the_form(people.text)["must"]) == {"worker", "teacher"}
    check = worker.get(f"/meetings/{meeting.id}/check", query_string=the_form(people.text))
    done = worker.post(
        f"/meetings/{meeting.id}/arrangement", data={**the_form(check.text), "mode": "in_person", "place": "Oakfield"}
    )
    assert done.status_code == 303
    assert office.meeting_of("p1").state is MeetingState.ARRANGED
    assert poll_of(office, meeting).state is PollState.DECIDED
    after = check_page(worker.get(f"/meetings/{meeting.id}"))
    assert "A time was chosen" in after
    over = worker.get(f"/meetings/{meeting.id}/poll")
    assert "Taken" in check_page(over)
    assert "Take this time" not in over.text


def test_choosing_a_time_that_somebody_said_no_to_names_them(enter: Enter, office: Office, meeting: Meeting) -> None:
    ask(office, meeting)
    says(office, link_in(mails_of(office, "poll_asked")["teacher"]), meeting, NO, YES, YES)
    slot = london_time(DAYS[0], 10).isoformat()
    page = enter("worker").get(f"/meetings/{meeting.id}/people", query_string={"slot": slot, "minutes": "60"})
    words = check_page(page)
    assert "Think again about this time" in words
    assert "Ben Adeyemi said that this time does not suit, and must be there" in words


def test_more_time_no_more_answers_and_none_of_the_times(enter: Enter, office: Office, meeting: Meeting) -> None:
    ask(office, meeting)
    worker, page = enter("worker"), f"/meetings/{meeting.id}/poll"
    day = {"closes_on-day": "30", "closes_on-month": "11", "closes_on-year": "2026"}
    assert post(worker, page, f"{page}/closing-date", **{**day, "closes_on-month": "12"}).status_code == 422
    assert post(worker, page, f"{page}/closing-date", **day).status_code == 303
    assert poll_of(office, meeting).closes_on == date(2026, 11, 30)
    assert post(worker, page, f"{page}/closing").status_code == 303
    shown = worker.get(page)
    assert "No more answers are taken" in check_page(shown)
    assert f"{page}/ask" in shown.text
    assert post(worker, page, f"{page}/withdrawal").status_code == 303
    assert poll_of(office, meeting).state is PollState.WITHDRAWN
    assert post(worker, f"{page}/ask", f"{page}/closing").status_code == 409
    assert post(worker, f"{page}/ask", f"{page}/closing-date", **day).status_code == 409


def test_what_was_told_by_telephone_is_recorded(enter: Enter, office: Office, meeting: Meeting) -> None:
    poll = ask(office, meeting)
    parent = poll.respondent_of({"parent"})
    worker, address = enter("worker"), f"/meetings/{meeting.id}/poll/people/{parent.id}"
    assert address in worker.get(f"/meetings/{meeting.id}/poll").text
    wrong = post(worker, address, address, comment="She will ring back")
    assert wrong.status_code == 422
    assert "She will ring back" in wrong.text
    check_page(wrong)
    assert post(worker, address, address, **words_for(poll, YES, NO, NEED)).status_code == 303
    assert "What Dana Frost said is recorded" in check_page(worker.get(f"/meetings/{meeting.id}/poll"))


def test_the_list_says_how_far_it_has_come(enter: Enter, office: Office, meeting: Meeting) -> None:
    ask(office, meeting, an_asking(worker=True, teacher=True))
    worker = enter("worker")
    waiting = check_page(worker.get("/"))
    assert "1 of the 2 people asked have said which times suit; they have until Thursday 26 November 2026" in waiting
    says(office, link_in(mails_of(office, "poll_asked")["teacher"]), meeting, YES, YES, NO)
    ready = worker.get("/")
    assert "Choose a time for the first PEP meeting" in check_page(ready)
    assert f'href="/meetings/{meeting.id}/poll"' in ready.text


# Those who are asked.


def test_looking_at_a_link_changes_nothing(app: Flask, office: Office, meeting: Meeting, link: str) -> None:
    client, before = app.test_client(), poll_of(office, meeting)
    for call in (client.head, client.get, client.get):
        assert call(link, query_string=words_for(before, YES, YES, YES)).status_code == 200
    assert poll_of(office, meeting) == before


def test_somebody_without_an_account_answers_and_changes_it_until_it_closes(
    app: Flask, office: Office, meeting: Meeting, link: str
) -> None:
    client, poll = app.test_client(), poll_of(office, meeting)
    words = check_page(client.get(link))
    assert "This page is for Chris Lowe" in words
    assert "Wednesday 2 December 2026, 10am to 11am" in words
    for secret in ("Child", "Amara", "Okafor", "Adeyemi", "Frost", "Oakfield", "PEP meeting", "social worker"):
        assert secret not in words
    left_out = post(client, link, link, **dict(list(words_for(poll, YES, YES, YES).items())[1:]), comment="Perhaps")
    assert left_out.status_code == 422
    assert "Say whether Tuesday 1 December 2026, 10am to 11am suits" in check_page(left_out)
    assert "Perhaps" in left_out.text
    for said in ((YES, NO, NEED), (NO, NO, YES)):
        done = post(client, link, link, **words_for(poll, *said))
        assert done.status_code == 303
        assert "Thank you. What you said is recorded" in check_page(client.get(done.location))
        assert tuple(poll_of(office, meeting).respondent_of({"carer"}).choices.values()) == said
    token = token_in(client.get(link).text)
    office.at(london_time(CLOSES + timedelta(days=1), 0, 5))
    attend_to_polls(office.runtime, SPEC)
    late = client.post(link, data={"csrf_token": token, **words_for(poll, YES, YES, YES)})
    assert late.status_code == 409
    words = check_page(late)
    assert "No more answers are taken" in words
    assert "What you said" in words
    with office.writing("worker") as work:
        arrange(work, meeting.id, a_wish(DAYS[2]), meeting.version)
    words = check_page(client.get(link))
    assert "The meeting has been arranged meanwhile" in words
    assert "Oakfield" not in words


def test_a_form_sent_again_by_a_doubled_click_counts_once(
    app: Flask, office: Office, meeting: Meeting, link: str
) -> None:
    client, poll = app.test_client(), poll_of(office, meeting)
    page = client.get(link).text
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert key is not None
    data = {"csrf_token": token_in(page), "form_key": key[1], **words_for(poll, YES, YES, NO)}
    assert [client.post(link, data=data).status_code for _ in range(2)] == [303, 303]
    with office.reading("worker") as work:
        history = SPEC.metadata.tables["meeting_history"]
        lines = work.connection.execute(select(history.c.what)).scalars().all()
    assert lines.count("poll_answered") == 1


def test_every_use_of_a_link_is_on_record(app: Flask, office: Office, meeting: Meeting, link: str) -> None:
    client, poll = app.test_client(), poll_of(office, meeting)

    def uses() -> list[tuple[str, str, str, str]]:
        with office.runtime.database("scheduling").writing() as connection:
            rows = connection.execute(select(ENTRY.c.kind, ENTRY.c.action, ENTRY.c.person_id, ENTRY.c.child_id)).all()
            connection.execute(delete(ENTRY))
        return [tuple(row) for row in rows]

    uses()
    assert client.head(link).status_code == 200
    assert uses() == [("link", "scheduling.poll_link.read", "carer", "c1")]
    post(client, link, link, **words_for(poll, YES, YES, YES))
    assert ("link", "scheduling.poll_link.answer", "carer", "c1") in uses()
    assert client.get("/poll/not-one-of-ours").status_code == 404
    assert uses() == []


def test_an_unknown_link_gets_the_friendly_page(app: Flask) -> None:
    page = app.test_client().get("/poll/this-is-not-a-secret-of-ours")
    assert page.status_code == 404
    check_page(page)


def test_who_is_signed_in_finds_it_among_their_meetings(enter: Enter, office: Office, meeting: Meeting) -> None:
    poll = ask(office, meeting)
    teacher, address = enter("teacher"), f"/meetings/{meeting.id}/poll/mine"
    listed = teacher.get("/")
    assert "Say which times suit you" in check_page(listed)
    assert address in listed.text
    check_page(teacher.get(address))
    assert post(teacher, address, address).status_code == 422
    done = post(teacher, address, address, **words_for(poll, YES, NO, YES))
    assert "What you said is recorded" in check_page(teacher.get(done.location))
    assert "Say which times suit you" not in teacher.get("/").text
    assert enter("iro").get(address).status_code == 404


# Who learns what.


def test_nobody_but_social_care_sees_who_said_what(enter: Enter, office: Office, meeting: Meeting) -> None:
    ask(office, meeting, an_asking(counts=True))
    says(office, link_in(mails_of(office, "poll_asked")["carer"]), meeting, YES, NO, NO, comment="My shift ends at ten")
    for who in ("teacher", "carer", "parent", "iro"):
        client = enter(who)
        assert client.get(f"/meetings/{meeting.id}/poll").status_code == 403
        for path in ("/", f"/meetings/{meeting.id}", f"/meetings/{meeting.id}/poll/mine"):
            text = client.get(path).text
            if who != "carer":
                assert "My shift ends" not in text
            assert "said which times suit" not in text
            assert "People asked which times" not in text


@pytest.mark.parametrize("counts", [True, False])
def test_no_page_or_mail_of_one_person_tells_of_another(
    app: Flask, enter: Enter, office: Office, meeting: Meeting, *, counts: bool
) -> None:
    everybody = {"worker": True, "teacher": True, "carer": False, "iro": False}
    poll = ask(office, meeting, an_asking(counts=counts, **everybody))
    sent = mails_of(office, "poll_asked")
    for who, text in sent.items():
        says(office, link_in(text), meeting, YES, NO, NEED, comment=f"Words of {who}")
    office.at(london_time(date(2026, 11, 25), 9))
    for one in everybody:
        seen = enter(one).get(f"/meetings/{meeting.id}/poll/mine").text
        seen += sent.get(one, "") + (app.test_client().get(f"/poll/{link_in(sent[one])}").text if one in sent else "")
        assert ("The others: " in seen) is counts
        for other in everybody:
            if other != one:
                marks = [TEAM[other][1], *TEAM[other][1].split(), EMAIL[other] or "-", f"Words of {other}"]
                marks += [each.id for each in poll.respondents if each.person_id == other]
                assert not [mark for mark in marks if mark in seen], (one, other)
