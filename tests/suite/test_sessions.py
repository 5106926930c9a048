"""Being signed in to the whole suite: listed, ended one by one or all, and over everywhere when a person is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import session
from sqlalchemy import select
from werkzeug.test import Client

from services.pep.application.people import mark_as_back, mark_as_gone
from shared.platform import sessions
from shared.platform.auth import read_token
from shared.platform.rebuilding import announce_everything
from shared.platform.sessions import ABSOLUTE, IDLE
from shared.platform.work import writing_work
from shared.testing.pages import check_page
from suite import signed_in
from suite.composition import SPECS, everybody, web_application
from tests.suite.visitors import FIREFOX, HOMES, PHONE, Browser, Suite, make_home

PEP = SPECS[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("made"))


@pytest.fixture
def suite(tmp_path: Path, made: Path) -> Iterator[Suite]:
    suite = Suite(made, tmp_path)
    yield suite
    suite.runtime.close()


def test_one_sign_in_opens_all_three_services_at_once(suite: Suite) -> None:
    assert Browser(suite).sign_in("casey").is_in() == [True, True, True]


def test_work_in_any_of_the_services_keeps_the_session_alive_in_all(suite: Suite) -> None:
    browser = Browser(suite).sign_in("casey")
    for path in ("/scheduling/", "/virtual_school/", "/scheduling/", "/pep/"):
        suite.wait(IDLE - timedelta(minutes=1))
        assert browser.get(path).status_code == 200
    suite.wait(IDLE + timedelta(seconds=1))
    assert browser.is_in() == [False, False, False]


def test_half_a_day_is_the_end_however_busy_and_wherever(suite: Suite) -> None:
    browser = Browser(suite).sign_in("casey")
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        suite.wait(timedelta(minutes=20))
        assert browser.get("/scheduling/").status_code == 200
    suite.wait(timedelta(minutes=20))
    assert browser.is_in() == [False, False, False]


def test_people_see_where_they_are_signed_in_and_sign_out_there(suite: Suite) -> None:
    desk, phone = Browser(suite).sign_in("casey"), Browser(suite, PHONE).sign_in("casey")
    Browser(suite).sign_in("head")
    page = check_page(desk.get("/pep/sessions"))
    assert "Firefox on Windows (here)" in page
    assert "Safari on an iPhone" in page
    ends = re.findall(r'action="(/pep/sessions/\w+/end)"', desk.get("/pep/sessions").text)
    assert len(ends) == 1
    stolen = phone.cookie
    assert desk.post(ends[0], "/pep/sessions").status_code == 303
    assert phone.get("/pep/").status_code == 303
    suite.deliver()
    thief = Browser(suite, PHONE)
    thief.client.set_cookie("pep_suite", stolen)
    assert thief.is_in() == [False, False, False]
    assert desk.is_in() == [True, True, True]


def test_nobody_ends_the_session_of_another(suite: Suite) -> None:
    casey, head = Browser(suite).sign_in("casey"), Browser(suite, PHONE).sign_in("head")
    with suite.runtime.database("pep").reading() as connection:
        (of_head,) = sessions.of_person(connection, "head")
    assert casey.post(f"/pep/sessions/{of_head.id}/end", "/pep/sessions").status_code == 404
    assert head.is_in() == [True, True, True]


def test_signing_out_everywhere_else_leaves_only_this_browser(suite: Suite) -> None:
    here, there, phone = (Browser(suite, device).sign_in("casey") for device in (FIREFOX, FIREFOX, PHONE))
    assert here.post("/pep/sessions/end-others", "/pep/sessions").status_code == 303
    suite.deliver()
    assert [browser.is_in() for browser in (here, there, phone)] == [[True] * 3, [False] * 3, [False] * 3]


@pytest.mark.parametrize("left_from", HOMES)
def test_a_copy_of_the_cookie_is_worth_nothing_once_its_owner_signed_out(suite: Suite, left_from: str) -> None:
    owner, thief = Browser(suite).sign_in("casey"), Browser(suite)
    thief.client.set_cookie("pep_suite", owner.cookie)
    assert thief.is_in() == [True, True, True]
    answer = owner.post("/sign-out", left_from)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert thief.get("/pep/").status_code == 303
    suite.deliver()
    assert thief.is_in() == [False, False, False]


def test_a_person_who_is_gone_is_out_everywhere_and_coming_back_revives_no_session(suite: Suite) -> None:
    casey = Browser(suite).sign_in("casey")
    assert casey.is_in() == [True, True, True]
    with writing_work(suite.runtime, PEP, suite.head) as work:
        mark_as_gone(work, "casey", 0)
    suite.deliver()
    assert casey.is_in() == [False, False, False]
    kept = casey.cookie
    with writing_work(suite.runtime, PEP, suite.head) as work:
        mark_as_back(work, "casey", 1)
    suite.deliver()
    casey.client.set_cookie("pep_suite", kept)
    assert casey.is_in() == [False, False, False]
    assert casey.sign_in("casey").is_in() == [True, True, True]


def test_coming_and_leaving_is_on_record(suite: Suite) -> None:
    Browser(suite).sign_in("casey").post("/sign-out", "/scheduling/")
    entries = PEP.metadata.tables["audit_entry"]
    with suite.runtime.database("pep").reading() as connection:
        rows = connection.execute(select(entries).order_by(entries.c.id)).all()
    assert [(row.kind, row.person_id) for row in rows if row.kind.startswith("sign")] == [
        ("sign_in", "casey"),
        ("sign_out", "casey"),
    ]


def test_signing_in_again_gives_a_new_id_and_ends_the_session_before(suite: Suite) -> None:
    browser, copy = Browser(suite).sign_in("casey"), Browser(suite)
    before = browser.cookie
    browser.sign_in("head")
    copy.client.set_cookie("pep_suite", before)
    suite.deliver()
    assert copy.is_in() == [False, False, False]
    with suite.runtime.database("pep").reading() as connection:
        assert [one.ended_why for one in sessions.of_person(connection, "casey")] == ["replaced"]


def test_the_secret_of_a_session_is_in_no_database(suite: Suite) -> None:
    browser = Browser(suite).sign_in("casey")
    with web_application(suite.runtime).app.test_request_context(headers={"Cookie": f"pep_suite={browser.cookie}"}):
        secret = session["id"]
    with suite.runtime.database("pep").reading() as connection:
        assert sessions.find(connection, sessions.id_of(secret)) is not None
    for spec in SPECS:
        assert secret.encode() not in (suite.runtime.settings.home / f"{spec.name}.sqlite").read_bytes()


def test_a_service_that_lost_its_copies_hears_again_which_sessions_were_ended(suite: Suite) -> None:
    owner, thief = Browser(suite).sign_in("casey"), Browser(suite)
    thief.client.set_cookie("pep_suite", owner.cookie)
    owner.post("/sign-out", "/pep/")
    suite.deliver()
    with suite.runtime.database("scheduling").writing() as connection:
        connection.execute(sessions.SESSION.delete())
    assert thief.get("/scheduling/").status_code == 200
    announce_everything(PEP, suite.runtime)
    suite.deliver()
    assert thief.get("/scheduling/").status_code == 303


def api(suite: Suite, token: str) -> list[int]:
    headers = {"Authorization": f"Bearer {token}"}
    paths = ("/pep/api/children", "/scheduling/api/meetings", "/virtual_school/api/children")
    return [Client(suite.application).get(path, headers=headers).status_code for path in paths]


def test_a_token_is_shown_to_its_person_who_takes_it_back(suite: Suite) -> None:
    token, other = (signed_in.token_for(suite.runtime, "casey") for _ in range(2))
    assert api(suite, token) == api(suite, other) == [200, 200, 200]
    browser = Browser(suite).sign_in("casey")
    page = check_page(browser.get("/pep/sessions"))
    assert page.count("A token for a program") == 2
    assert page.count("Take it back") == 2
    mine = sessions.id_of(str(read_token(suite.runtime.settings.secrets, token, suite.runtime.clock.now()).secret))
    answer = browser.post(f"/pep/sessions/{mine}/end", "/pep/sessions")
    assert answer.status_code == 303
    assert "The token no longer works." in browser.get("/pep/sessions").text
    suite.deliver()
    assert api(suite, token) == [401, 401, 401]
    assert api(suite, other) == [200, 200, 200]
    refused = Client(suite.application).get("/pep/api/children", headers={"Authorization": f"Bearer {token}"})
    assert refused.json is not None
    assert refused.json["code"] == "token_ended"
    assert browser.is_in() == [True, True, True]


def test_a_token_taken_back_stays_so_for_as_long_as_it_would_have_worked(suite: Suite) -> None:
    token = signed_in.token_for(suite.runtime, "casey")
    signed_in.ended(suite.runtime, "casey", everybodys=False)
    suite.deliver()
    suite.wait(sessions.TOKEN_LASTS - timedelta(minutes=1))
    Browser(suite).sign_in("head").post("/sign-out", "/pep/")
    suite.deliver()
    assert api(suite, token) == [401, 401, 401]


def test_a_person_who_is_gone_loses_their_tokens_for_good(suite: Suite) -> None:
    token = signed_in.token_for(suite.runtime, "casey")
    with writing_work(suite.runtime, PEP, suite.head) as work:
        mark_as_gone(work, "casey", 0)
    with writing_work(suite.runtime, PEP, suite.head) as work:
        mark_as_back(work, "casey", 1)
    suite.deliver()
    assert api(suite, token) == [401, 401, 401]


def test_an_operator_sees_who_is_signed_in_and_ends_one_persons_or_everybodys(suite: Suite) -> None:
    casey, head = Browser(suite).sign_in("casey"), Browser(suite, PHONE).sign_in("head")
    token = signed_in.token_for(suite.runtime, "head")
    told = signed_in.listed(suite.runtime, "")
    assert len(told.splitlines()) == 3
    assert "Safari on an iPhone" in told
    assert "iPhone" not in signed_in.listed(suite.runtime, "casey")
    assert signed_in.ended(suite.runtime, "casey", everybodys=False) == "Ended: 1 session and 0 tokens."
    suite.deliver()
    assert (casey.is_in(), head.is_in()) == ([False] * 3, [True] * 3)
    assert signed_in.ended(suite.runtime, "", everybodys=True) == "Ended: 1 session and 1 token."
    suite.deliver()
    assert head.is_in() == [False, False, False]
    assert api(suite, token) == [401, 401, 401]
    assert signed_in.listed(suite.runtime, "") == "Nobody is signed in, and nobody has a token."


def test_a_new_secret_signs_nobody_out_while_the_former_one_still_counts(suite: Suite) -> None:
    casey, token = Browser(suite).sign_in("casey"), signed_in.token_for(suite.runtime, "casey")
    former = suite.runtime.settings.secret
    suite.runtime.settings = replace(suite.runtime.settings, secret="new" * 12, former_secrets=(former,))
    suite.again()
    assert casey.is_in() == [True, True, True]
    assert api(suite, token) == [200, 200, 200]
    suite.wait(timedelta(minutes=2))
    assert casey.is_in() == [True, True, True]  # and its cookie is signed anew
    suite.runtime.settings = replace(suite.runtime.settings, former_secrets=())
    suite.again()
    assert casey.is_in() == [True, True, True]
    assert api(suite, token) == [401, 401, 401]


def test_what_can_no_longer_be_shown_is_forgotten(suite: Suite) -> None:
    for _ in range(2):
        Browser(suite).sign_in("casey").post("/sign-out", "/pep/")
        suite.deliver()
        suite.wait(sessions.REMEMBERED + timedelta(minutes=1))
    assert len(everybody(suite.runtime)) == 2
    with suite.runtime.database("scheduling").reading() as connection:
        assert len(sessions.of_person(connection, "casey")) == 1
    suite.wait(sessions.REMEMBERED)
    Browser(suite).sign_in("casey")
    with suite.runtime.database("pep").reading() as connection:
        assert len(sessions.of_person(connection, "casey")) == 1
