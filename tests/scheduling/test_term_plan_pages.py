"""The pages of drafts of a term, without and with a browser, and the API of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.scheduling.adapters import term_plan_store
from services.scheduling.app import SPEC
from services.scheduling.application.term_planning import plan_due_term
from services.scheduling.application.term_sending import send_next_invitations
from services.scheduling.domain.meeting import Meeting, MeetingState
from services.scheduling.domain.term_draft import PlacementState, PlanState, Progress
from shared.testing.browser import assert_well_made, chromium, served
from shared.testing.pages import check_page
from shared.testing.sessions import enter as signed_in
from tests.scheduling.test_term_plans import drafted, fill, lines, stored

if TYPE_CHECKING:
    from tests.scheduling.conftest import Office


@pytest.fixture
def meetings(office: Office) -> list[Meeting]:
    return fill(office)


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[[str], FlaskClient]:
    def enter(who: str) -> FlaskClient:
        return signed_in(app.test_client(), office.runtime, SPEC, who)

    return enter


def post(client: FlaskClient, page: str, action: str, **typed: object) -> TestResponse:
    """Send a form from a page with the keys that it holds there."""
    text = client.get(page).text
    form = text[text.index(f'action="{action}"') :]
    keys = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")]))
    return client.post(action, data={**keys, **typed})


DAYS = {
    "first-day": "23", "first-month": "11", "first-year": "2026",
    "last-day": "18", "last-month": "12", "last-year": "2026",
}  # fmt: skip
BOUNDS = {"a_day": "2", "a_week": "5", "fair_a_week": "3", "seconds": "0"}


def test_a_head_drafts_a_term_looks_at_it_and_sends_it(
    office: Office, meetings: list[Meeting], enter: Callable[[str], FlaskClient]
) -> None:
    head = enter("head")
    assert "Drafts of a term" in check_page(head.get("/"))
    assert "There is no draft." in check_page(head.get("/term-plans"))
    check_page(head.get("/term-plans/new"))
    answer = post(head, "/term-plans/new", "/term-plans", **DAYS, **BOUNDS)
    assert answer.status_code == 303
    page = answer.headers["Location"]
    waiting = head.get(page)
    assert waiting.headers["Refresh"] == "5"
    assert "begins within moments" in check_page(waiting)
    assert "Refresh" not in head.get(f"{page}?still=yes").headers
    assert plan_due_term(office.runtime, SPEC)
    ready = head.get(page)
    assert "Refresh" not in ready.headers
    words = check_page(ready)
    assert "With a time 6" in words
    assert "2 people who must be there have no diary" in words
    table = check_page(head.get(f"{page}/meetings?worker=worker&state=planned"))
    assert "6 meetings" in table
    assert "Amara Okafor" in table
    check_page(head.get(f"{page}/meetings?week=2026-11-23&school=100001&page=9"))
    assert "No meeting in the draft fits" in check_page(head.get(f"{page}/meetings?week=2027-11-22"))
    check_page(head.get(f"{page}/meetings?week=nonsense&state=odd"))
    picture = head.get(f"{page}/picture")
    assert re.search(r"Oakfield School 6 [3-6] ", check_page(picture))
    assert picture.text.count("<svg") >= 3
    check = check_page(head.get(f"{page}/send"))
    assert "6 meetings are arranged, and 18 invitations go out by e-mail." in check
    assert "1 person has no e-mail address" in check
    assert office.mails() == []
    assert post(head, f"{page}/send", f"{page}/send").status_code == 303
    assert "0 of 6 meetings are arranged" in check_page(head.get(page))
    while send_next_invitations(office.runtime, SPEC):
        pass
    assert "6 meetings, by Hana Sole" in check_page(head.get(page))
    assert len(office.mails()) == 18
    history = check_page(enter("worker").get(f"/meetings/{meetings[0].id}"))
    assert "Arranged from a draft of the term" in history
    assert "Hana Sole had the invitations of the draft sent." in history


def test_what_is_wrong_is_said_beside_what_was_typed(
    meetings: list[Meeting], enter: Callable[[str], FlaskClient]
) -> None:
    head = enter("head")
    wrong = post(head, "/term-plans/new", "/term-plans", **{**DAYS, "last-year": "2025"}, **{**BOUNDS, "a_day": "0"})
    assert wrong.status_code == 422
    assert "Enter a whole number from 1 to 20" in check_page(wrong)
    assert 'value="2025"' in wrong.text
    past = post(head, "/term-plans/new", "/term-plans", **{**DAYS, "last-year": "2025"}, **BOUNDS)
    assert "The last day must be in the future" in check_page(past)


def test_a_social_worker_moves_locks_and_leaves_out_their_own(
    office: Office, meetings: list[Meeting], enter: Callable[[str], FlaskClient]
) -> None:
    plan = drafted(office)
    worker = enter("worker")
    page = f"/term-plans/{plan.id}/meetings/{meetings[0].id}"
    shown = worker.get(page)
    check_page(shown)
    offered = re.findall(r'name="start" type="radio" value="([^"]+)"', shown.text)
    assert len(offered) == 20
    assert post(worker, page, f"{page}/time").status_code == 422
    assert post(worker, page, f"{page}/time", start=offered[3]).status_code == 303
    line = lines(office, plan)[meetings[0].id]
    assert line.starts_at is not None
    assert (line.starts_at.isoformat(), line.locked) == (offered[3].replace("+00:00", "+00:00"), True)
    stale = worker.post(f"{page}/time", data={**_keys(worker, page), "version": "1", "start": offered[4]})
    assert stale.status_code in (409, 412)
    assert "Look at it again" in check_page(stale)
    assert post(worker, page, f"{page}/lock").status_code == 303
    assert not lines(office, plan)[meetings[0].id].locked
    assert post(worker, page, f"{page}/leaving-out").status_code == 303
    assert lines(office, plan)[meetings[0].id].state is PlacementState.LEFT_OUT
    check_page(worker.get(page))
    own = check_page(worker.get(f"/term-plans/{plan.id}"))
    assert "Left out 1" in own
    assert "Send the invitations" not in own
    assert "Discard" not in own


def _keys(client: FlaskClient, page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(csrf_token|form_key)" value="([^"]*)"', client.get(page).text))


def test_a_day_off_is_tried_and_taken_back(
    office: Office, meetings: list[Meeting], enter: Callable[[str], FlaskClient]
) -> None:
    plan = drafted(office)
    head, page = enter("head"), f"/term-plans/{plan.id}"
    nobody = post(head, page, f"{page}/days-off", **DAYS)
    assert "Select who is away" in check_page(nobody)
    away = {**DAYS, "last-day": "27", "last-month": "11", "person_id": "worker"}
    assert post(head, page, f"{page}/days-off", **away).status_code == 303
    assert plan_due_term(office.runtime, SPEC)
    assert "Amara Okafor: 23 Nov 2026 to 27 Nov 2026" in check_page(head.get(page))
    days = [one.starts_at.date() for one in lines(office, plan).values() if one.starts_at]
    assert min(days) > date(2026, 11, 27)
    assert post(head, page, f"{page}/days-off/1/removal").status_code == 303
    assert plan_due_term(office.runtime, SPEC)
    assert post(head, page, f"{page}/again", a_day="1", a_week="1", fair_a_week="1", seconds="0").status_code == 303
    assert plan_due_term(office.runtime, SPEC)
    words = check_page(head.get(page))
    assert "No time found 3" in words
    assert "Move another meeting of Amara Okafor, or allow them more a day or a week." in words
    assert post(head, page, f"{page}/discard").status_code == 303
    assert stored(office, plan.id).state is PlanState.DISCARDED


def test_the_page_shows_how_far_the_solver_is_and_how_good_the_draft(
    office: Office, meetings: list[Meeting], enter: Callable[[str], FlaskClient]
) -> None:
    plan = drafted(office)
    progress = Progress(6, 6, 30.0, 200, 190, 900, 1000, improved=True, parts=plan.progress.parts)
    with office.writing() as work:
        running = replace(plan, state=PlanState.PLANNING, options=replace(plan.options, seconds=60), progress=progress)
        running = term_plan_store.save(work.connection, running)
    head, page = enter("head"), f"/term-plans/{plan.id}"
    shown = head.get(page)
    words = check_page(shown)
    assert "Improving the draft: 30 of 60 seconds." in words
    assert '<progress class="suite-progress" id="solver" max="60" value="30.0">' in shown.text
    assert "200 points against it; no draft can have less than 190, so at most 5.0% could still be saved" in words
    assert post(head, page, f"{page}/stop").status_code == 303
    assert stored(office, plan.id).stop_asked
    with office.writing() as work:
        term_plan_store.save(work.connection, replace(running, state=PlanState.READY, problem="solver_not_installed"))
    words = check_page(head.get(page))
    assert "That holds for the 900 cheapest of 1000 possible times." in words
    assert "installs the optional solver" in words


def test_a_program_drafts_moves_and_sends(
    office: Office, meetings: list[Meeting], enter: Callable[[str], FlaskClient]
) -> None:
    head = enter("head")
    origin = {"Sec-Fetch-Site": "same-origin"}
    made = head.post("/api/term-plans", json={"first": "2026-11-23", "last": "2026-12-18"}, headers=origin)
    assert (made.status_code, made.json["state"]) == (202, "waiting")
    assert made.json["options"] == {"a_day": 2, "a_week": 5, "fair_a_week": 3, "seconds": 0}
    assert plan_due_term(office.runtime, SPEC)
    address = f"/api/term-plans/{made.json['id']}"
    shown = head.get(address)
    assert (shown.json["state"], shown.json["progress"]["placed"]) == ("ready", 6)
    listed = head.get(f"{address}/meetings?state=planned").json
    assert len(listed) == 6
    one = f"{address}/meetings/{listed[0]['meeting_id']}"
    times = head.get(f"{one}/times").json
    assert {point["code"] for point in times[0]["points"]} >= {"in_time"}
    etag = head.get(one).headers["ETag"]
    start = next(time["starts_at"] for time in times if time["starts_at"] != listed[0]["starts_at"])
    moved = head.patch(one, json={"start": start}, headers={**origin, "If-Match": etag})
    assert (moved.status_code, moved.json["locked"]) == (200, True)
    assert head.patch(one, json={"start": start}, headers={**origin, "If-Match": etag}).status_code == 412
    assert head.patch(one, json={"start": start}, headers=origin).status_code == 428
    fresh = {**origin, "If-Match": moved.headers["ETag"]}
    assert head.patch(one, json={"start": start, "locked": True}, headers=fresh).status_code == 422
    sent = head.post(f"{address}/sending", headers={**origin, "If-Match": head.get(address).headers["ETag"]})
    assert (sent.status_code, sent.json["state"]) == (202, "sending")
    worker = enter("worker")
    assert (
        worker.post("/api/term-plans", json={"first": "2026-11-23", "last": "2026-12-18"}, headers=origin).status_code
        == 403
    )
    assert len(worker.get("/api/term-plans").json) == 1


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_a_term_is_drafted_and_sent_in_a_browser(app: Flask, office: Office, meetings: list[Meeting]) -> None:
    cookie = signed_in(app.test_client(), office.runtime, SPEC, "head").get_cookie("pep_suite")
    assert cookie is not None
    with chromium() as browser, served(app) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=True)
        context.add_cookies([{"name": "pep_suite", "value": cookie.value, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/term-plans")
        page.get_by_role("button", name="Draft a term").click()
        assert_well_made(page, "term-plan-new")
        for name, text in DAYS.items():
            page.locator(f"input[name={name}]").fill(text)
        page.get_by_label("At most so many meetings a week").fill("1")
        page.get_by_role("button", name="Draft the term").click()
        assert_well_made(page, "term-plan-waiting")
        assert plan_due_term(office.runtime, SPEC)
        page.get_by_text("How good the draft is").wait_for()  # the page shows itself again
        assert_well_made(page, "term-plan-ready")
        assert "No time found" in page.inner_text("main")
        plan_page = page.url.split("?")[0]
        page.goto(f"{plan_page}/meetings")
        assert_well_made(page, "term-plan-meetings")
        page.locator("tbody a").first.click()
        assert_well_made(page, "term-plan-meeting")
        page.locator("input[name=start]").nth(2).check()
        page.get_by_role("button", name="Change the time in the draft").click()
        page.get_by_text("The time is changed in the draft").wait_for()
        page.goto(f"{plan_page}/picture")
        assert_well_made(page, "term-plan-picture")
        page.get_by_text("Meetings by day as a table").click()
        page.goto(plan_page)
        page.get_by_role("button", name="Send the invitations").click()
        assert_well_made(page, "term-plan-send")
        page.get_by_role("button", name="Arrange 3 meetings and send the invitations").click()
        while send_next_invitations(office.runtime, SPEC):
            pass
        page.goto(plan_page)
        assert_well_made(page, "term-plan-sent")
    arranged = [office.meeting_of(f"p{n}").state for n in range(1, 7)].count(MeetingState.ARRANGED)
    assert arranged == 3
