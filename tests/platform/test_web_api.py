"""How every API answers: problem+json, its own description, and that description as a page."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.platform.auth import issue_token
from shared.testing.pages import check_page
from shared.testing.style_app import make_style_app

GOOD = {
    "title": "Read daily",
    "subject": "English",
    "who": "tutor",
    "agreed": True,
    "by": "2026-12-07",
    "cost": 25000,
    "sessions": 6,
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app, runtime = make_style_app(tmp_path)
    app.extensions["token"] = issue_token(runtime.settings.secret, "ada", runtime.clock.now())
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {app.extensions['token']}"
    return client


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert body["status"] == status
    assert body["type"].startswith("urn:pep-suite:problem:")
    assert body["detail"]
    assert body["correlation_id"]
    return body


def test_a_token_is_enough_to_change_things_without_a_form(client: FlaskClient) -> None:
    answer = client.post("/api/targets/", json=GOOD)
    assert answer.status_code == 201
    assert answer.json == {**GOOD, "needs": [], "strengths": "", "at": None}


def test_wrong_fields_are_named_in_the_problem(client: FlaskClient) -> None:
    body = problem(client.post("/api/targets/", json={**GOOD, "cost": "250", "extra": 1}), 422)
    assert set(body["errors"]["json"]) == {"cost", "extra"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nowhere", 404), ("DELETE", "/api/targets/1", 405), ("GET", "/api/targets/x", 404)],
)
def test_every_error_is_problem_json(client: FlaskClient, method: str, path: str, status: int) -> None:
    problem(client.open(path, method=method), status)


def test_405_says_what_is_allowed(client: FlaskClient) -> None:
    assert client.delete("/api/targets/1").headers["Allow"] == "GET, HEAD, OPTIONS, PATCH"


def test_a_body_that_is_not_json_is_refused_in_words(client: FlaskClient) -> None:
    problem(client.post("/api/targets/", data="{", content_type="application/json"), 400)


def test_a_refusal_carries_its_code_and_facts(client: FlaskClient) -> None:
    body = problem(client.get("/api/targets/refuse"), 409)
    assert (body["code"], body["slot"]) == ("slot_taken", 7)


def test_a_change_needs_the_etag_of_what_was_read(client: FlaskClient) -> None:
    read = client.get("/api/targets/1")
    assert client.patch("/api/targets/1", json={"sessions": 3}, headers={"If-Match": read.headers["ETag"]}).json == {
        **(read.json or {}),
        "sessions": 3,
    }
    problem(client.patch("/api/targets/1", json={"sessions": 3}), 428)
    for stale in ('"another"', '""', "nonsense"):
        problem(client.patch("/api/targets/1", json={"sessions": 3}, headers={"If-Match": stale}), 412)


def test_what_was_read_before_need_not_be_sent_again(client: FlaskClient) -> None:
    tag = client.get("/api/targets/1").headers["ETag"]
    answer = client.get("/api/targets/1", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_number_in_an_address_is_digits_only(client: FlaskClient) -> None:
    assert client.get("/api/targets/?page=3").json == [{"title": "Page 3", "sessions": 3}]
    for wrong in ("0", "x", "1_0", "３", "2.0"):
        assert "page" in problem(client.get(f"/api/targets/?page={wrong}"), 422)["errors"]["query"]


def test_the_description_is_openapi_3_1_and_says_how_to_get_in(client: FlaskClient) -> None:
    document: Any = client.get("/api/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert document["security"] == [{"bearer": []}]
    assert document["servers"] == [{"url": "/pep"}]
    answers = document["paths"]["/api/targets/"]["post"]["responses"]
    assert list(answers) == ["201", "400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "503"]
    assert answers["409"] == {"$ref": "#/components/responses/CONFLICT"}
    assert list(document["components"]["responses"]["CONFLICT"]["content"]) == ["application/problem+json"]


def test_the_description_needs_no_sign_in(app: Flask) -> None:
    assert app.test_client().get("/api/openapi.json").status_code == 200


def test_the_guide_shows_every_operation_with_its_fields(client: FlaskClient) -> None:
    text = check_page(client.get("/api/"))
    for words in ("Style API", "GET /api/targets/{number}", "POST /api/targets/", "Cost is in pence.", "sessions"):
        assert words in text
    assert "one of English, Mathematics, Science" in text
    assert 'href="/api/openapi.json"' in client.get("/api/").text
