"""The caught mail in a real browser: accessible, no wider than a telephone, and answered by pressing a button."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from services.scheduling.adapters.invitation_mail import write_mail
from services.scheduling.app import SPEC
from services.scheduling.domain.itip import Arrangement, Invitation, plan_messages
from shared.platform.runtime import Runtime
from shared.testing.browser import assert_well_made, chromium, served
from shared.testing.runtimes import make_runtime
from suite.mail_folder import MailFolder
from suite.mail_pages import create_mail_pages

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
LINK = "https://meet.example.org/" + "a-room-with-a-very-long-name-" * 4
PEOPLE = (
    Invitation("teacher", "Ben Ó Briain", "ben@oakfield.example", answer_url="https://pep.example/answer/1"),
    Invitation("carer", "Anneliese Featherstonehaugh-Żółkiewska", "carer@home.example", required=False),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    runtime: Runtime = make_runtime(tmp_path, [SPEC])
    folder = MailFolder(tmp_path / "mail")
    meeting = Arrangement(
        "m1", START, START + timedelta(hours=1), "mixed", "Oakfield School", "Northmoor education meetings",
        runtime.settings.authorities[0].organizer_address, PEOPLE, joining_link=LINK,
    )  # fmt: skip
    first = plan_messages(None, meeting, NOW)
    told = replace(meeting, invitations=first.invitations)
    moved = replace(told, starts_at=START + timedelta(days=1), ends_at=START + timedelta(days=1, hours=1))
    second = plan_messages(told, replace(moved, invitations=told.invitations[:1]), NOW + timedelta(hours=1))
    for message in (*first.messages, *second.messages):
        folder.keep(write_mail(message, NOW).raw)
    with served(DispatcherMiddleware(Flask("nothing"), {"/mail": create_mail_pages(runtime)})) as at:
        yield f"{at}/mail"
    runtime.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "4 emails"),
        ("/1", "A later email"),
        ("/4", "New time"),
    ],
)
def test_every_page_of_the_mail_is_well_made(browser: Browser, address: str, path: str, words: str) -> None:
    page = browser.new_page()
    page.goto(address + path)
    assert words in page.inner_text("main")
    assert_well_made(page, f"mail-{path.strip('/?').partition('=')[0] or 'list'}")
    page.close()


def test_an_answer_that_cannot_be_sent_is_said_under_a_linked_summary(browser: Browser, address: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{address}/4")
    page.get_by_label("Note with your answer (optional)").fill("I may be late")
    page.get_by_role("button", name="Maybe").click()
    page.get_by_role("link", name="Your answer was not sent.").click()
    assert page.get_by_label("Note with your answer (optional)").input_value() == "I may be late"
    page.close()
    page = browser.new_page()
    page.goto(f"{address}/4")
    page.get_by_role("button", name="Accept").click()
    assert_well_made(page, "mail-not-sent")
    page.close()
