"""Units of work for views: the signed-in actor, this service, this request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, g, request

from shared.platform.access import Actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.trail import Trail
from shared.platform.web.security import is_api_request
from shared.platform.work import Work, reading_work, writing_work

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def current_runtime() -> Runtime:
    """Return what this process runs on."""
    runtime: Runtime = current_app.extensions["suite_runtime"]
    return runtime


def current_spec() -> ServiceSpec:
    """Return the service that answers this request."""
    spec: ServiceSpec = current_app.extensions["suite_spec"]
    return spec


def current_actor() -> Actor | None:
    """Return who is signed in, if anybody is."""
    actor: Actor | None = g.get("actor")
    return actor


@contextmanager
def reading(actor: Actor | None = None) -> Iterator[Work]:
    """Open a unit of work that only reads, as the signed-in actor unless another is given."""
    with reading_work(current_runtime(), current_spec(), actor or signed_in(), **_trace()) as work:
        yield work


@contextmanager
def writing(actor: Actor | None = None) -> Iterator[Work]:
    """Open a unit of work that may write; it is committed when the block ends. GET and HEAD change nothing."""
    if request.method in READING_METHODS:
        raise RuntimeError(f"{request.method} {request.path} wants to write; only a form or an API call may.")
    with writing_work(current_runtime(), current_spec(), actor or signed_in(), **_trace()) as work:
        yield work


def signed_in() -> Actor:
    """Return who is signed in; for routes that nobody else gets into."""
    actor = current_actor()
    if actor is None:
        raise RuntimeError("Nobody is signed in; a public view names its actor.")
    return actor


def current_trail() -> Trail:
    """Return the trail of this request, which all its units of work share."""
    if "trail" not in g:
        g.trail = Trail(way="api" if is_api_request() else "page")
    trail: Trail = g.trail
    return trail


def _trace() -> dict[str, Any]:
    return {
        "correlation_id": g.get("correlation_id", ""),
        "traceparent": g.get("traceparent", ""),
        "trail": current_trail(),
    }
