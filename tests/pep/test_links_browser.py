"""Personal links in a real Chromium: the carer's whole path, and each page accessible at 1280 and at 360 pixels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from services.pep.application import links
from services.pep.domain.links import Purpose
from shared.platform.auth import issue_token
from shared.testing.browser import assert_well_made, chromium, served
from tests.pep.link_world import Mailbox, at_new_link, sent_to
from tests.pep.plan_world import World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_a_carer_writes_their_part_and_closes_the_page(world: World, browser: Browser) -> None:
    world.app.extensions.pop("suite_limits", None)
    plan = world.open()
    carer = sent_to(world, plan, Purpose.CARER_PART, "cal")
    with served(world.app) as address, browser.new_context(base_url=address) as context:
        page = context.new_page()
        page.goto(carer.path)
        assert_well_made(page, "link-door")
        page.get_by_role("button", name="Send me a code").click()
        assert_well_made(page, "link-code")
        page.get_by_label("The code from the email").fill("12")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text("This is not the code")
        assert_well_made(page, "link-code-wrong")
        page.get_by_label("The code from the email").fill(Mailbox(world).codes()[-1])
        page.get_by_role("button", name="Go on").click()
        assert_well_made(page, "link-carer")
        page.get_by_label("What is going well at home and at school?").fill("She reads to her brother every night")
        page.get_by_role("button", name="Save and send").click()
        expect(page.get_by_text("Thank you. What you wrote is saved.")).to_be_visible()
        assert_well_made(page, "link-carer-saved")
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_label("What is going well at home and at school?")).to_have_value(
            "She reads to her brother every night"
        )
        page.get_by_role("button", name="Close this page").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your personal link")
        page.goto(f"{carer.path}/page")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your personal link")


def test_the_pages_of_a_child_a_guest_and_the_worker_are_well_made(world: World, browser: Browser) -> None:
    world.app.extensions.pop("suite_limits", None)
    plan = world.open()
    world.fill_in(plan)
    kid = sent_to(world, plan, Purpose.CHILD_VIEWS, "kid")
    known = Mailbox(world).links()
    with world.acting("sam") as work:
        links.send_to_guest(work, plan.id, "Dr Ada Moss", "Educational psychologist", "ada@clinic.example")
    ada = at_new_link(world, known)
    with served(world.app) as address:
        for one, to, name in ((kid, "kid@people.example", "link-child"), (ada, "ada@clinic.example", "link-guest")):
            with browser.new_context(base_url=address) as context:
                page = context.new_page()
                page.goto(one.path)
                page.get_by_role("button", name="Send me a code").click()
                expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
                (code,) = one.mailbox.codes(to)
                page.get_by_label("The code from the email").fill(code)
                page.get_by_role("button", name="Go on").click()
                expect(page.get_by_role("button", name="Close this page")).to_be_visible()
                assert_well_made(page, name)
        token = issue_token(world.runtime.settings.secret, "sam", world.runtime.clock.now())
        headers = {"Authorization": f"Bearer {token}"}
        with browser.new_context(base_url=address, extra_http_headers=headers) as context:
            page = context.new_page()
            page.goto(f"/plans/{plan.id}/links")
            assert_well_made(page, "links")
            page.get_by_role("link", name="Ask somebody who is not on the team").click()
            page.get_by_role("button", name="Send the link").click()
            assert_well_made(page, "link-guest-errors")
        with browser.new_context(base_url=address) as context:
            page = context.new_page()
            page.goto("/link/not-one-of-ours")
            assert_well_made(page, "link-unknown")


def test_what_a_parent_reads_is_well_made(world: World, browser: Browser) -> None:
    plan = world.approved()
    token = issue_token(world.runtime.settings.secret, "sam", world.runtime.clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    with (
        served(world.app) as address,
        browser.new_context(base_url=address, extra_http_headers=headers) as context,
    ):
        page = context.new_page()
        page.goto(f"/plans/{plan.id}/links")
        page.get_by_role("link", name="See what a parent reads of this plan").click()
        expect(page.get_by_text("it was not decided that they may read the plan")).to_be_visible()
        assert_well_made(page, "parent-plan")
