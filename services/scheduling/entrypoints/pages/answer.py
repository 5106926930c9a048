"""The page behind a personal link: answer an invitation without an account.

Mail scanners fetch every link, so looking changes nothing: only the form on the page records an answer. Whoever reads
another language gets the page in it, and in English by a link (`?language=en`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.adapters.invitation_words import named, place_words, will_remind
from services.scheduling.adapters.tongues import ENGLISH, Tongue, to_say, tongue_of
from services.scheduling.application.agenda import agenda_by_link
from services.scheduling.application.answers import Asked, answer_by_link, link_actor, open_link
from services.scheduling.application.telling import SUMMARIES
from services.scheduling.domain.meeting import Answer, MeetingState, Mode
from services.scheduling.entrypoints import agenda_words, wording
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
ANSWERS = {
    Answer.ACCEPTED: to_say("Yes, I will come"),
    Answer.TENTATIVE: to_say("Perhaps"),
    Answer.DECLINED: to_say("No, I cannot come"),
}
MODES = {
    Mode.IN_PERSON: to_say("In person"),
    Mode.ONLINE: to_say("Online"),
    Mode.MIXED: to_say("In person and online"),
}
REFUSALS = (
    to_say("Select answer"),
    to_say("Message must be 1,000 characters or fewer"),
    to_say("This meeting has no time yet. Arrange it first."),
    to_say("This meeting has already taken place, so it cannot be changed."),
    to_say("This meeting has been cancelled."),
    to_say("This page is out of date. Load it again, then send the form once more"),
)
"""What may be said of a faulty answer, which is said elsewhere."""
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
    preset = chosen if chosen in {answer.value for answer in ANSWERS} else ""
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
    kept: dict[str, Any] = {"said": "thanks", **_language()}
    return redirect(url_for("answer.show", token=token, **kept), 303)


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
    with reading(system_actor()) as work:
        talk = agenda_by_link(work, token)
    own = tongue_of(asked.language)
    tongue = ENGLISH if _language() else own
    said = {key: [tongue.say(message) for message in messages] for key, messages in form.errors.items()}
    return render_page(
        "scheduling/answer.html",
        title="Your invitation to a meeting",
        status=status,
        form=replace(form, errors=said),
        tongue=tongue,
        say=tongue.say,
        other=_other(tongue, own),
        language=_language(),
        booking=meeting.booking,
        place=place_words(meeting.booking.place, tongue) if meeting.booking else "",
        invitee=asked.invitee,
        is_open=meeting.state in (MeetingState.ARRANGED, MeetingState.PUT_BACK),
        thanks=request.args.get("said") == "thanks" and asked.invitee.answer is not Answer.NEEDS_ACTION,
        token=token,
        talk=talk,
        words=wording,
        agenda_words=agenda_words,
        agenda_address=url_for("agenda_link.show", token=token),
        options=[{"value": answer.value, "text": tongue.say(text)} for answer, text in ANSWERS.items()],
        answers=ANSWERS,
        modes=MODES,
        what=SUMMARIES[meeting.kind],
        invited=named(to_say("You are invited to an education meeting"), SUMMARIES[meeting.kind]),
        will_remind=will_remind(asked.reminders, tongue) if asked.reminders else "",
    )


def _language() -> dict[str, str]:
    """Return what keeps an address at the English page, where somebody has chosen it."""
    return {"language": ENGLISH.code} if request.args.get("language") == ENGLISH.code else {}


def _other(tongue: Tongue, own: Tongue) -> Tongue | None:
    """Return the other language in which the page can be read."""
    if own.is_english:
        return None
    return own if tongue.is_english else ENGLISH


def _unknown() -> Response:
    return render_page("scheduling/link_unknown.html", title="This link is no longer in use", status=404)
