"""Builds the Flask application of one service from its specification."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader

from shared.platform.auth import identify
from shared.platform.metrics import WebMetrics
from shared.platform.problems import register_problems
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.web import api_guide, assets, record_copy, stuck_events, time_out, watch, who_looked
from shared.platform.web.answers import Json
from shared.platform.web.api import make_api
from shared.platform.web.audit import keep_audit
from shared.platform.web.once import answer_once
from shared.platform.web.pages import register_pages_support
from shared.platform.web.security import protect
from shared.platform.web.template_cache import SharedInProcess


def create_app(spec: ServiceSpec, runtime: Runtime) -> Flask:
    """Return the WSGI application of one service: its pages, its JSON API, and what every page and API shares.

    The application expects to be mounted under the service's path (`/pep`); addresses it makes follow SCRIPT_NAME.
    """
    app = bare_app(spec.name, runtime, spec.templates)
    app.extensions["suite_spec"] = spec
    app.extensions["suite_metrics"] = WebMetrics(spec, runtime)
    app.before_request(identify)
    protect(app, runtime.settings)
    answer_once(app)
    keep_audit(app)
    app.register_blueprint(assets.blueprint)
    app.register_blueprint(watch.blueprint)
    api = make_api(app, spec)
    spec.register_api(api)
    api_guide.register(app, api)
    spec.register_pages(app)
    stuck_events.register(app, spec)
    who_looked.register(app, spec)
    record_copy.register(app, spec)
    time_out.register(app, spec)
    return app


def bare_app(name: str, runtime: Runtime, templates: Path | None = None) -> Flask:
    """Return an app that can render the suite's pages and answer errors, with no routes and no defences yet."""
    app = _App(name, static_folder=None, template_folder=None)
    app.secret_key = runtime.settings.secret
    app.config["SECRET_KEY_FALLBACKS"] = list(runtime.settings.former_secrets)
    app.json = Json(app)
    app.extensions["suite_runtime"] = runtime
    watch.follow_requests(app)
    folders = [FileSystemLoader(templates)] if templates else []
    app.jinja_loader = ChoiceLoader(
        [
            *folders,
            PackageLoader("shared.platform.web"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    app.jinja_env.bytecode_cache = SharedInProcess()
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    register_problems(app)
    register_pages_support(app)
    return app


class _Cookie(SecureCookieSessionInterface):
    """Flask's signed cookie, by SHA-256; what signs it is made once for an application, not for each request."""

    digest_method = staticmethod(hashlib.sha256)

    def __init__(self) -> None:
        self._signs: tuple[object, URLSafeTimedSerializer | None] = (None, None)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs with the application's secrets as they are now."""
        secrets = (app.secret_key, app.config["SECRET_KEY_FALLBACKS"])
        known, made = self._signs
        if made is None or known != secrets:
            made = super().get_signing_serializer(app)
            self._signs = (secrets, made)
        return made


class _App(Flask):
    """Flask without the question, sixteen times a request, whether a function is a coroutine: none is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.session_interface = _Cookie()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function."""
        return func
