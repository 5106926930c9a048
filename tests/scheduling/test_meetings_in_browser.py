"""The pages of arranging a meeting in a real browser: accessible, nothing too wide, usable from start to end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.application.answers import record_answer
from services.scheduling.domain.meeting import Answer, MeetingState
from shared.testing.browser import assert_well_made, chromium, served
from shared.testing.sessions import enter

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office

pytestmark = pytest.mark.browser


@pytest.mark.timeout(240)
def test_a_worker_arranges_a_meeting_and_a_carer_answers(app: Flask, office: Office) -> None:
    meeting = office.open_plan("c1", "p1")
    signed_in = signed_cookie(app, office)
    with chromium() as browser, served(app) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "pep_suite", "value": signed_in, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/")
        assert_well_made(page, "meetings-to-arrange")
        page.get_by_role("link", name="Your diary").click()
        page.get_by_role("button", name="Read my diary", exact=True).click()
        assert "Enter the address" in page.inner_text(".govuk-error-summary")
        assert_well_made(page, "diary")
        page.goto(f"{address}/")
        page.get_by_role("link", name="Arrange the first PEP meeting").click()
        page.wait_for_url("**/times")
        assert_well_made(page, "meetings-times")
        page.locator("input[name=slot]").first.check()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/people?**")
        assert_well_made(page, "meetings-people")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/check?**")
        assert_well_made(page, "meetings-check")
        page.get_by_role("button", name="Send the invitations").click()
        page.wait_for_url(f"**/meetings/{meeting.id}")
        assert_well_made(page, "meetings-arranged")
        assert "invitations are on the way" in page.inner_text("main")

        guest = browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False).new_page()
        guest.goto(f"{address}{link_of_carer(office)}")
        guest.get_by_label("Yes, I will come").check()
        guest.get_by_role("button", name="Send my answer").click()
        guest.wait_for_url("**said=thanks")
        assert "Your answer is recorded" in guest.inner_text("main")

        teacher = next(each for each in office.meeting_of("p1").invitees if each.person_id == "teacher")
        with office.writing() as work:
            record_answer(work, teacher.id, Answer.DECLINED, by="mail", comment="On a course")
        page.goto(f"{address}/meetings/{meeting.id}")
        assert_well_made(page, "meetings-put-back")
        assert "This time cannot be kept" in page.inner_text("main")
        page.goto(f"{address}/schools/100001/terms")
        assert_well_made(page, "meetings-terms")
        for name, path in (
            ("hours", "/people/carer/hours"),
            ("lessons", "/children/c1/lessons"),
            ("rooms", "/schools/100001/rooms"),
        ):
            page.goto(f"{address}{path}")
            page.locator("main form button[type=submit]").last.click()
            assert page.locator(".govuk-error-summary").count() == 1
            assert_well_made(page, f"meetings-{name}")
    assert office.meeting_of("p1").state is MeetingState.PUT_BACK


def signed_cookie(app: Flask, office: Office) -> str:
    """Return the cookie of the social worker's session."""
    client = enter(app.test_client(), office.runtime, SPEC, "worker")
    cookie = client.get_cookie("pep_suite")
    assert cookie is not None
    return cookie.value


def link_of_carer(office: Office) -> str:
    query = select(mail_out.c.raw).where(mail_out.c.recipient == "carer@people.example")
    with office.runtime.database("scheduling").reading() as connection:
        raw = connection.execute(query).scalar_one().replace("=\r\n", "")
    found = re.search(r"/scheduling(/answer/[\w-]+)", raw)
    assert found is not None
    return found[1]
