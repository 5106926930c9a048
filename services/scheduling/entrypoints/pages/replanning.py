"""What can be done about somebody who must be there and cannot come, besides another time."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, url_for
from marshmallow import Schema, fields
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.meeting_page import look_at_meeting
from services.scheduling.application.replanning import (
    ARRANGE,
    ask_manager,
    hand_seat_over,
    hold_without,
    let_join_online,
    replanning_of,
)
from services.scheduling.domain.meeting import Meeting
from services.scheduling.entrypoints import chase_words, wording
from services.scheduling.entrypoints.pages.meeting import show_page
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text, Whole
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("replanning", __name__, url_prefix="/meetings/<meeting_id>/replanning/<invitee_id>")


class SeatSchema(Schema):
    """Who takes somebody's seat."""

    person_id = fields.String(required=True, metadata={"label": "Who takes the seat", "select": True})
    version = Whole(required=True)


class OnlineSchema(Schema):
    """Where to join online."""

    joining_link = Text(load_default="", longest=900, metadata={"label": "Link to join online"})
    version = Whole(required=True)


class WithoutSchema(Schema):
    """Why the meeting goes ahead without somebody."""

    why = fields.String(required=True, metadata={"label": "Why it goes ahead without them", "select": True})
    version = Whole(required=True)


@pages.get("")
@allowed(ARRANGE)
def show(meeting_id: str, invitee_id: str) -> Response:
    """Show the ways out."""
    return _page(meeting_id, invitee_id, FormState())


@pages.post("/seat")
@allowed(ARRANGE)
def seat(meeting_id: str, invitee_id: str) -> BaseResponse:
    """Give the seat to a colleague."""
    values, errors = read_form(SeatSchema())
    return _do(
        meeting_id,
        invitee_id,
        errors,
        lambda work: hand_seat_over(work, meeting_id, invitee_id, values["person_id"], values["version"]),
        "The seat is taken. They get an invitation of their own, and who could not come is told.",
    )


@pages.post("/online")
@allowed(ARRANGE)
def online(meeting_id: str, invitee_id: str) -> BaseResponse:
    """Let those who cannot come join online."""
    values, errors = read_form(OnlineSchema())
    return _do(
        meeting_id,
        invitee_id,
        errors,
        lambda work: let_join_online(work, meeting_id, values["joining_link"], values["version"]),
        "People can join online now. Who could not come is asked again; all other answers stay.",
    )


@pages.post("/without")
@allowed(ARRANGE)
def without(meeting_id: str, invitee_id: str) -> BaseResponse:
    """Go ahead without them."""
    values, errors = read_form(WithoutSchema())
    return _do(
        meeting_id,
        invitee_id,
        errors,
        lambda work: hold_without(work, meeting_id, invitee_id, values["why"], values["version"]),
        "The meeting goes ahead. They may still come, but need not.",
    )


@pages.post("/manager")
@allowed(ARRANGE)
def manager(meeting_id: str, invitee_id: str) -> BaseResponse:
    """Put it before the team manager now."""
    return _do(
        meeting_id,
        invitee_id,
        {},
        lambda work: ask_manager(work, meeting_id),
        "The team manager is told. The meeting is on their chase list.",
    )


def _do(
    meeting_id: str, invitee_id: str, errors: dict[str, list[str]], act: Callable[[Work], object], said: str
) -> BaseResponse:
    try:
        if not errors:
            with writing() as work:
                act(work)
            flash(said, "success")
            return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)
    except InvalidInput as refused:
        errors = refused.errors
    except (Stale, Conflict) as refused:
        errors = {"": [refused.message]}
    return _page(meeting_id, invitee_id, FormState.typed(errors), 422)


def _page(meeting_id: str, invitee_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        meeting: Meeting = find_meeting(work, meeting_id, ARRANGE)
        page = look_at_meeting(work, meeting_id)
        plan = replanning_of(work, meeting)
    way = next((one for one in plan.ways_out if one.invitee.id == invitee_id), None) if plan else None
    if plan is None or way is None:
        return show_page("scheduling/replanning_over.html", page, "Nothing to replan", status, form=form)
    deputies = [
        {"value": one.person_id, "text": one.name, "hint": wording.role_title(one.role)} for one in way.deputies
    ]
    return show_page(
        "scheduling/replanning.html",
        page,
        f"{way.invitee.name} cannot come" if meeting.who_cannot else f"{way.invitee.name} is not sure",
        status,
        form=form,
        plan=plan,
        way=way,
        deputies=deputies,
        reasons=[{"value": code, "text": text} for code, text in chase_words.WITHOUT.items()],
    )
