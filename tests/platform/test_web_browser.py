"""The look in a real Chromium: accessible and within the window at 1280 and 360 pixels, with and without scripts."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.web.front import create_front
from shared.testing.browser import assert_no_overflow, assert_well_made, chromium, served
from shared.testing.style_app import SPEC, make_style_app

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    app, _ = make_style_app(tmp_path)
    with served(app) as address, browser.new_context(base_url=address) as context:
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/enter")
        yield page
        assert [fault for fault in faults if "status of 4" not in fault] == []


@pytest.mark.parametrize(("path", "name"), [("/style", "style"), ("/api/", "api-guide"), ("/nowhere", "not-found")])
def test_a_page_is_well_made(page: Page, path: str, name: str) -> None:
    page.goto(path)
    assert_well_made(page, name)


def test_a_refused_form_is_well_made_and_its_summary_leads_to_the_fields(page: Page) -> None:
    page.goto("/style")
    page.get_by_label("What is going well?").fill("Reads with his carer")
    for box in ("Day", "Month", "Year"):
        page.get_by_label(box).fill("")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("There is a problem")
    assert_well_made(page, "style-errors")
    page.get_by_role("link", name="Enter by when").click()
    expect(page.get_by_label("Day")).to_be_focused()
    expect(page.get_by_label("What is going well?")).to_have_value("Reads with his carer")


def test_opened_parts_are_well_made(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto("/style")
    page.get_by_role("button", name="Menu").click()
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.get_by_label("Name or reference")).to_be_visible()
    expect(page.get_by_role("link", name="Meetings")).to_be_visible()
    assert_well_made(page, "style-opened")


def test_a_form_clicked_twice_is_saved_once(page: Page) -> None:
    page.goto("/style")
    page.get_by_label("What is the target?").fill("Read daily")
    page.get_by_label("Subject").select_option("English")
    page.get_by_label("Tutor").check()
    page.get_by_label("Yes").check()
    page.get_by_label("Cost").fill("£250")
    page.get_by_label("How many sessions?").fill("6")
    page.get_by_role("button", name="Save and continue").dblclick()
    page.wait_for_url("**/done/*")
    assert page.inner_text("body") == "saved 1"


def test_everything_works_without_scripts(browser: Browser, tmp_path: Path) -> None:
    app, _ = make_style_app(tmp_path)
    with served(app) as address, browser.new_context(base_url=address, java_script_enabled=False) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 360, "height": 900})
        page.goto("/enter")
        page.goto("/style")
        expect(page.get_by_role("link", name="Meetings")).to_be_visible()
        page.locator("summary").filter(has_text="Filter this list").click()
        expect(page.get_by_label("Name or reference")).to_be_visible()
        page.get_by_role("button", name="Save and continue").click()
        expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()


def test_signing_in_is_well_made(browser: Browser, tmp_path: Path) -> None:
    _, runtime = make_style_app(tmp_path)
    with runtime.database("pep").reading() as connection:
        people = roster.people(connection)
    with (
        served(create_front(runtime, SPEC, lambda: people)) as address,
        browser.new_context(base_url=address) as context,
    ):
        page = context.new_page()
        page.goto("/")
        assert_well_made(page, "front")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Ada Fenwick")).to_be_visible()
        assert_well_made(page, "sign-in")


def test_printing_leaves_out_what_only_a_screen_needs(page: Page) -> None:
    page.goto("/style")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.get_by_role("button", name="Save and continue")).to_be_hidden()
    expect(page.get_by_role("heading", name="Amira’s next steps")).to_be_visible()
    assert_no_overflow(page)


def test_people_are_warned_before_time_is_up_and_keep_what_they_typed(browser: Browser, tmp_path: Path) -> None:
    app, runtime = make_style_app(tmp_path)
    clock = runtime.clock
    assert isinstance(clock, FixedClock)
    with served(app) as address, browser.new_context(base_url=address) as context:
        page = context.new_page()
        page.clock.install()
        page.goto("/enter")

        def wait(minutes: float) -> None:
            clock.set(clock.now() + timedelta(minutes=minutes))
            page.clock.run_for(int(minutes * 60_000))

        page.goto("/style")
        warning = page.get_by_role("dialog", name="You will be signed out soon")
        wait(24)
        expect(warning).to_be_hidden()
        wait(2)
        expect(warning).to_contain_text("4 minutes")
        assert_well_made(page, "time-out")
        page.get_by_role("button", name="Stay signed in").click()
        expect(warning).to_be_hidden()
        page.get_by_label("What is going well?").fill("Reads with his carer")
        wait(29.9)
        page.wait_for_url("**/sign-in?next=%2Fkept%2F*")
        led_to = unquote(page.url.partition("next=")[2])
        page.goto("/enter")
        page.goto(led_to)
        expect(page.get_by_role("main")).to_contain_text("Reads with his carer")
        assert_well_made(page, "kept-form")


def test_when_time_is_up_and_nobody_answers_nothing_stays_in_sight_and_nothing_typed_is_lost(
    browser: Browser, tmp_path: Path
) -> None:
    app, runtime = make_style_app(tmp_path)
    clock = runtime.clock
    assert isinstance(clock, FixedClock)
    with served(app) as address, browser.new_context(base_url=address) as context:
        page = context.new_page()
        page.clock.install()
        page.goto("/enter")
        page.goto("/style")
        page.get_by_label("What is going well?").fill("Reads with his carer")
        context.set_offline(True)
        clock.set(clock.now() + timedelta(minutes=30))
        page.clock.run_for(30 * 60_000)
        expect(page.get_by_role("main")).to_be_hidden()
        context.set_offline(False)
        clock.set(clock.now() - timedelta(seconds=10))
        page.clock.run_for(10_000)
        page.wait_for_url("**/sign-in?next=%2Fkept%2F*")
