"""Leaving. Only the service that keeps the sessions can end one, so every page's button leads to its front door."""

from __future__ import annotations

from flask import Blueprint, redirect, session
from werkzeug.wrappers import Response

from shared.platform.access import system_actor
from shared.platform.auth import leave
from shared.platform.web.access import public
from shared.platform.web.links import service_url
from shared.platform.web.unit import current_runtime, writing

blueprint = Blueprint("session_pages", __name__)


@blueprint.post("/sign-out")
@public("anybody may leave")
def sign_out() -> Response:
    """End the session, and have the browser forget what it kept of it."""
    settings = current_runtime().settings
    with writing(system_actor()) as work:
        left = leave(work)
        now = work.now.isoformat()
    if settings.issuers:
        if left is not None and left.id_token:
            session["sign_in_left"] = {"id": left.id, "at": now}
        answer = redirect(service_url("pep", "/signed-out"), 303)
    else:
        answer = redirect("/sign-in", 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
