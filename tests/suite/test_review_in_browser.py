"""The review of a care plan in a browser, from the day a child enters care until what was agreed is done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.pep.app import SPEC as PEP
from services.pep.application import children, team
from services.pep.application.children import NewChild
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.access import actor_for
from shared.platform.work import writing_work
from shared.testing.browser import chromium
from suite.demo.cast import staff_id
from suite.demo.staff import SCHOOLS
from tests.suite.town import Town, open_town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHILD = "Zofia Lewicka"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def town(tmp_path: Path, browser: Browser) -> Iterator[Town]:
    with open_town(tmp_path, browser, MONDAY) as opened:
        yield opened


def test_a_review_from_the_first_day_until_what_was_agreed_is_done(town: Town) -> None:
    child_id = enter_care(town)
    arrange(town)
    be_asked_for_the_plan(town)
    hold_and_record(town, child_id)
    do_what_was_agreed(town, child_id)


def enter_care(town: Town) -> str:
    """Let a child become looked after, with a team that the pages of another walk build by hand."""
    oakfield = next(school.urn for school in SCHOOLS if school.name == "Oakfield Academy")
    with town.runtime.database("pep").reading() as connection:
        worker = roster.person(connection, staff_id("sw1"))
    assert worker is not None
    with writing_work(town.runtime, PEP, actor_for(worker)) as work:
        new = NewChild(
            "700001",
            CHILD,
            datetime(2014, 5, 14, tzinfo=UTC).date(),
            "C2",
            MONDAY.date(),
            school_urn=oakfield,
            school_since=MONDAY.date(),
            team={
                Role.SOCIAL_WORKER: staff_id("sw1"),
                Role.IRO: staff_id("iro3"),
                Role.DESIGNATED_TEACHER: staff_id(f"dt-{oakfield}"),
            },
        )
        child_id = children.enter_care(work, new).id
        team.add_new_person(work, child_id, "Mavis Oyelaran", "mavis@carers.example", Role.CARER, MONDAY.date())
    return child_id


def arrange(town: Town) -> None:
    page = town.page
    town.sign_in("Bronwen Hughes")
    expect(page.get_by_role("main")).to_contain_text("Arrange the review of Zofia’s care plan")
    expect(page.get_by_role("main")).to_contain_text("20 working days")
    town.wait_for("/scheduling/", re.compile(f"Arrange the first review of the care plan for {CHILD}"))
    town.follow(re.compile(f"Arrange the first review of the care plan for {CHILD}"))
    page.get_by_role("main").get_by_role("radio").first.check()
    town.press("Continue")
    expect(page.get_by_role("main")).to_contain_text("Mavis Oyelaran")
    town.press("Continue")
    page.get_by_label("In person", exact=True).check()
    page.get_by_role("textbox", name="Where").fill("Civic Centre, room 4")
    expect(page.get_by_role("main")).to_contain_text("The invitation is called “Review meeting”")
    town.press("Send the invitations")
    expect(page.get_by_role("main")).to_contain_text("Bronwen Hughes")
    town.follow("What to read before the review")
    expect(page.get_by_role("heading", level=1)).to_have_text("What to read before the review")
    town.look("review-pack")


def be_asked_for_the_plan(town: Town) -> None:
    town.clock.set(town.clock.now() + timedelta(days=2))
    town.sign_in("Sarah Whitfield")
    town.wait_for("/pep/", "Make Zofia’s plan ready for the review")


def hold_and_record(town: Town, child_id: str) -> None:
    page = town.page
    town.clock.set(town.clock.now() + timedelta(days=30))
    town.sign_in("Bronwen Hughes")
    town.wait_for("/scheduling/", re.compile("Say whether the meeting was held"))
    town.follow(re.compile("Say whether the meeting was held"))
    page.get_by_label("Mavis Oyelaran").first.check()
    page.get_by_label("Amina Yusuf").first.check()
    page.get_by_label("Came, and an advocate spoke for them").check()
    town.press("Record the meeting as held")
    town.wait_for("/pep/", "Write the record of Zofia’s review")
    town.follow("Write the record of Zofia’s review")
    expect(page.get_by_label("An advocate spoke for the child")).to_be_checked()
    choose(page, "Did you speak to Zofia alone", "No")
    page.get_by_label("What was decided?").fill("Zofia stays where she is.\nShe sees her aunt every week.")
    town.press("Save the record")
    expect(page.get_by_role("alert").first).to_contain_text("Say why you did not speak to the child alone")
    town.look("record-errors")
    page.get_by_label("If not, why not? (optional)").fill("She asked for her advocate to be there.")
    town.press("Save the record")
    expect(page.get_by_role("main")).to_contain_text("PN2")
    town.follow("Add what was agreed")
    page.get_by_label("What will be done?").fill("Find a reading tutor for Zofia")
    page.get_by_label("Who will do it?").select_option(label="Sarah Whitfield, Designated teacher")
    for box, text in (("Day", "15"), ("Month", "1"), ("Year", "2027")):
        page.get_by_role("group", name="By when?").get_by_label(box, exact=True).fill(text)
    choose(page, "Does it concern education?", "Yes")
    town.press("Put it on the list")
    expect(page.get_by_role("main")).to_contain_text("Find a reading tutor for Zofia")
    town.look("review-recorded")
    town.go("/pep/reviews")
    expect(page.get_by_role("main")).to_contain_text("1 open")
    town.look("officers-caseload")


def do_what_was_agreed(town: Town, child_id: str) -> None:
    page = town.page
    town.sign_in("Sarah Whitfield")
    town.follow(re.compile("Find a reading tutor for Zofia"))
    choose(page, "Is it done?", "Yes")
    town.press("Save")
    expect(page.get_by_role("main")).to_contain_text("Done")
    town.sign_in("Bronwen Hughes")
    town.go(f"/pep/children/{child_id}/reviews")
    expect(page.get_by_role("main")).to_contain_text("Done")
    town.look("reviews-of-child")
    town.go(f"/pep/children/{child_id}/disagreements/new")
    town.sign_in("Amina Yusuf")
    town.go(f"/pep/children/{child_id}/visits")
    town.look("visits")


def choose(page: Page, question: str, answer: str) -> None:
    page.get_by_role("group", name=re.compile(question)).get_by_label(answer, exact=True).check()
