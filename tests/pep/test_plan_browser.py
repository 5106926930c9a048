"""The pages of a plan in a real Chromium: accessible and within the window at 1280 and at 360 pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from services.pep.domain.plan import Plan
from shared.platform.auth import issue_token
from shared.testing.browser import assert_well_made, chromium, served
from tests.pep.plan_world import World

pytestmark = pytest.mark.browser
Looking = Callable[[str], AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def looking(world: World, browser: Browser) -> Iterator[Looking]:
    with served(world.app) as address:

        @contextmanager
        def open_as(key: str) -> Iterator[Page]:
            token = issue_token(world.runtime.settings.secret, key, world.runtime.clock.now())
            headers = {"Authorization": f"Bearer {token}"}
            with browser.new_context(base_url=address, extra_http_headers=headers) as context:
                yield context.new_page()

        yield open_as


def begun(world: World) -> Plan:
    """A plan with a meeting, a section done, one begun, and a target that is not whole."""
    from services.pep.application import sections, targets

    plan = world.open()
    world.arrange(plan)
    with world.acting("sam") as work:
        sections.save_section(work, plan.id, "leisure", {"interests": "Chess, and drums on Fridays"}, 0)
    with world.acting("dee") as work:
        sections.save_section(work, plan.id, "attendance", {"attendance_percent": "91.5"}, 0)
        targets.add_target(work, plan.id, targets.TargetWords(what="Read a chapter book alone"))
    return plan


def test_a_plan_on_its_way_is_well_made(world: World, looking: Looking) -> None:
    plan = begun(world)
    with looking("sam") as page:
        page.goto(f"/plans/{plan.id}")
        assert_well_made(page, "plan-on-its-way")
        page.get_by_role("link", name="The part of carers and parents", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The part of carers and parents")
    with looking("cal") as page:
        page.goto(f"/plans/{plan.id}")
        assert_well_made(page, "plan-for-the-carer")
    with looking("sam") as page:
        page.goto(f"/children/{plan.child_id}")
        page.get_by_role("link", name="Who has looked at this record").click()
        expect(page.get_by_role("table")).to_contain_text("Cal Winter")
        page.get_by_text("Filter this list").click()
        page.get_by_label("Person").select_option("Cal Winter")
        page.get_by_role("button", name="Show these").click()
        assert_well_made(page, "who-looked")


def test_a_section_and_its_stale_edit_are_well_made(world: World, looking: Looking) -> None:
    plan = begun(world)
    with looking("dee") as page, looking("dee") as other:
        for one in (page, other):
            one.goto(f"/plans/{plan.id}/sections/attendance")
        assert_well_made(page, "plan-section")
        for one, words in ((other, "Polite and settled"), (page, "Often late, but kind")):
            one.get_by_label("Conduct and relationships in school").fill(words)
            one.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("region", name="changed this while you were writing")).to_contain_text("Polite")
        expect(page.get_by_label("Conduct and relationships in school")).to_have_value("Often late, but kind")
        assert_well_made(page, "plan-section-stale")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("“Attendance and conduct” is saved.")).to_be_visible()


def test_targets_and_their_errors_are_well_made(world: World, looking: Looking) -> None:
    plan = begun(world)
    with looking("dee") as page:
        page.goto(f"/plans/{plan.id}/targets/new")
        page.get_by_label("Pupil Premium Plus cost").fill("lots")
        page.get_by_role("button", name="Save the target").click()
        assert_well_made(page, "plan-target-errors")
        page.goto(f"/plans/{plan.id}")
        page.get_by_role("link", name="Review (Target 1)").click()
        assert_well_made(page, "plan-target-review")


def test_the_childs_page_is_well_made_and_keeps_what_they_say(world: World, looking: Looking) -> None:
    plan = begun(world)
    with looking("kid") as page:
        page.goto(f"/plans/{plan.id}/views")
        assert_well_made(page, "plan-views")
        page.get_by_label("What do you hope for?").fill("To be a vet")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("To be a vet")).to_be_visible()
        assert_well_made(page, "plan-views-saved")


def test_a_ready_plan_an_approved_one_and_the_care_plan_are_well_made(world: World, looking: Looking) -> None:
    plan = world.open()
    world.fill_in(plan)
    with looking("dee") as page:
        page.goto(f"/plans/{plan.id}")
        page.get_by_role("button", name="Submit the plan").click()
        assert_well_made(page, "plan-submit-refused")
        page.get_by_label("Why did no meeting take place?").fill("The school was closed by a flood")
        page.get_by_role("button", name="Submit the plan").click()
        expect(page.get_by_text("The plan is with the Virtual School.")).to_be_visible()
        assert_well_made(page, "plan-submitted")
    world.approve(plan)
    world.concern()
    with looking("ira") as page:
        page.goto(f"/children/{plan.child_id}/care-plan")
        assert_well_made(page, "care-plan")


def test_a_concern_is_well_made_and_can_be_answered(world: World, looking: Looking) -> None:
    world.open()
    world.concern()
    with looking("sam") as page:
        page.goto("/concerns/concern")
        assert_well_made(page, "concern")
        page.get_by_role("button", name="Save the action").click()
        assert_well_made(page, "concern-errors")
        page.get_by_role("button", name="Ask for an early meeting").click()
        expect(page.get_by_text("An early meeting by 7 December 2026")).to_be_visible()
        assert_well_made(page, "concern-answered")
