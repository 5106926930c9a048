"""The page behind a personal link: say which times suit without an account.

Mail scanners fetch every link, so looking changes nothing: only the form on the page records what somebody says.
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.polls_answers import (
    AskedOfOne,
    answer_by_poll_link,
    open_poll_link,
    poll_link_actor,
)
from services.scheduling.entrypoints.pages.polls import answer_page
from services.scheduling.entrypoints.pages.polls_forms import read_choices
from shared.kernel.errors import Conflict, NotFound
from shared.platform.access import system_actor
from shared.platform.web.access import public
from shared.platform.web.forms import FormState
from shared.platform.web.limits import Use, limited
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

WHY_PUBLIC = "the secret in the link stands for the person who is asked, who needs no account"
pages = Blueprint("polls_link", __name__)


@pages.get("/poll/<token>")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def show(token: str) -> Response:
    """Show the times that somebody is asked about, and what they said of them."""
    asked = _open(token)
    return _unknown() if asked is None else _page(asked, token, None)


@pages.post("/poll/<token>")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def save(token: str) -> BaseResponse:
    """Record which times suit."""
    asked = _open(token)
    if asked is None:
        return _unknown()
    said, errors = read_choices(request.form, asked.poll)
    if said is None:
        return _page(asked, token, FormState.typed(errors), 422)
    try:
        with reading(system_actor()) as work:
            actor = poll_link_actor(work, token)
        with writing(actor) as work:
            answer_by_poll_link(work, token, said.choices, said.comment)
    except NotFound:
        return _unknown()
    except Conflict as refused:
        return _page(_open(token) or asked, token, FormState.typed({"": [refused.message]}), 409)
    return redirect(url_for("polls_link.show", token=token, said="thanks"), 303)


def _open(token: str) -> AskedOfOne | None:
    with reading(system_actor()) as work:
        try:
            return open_poll_link(work, token)
        except NotFound:
            return None


def _page(asked: AskedOfOne, token: str, form: FormState | None, status: int = 200) -> Response:
    return answer_page(asked, url_for("polls_link.save", token=token), form, status)


def _unknown() -> Response:
    return render_page("scheduling/link_unknown.html", title="This link is no longer in use", status=404)
