"""The page behind a personal link: answer an invitation without an account.

Mail scanners fetch every link, so looking changes nothing: only the form on the page records an answer.
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.answers import Asked, answer_by_link, link_actor, open_link
from services.scheduling.domain.meeting import Answer, MeetingState
from services.scheduling.entrypoints import wording
from services.scheduling.entrypoints.pages.meeting import AnswerSchema
from shared.kernel.errors import Conflict, NotFound, Stale
from shared.platform.access import system_actor
from shared.platform.web.access import public
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.limits import Use, limited
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

WHY_PUBLIC = "the secret in the link stands for the invitee, who needs no account"
ATTEMPTS = 4
pages = Blueprint("answer", __name__)


@pages.get("/answer/<token>")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def show(token: str) -> Response:
    """Show what somebody is invited to, and what they answered."""
    asked = _open(token)
    if asked is None:
        return _unknown()
    chosen = request.args.get("answer", "")
    preset = chosen if chosen in {answer.value for answer in wording.ANSWERS} else ""
    known = asked.invitee.answer.value if asked.invitee.answer is not Answer.NEEDS_ACTION else ""
    saved = {"answer": preset or known, "comment": asked.invitee.comment}
    return _page(asked, token, FormState.saved(saved))


@pages.post("/answer/<token>")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def save(token: str) -> BaseResponse:
    """Record the answer."""
    asked = _open(token)
    if asked is None:
        return _unknown()
    values, errors = read_form(AnswerSchema())
    if errors:
        return _page(asked, token, FormState.typed(errors), 422)
    try:
        _record(token, Answer(values["answer"]), values["comment"])
    except NotFound:
        return _unknown()
    except (Conflict, Stale) as refused:
        return _page(asked, token, FormState.typed({"": [refused.message]}), 409)
    return redirect(url_for("answer.show", token=token, said="thanks"), 303)


def _record(token: str, said: Answer, comment: str) -> None:
    """Record the answer; when somebody else answers at the same moment it is tried again."""
    with reading(system_actor()) as work:
        actor = link_actor(work, token)
    for attempt in range(ATTEMPTS):
        try:
            with writing(actor) as work:
                answer_by_link(work, token, said, comment)
            return
        except Stale:
            if attempt == ATTEMPTS - 1:
                raise


def _open(token: str) -> Asked | None:
    with reading(system_actor()) as work:
        try:
            return open_link(work, token)
        except NotFound:
            return None


def _page(asked: Asked, token: str, form: FormState, status: int = 200) -> Response:
    meeting = asked.meeting
    return render_page(
        "scheduling/answer.html",
        title="Your invitation to a meeting",
        status=status,
        form=form,
        booking=meeting.booking,
        invitee=asked.invitee,
        is_open=meeting.state in (MeetingState.ARRANGED, MeetingState.PUT_BACK),
        thanks=request.args.get("said") == "thanks" and asked.invitee.answer is not Answer.NEEDS_ACTION,
        token=token,
        options=[{"value": answer.value, "text": text} for answer, text in wording.ANSWERS.items()],
        words=wording,
    )


def _unknown() -> Response:
    return render_page("scheduling/link_unknown.html", title="This link is no longer in use", status=404)
