"""Errors as people and programs see them: a page that says what to do, or problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, redirect, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import DomainError, NoSuchRecord, Stale
from shared.platform.web.links import service_url
from shared.platform.web.pages import render_page
from shared.platform.web.security import is_api_request

# What happened, and what to do about it.
WORDS: Mapping[int, tuple[str, str]] = {
    400: ("That request cannot be read", "Go back, check what you entered and try again."),
    401: ("Sign in first", "You are not signed in, or you have been away for a while. Sign in and try again."),
    403: ("You cannot open this", "Your role does not allow it. Ask the child’s social worker if you think it should."),
    404: ("Page not found", "Check the address. If you followed a link, you may no longer be on the child’s team."),
    405: ("That cannot be done here", "Go back and use the buttons on the page."),
    409: ("This has changed", "Go back, load the page again and look at how things stand now."),
    412: ("Someone else changed this", "Go back, load the page again, and add what you wrote to the newer text."),
    413: ("That is too big", "Send a smaller file: at most 16 MB."),
    415: ("That kind of content is not taken here", "Send JSON with the header Content-Type: application/json."),
    422: ("That cannot be done yet", "Check what you entered and try again."),
    428: ("Say which version you read", "Send the ETag of what you read in the header If-Match."),
    429: ("Too many requests", "Wait a minute and try again."),
    500: ("Something went wrong with the service", "What you saved earlier is safe. Try again in a minute."),
    503: ("The service is not available just now", "Try again in a few minutes. What you saved earlier is safe."),
}  # fmt: skip


def register_problems(app: Flask) -> None:
    """Turn every refusal and every failure into an answer."""
    app.register_error_handler(DomainError, _refuse)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(HTTPException, _http_error)


def problem(status: int, code: str, detail: str, **facts: object) -> Response:
    """Return a problem+json answer; `code` is stable, `detail` says what to do."""
    body = {
        "type": f"urn:pep-suite:problem:{code}",
        "title": WORDS[status][0] if status in WORDS else code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
    }
    answer = jsonify({**facts, **body, "correlation_id": g.get("correlation_id", "")})
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="pep-suite"'
    return answer


def error_page(status: int, title: str, message: str, **context: object) -> Response:
    """Return an error as a page."""
    return render_page(
        "errors/error.html", title=title, status=status, heading=title, message=message, typed=context.pop("typed", ()),
        reference=g.get("correlation_id", "") if status >= 500 else "", **context,
    )  # fmt: skip


def not_on_record() -> Response:
    """Return the answer for a request that could not be put on record, and so is not answered."""
    title, advice = WORDS[503]
    return problem(503, "not_on_record", advice) if is_api_request() else error_page(503, title, advice)


def _refuse(error: Exception) -> Any:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for this type only
    g.refused = error.code
    if error.status == 401 and not is_api_request():
        return redirect("/sign-in", 303)
    if is_api_request():
        answer = problem(error.status, error.code, error.message, **_plain(error.facts))
    else:
        title = WORDS.get(error.status, WORDS[422])[0]
        typed = _typed_so_far() if isinstance(error, Stale) else []
        answer = error_page(error.status, title, error.message, typed=typed, emergency_url=_emergency_url(error))
    if "retry_after" in error.facts:
        answer.headers["Retry-After"] = str(error.facts["retry_after"])
    return answer


def _emergency_url(error: DomainError) -> str:
    """Return where staff may open a record in an emergency, when they are told that there is none for them."""
    actor = g.get("actor")
    asked = isinstance(error, NoSuchRecord) and actor and actor.kinds & PERMISSIONS["pep.emergency.open"].authority
    return service_url("pep", "/emergency") if asked else ""


def _plain(facts: Mapping[str, object]) -> dict[str, object]:
    """Return an error's facts as JSON can carry them."""
    return {key: value if isinstance(value, (str, int, float, bool, list, dict)) else str(value)
            for key, value in facts.items() if value is not None}  # fmt: skip


def _form_too_old(error: CSRFError) -> Any:
    g.refused = "form_token"
    if is_api_request():
        return problem(400, "form_token", str(error.description))
    return error_page(
        400,
        "This form has been open for too long",
        "You were signed out, or signed in again in another window, after it was opened. Nothing was saved. "
        "Copy what you wrote below, load the page again and send it once more.",
        typed=_typed_so_far(),
    )


def _typed_so_far() -> list[dict[str, str]]:
    """Return what the refused form held, so that nothing typed is lost."""
    return typed_words(request.form.items())


def typed_words(fields: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return what a form held as people read it, without what belongs to the page."""
    of_the_page = {"csrf_token", "form_key", "version"}
    return [{"label": name.replace("_", " ").replace("-", " ").capitalize(), "text": text}
            for name, text in fields if name not in of_the_page and text.strip()]  # fmt: skip


def _http_error(error: Exception) -> Any:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    status = error.code or 500
    if status < 400:
        return error.get_response()
    title, advice = WORDS.get(status, (error.name, error.description or ""))
    if is_api_request():
        data: dict[str, Any] = getattr(error, "data", None) or {}
        errors = data.get("errors") or data.get("messages")
        facts = {"errors": errors} if errors else {}
        detail = data.get("message") or (advice if status in WORDS else error.description) or title
        answer = problem(status, error.name.lower().replace(" ", "_"), str(detail), **facts)
    else:
        answer = error_page(status, title, advice)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer
