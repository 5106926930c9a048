"""How often one may sign in, open links, search and take lists away; who is known makes no difference."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.settings import SERVICES
from shared.platform.web import limits
from shared.platform.web.front import create_front
from shared.platform.web.limits import LIMITS, Counter, Limit, Use, address
from shared.testing.pages import check_page
from shared.testing.runtimes import make_runtime
from shared.testing.style_app import SPEC, make_style_app

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of everything in a minute."""
    for use in Use:
        monkeypatch.setitem(LIMITS, use, Limit(3, timedelta(minutes=1)))


def test_so_many_at_once_and_then_one_at_an_even_pace(few: None) -> None:
    counter = Counter()
    assert [counter.seconds_to_wait(Use.LINK, "a", NOW) for _ in range(5)] == [0, 0, 0, 20, 20]
    assert counter.seconds_to_wait(Use.LINK, "a", NOW + timedelta(seconds=12)) == 8
    assert counter.seconds_to_wait(Use.LINK, "a", NOW + timedelta(seconds=20)) == 0
    assert counter.seconds_to_wait(Use.LINK, "a", NOW + timedelta(seconds=20)) == 20
    later = NOW + timedelta(minutes=5)
    assert [counter.seconds_to_wait(Use.LINK, "a", later) for _ in range(4)] == [0, 0, 0, 20]


def test_each_visitor_and_each_use_is_counted_by_itself(few: None) -> None:
    counter = Counter()
    for _ in range(4):
        counter.seconds_to_wait(Use.LINK, "a", NOW)
    assert counter.seconds_to_wait(Use.LINK, "b", NOW) == 0
    assert counter.seconds_to_wait(Use.SIGN_IN, "a", NOW) == 0


def test_what_is_counted_takes_no_more_than_its_room(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT", 2)
    counter = Counter()
    for who in ("a", "a", "a", "b", "c"):
        counter.seconds_to_wait(Use.LINK, who, NOW)
    assert counter.seconds_to_wait(Use.LINK, "a", NOW) == 0


@pytest.mark.parametrize(
    ("seen", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("a socket", ""),
    ],
)
def test_a_visitor_is_counted_by_the_network_that_is_theirs(seen: str, counted: str) -> None:
    with Flask("probe").test_request_context(environ_overrides={"REMOTE_ADDR": seen}):
        assert address() == counted


def door(home: Path) -> tuple[FlaskClient, FixedClock]:
    _, runtime = make_style_app(home)
    with runtime.database("pep").reading() as connection:
        people = roster.people(connection)
    assert isinstance(runtime.clock, FixedClock)
    return create_front(runtime, SPEC, lambda: people).test_client(), runtime.clock


@pytest.mark.parametrize("person", ["ada", "nobody"])
def test_signing_in_too_often_is_refused_alike_for_somebody_known_and_nobody(
    tmp_path: Path, few: None, person: str
) -> None:
    browser, clock = door(tmp_path)

    def try_it() -> tuple[int, str, str]:
        token = re.search(r'name="csrf_token" value="([^"]*)"', browser.get("/sign-in").text)
        assert token is not None
        answer = browser.post("/sign-in", data={"person": person, "csrf_token": token[1]})
        text = check_page(answer) if answer.status_code == 429 else ""
        return answer.status_code, answer.headers.get("Retry-After", ""), text

    answers = [try_it() for _ in range(4)]
    assert [status for status, *_ in answers] == [303, 303, 303, 429]
    assert answers[3][1] == "20"
    assert "Wait 20 seconds and try again." in answers[3][2]
    clock.set(clock.now() + timedelta(seconds=20))
    assert try_it()[0] == 303


def test_searching_is_limited_for_each_person_by_page_and_by_api(tmp_path: Path, few: None) -> None:
    app, runtime = make_style_app(tmp_path)
    client = app.test_client()
    client.get("/enter")
    assert [client.get("/mine?search=x").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/mine").status_code == 200
    token = issue_token(runtime.settings.secret, "ada", runtime.clock.now())
    answer = client.get("/api/targets/1?search=x", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "20")
    assert answer.json is not None
    assert answer.json["code"] == "too_many"


def apps(home: Path) -> Iterator[Flask]:
    specs = [importlib.import_module(f"services.{name}.app").SPEC for name in SERVICES]
    runtime = make_runtime(home, [])
    for spec in specs:
        yield create_app(spec, runtime)


def test_every_public_address_with_something_to_guess_is_limited(tmp_path: Path) -> None:
    unlimited = []
    for app in apps(tmp_path):
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            public = getattr(view, "suite_access", "").startswith("public:")
            if public and rule.arguments and rule.endpoint != "assets.asset" and not hasattr(view, "suite_limit"):
                unlimited.append(f"{app.name}: {rule.rule}")
    assert unlimited == []


def test_every_list_that_is_taken_away_is_counted(tmp_path: Path, few: None) -> None:
    app, _ = make_style_app(tmp_path)
    with app.test_request_context("/anything"):
        for _ in range(3):
            limits.count_use("virtual_school.cohort.export", "ada")
        with pytest.raises(limits.TooMany):
            limits.count_use("virtual_school.cohort.export", "ada")
        limits.count_use("virtual_school.cohort.read", "ada")
