"""The web's own defences: forged posts, framing, keeping, double posts at the same moment."""

import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.platform.app_factory import create_app
from shared.platform.runtime import Runtime
from shared.platform.settings import Mode
from shared.platform.web.once import Memory
from shared.testing.style_app import SPEC, make_style_app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_style_app(tmp_path)[0]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.get("/enter")
    return client


@pytest.mark.parametrize("path", ["/style", "/nowhere", "/api/targets/1", "/api/nowhere", "/api/", "/refuse/x"])
def test_every_answer_carries_the_guarding_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_a_nonce_is_used_once(client: FlaskClient) -> None:
    answers = [client.get("/style") for _ in range(2)]
    nonces = []
    for answer in answers:
        found = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        assert found is not None
        assert answer.text.count(f'nonce="{found[1]}"') == 2
        nonces.append(found[1])
    assert nonces[0] != nonces[1]


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_elsewhere(app: Flask) -> None:
    cookie = app.test_client().get("/enter").headers["Set-Cookie"]
    assert cookie.startswith("pep_suite=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_in_production_the_cookie_is_bound_to_the_host_and_to_https(tmp_path: Path) -> None:
    _, runtime = make_style_app(tmp_path)
    strict = Runtime(replace(runtime.settings, mode=Mode.PRODUCTION), runtime.clock)
    answer = create_app(SPEC, strict).test_client().get("/enter", base_url="https://pep.example")
    assert answer.headers["Set-Cookie"].startswith("__Host-pep_suite=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_form_without_its_token_changes_nothing(client: FlaskClient, app: Flask) -> None:
    assert client.post("/style", data={"title": "x"}).status_code == 400
    assert client.post("/style", data={"title": "x", "csrf_token": "made up"}).status_code == 400
    assert "saved" not in app.extensions


def test_a_token_of_another_session_is_refused(client: FlaskClient, app: Flask) -> None:
    other = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]*)"', other.get("/style").text)
    assert token is not None
    assert client.post("/style", data={"title": "x", "csrf_token": token[1]}).status_code == 400


def test_of_two_pages_opened_at_once_after_signing_in_both_forms_can_be_sent(client: FlaskClient, app: Flask) -> None:
    other_tab = app.test_client()
    with client.session_transaction() as held, other_tab.session_transaction() as same:
        same.update(held)
    token = re.search(r'name="csrf_token" value="([^"]*)"', other_tab.get("/style").text)
    client.get("/style")
    assert token is not None
    assert client.post("/style", data={"title": "x", "csrf_token": token[1]}).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Origin": "http://localhost"}, 422),
    ],
)
def test_an_api_call_with_the_cookie_must_come_from_our_own_pages(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    assert client.post("/api/targets/", json={}, headers=headers).status_code == status


def test_two_clicks_at_the_same_moment_have_one_effect() -> None:
    memory = Memory()
    assert memory.begin("key") is None
    answers: list[str | None] = []
    second = threading.Thread(target=lambda: answers.append(memory.begin("key")))
    second.start()
    memory.finish("key", "/done/1")
    second.join(5)
    assert answers == ["/done/1"]


def test_a_click_that_waited_for_a_refused_form_may_go_ahead() -> None:
    memory = Memory()
    assert memory.begin("key") is None
    answers: list[str | None] = []
    second = threading.Thread(target=lambda: answers.append(memory.begin("key")))
    second.start()
    memory.finish("key", None)
    second.join(5)
    assert answers == [None]
