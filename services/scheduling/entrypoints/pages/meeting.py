"""The page of a meeting, and what is recorded on it: an answer told by telephone, who came, a cancellation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.answers import record_told_answer
from services.scheduling.application.incoming_mail import REASONS
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.meeting_page import MeetingPage, look_at_meeting
from services.scheduling.application.meetings import cancel, remind
from services.scheduling.domain.meeting import Answer, Kind
from services.scheduling.entrypoints import agenda_words, chase_words, polls_wording, wording
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text, Whole
from shared.platform.web.filters import plural
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

WORKERS_REASONS = ("rearranging", "not_needed")
pages = Blueprint("meeting", __name__, url_prefix="/meetings/<meeting_id>")


class AnswerSchema(Schema):
    """An answer, with a line to the organiser."""

    answer = fields.String(
        required=True,
        validate=validate.OneOf([answer.value for answer in wording.ANSWERS]),
        metadata={"label": "Answer", "select": True},
    )
    comment = Text(load_default="", validate=validate.Length(max=1000), metadata={"label": "Message"})


class CancelSchema(Schema):
    """Why a meeting is cancelled."""

    reason = fields.String(
        required=True,
        validate=validate.OneOf(WORKERS_REASONS),
        metadata={"label": "Why you are cancelling", "select": True},
    )
    late_reason = fields.String(load_default="", metadata={"label": "Why at short notice"})
    version = Whole(required=True, metadata={"label": "Version"})


@pages.get("")
@allowed("scheduling.meeting.read")
def show(meeting_id: str) -> Response:
    """Show a meeting: when and where, who comes, what was sent, what happened."""
    with reading() as work:
        page = look_at_meeting(work, meeting_id)
    title = wording.meeting_title(page.meeting)
    return show_page("scheduling/meeting.html", page, title, mail_reasons=REASONS, wide=True)


@pages.get("/invitees/<invitee_id>/answer")
@allowed("scheduling.meeting.record_answer")
def ask_answer(meeting_id: str, invitee_id: str) -> Response:
    """Show the form for an answer that was told to the worker."""
    return _answer_form(meeting_id, invitee_id, FormState())


@pages.post("/invitees/<invitee_id>/answer")
@allowed("scheduling.meeting.record_answer")
def save_answer(meeting_id: str, invitee_id: str) -> BaseResponse:
    """Record an answer that was told to the worker."""
    values, errors = read_form(AnswerSchema())
    if errors:
        return _answer_form(meeting_id, invitee_id, FormState.typed(errors), 422)
    with writing() as work:
        meeting = record_told_answer(work, meeting_id, invitee_id, Answer(values["answer"]), values["comment"])
        who = meeting.invitee(invitee_id)
    flash(f"The answer of {who.name} is recorded.", "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@pages.post("/reminder")
@allowed("scheduling.meeting.arrange")
def send_reminder(meeting_id: str) -> BaseResponse:
    """Ask those who have not answered once more."""
    with writing() as work:
        asked = remind(work, meeting_id)
    if asked:
        flash(f"A reminder is on its way to {plural(asked, 'person', 'people')}.", "success")
    else:
        flash("Everybody with an e-mail address has answered.", "message")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@pages.get("/cancel")
@allowed("scheduling.meeting.arrange")
def ask_cancel(meeting_id: str) -> Response:
    """Ask why the meeting is cancelled, and say what happens then."""
    with reading() as work:
        find_meeting(work, meeting_id, "scheduling.meeting.arrange")
        page = look_at_meeting(work, meeting_id)
    return _cancel_form(page, FormState())


@pages.post("/cancel")
@allowed("scheduling.meeting.arrange")
def save_cancel(meeting_id: str) -> BaseResponse:
    """Cancel the meeting."""
    values, errors = read_form(CancelSchema())
    try:
        if not errors:
            with writing() as work:
                cancel(work, meeting_id, values["reason"], values["version"], values["late_reason"])
            flash("The meeting is cancelled. Everybody who was invited by e-mail is being told.", "success")
            return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)
    except InvalidInput as refused:
        errors = refused.errors
    except (Stale, Conflict) as refused:
        errors = {"": [refused.message]}
    with reading() as work:
        find_meeting(work, meeting_id, "scheduling.meeting.arrange")
        page = look_at_meeting(work, meeting_id)
    return _cancel_form(page, FormState.typed(errors), 422)


def _answer_form(meeting_id: str, invitee_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        find_meeting(work, meeting_id, "scheduling.meeting.record_answer")
        page = look_at_meeting(work, meeting_id)
    who = page.meeting.invitee(invitee_id)
    options = [{"value": answer.value, "text": text} for answer, text in _third_person(who.name).items()]
    title = f"What did {who.name} say?"
    return show_page("scheduling/told_answer.html", page, title, status, form=form, who=who, options=options)


def _cancel_form(page: MeetingPage, form: FormState, status: int = 200) -> Response:
    arranged = page.meeting.booking is not None
    reasons = [
        {"value": code, "text": text}
        for code, text in wording.CANCEL_REASONS.items()
        if code in WORKERS_REASONS and (arranged if code == "rearranging" else page.meeting.kind is not Kind.REVIEW)
    ]
    return show_page(
        "scheduling/cancel.html",
        page,
        "Cancel the meeting",
        status,
        form=form,
        reasons=reasons,
        late_reasons=late_reason_options() if page.together.at_short_notice else [],
    )


def late_reason_options() -> list[dict[str, str]]:
    """Return the reasons for a change at short notice, as a form offers them."""
    return [{"value": code, "text": text} for code, text in chase_words.LATE.items()]


def _third_person(name: str) -> dict[Answer, str]:
    return {
        Answer.ACCEPTED: f"Yes, {name} will come",
        Answer.TENTATIVE: "Perhaps",
        Answer.DECLINED: f"No, {name} cannot come",
    }


def show_page(template: str, page: MeetingPage, title: str, status: int = 200, **context: Any) -> Response:
    """Show one of the pages of a meeting."""
    return render_page(
        template,
        title=f"{title}: {page.child.name}" if request.endpoint == "meeting.show" else title,
        status=status,
        heading=title,
        page=page,
        meeting=page.meeting,
        child=page.child,
        words=wording,
        asking=polls_wording,
        chase_words=chase_words,
        talk=page.agenda,
        agenda_words=agenda_words,
        agenda_address=url_for("agenda.show", meeting_id=page.meeting.id),
        **context,
    )
