"""What will be talked about at a meeting: the page on which people add to it and the worker puts it in order."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.agenda import (
    ADD,
    ORDER,
    READ,
    START,
    AgendaPage,
    add_point,
    change_point,
    look_at_agenda,
    move_point,
    own_point,
    say_who_starts,
    take_point_out,
)
from services.scheduling.domain.agenda import LONGEST, Point, Wish
from services.scheduling.entrypoints import agenda_words, wording
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

TITLE = "What will be talked about"
pages = Blueprint("agenda", __name__, url_prefix="/meetings/<meeting_id>/agenda")


class AgendaPointSchema(Schema):
    """Something to talk about, and with whom."""

    text = Text(
        required=True, longest=LONGEST, metadata={"label": "What it is about", "description": "Read by those invited"}
    )
    wish = fields.String(
        load_default=Wish.TALK.value,
        validate=validate.OneOf([wish.value for wish in Wish]),
        metadata={"label": "Who may know", "select": True, "description": "worker_only: for a child alone"},
    )


class AgendaStarterSchema(Schema):
    """Which role the child would like to start; empty where it does not matter."""

    role = Text(load_default="", longest=40, metadata={"label": "Who should start"})


@pages.get("")
@allowed(READ)
def show(meeting_id: str) -> Response:
    """Show what will be talked about."""
    return _page(meeting_id, FormState())


@pages.post("/points")
@allowed(ADD)
def add(meeting_id: str) -> BaseResponse:
    """Add something to talk about."""
    values, errors = read_form(AgendaPointSchema())
    try:
        if not errors:
            with writing() as work:
                add_point(work, meeting_id, values["text"], Wish(values["wish"]))
            return _back(meeting_id, "It is on the list.")
    except InvalidInput as refused:
        errors = refused.errors
    except Conflict as refused:
        errors = {"": [refused.message]}
    return _page(meeting_id, FormState.typed(errors), 422, ADD)


@pages.get("/points/<point_id>")
@allowed(ADD)
def ask_change(meeting_id: str, point_id: str) -> Response:
    """Show something that one added, to be changed."""
    return _point_page(meeting_id, point_id, None)


@pages.post("/points/<point_id>")
@allowed(ADD)
def change(meeting_id: str, point_id: str) -> BaseResponse:
    """Change something that one added."""
    values, errors = read_form(AgendaPointSchema())
    try:
        if not errors:
            with writing() as work:
                change_point(work, meeting_id, point_id, values["text"], Wish(values["wish"]))
            return _back(meeting_id, "It is changed.")
    except InvalidInput as refused:
        errors = refused.errors
    except Conflict as refused:
        errors = {"": [refused.message]}
    return _point_page(meeting_id, point_id, FormState.typed(errors), 422)


@pages.post("/points/<point_id>/removal")
@allowed(ADD)
def take_out(meeting_id: str, point_id: str) -> BaseResponse:
    """Take something out."""
    with writing() as work:
        take_point_out(work, meeting_id, point_id)
    return _back(meeting_id, "It is taken out.")


@pages.post("/points/<point_id>/earlier")
@allowed(ORDER)
def earlier(meeting_id: str, point_id: str) -> BaseResponse:
    """Let a point come a place earlier."""
    with writing() as work:
        move_point(work, meeting_id, point_id, -1)
    return redirect(url_for("agenda.show", meeting_id=meeting_id), 303)


@pages.post("/points/<point_id>/later")
@allowed(ORDER)
def later(meeting_id: str, point_id: str) -> BaseResponse:
    """Let a point come a place later."""
    with writing() as work:
        move_point(work, meeting_id, point_id, 1)
    return redirect(url_for("agenda.show", meeting_id=meeting_id), 303)


@pages.post("/starter")
@allowed(START)
def start(meeting_id: str) -> BaseResponse:
    """Keep who the child would like to start."""
    values, errors = read_form(AgendaStarterSchema())
    try:
        if not errors:
            with writing() as work:
                say_who_starts(work, meeting_id, values["role"])
            return _back(meeting_id, "Your social worker can see who you would like to start.")
    except InvalidInput as refused:
        errors = refused.errors
    except Conflict as refused:
        errors = {"": [refused.message]}
    return _page(meeting_id, FormState.typed(errors), 422, START)


def agenda_page(page: AgendaPage, form: FormState, status: int, **where: Any) -> Response:
    """Show an agenda with its forms; `where` has the addresses they go to and where one came from."""
    starters = agenda_words.starter_options(page.starters)
    chosen = {"role": page.agenda.starter, "wish": Wish.TALK.value}
    return render_page(
        "scheduling/agenda.html",
        title=TITLE,
        status=status,
        form=form if form.errors else FormState.saved(chosen),
        talk=page,
        meeting=page.meeting,
        starters=starters,
        words=wording,
        agenda_words=agenda_words,
        **where,
    )


def point_page(point: Point, page: AgendaPage, form: FormState | None, status: int, **where: Any) -> Response:
    """Show the form in which somebody changes a point of theirs."""
    return render_page(
        "scheduling/agenda_point.html",
        title="Change what you want to talk about",
        status=status,
        form=form or FormState.saved({"text": point.text, "wish": point.wish.value}),
        talk=page,
        agenda_words=agenda_words,
        **where,
    )


def _page(meeting_id: str, form: FormState, status: int = 200, action: str = READ) -> Response:
    with reading() as work:
        page = look_at_agenda(work, meeting_id, action)
    return agenda_page(page, form, status, link="agenda", at={"meeting_id": meeting_id}, back=_meeting(meeting_id))


def _point_page(meeting_id: str, point_id: str, form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        point = own_point(work, meeting_id, point_id)
        page = look_at_agenda(work, meeting_id)
    to = url_for("agenda.change", meeting_id=meeting_id, point_id=point_id)
    return point_page(point, page, form, status, action=to, back=url_for("agenda.show", meeting_id=meeting_id))


def _back(meeting_id: str, said: str) -> BaseResponse:
    flash(said, "success")
    return redirect(url_for("agenda.show", meeting_id=meeting_id), 303)


def _meeting(meeting_id: str) -> str:
    return url_for("meeting.show", meeting_id=meeting_id)
