"""Leaving: every service answers `sign-out` under its own address, so that it works however they are mounted."""

from __future__ import annotations

from flask import Blueprint, redirect, session
from werkzeug.wrappers import Response

from shared.platform.web.access import public

blueprint = Blueprint("session_pages", __name__)


@blueprint.post("/sign-out")
@public("anybody may leave")
def sign_out() -> Response:
    """End the session, and have the browser forget what it kept of it."""
    session.clear()
    answer = redirect("/sign-in", 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
