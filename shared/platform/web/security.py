"""The web's own defences, on every request and every answer."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import RequestEntityTooLarge

from shared.kernel.errors import Denied
from shared.platform.settings import Settings

BODY_LIMIT = 16 * 1024 * 1024
FORM_FIELDS_LIMIT = 2_000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


def protect(app: Flask, settings: Settings) -> None:
    """Guard an app: its cookie, its forms against forgery, its answers against framing, sniffing and keeping."""
    secure = settings.is_production
    app.config.update(
        SESSION_COOKIE_NAME="__Host-pep_suite" if secure else "pep_suite",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=FORM_FIELDS_LIMIT,
    )
    csrf = CSRFProtect(app)
    always = [*HEADERS, ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")] if secure else HEADERS

    @app.before_request
    def refuse_too_big() -> None:
        if (request.content_length or 0) > BODY_LIMIT:
            raise RequestEntityTooLarge

    @app.before_request
    def refuse_forged() -> None:
        if request.method in SAFE_METHODS or g.get("by_token") or request.endpoint is None:
            return
        if is_api_request():
            refuse_other_origins()
        else:
            csrf.protect()

    @app.after_request
    def harden(answer: Response) -> Response:
        present = {name.lower() for name in answer.headers.keys()}  # noqa: SIM118 - iterating gives pairs
        for name, value in always:
            if name.lower() not in present:
                answer.headers.add(name, value)
        answer.headers.setdefault("Content-Security-Policy", content_security_policy())
        return answer


def is_api_request() -> bool:
    """Tell whether the address belongs to the JSON API."""
    return request.path == "/api" or request.path.startswith("/api/")


def refuse_other_origins() -> None:
    """Refuse an API call that carries the pages' cookie unless the browser says that our own page made it."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    same = site == "same-origin" if site else bool(origin) and urlsplit(origin or "").netloc == request.host
    if not same:
        raise Denied("other_origin", "This call did not come from the suite's own pages. Send a bearer token instead.")


def csp_nonce() -> str:
    """Return this answer's nonce for the few scripts that the layout has."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def content_security_policy() -> str:
    """Return the policy: nothing but our own files, and no script without this answer's nonce."""
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    return (
        f"default-src 'none'; object-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
