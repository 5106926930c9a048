"""Asking people first in a real browser: a worker asks, three answer by the links in their mails, a time is taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from services.scheduling.app import SPEC
from services.scheduling.domain.meeting import Answer, MeetingState
from services.scheduling.domain.polls import PollState
from shared.platform import roster
from shared.testing.browser import assert_well_made, chromium, served
from shared.testing.sessions import enter
from tests.scheduling.polling import link_in, mails_of, poll_of

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

pytestmark = pytest.mark.browser
SAID = {"teacher": ("No", "Yes", "Yes", "If need be"), "carer": ("Yes", "Yes", "No", "No"), "parent": ("Yes",) * 4}


@pytest.mark.timeout(240)
def test_a_worker_asks_three_answer_and_the_best_time_is_taken(app: Flask, office: Office) -> None:
    meeting = office.open_plan("c1", "p1")
    with office.writing() as work:
        this = roster.PERSON.c.id == "parent"
        work.connection.execute(update(roster.PERSON).where(this).values(email="parent@people.example"))
    with chromium() as browser, served(app) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "pep_suite", "value": signed_cookie(app, office), "url": address}])
        page = context.new_page()
        page.goto(f"{address}/meetings/{meeting.id}")
        page.get_by_role("link", name="Ask people first which times suit").click()
        page.wait_for_url("**/poll/ask")
        assert_well_made(page, "poll-ask")
        page.get_by_label("Day", exact=True).last.fill("1")
        page.get_by_role("button", name="Ask them").click()
        assert_well_made(page, "poll-ask-errors", accessible_at=(360,))
        page.get_by_label("Day", exact=True).last.fill("26")
        page.get_by_label("How many of the others can come at each time").check()
        page.get_by_role("button", name="Ask them").click()
        page.wait_for_url(f"**/meetings/{meeting.id}/poll")

        links = {who: f"{address}/poll/{link_in(text)}" for who, text in mails_of(office, "poll_asked").items()}
        guest = browser.new_page()
        guest.goto(links["carer"])
        assert_well_made(guest, "poll-link")
        for who, link in links.items():
            say(browser, link, SAID[who])
        assert set(mails_of(office, "poll_answered")) == {"worker"}

        page.goto(f"{address}/")
        page.get_by_role("link", name="Choose a time for the first PEP meeting").click()
        page.wait_for_url(f"**/meetings/{meeting.id}/poll")
        assert_well_made(page, "poll-answered")
        expect(page.get_by_role("main")).to_contain_text("Ben Adeyemi must be there and said no.")
        page.get_by_role("link", name=re.compile("^Take this time")).first.click()
        page.wait_for_url("**/people?**")
        expect(page.get_by_role("main")).to_contain_text("4 of the 4 people who were asked can come")
        for button in ("Continue", "Send the invitations"):
            page.get_by_role("button", name=button).click()
        page.wait_for_url(f"**/meetings/{meeting.id}")
        expect(page.get_by_role("main")).to_contain_text("invitations are on the way")
        assert_well_made(page, "poll-decided", accessible_at=(360,))
        page.get_by_role("link", name="See what they said").click()
        expect(page.get_by_role("main")).to_contain_text("Taken")
        guest.reload()
        expect(guest.get_by_role("main")).to_contain_text("The meeting has been arranged meanwhile")
        assert_well_made(guest, "poll-link-over", accessible_at=(360,))
    arranged, poll = office.meeting_of("p1"), poll_of(office, meeting)
    assert arranged.booking is not None
    assert (arranged.state, poll.state) == (MeetingState.ARRANGED, PollState.DECIDED)
    assert arranged.booking.starts_at == poll.proposals[1].starts_at
    others = [each.answer for each in arranged.invitees if each.person_id != "worker"]
    assert set(others) == {Answer.NEEDS_ACTION}, "what they said in the poll is no answer to the invitation"


def say(browser: Browser, link: str, said: tuple[str, ...]) -> None:
    """Answer as somebody on a telephone, without JavaScript."""
    guest = browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False).new_page()
    guest.goto(link)
    guest.get_by_role("button", name="Send what suits me").click()
    expect(guest.get_by_role("alert")).to_contain_text("Say whether")
    for number, choice in enumerate(said):
        guest.get_by_role("group").nth(number).get_by_label(choice, exact=True).check()
    guest.get_by_label("A message").fill("Thank you for asking")
    guest.get_by_role("button", name="Send what suits me").click()
    guest.wait_for_url("**said=thanks")
    expect(guest.get_by_role("main")).to_contain_text("Thank you. What you said is recorded.")
    guest.close()


def signed_cookie(app: Flask, office: Office) -> str:
    """Return the cookie of the social worker's session."""
    client = enter(app.test_client(), office.runtime, SPEC, "worker")
    cookie = client.get_cookie("pep_suite")
    assert cookie is not None
    return cookie.value
