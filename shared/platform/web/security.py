"""The web's own defences, on every answer."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect


def protect(app: Flask) -> None:
    """Ask every unsafe form for its token."""
    app.config["SESSION_COOKIE_NAME"] = "pep_suite"
    app.config["SESSION_COOKIE_PATH"] = "/"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024
    app.extensions["suite_csrf"] = CSRFProtect(app)
