"""Delegation and emergencies in a real Chromium: accessible and within the window at 1280 and at 360 pixels."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from playwright.sync_api import BrowserContext, expect

from shared.platform.auth import issue_token
from shared.testing.browser import assert_well_made, chromium, served
from tests.pep.plan_world import World
from tests.pep.test_delegations import school

__all__ = ["school"]

pytestmark = pytest.mark.browser


def test_a_teacher_names_a_colleague_and_a_record_is_opened_and_reviewed(school: World) -> None:
    school.open()
    with ExitStack() as open_now:
        address = open_now.enter_context(served(school.app))
        browser = open_now.enter_context(chromium())

        def context_of(key: str) -> BrowserContext:
            token = issue_token(school.runtime.settings.secret, key, school.runtime.clock.now())
            headers = {"Authorization": f"Bearer {token}"}
            return open_now.enter_context(browser.new_context(base_url=address, extra_http_headers=headers))

        page = context_of("dee").new_page()
        page.goto("/delegations/new")
        page.get_by_role("button", name="Save").click()
        assert_well_made(page, "delegation-faults")
        page.get_by_label("Your colleague’s name").fill("Jo Marsh")
        page.get_by_label("Their e-mail address at your school").fill("jo.marsh@oakfield.example")
        page.get_by_label("Only those I select").check()
        page.get_by_label("Amara Bright").check()
        page.get_by_label("Only the parts I select").check()
        page.get_by_label("Progress and achievements").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Jo Marsh can act for you.")).to_be_visible()
        assert_well_made(page, "delegations")

        page = context_of("new").new_page()
        page.goto("/emergency")
        page.get_by_label("The child may be at risk of harm now").check()
        page.get_by_label("What happened, and why can it not wait?").fill("The police rang: seen alone at the station.")
        page.get_by_label("The child’s reference or UPN").fill(school.child.reference)
        for part in ("day", "month", "year"):
            page.locator(f"[name=born_on-{part}]").fill(str(getattr(school.child.born_on, part)))
        assert_well_made(page, "emergency")
        page.get_by_role("button", name="Open the record for one hour").click()
        expect(page.get_by_text("Nia Stranger may read this record until")).to_be_visible()
        assert_well_made(page, "emergency-banner")

        page = context_of("head").new_page()
        page.goto("/emergencies")
        assert_well_made(page, "emergencies")
        page.get_by_role("link", name="Amara Bright").click()
        page.get_by_label("It was right to open the record", exact=True).check()
        assert_well_made(page, "emergency-review")
        page.get_by_role("button", name="Record the review").click()
        expect(page.get_by_text("The review is recorded.")).to_be_visible()
