"""Builds the Flask application of one service from its specification."""

from __future__ import annotations

from flask import Flask, g, request
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined

from shared.kernel.ids import new_id
from shared.platform.auth import identify
from shared.platform.problems import register_problems
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.web.api import make_api
from shared.platform.web.pages import register_pages_support
from shared.platform.web.security import protect
from shared.platform.work import new_traceparent


def create_app(spec: ServiceSpec, runtime: Runtime) -> Flask:
    """Return the WSGI application of one service: its pages, its JSON API, and what every page and API shares.

    The application expects to be mounted under the service's path (`/pep`); addresses it makes follow SCRIPT_NAME.
    """
    app = Flask(spec.name, static_folder=None, template_folder=None)
    app.secret_key = runtime.settings.secret
    app.extensions["suite_runtime"] = runtime
    app.extensions["suite_spec"] = spec
    app.jinja_options = {"undefined": StrictUndefined}
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(spec.templates),
            PackageLoader("shared.platform.web"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    app.before_request(_start_trace)
    app.before_request(identify)
    protect(app)
    register_problems(app)
    register_pages_support(app)
    spec.register_api(make_api(app, spec))
    spec.register_pages(app)
    return app


def _start_trace() -> None:
    """Follow one click through the services: take the caller's trace, or start one."""
    g.correlation_id = request.headers.get("X-Correlation-Id", "")[:64] or new_id()
    g.traceparent = request.headers.get("traceparent", "")[:64] or new_traceparent()
