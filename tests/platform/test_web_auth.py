"""Signing in and out, sessions that end, bearer tokens."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.auth import issue_token
from shared.platform.roster import Person
from shared.platform.runtime import Runtime
from shared.platform.sessions import ABSOLUTE, IDLE
from shared.platform.settings import Mode
from shared.platform.web.front import create_front
from shared.platform.web.links import safe_path
from shared.testing.pages import check_page
from shared.testing.runtimes import add_person
from shared.testing.sessions import enter
from shared.testing.style_app import SPEC, make_style_app


class Suite:
    """The front door and one service, which share a secret, as browsers see them."""

    def __init__(self, home: Path) -> None:
        self.app, self.runtime = make_style_app(home)
        add_person(self.runtime, SPEC, "dot", Role.DESIGNATED_TEACHER, name="Dot Marlow")
        self.front = create_front(self.runtime, SPEC, self.people)

    def people(self) -> Sequence[Person]:
        with self.runtime.database("pep").reading() as connection:
            return roster.people(connection, active_only=False)

    def wait(self, time: timedelta) -> None:
        clock = self.runtime.clock
        assert isinstance(clock, FixedClock)
        clock.set(clock.now() + time)

    def sign_in(self, person: str, **more: str) -> tuple[FlaskClient, str]:
        """Pick a name at the front door; return a client of the service with the cookie, and where it led."""
        door = self.front.test_client()
        token = re.search(r'name="csrf_token" value="([^"]*)"', door.get("/sign-in").text)
        assert token is not None
        answer = door.post("/sign-in", data={"person": person, "csrf_token": token[1], **more})
        assert answer.status_code == 303
        client = self.app.test_client()
        cookie = door.get_cookie("pep_suite")
        assert cookie is not None
        client.set_cookie("pep_suite", cookie.value)
        return client, answer.location


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


def test_the_sign_in_page_lists_the_people_by_role(suite: Suite) -> None:
    text = check_page(suite.front.test_client().get("/sign-in"))
    assert text.index("Social worker") < text.index("Ada Fenwick") < text.index("Dot Marlow")


def test_the_front_page_leads_to_signing_in_and_later_to_ones_work(suite: Suite) -> None:
    door = suite.front.test_client()
    assert 'href="/sign-in"' in door.get("/").text
    check_page(door.get("/"))
    client, led_to = suite.sign_in("ada")
    assert led_to == "/pep/"
    cookie = client.get_cookie("pep_suite")
    assert cookie is not None
    door.set_cookie("pep_suite", cookie.value)
    assert door.get("/").location == "/pep/"


def test_a_name_picked_at_the_front_door_is_known_in_the_service(suite: Suite) -> None:
    client, _ = suite.sign_in("ada")
    assert "Ada Fenwick" in client.get("/mine").text
    assert client.get("/mine").status_code == 200


def test_signing_in_leads_back_to_the_page_wanted_but_never_elsewhere(suite: Suite) -> None:
    assert suite.app.test_client().get("/mine?a=1&b=2").location == "/sign-in?next=/mine%3Fa%3D1%26b%3D2"
    mounted = suite.app.test_client().get("/mine", base_url="http://localhost/pep")
    assert mounted.location == "/sign-in?next=/pep/mine"
    assert suite.sign_in("ada", next="/pep/mine?a=1")[1] == "/pep/mine?a=1"
    assert suite.sign_in("ada", next="https://evil.example/")[1] == "/pep/"


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "javascript:x", "", None, "/\t/e.example"],
)
def test_a_path_that_leads_elsewhere_is_not_followed(wanted: str | None) -> None:
    assert safe_path(wanted) == ""


def test_somebody_unknown_or_inactive_cannot_be_picked(suite: Suite) -> None:
    with suite.runtime.database("pep").writing() as connection:
        ada = roster.person(connection, "ada")
        assert ada is not None
        roster.record_person(connection, replace(ada, active=False))
    for person in ("ada", "nobody", ""):
        client, led_to = suite.sign_in(person)
        assert led_to == "/sign-in"
        assert client.get("/mine").status_code == 303


def test_somebody_made_inactive_is_out_at_once(suite: Suite) -> None:
    client, _ = suite.sign_in("ada")
    with suite.runtime.database("pep").writing() as connection:
        ada = roster.person(connection, "ada")
        assert ada is not None
        roster.record_person(connection, replace(ada, active=False))
    assert client.get("/mine").status_code == 303


def test_somebody_of_whom_the_service_has_not_heard_yet_is_told_to_wait(suite: Suite) -> None:
    client = enter(suite.app.test_client(), suite.runtime, SPEC, "just recorded in another service")
    answer = client.get("/mine")
    assert answer.status_code == 503
    assert "has not heard of you yet" in check_page(answer)


@pytest.mark.parametrize(
    ("address", "headers", "host"),
    [
        ("192.0.2.7", {}, "localhost"),
        ("127.0.0.1", {}, "pep.example"),
        ("127.0.0.1", {}, "127.0.0.1.evil.example"),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, "localhost"),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, "localhost"),
        ("", {}, "localhost"),
    ],
)
def test_picking_a_name_does_not_exist_for_anybody_but_the_machine_itself(
    suite: Suite, address: str, headers: dict[str, str], host: str
) -> None:
    door = suite.front.test_client()
    where = {"environ_overrides": {"REMOTE_ADDR": address}, "headers": headers, "base_url": f"http://{host}"}
    answer = door.get("/sign-in", **where)  # type: ignore[arg-type]
    assert answer.status_code == 404
    assert "Ada" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8600", "127.0.0.1:8600", "[::1]:8600"])
def test_picking_a_name_is_offered_on_every_name_of_the_machine_itself(suite: Suite, host: str) -> None:
    assert suite.front.test_client().get("/sign-in", base_url=f"http://{host}").status_code == 200


@pytest.mark.parametrize(
    ("mode", "host", "status"),
    [
        (Mode.LOCAL, "127.0.0.1:8600", 200),
        (Mode.LOCAL, "pep.example", 404),
        (Mode.PRODUCTION, "127.0.0.1:8600", 404),
    ],
)
def test_behind_a_proxy_picking_a_name_takes_a_setting_and_the_machines_own_address(
    suite: Suite, mode: Mode, host: str, status: int
) -> None:
    behind = Runtime(replace(suite.runtime.settings, mode=mode, name_sign_in=True), suite.runtime.clock)
    door = create_front(behind, SPEC, suite.people).test_client()
    where = {"environ_overrides": {"REMOTE_ADDR": "172.18.0.5"}, "headers": {"X-Forwarded-For": "172.18.0.1"}}
    assert door.get("/sign-in", base_url=f"http://{host}", **where).status_code == status  # type: ignore[arg-type]


def test_picking_a_name_does_not_exist_in_production(suite: Suite) -> None:
    strict = Runtime(replace(suite.runtime.settings, mode=Mode.PRODUCTION), suite.runtime.clock)
    door = create_front(strict, SPEC, suite.people).test_client()
    assert door.get("/sign-in").status_code == 404
    assert "sign-in" not in check_page(door.get("/"))


def test_signing_in_starts_the_session_afresh(suite: Suite) -> None:
    door = suite.front.test_client()
    with door.session_transaction() as planted:
        planted["planted"] = "before"
    token = re.search(r'name="csrf_token" value="([^"]*)"', door.get("/sign-in").text)
    assert token is not None
    with door.session_transaction() as planted:
        secret = planted["csrf_token"]
    door.post("/sign-in", data={"person": "ada", "csrf_token": token[1]})
    with door.session_transaction() as now:
        assert set(now) == {"id", "person", "signed_in_at", "seen_at", "csrf_token"}
        assert now["csrf_token"] != secret


def test_a_session_left_idle_ends(suite: Suite) -> None:
    client, _ = suite.sign_in("ada")
    suite.wait(IDLE - timedelta(seconds=1))
    assert client.get("/mine").status_code == 200
    suite.wait(IDLE - timedelta(seconds=1))
    assert client.get("/mine").status_code == 200
    suite.wait(IDLE + timedelta(seconds=1))
    assert client.get("/mine").location.startswith("/sign-in")


def test_a_session_ends_after_half_a_day_however_busy(suite: Suite) -> None:
    client, _ = suite.sign_in("ada")
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        suite.wait(timedelta(minutes=20))
        assert client.get("/mine").status_code == 200
    suite.wait(timedelta(minutes=20))
    assert client.get("/mine").status_code == 303


def test_signing_out_ends_the_session_and_has_the_browser_forget(suite: Suite) -> None:
    client, _ = suite.sign_in("ada")
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/mine").text)
    assert token is not None
    cookie = client.get_cookie("pep_suite")
    assert cookie is not None
    door = suite.front.test_client()
    door.set_cookie("pep_suite", cookie.value)
    answer = door.post("/sign-out", data={"csrf_token": token[1]})
    assert answer.status_code == 303
    assert door.get("/").status_code == 200
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/mine").status_code == 303


def test_a_cookie_signed_with_another_secret_is_nobody(suite: Suite, tmp_path: Path) -> None:
    other: Flask = make_style_app(_made(tmp_path / "other"))[0]
    other.secret_key = "another secret"
    stranger = other.test_client()
    stranger.get("/enter")
    cookie = stranger.get_cookie("pep_suite")
    assert cookie is not None
    client = suite.app.test_client()
    client.set_cookie("pep_suite", cookie.value)
    assert client.get("/mine").status_code == 303


def test_a_token_stands_for_its_person_for_thirty_days(suite: Suite) -> None:
    secret, now = suite.runtime.settings.secret, suite.runtime.clock.now()
    headers = {"Authorization": f"Bearer {issue_token(secret, 'ada', now)}"}
    client = suite.app.test_client()
    assert client.get("/api/targets/1", headers=headers).status_code == 200
    suite.wait(timedelta(days=30))
    assert client.get("/api/targets/1", headers=headers).status_code == 200
    suite.wait(timedelta(seconds=1))
    late = client.get("/api/targets/1", headers=headers)
    assert (late.status_code, late.json["code"]) == (401, "token_expired")  # type: ignore[index]


@pytest.mark.parametrize("token", ["", "nonsense", "a.b", "eyJwZXJzb24iOiJhZGEifQ.x", "\u00e9"])
def test_a_token_that_is_not_one_is_a_clear_401(suite: Suite, token: str) -> None:
    answer = suite.app.test_client().get("/api/targets/1", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["code"] == "token_unknown"
    assert "./run token" in answer.json["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_cookie_is_no_token_and_a_token_no_cookie(suite: Suite) -> None:
    browser, _ = suite.sign_in("ada")
    cookie = browser.get_cookie("pep_suite")
    assert cookie is not None
    answer = suite.app.test_client().get("/api/targets/1", headers={"Authorization": f"Bearer {cookie.value}"})
    assert answer.status_code == 401
    client = suite.app.test_client()
    client.set_cookie("pep_suite", issue_token(suite.runtime.settings.secret, "ada", suite.runtime.clock.now()))
    assert client.get("/mine").status_code == 303


def test_a_token_of_another_secret_or_for_nobody_is_refused(suite: Suite) -> None:
    now = suite.runtime.clock.now()
    for token in (issue_token("another", "ada", now), issue_token(suite.runtime.settings.secret, "nobody", now)):
        answer = suite.app.test_client().get("/api/targets/1", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_a_call_without_a_token_says_to_send_one(suite: Suite) -> None:
    answer = suite.app.test_client().get("/api/targets/1")
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["code"] == "not_signed_in"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
