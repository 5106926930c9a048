"""Recording that a meeting was held: who came, how the child took part, and whether it counts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.holding import rearrange_after_no_show
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.meeting_page import MeetingPage, look_at_meeting
from services.scheduling.application.meetings import record_held
from services.scheduling.domain.holding import Account
from services.scheduling.domain.meeting import Answer, Invitee, Meeting
from services.scheduling.entrypoints import wording
from services.scheduling.entrypoints.pages.meeting import show_page
from shared.contracts.participation import Conveyed, Participation
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text, Whole
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.unit import reading, writing

RECORD = "scheduling.meeting.record_held"
REARRANGE = "rearrange"
UNDER_FOUR = "under_four"
PARTS = (*wording.PARTS, UNDER_FOUR)
pages = Blueprint("holding", __name__, url_prefix="/meetings/<meeting_id>/held")


class HeldSchema(Schema):
    """Who came to a meeting, how the child took part, and whether it counts."""

    attended = fields.List(
        fields.String(), required=True, metadata={"label": "Who came", "select": True}, validate=validate.Length(min=1)
    )
    apologies = fields.List(fields.String(), load_default=list, metadata={"label": "Who sent apologies"})
    part = fields.String(
        required=True, validate=validate.OneOf(PARTS), metadata={"label": "How the child took part", "select": True}
    )
    counts = fields.String(load_default="", metadata={"label": "Whether the meeting counts"})
    note = Text(load_default="", longest=2000, metadata={"label": "What else is to be said"})
    version = Whole(required=True, metadata={"label": "Version"})


@pages.get("")
@allowed(RECORD)
def ask(meeting_id: str) -> Response:
    """Ask who came and how the child took part."""
    page = _look(meeting_id)
    invitees = page.meeting.invitees
    return _form(
        page,
        FormState.saved(
            {
                "attended": [each.person_id for each in invitees if each.answer is Answer.ACCEPTED],
                "apologies": [each.person_id for each in invitees if each.answer is Answer.DECLINED],
            }
        ),
    )


@pages.post("")
@allowed(RECORD)
def save(meeting_id: str) -> BaseResponse:
    """Record that the meeting was held; or, where it does not count, that another has to be arranged."""
    values, errors = read_form(HeldSchema())
    try:
        if not errors:
            return _record(meeting_id, values)
    except InvalidInput as refused:
        errors = refused.errors
    except (Stale, Conflict) as refused:
        errors = {"": [refused.message]}
    return _form(_look(meeting_id), FormState.typed(errors), 422)


def _record(meeting_id: str, values: dict[str, Any]) -> BaseResponse:
    came = values["attended"]
    with writing() as work:
        meeting = find_meeting(work, meeting_id, RECORD)
        account = Account(
            apologies=tuple(one for one in values["apologies"] if one not in came),
            participation=_participation(meeting, came, values["part"]),
            why_counted="" if values["counts"] == REARRANGE else values["counts"],
            note=values["note"],
        )
        if values["counts"] == REARRANGE:
            rearrange_after_no_show(work, meeting_id, came, values["version"], account)
            said = "The meeting does not count. It is back on the list to be arranged again."
        else:
            record_held(work, meeting_id, came, values["version"], account)
            said = "The meeting is recorded as held."
    flash(said, "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


def _participation(meeting: Meeting, came: list[str], part: str) -> Participation:
    if part == UNDER_FOUR:
        there = any(each.person_id in came for each in meeting.invitees if each.role == Role.CHILD)
        return Participation(there, Conveyed.NOT, under_four=True)
    _words, attended, conveyed = wording.PARTS[part]
    return Participation(attended, conveyed)


def _look(meeting_id: str) -> MeetingPage:
    with reading() as work:
        find_meeting(work, meeting_id, RECORD)
        return look_at_meeting(work, meeting_id)


def _form(page: MeetingPage, form: FormState, status: int = 200) -> Response:
    people = [
        {"value": each.person_id, "text": each.name or wording.role_title(each.role), "hint": _hint(each)}
        for each in page.meeting.invitees
    ]
    parts = [{"value": key, "text": words} for key, (words, _there, _how) in wording.PARTS.items()]
    counts = [{"value": code, "text": text} for code, text in wording.WHY_COUNTED.items()]
    return show_page(
        "scheduling/held.html",
        page,
        "Who came to the meeting?",
        status,
        form=form,
        people=people,
        parts=[*parts, {"value": UNDER_FOUR, "text": "They were under 4 years old on the day"}],
        counts=[*counts, {"value": REARRANGE, "text": "It does not count: another meeting has to be arranged"}],
        asks_whether_it_counts=bool(form.error("counts") or form.error("note") or form.text("counts")),
    )


def _hint(each: Invitee) -> str:
    title = wording.role_title(each.role)
    return f"{title}; must be there" if each.required else title
