"""The pages of people in a real Chromium: accessible and within the window at 1280 and at 360 pixels."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from services.pep.application import children
from services.pep.application.children import NewChild
from shared.contracts.roles import Role
from shared.platform.auth import issue_token
from shared.testing.browser import assert_well_made, chromium, served
from tests.pep.child_world import Pep

pytestmark = pytest.mark.browser


def test_a_head_records_a_person_hands_a_caseload_over_and_records_who_is_gone(pep: Pep) -> None:
    for number, name in enumerate(("Amara Bright", "Leo Marsh"), start=1):
        new = NewChild(
            f"{number}", name, date(2013, 3, 9), "C1", date(2026, 11, 11), team={Role.SOCIAL_WORKER: "worker"}
        )
        with pep.as_("system") as work:
            children.enter_care(work, new)
    token = issue_token(pep.runtime.settings.secret, "head", pep.runtime.clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    with (
        served(pep.app) as address,
        chromium() as browser,
        browser.new_context(base_url=address, extra_http_headers=headers) as context,
    ):
        page = context.new_page()
        page.goto("/people")
        assert_well_made(page, "people")
        page.goto("/people/new")
        page.get_by_role("button", name="Record the person").click()
        assert_well_made(page, "person-new-faults")
        page.get_by_label("Name", exact=True).fill("Lena Frost")
        page.get_by_label("E-mail address").fill("lena@people.example")
        page.get_by_label("Social worker").check()
        page.get_by_label("Organisation").fill("Northmoor Council")
        page.get_by_role("button", name="Record the person").click()
        expect(page.get_by_text("Lena Frost is recorded and may sign in.")).to_be_visible()
        assert_well_made(page, "person")

        page.goto("/people/worker/handover")
        assert_well_made(page, "handover")
        page.get_by_label("Lena Frost").check()
        page.get_by_role("button", name="Check the children").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Lena Frost takes over from Sam Reed")
        expect(page.get_by_role("table")).to_contain_text("Leo Marsh")
        assert_well_made(page, "handover-check")
        page.get_by_role("button", name="Hand over all 2").click()
        expect(page.get_by_text("Lena Frost takes over 2 children from 23 November 2026.")).to_be_visible()

        page.goto("/people/teacher/gone")
        expect(page.get_by_text("No child is affected.")).to_be_visible()
        page.goto("/people")
        page.get_by_role("link", name="Lena Frost").click()
        page.get_by_role("link", name="Lena Frost is no longer here").click()
        assert_well_made(page, "person-gone")
        page.get_by_role("button", name="is no longer here").click()
        expect(page.get_by_text("may not sign in any more")).to_be_visible()
        assert_well_made(page, "person-no-longer-here")
        page.goto("/schools/new")
        assert_well_made(page, "school-new")
