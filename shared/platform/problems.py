"""Errors as people and programs see them: a page, or problem+json (RFC 9457)."""

from __future__ import annotations

from flask import Flask, Response, g, jsonify, make_response, request

from shared.kernel.errors import DomainError
from shared.platform.web.pages import render_page


def register_problems(app: Flask) -> None:
    """Turn every refusal into an answer."""
    app.register_error_handler(DomainError, _refuse)


def _refuse(error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for this type only
    if "/api/" in request.path:
        return problem(error.status, error.code, error.message, **dict(error.facts))
    page = render_page("errors/refusal.html", title="You cannot do that", error=error)
    return make_response(page, error.status)


def problem(status: int, code: str, detail: str, **facts: object) -> Response:
    """Return a problem+json answer."""
    body = {
        "type": f"urn:pep-suite:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
    }
    answer = jsonify({**facts, **body, "correlation_id": g.get("correlation_id", "")})
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    return answer
