from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from services.virtual_school.application import rating, suspensions
from services.virtual_school.application.attendance import import_attendance
from services.virtual_school.domain.rubric import Decision, Rating
from shared.contracts.pep import ConcernAnswered
from shared.contracts.virtual_school import ConcernRaised
from shared.testing.browser import assert_well_made, chromium, served

pytestmark = pytest.mark.browser

NAMES = ("Amira Lindqvist", "Bo Tállis", "Cleo Drax", "Dev Achterberg-Montgomery", "Ezra Oyelaran", "Fen Marchetti")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def busy(world: Any) -> Any:
    """Six children in every state of a plan, with marks, suspensions, and concerns raised, answered and closed."""
    rows = ["reference,date,session,code"]
    for number, name in enumerate(NAMES):
        child_id = world.child(f"c{number}", name=name, year_group=7 + number % 5)
        for back in range(60):
            day = world.today - timedelta(days=back)
            if day.weekday() < 5:
                code = "O" if (back + number) % (3 + number * 3) == 0 else "/"
                rows += [f"R-{child_id},{day},{session},{code}" for session in ("AM", "PM")]
        if number:
            due = date(2026, 11, 13) if number == 1 else date(2026, 12, 11)
            world.plan(child_id, f"p{number}", due, submitted=1 if number > 2 else 0)
    with world.writing("head") as work:
        import_attendance(work, "\n".join(rows).encode(), "autumn.csv")
        import_attendance(work, b"reference,date,session,code\nR-c1,2026-11-20,AM,H\nR-zz,2026-11-20,AM,/", "week.csv")
        for plan_id, reasons, decision in (("p4", (), Decision.APPROVE), ("p5", ("voice", "carer"), Decision.RETURN)):
            rating.rate_plan(
                work, plan_id, submission=1, rating=Rating.RED if reasons else Rating.GREEN, reasons=reasons,
                decision=decision, feedback="Ask Fen again in a way that suits them.\nThank you for the rest.",
            )  # fmt: skip
        suspensions.record_suspension(
            work, "c0", starts_on=date(2026, 11, 17), ends_on=date(2026, 11, 18), sessions=4, permanent=False,
            reasons=("PA", "DB"),
        )  # fmt: skip
    raised = world.told(ConcernRaised)
    world.hear(ConcernAnswered("c0", raised[0].concern_id, "action", world.today, "sam", date(2026, 12, 4)))
    return world


def sign_in(busy: Any, browser: Browser, address: str, who: str) -> BrowserContext:
    cookie = busy.client(who).get_cookie("pep_suite")
    assert cookie is not None
    context = browser.new_context(base_url=address)
    context.add_cookies([{"name": "pep_suite", "value": cookie.value, "url": address}])
    return context


PAGES = {
    "work": "/",
    "children-filtered": "/children?under=99&order=attendance",
    "child": "/children/c0",
    "plan-to-rate": "/plans/p3",
    "plan-returned": "/plans/p5",
    "concerns": "/concerns",
    "week": "/children/c0/attendance/2026-11-16",
    "attendance-files": "/attendance",
    "suspension": "/children/c0/suspensions/new",
}


def test_every_page_is_accessible_and_fits_wide_and_narrow(busy: Any, browser: Browser) -> None:
    with served(busy.app) as address, sign_in(busy, browser, address, "head") as context:
        page = context.new_page()
        for name, path in PAGES.items():
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert_well_made(page, f"virtual-school-{name}")
        page.goto("/attendance")
        page.get_by_role("link", name="week.csv").click()
        assert_well_made(page, "virtual-school-upload")


def test_a_caseworker_rates_a_plan_after_mending_what_was_missing(busy: Any, browser: Browser) -> None:
    with served(busy.app) as address, sign_in(busy, browser, address, "cate") as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("link", name="Rate the termly plan").click()
        page.get_by_label("Red", exact=True).check()
        page.get_by_label("Approve the plan").check()
        page.get_by_role("button", name="Save the rating").click()
        page.get_by_text("A plan rated red cannot be approved.").first.wait_for()
        assert_well_made(page, "virtual-school-rating-refused")
        page.get_by_label("Return the plan").check()
        page.get_by_label("The carer’s part is missing").check()
        page.get_by_role("button", name="Save the rating").click()
        page.get_by_text("You rated the plan red and returned it").wait_for()


def test_a_designated_teacher_types_a_week(busy: Any, browser: Browser) -> None:
    with served(busy.app) as address, sign_in(busy, browser, address, "dora") as context:
        page = context.new_page()
        page.goto("/children/c2/attendance/2026-11-16")
        page.get_by_label("Monday 16 November 2026, morning").fill("h")
        page.get_by_role("button", name="Save the marks").click()
        page.get_by_text("H was withdrawn").first.wait_for()
        assert_well_made(page, "virtual-school-week-refused")
        page.get_by_label("Monday 16 November 2026, morning").fill("i")
        page.get_by_role("button", name="Save the marks").click()
        page.get_by_text("Saved: 1 mark changed").wait_for()
