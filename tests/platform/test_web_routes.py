"""Promises over every route of every service: who may use it is stated, and reading changes nothing."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from shared.contracts.permissions import PERMISSIONS
from shared.platform.app_factory import create_app
from shared.platform.settings import SERVICES
from shared.platform.web.front import create_front
from shared.platform.web.unit import writing
from shared.testing.runtimes import make_runtime
from shared.testing.style_app import SPEC as STYLE
from shared.testing.style_app import make_style_app


def all_apps(home: Path) -> Iterator[tuple[str, Flask]]:
    specs = [importlib.import_module(f"services.{name}.app").SPEC for name in SERVICES]
    runtime = make_runtime(home, specs)
    for spec in specs:
        yield spec.name, create_app(spec, runtime)
    yield "front", create_front(runtime, STYLE, list)
    yield "style", create_app(STYLE, make_runtime(home, []))


def statements(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Give each route with its methods and what it says of who may use it."""
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for method in methods:
            holder = getattr(getattr(view, "view_class", None), method.lower(), view)
            yield rule.rule, method, getattr(holder, "suite_access", "")


def test_every_route_states_who_may_use_it(tmp_path: Path) -> None:
    silent, unknown, count = [], [], 0
    for name, app in all_apps(tmp_path):
        for rule, method, says in statements(app):
            count += 1
            if not says:
                silent.append(f"{name}: {method} {rule}")
            elif not says.startswith("public: ") and says not in PERMISSIONS:
                unknown.append(f"{name}: {method} {rule} says {says}")
    assert count > 100
    assert silent == []
    assert unknown == []


def test_what_is_public_is_little_and_says_why(tmp_path: Path) -> None:
    for name, app in all_apps(tmp_path):
        for rule, method, says in statements(app):
            if says.startswith("public: "):
                assert len(says) > len("public: ") + 5, f"{name}: {method} {rule} does not say why it is public"


def test_nobody_signed_in_gets_nothing_but_what_is_public(tmp_path: Path) -> None:
    let_in = []
    for name, app in all_apps(tmp_path):
        client = app.test_client()
        for rule in app.url_map.iter_rules():
            says = {method: told for path, method, told in statements(app) if path == rule.rule}
            if "GET" not in (rule.methods or set()) or says["GET"].startswith("public: "):
                continue
            values = dict.fromkeys(rule.arguments, "1")
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **values)
            answer = client.get(path)
            refused = answer.status_code in (401, 404) or (answer.location or "").startswith("/sign-in")
            if not refused:
                let_in.append(f"{name}: {path} answers {answer.status_code}")
            answer.close()
    assert let_in == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_cannot_open_a_transaction_that_writes(tmp_path: Path, method: str) -> None:
    app, _ = make_style_app(tmp_path)
    with (
        app.test_request_context("/anything", method=method),
        pytest.raises(RuntimeError, match="wants to write"),
        writing(),
    ):
        pass
