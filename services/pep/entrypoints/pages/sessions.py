"""The page on which people see where they are signed in, and sign out there."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import sessions
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("sessions", __name__)


@pages.get("/sessions")
@allowed("pep.session.end_own")
def index() -> Response:
    """Show where the person is signed in."""
    with reading() as work:
        found = sessions.own_sessions(work)
    return render_page(
        "pep/sessions.html", title="Where you are signed in", sessions=found, here=g.get("session_id", "")
    )


@pages.post("/sessions/<session_id>/end")
@allowed("pep.session.end_own")
def end(session_id: str) -> Response:
    """Sign out in one place."""
    with writing() as work:
        ended = sessions.end_own_session(work, session_id)
    done = "The token no longer works." if ended.is_token else f"You are signed out there: {ended.device}."
    flash(done, "success")
    return redirect(url_for(".index"), 303)


@pages.post("/sessions/end-others")
@allowed("pep.session.end_own")
def end_others() -> Response:
    """Sign out everywhere else."""
    with writing() as work:
        count = sessions.end_own_sessions(work, but=g.get("session_id", ""))
    flash("You were signed in nowhere else." if not count else "You are signed out everywhere else.", "success")
    return redirect(url_for(".index"), 303)
