"""The whole main job, in a browser, as the people do it: from an empty home to the care plan and round again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from shared.testing.browser import chromium
from suite.demo.staff import EMPTY_HOME_STAFF
from tests.suite.town import Town, open_town, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHILD = "Zofia Lewicka"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def town(tmp_path: Path, browser: Browser) -> Iterator[Town]:
    with open_town(tmp_path, browser, MONDAY, EMPTY_HOME_STAFF) as opened:
        yield opened


def test_the_whole_main_job_goes_round(town: Town) -> None:
    the_people_are_recorded(town)
    child_page = a_child_becomes_looked_after(town)
    the_team_is_recorded(town, child_page)
    first_time = a_meeting_is_arranged(town)
    a_required_no_puts_it_back_and_it_moves(town, first_time)
    others_answer(town)
    the_meeting_is_held(town)
    plan_page = the_plan_is_filled(town, child_page)
    it_is_returned_mended_and_approved(town, plan_page)
    the_care_plan_says_what_was_agreed(town, child_page)
    a_concern_comes_back_and_is_answered(town, child_page)
    the_history_tells_every_step(town, plan_page)


def the_people_are_recorded(town: Town) -> None:
    page = town.page
    town.sign_in("Helen Okafor")
    town.follow("Record the designated teachers of the authority")
    for name, role, school in (
        ("Sarah Whitfield", "Designated teacher", "Oakfield Academy"),
        ("Marcus Hall", "Team manager", ""),
        ("Ruth Feldman", "Independent Reviewing Officer", ""),
        ("Tom Ashworth", "Virtual School caseworker", ""),
    ):
        town.go("/pep/people/new")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("E-mail address").fill(f"{name.lower().replace(' ', '.')}@northmoor.example")
        page.get_by_label(role, exact=True).check()
        page.get_by_label("Organisation (optional)").fill("" if school else "Northmoor Council")
        page.get_by_label("School (optional)").fill(school)
        town.press("Record the person")
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    town.go("/pep/people")
    town.look("people-of-the-authority")


def a_child_becomes_looked_after(town: Town) -> str:
    page = town.page
    town.sign_in("Amina Yusuf")
    town.look("my-work-empty")
    town.follow("Record that a child became looked after")
    page.get_by_role("button", name="Save and start the clocks").click()
    expect(page.get_by_role("alert")).to_contain_text("name")
    town.look("child-errors")
    page.get_by_label("Full name").fill(CHILD)
    fill_date(page.get_by_role("group", name="Date of birth"), "14", "5", "2014")
    page.get_by_label("Identifier (SSDA903)").fill("700001")
    page.get_by_label("Legal status").select_option(label="Full care order (C2)")
    fill_date(page.get_by_role("group", name="Day the child became looked after"), "23", "11", "2026")
    page.get_by_label("School (optional)").fill("Oakfield Academy")
    page.get_by_label("Team manager (optional)").select_option(label="Marcus Hall")
    page.get_by_label("Independent Reviewing Officer (optional)").select_option(label="Ruth Feldman")
    page.get_by_label("Virtual School caseworker (optional)").select_option(label="Tom Ashworth")
    page.get_by_role("button", name="Save and start the clocks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CHILD)
    cards = page.get_by_role("main")
    expect(cards).to_contain_text("Monday 7 December 2026")  # 10 working days, regulation 4(2)
    expect(cards).to_contain_text("Monday 21 December 2026")  # 20 working days, regulation 33(1)
    page.locator("details", has_text="First PEP ready").first.click()
    expect(cards).to_contain_text("regulation 4(2)")
    town.look("child")
    return page.url.removeprefix(town.address)


def the_team_is_recorded(town: Town, child_page: str) -> None:
    page = town.page
    for role, who, address in (
        ("Designated teacher", "Sarah Whitfield", ""),
        ("Carer", "Mavis Oyelaran", "mavis@carers.example"),
        ("Parent", "Danuta Lewicka", "danuta@families.example"),
        ("Child or young person", CHILD, ""),
    ):
        town.go(f"{child_page}/team")
        if page.get_by_role("main").get_by_text(who, exact=True).count():
            continue
        town.go(f"{child_page}/team/add")
        town.follow(role)
        if page.get_by_label("Name", exact=True).count():
            page.get_by_label("Name", exact=True).fill(who)
            if address:
                page.get_by_label(re.compile("E-mail")).fill(address)
        else:
            page.get_by_label(who).check()
        fill_date(page.get_by_role("group", name="First day on the team"), "23", "11", "2026")
        town.press("Add to the team")
    town.go(f"{child_page}/team")
    for who in ("Amina Yusuf", "Sarah Whitfield", "Mavis Oyelaran", "Danuta Lewicka", "Ruth Feldman", "Tom Ashworth"):
        expect(page.get_by_role("main")).to_contain_text(who)
    town.look("team")


def a_meeting_is_arranged(town: Town) -> str:
    page = town.page
    town.wait_for("/scheduling/", re.compile(f"Arrange the first PEP meeting for {CHILD}"))
    town.look("meetings-to-arrange")
    town.wait_for("/scheduling/", re.compile(f"Arrange the first PEP meeting for {CHILD}"))
    town.follow(re.compile(f"Arrange the first PEP meeting for {CHILD}"))
    expect(page.get_by_role("main")).to_contain_text("Monday 7 December 2026")
    town.look("times")
    first = choose_a_time(town)
    page.get_by_role("main").get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("Mavis Oyelaran")
    town.look("people")
    town.press("Continue")
    page.get_by_label("In person", exact=True).check()
    page.get_by_role("textbox", name="Where").fill("Oakfield Academy, library")
    town.look("check")
    town.press("Send the invitations")
    expect(page.get_by_role("main")).to_contain_text("Sarah Whitfield")
    town.look("meeting")
    return first


def a_required_no_puts_it_back_and_it_moves(town: Town, first_time: str) -> None:
    page = town.page
    open_mail_to(town, "Sarah Whitfield")
    town.look("mail")
    entry = calendar_entry(town)
    town.press("Decline")
    town.sign_in("Amina Yusuf")
    town.wait_for("/scheduling/", re.compile("cannot come"))
    town.look("meetings-put-back")
    town.follow(re.compile(CHILD))
    expect(page.get_by_role("main")).to_contain_text("This time cannot be kept")
    town.look("meeting-put-back")
    town.follow("See all times that would do")
    assert choose_a_time(town, 1) != first_time
    town.press("Continue")
    town.press("Continue")
    town.press("Send the new invitations")
    wait_until(lambda: len(mails_to(town, "Sarah Whitfield")) >= 2, "a second mail to the designated teacher")
    open_mail_to(town, "Sarah Whitfield")
    moved = calendar_entry(town)
    assert moved["UID"] == entry["UID"]
    assert int(moved["SEQUENCE"]) == int(entry["SEQUENCE"]) + 1
    town.press("Accept")


def others_answer(town: Town) -> None:
    page = town.page
    open_mail_to(town, "Amina Yusuf")
    town.press("Accept")
    open_mail_to(town, "Mavis Oyelaran")
    page.context.clear_cookies()
    page.get_by_role("main").get_by_role("link", name=re.compile("scheduling.answer")).click()
    for other in ("Danuta", "Sarah", "Zofia"):
        expect(page.get_by_role("main")).not_to_contain_text(other)
    town.look("answer-by-link")
    page.get_by_role("radio", name=re.compile("^Yes")).check()
    town.press("Send my answer")
    expect(page.get_by_role("main")).to_contain_text("Thank you")
    town.sign_in("Amina Yusuf")
    town.wait_for("/scheduling/", re.compile("3 of . said yes"))
    town.follow(re.compile(f"{CHILD}.*First PEP meeting"))
    town.look("meeting-who-comes")


def the_meeting_is_held(town: Town) -> None:
    town.clock.set(town.clock.now() + timedelta(days=11))
    town.sign_in("Amina Yusuf")
    town.wait_for("/scheduling/", re.compile(CHILD))
    town.follow(re.compile(CHILD))
    if "/held" not in town.page.url:
        town.follow("Say who came")
    town.look("held")
    town.page.get_by_role("group", name="Everybody who was there").get_by_label(CHILD).check()
    town.page.get_by_label("Came and spoke for themselves").check()
    town.press("Record the meeting as held")
    expect(town.page.get_by_role("main")).to_contain_text("Held")


def the_plan_is_filled(town: Town, child_page: str) -> str:
    page = town.page
    town.go(child_page)
    town.follow(re.compile("First plan"))
    plan_page = page.url.removeprefix(town.address)
    town.wait_for(plan_page, re.compile("held", re.IGNORECASE))
    town.look("plan-before")
    expect(page.get_by_role("button", name=re.compile("Submit"))).to_have_count(0)
    fill_sections(town, plan_page)
    town.sign_in("Sarah Whitfield")
    town.look("my-work-teacher")
    town.go(plan_page)
    fill_sections(town, plan_page)
    town.go(f"{plan_page}/targets/new")
    town.look("target")
    fill_everything(page.get_by_role("main"))
    town.press("Save the target")
    town.sign_in("Mavis Oyelaran")
    fill_sections(town, plan_page)
    town.sign_in(CHILD)
    town.go(f"{plan_page}/views")
    town.look("views")
    fill_everything(page.get_by_role("main"))
    town.press("Save")
    return plan_page


def it_is_returned_mended_and_approved(town: Town, plan_page: str) -> None:
    submit(town, plan_page)
    town.look("plan-submitted")
    rate(town, "Red", "Return")
    town.sign_in("Sarah Whitfield")
    town.wait_for(plan_page, re.compile("Returned|mend", re.IGNORECASE))
    town.look("plan-returned")
    submit(town, plan_page)
    rate(town, "Green", "Approve")
    town.sign_in("Sarah Whitfield")
    town.wait_for(plan_page, "Approved")
    town.look("plan-approved")


def the_care_plan_says_what_was_agreed(town: Town, child_page: str) -> None:
    town.sign_in("Ruth Feldman")
    town.look("my-work-iro")
    town.go(f"{child_page}/care-plan")
    expect(town.page.get_by_role("main")).to_contain_text("Written in the walk")
    town.look("care-plan")


def a_concern_comes_back_and_is_answered(town: Town, child_page: str) -> None:
    page = town.page
    town.sign_in("Tom Ashworth")
    child_id = child_page.rsplit("/", 1)[-1]
    town.go("/virtual_school/children")
    town.look("cohort")
    town.go(f"/virtual_school/children/{child_id}")
    town.look("virtual-school-child")
    town.go(f"/virtual_school/children/{child_id}/suspensions/new")
    town.look("suspension")
    day = town.clock.now().date()
    page.get_by_role("group", name="Is it a permanent exclusion?").get_by_label("No").check()
    for name in ("First day", "Last day"):
        fill_date(page.get_by_role("group", name=name), str(day.day), str(day.month), str(day.year))
    page.get_by_label("Sessions missed").fill("2")
    page.get_by_role("group", name="Reasons").get_by_role("checkbox").first.check()
    town.press("Record the suspension")
    town.sign_in("Amina Yusuf")
    town.wait_for("/pep/", re.compile("Answer a concern"))
    town.follow(re.compile("Answer a concern"))
    town.look("concern")
    town.press("Ask for an early meeting")
    town.wait_for("/scheduling/", re.compile("concern", re.IGNORECASE))
    town.look("meeting-again")
    town.sign_in("Tom Ashworth")
    town.wait_for(f"/virtual_school/children/{child_id}", re.compile("answered|early", re.IGNORECASE))


def the_history_tells_every_step(town: Town, plan_page: str) -> None:
    town.sign_in("Amina Yusuf")
    town.go(plan_page)
    history = town.page.get_by_role("main")
    for who in ("Amina Yusuf", "Sarah Whitfield", "Tom Ashworth", CHILD):
        expect(history).to_contain_text(f"by {who}")
    town.look("plan-history")


# What the people do again and again.


def fill_date(group: Locator, day: str, month: str, year: str) -> None:
    group.get_by_label("Day", exact=True).fill(day)
    group.get_by_label("Month", exact=True).fill(month)
    group.get_by_label("Year", exact=True).fill(year)


def choose_a_time(town: Town, place: int = 0) -> str:
    choice = town.page.get_by_role("main").get_by_role("radio").nth(place)
    name = choice.evaluate("e => e.labels[0].innerText")
    choice.check()
    return str(name)


def mails_to(town: Town, name: str) -> list[str]:
    """Return the addresses of the mails to somebody, the newest first."""
    town.go("/mail/")
    rows = town.page.get_by_role("row").filter(has_text=name)
    return [str(link.get_attribute("href")) for link in rows.get_by_role("link").all()]


def open_mail_to(town: Town, name: str) -> None:
    """Open the newest mail to somebody."""
    wait_until(lambda: bool(mails_to(town, name)), f"a mail to {name}")
    town.go(mails_to(town, name)[0])


def calendar_entry(town: Town) -> dict[str, str]:
    href = town.page.get_by_role("link", name=re.compile("Calendar entry")).get_attribute("href")
    text = town.page.request.get(f"{town.address}{href}").text()
    event = text[text.index("BEGIN:VEVENT") :]
    return dict(line.split(":", 1) for line in event.splitlines() if re.match(r"(UID|SEQUENCE):", line))


def fill_sections(town: Town, plan_page: str) -> None:
    """Fill every section that is this person's to fill."""
    town.go(plan_page)
    links = town.page.locator(f"main a[href*='{plan_page}/sections/']").all()
    for href in sorted({str(link.get_attribute("href")).split("#")[0] for link in links}):
        town.go(href)
        save = town.page.get_by_role("main").get_by_role("button", name=re.compile("^Save"))
        if save.count():
            fill_everything(town.page.get_by_role("main"))
            save.first.click()
            expect(town.page.locator(".govuk-error-summary")).to_have_count(0)


def fill_everything(form: Locator) -> None:
    """Answer every question on a page in the plainest way."""
    for group in form.locator("fieldset").all():
        if group.get_by_label("Day", exact=True).count():
            fill_date(group, "15", "1", "2027")
        elif group.get_by_role("radio").count():
            group.get_by_role("radio").first.check()
    for choice in form.locator("select").all():
        choice.select_option(index=1)
    for box in form.locator("textarea, input[type=text]:not([inputmode])").all():
        if not box.input_value() and box.is_visible():
            box.fill("Written in the walk")
    for number in form.locator("input[inputmode=numeric], input[inputmode=decimal]").all():
        if not number.input_value():
            number.fill("5")


def submit(town: Town, plan_page: str) -> None:
    town.sign_in("Sarah Whitfield")
    town.go(plan_page)
    town.press(re.compile("^Submit"))
    expect(town.page.get_by_role("main")).to_contain_text("With the Virtual School")


def rate(town: Town, rating: str, decision: str) -> None:
    page = town.page
    town.sign_in("Tom Ashworth")
    town.wait_for("/virtual_school/", re.compile(CHILD))
    town.wait_for("/virtual_school/plans?state=submitted", CHILD)
    town.follow(re.compile(f"{CHILD}"))
    town.look(f"rating-{rating}")
    page.get_by_role("group", name="How good is the plan?").get_by_role("radio", name=rating).check()
    page.get_by_role("group", name="What happens now?").get_by_role("radio", name=decision).check()
    if rating == "Red":
        page.get_by_role("group", name="What is not good enough?").get_by_role("checkbox").first.check()
    town.press("Save the rating")
    expect(page.locator(".govuk-error-summary")).to_have_count(0)
