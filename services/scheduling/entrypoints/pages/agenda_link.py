"""What will be talked about, behind a personal link: read it and add to it without an account.

Looking changes nothing, since mail scanners fetch every link.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.agenda import (
    add_point_by_link,
    agenda_by_link,
    change_point_by_link,
    own_point_by_link,
    say_who_starts_by_link,
    take_point_out_by_link,
)
from services.scheduling.application.answers import link_actor
from services.scheduling.domain.agenda import Wish
from services.scheduling.entrypoints.pages.agenda import AgendaPointSchema, AgendaStarterSchema, agenda_page, point_page
from services.scheduling.entrypoints.pages.answer import WHY_PUBLIC
from shared.kernel.errors import Conflict, InvalidInput, NotFound
from shared.platform.access import system_actor
from shared.platform.web.access import public
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.limits import Use, limited
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("agenda_link", __name__, url_prefix="/answer/<token>/agenda")
Errors = dict[str, list[str]]


@pages.get("")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def show(token: str) -> Response:
    """Show what will be talked about."""
    return _page(token, FormState())


@pages.post("/points")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def add(token: str) -> BaseResponse:
    """Add something to talk about."""
    values, errors = read_form(AgendaPointSchema())
    if not errors:
        errors = _do(token, lambda work: add_point_by_link(work, token, values["text"], Wish(values["wish"])))
    return _page(token, FormState.typed(errors), 422) if errors else _back(token)


@pages.get("/points/<point_id>")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def ask_change(token: str, point_id: str) -> Response:
    """Show something that the holder of the link added, to be changed."""
    return _point_page(token, point_id, None)


@pages.post("/points/<point_id>")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def change(token: str, point_id: str) -> BaseResponse:
    """Change something that the holder of the link added."""
    values, errors = read_form(AgendaPointSchema())
    if not errors:
        wish = Wish(values["wish"])
        errors = _do(token, lambda work: change_point_by_link(work, token, point_id, values["text"], wish))
    return _point_page(token, point_id, FormState.typed(errors), 422) if errors else _back(token)


@pages.post("/points/<point_id>/removal")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def take_out(token: str, point_id: str) -> BaseResponse:
    """Take something out that the holder of the link added."""
    errors = _do(token, lambda work: take_point_out_by_link(work, token, point_id))
    return _page(token, FormState.typed(errors), 422) if errors else _back(token)


@pages.post("/starter")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def start(token: str) -> BaseResponse:
    """Keep who the child would like to start."""
    values, errors = read_form(AgendaStarterSchema())
    if not errors:
        errors = _do(token, lambda work: say_who_starts_by_link(work, token, values["role"]))
    return _page(token, FormState.typed(errors), 422) if errors else _back(token)


def _do(token: str, act: Callable[[Work], object]) -> Errors:
    """Do something as the holder of the link; return what is wrong with it. One that there is not shows as unknown."""
    try:
        with reading(system_actor()) as work:
            actor = link_actor(work, token)
        with writing(actor) as work:
            act(work)
    except NotFound:
        return {}
    except InvalidInput as refused:
        return refused.errors
    except Conflict as refused:
        return {"": [refused.message]}
    return {}


def _page(token: str, form: FormState, status: int = 200) -> Response:
    try:
        with reading(system_actor()) as work:
            page = agenda_by_link(work, token)
    except NotFound:
        return _unknown()
    back = url_for("answer.show", token=token)
    return agenda_page(page, form, status, link="agenda_link", at={"token": token}, back=back)


def _point_page(token: str, point_id: str, form: FormState | None, status: int = 200) -> Response:
    try:
        with reading(system_actor()) as work:
            point = own_point_by_link(work, token, point_id)
            page = agenda_by_link(work, token)
    except NotFound:
        return _unknown()
    to = url_for("agenda_link.change", token=token, point_id=point_id)
    return point_page(point, page, form, status, action=to, back=url_for("agenda_link.show", token=token))


def _back(token: str) -> BaseResponse:
    return redirect(url_for("agenda_link.show", token=token), 303)


def _unknown() -> Response:
    return render_page("scheduling/link_unknown.html", title="This link is no longer in use", status=404)
