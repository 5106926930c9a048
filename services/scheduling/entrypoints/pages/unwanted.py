"""Whom a child does not want at their meetings: a page of theirs, and the page behind their personal link."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.answers import link_actor
from services.scheduling.application.unwanted import READ, SAY, look_at_unwanted, say_unwanted, take_back
from services.scheduling.application.unwanted_link import open_childs_link, say_unwanted_by_link
from services.scheduling.entrypoints.pages.answer import WHY_PUBLIC
from services.scheduling.entrypoints.wording import role_title
from shared.kernel.errors import InvalidInput, NotFound
from shared.platform.access import permit, system_actor
from shared.platform.web.access import allowed, public
from shared.platform.web.fields import Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.limits import Use, limited
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("unwanted", __name__)


class WishByLinkSchema(Schema):
    """A name, and why where somebody says so."""

    name = Text(load_default="", validate=validate.Length(max=200), metadata={"label": "Their name"})
    why = Text(load_default="", validate=validate.Length(max=1000), metadata={"label": "Why"})


class WishSchema(WishByLinkSchema):
    """Somebody on the team, or a name."""

    person_id = fields.String(load_default="", validate=validate.Length(max=36), metadata={"label": "Who"})


@pages.get("/children/<child_id>/unwanted")
@allowed(READ)
def show(child_id: str) -> Response:
    """Show whom a child does not want at their meetings, and ask for another."""
    return _page(child_id, FormState.saved())


@pages.post("/children/<child_id>/unwanted")
@allowed(SAY)
def add(child_id: str) -> BaseResponse:
    """Keep another."""
    with reading() as work:
        permit(work, SAY, child_id)
    values, errors = read_form(WishSchema())
    if not errors:
        try:
            with writing() as work:
                wish = say_unwanted(work, child_id, values["person_id"], values["name"], values["why"])
        except InvalidInput as refused:
            errors = {key: list(messages) for key, messages in refused.errors.items()}
        else:
            flash(f"{wish.name} is on the list.", "success")
            return redirect(url_for("unwanted.show", child_id=child_id), 303)
    return _page(child_id, FormState.typed(errors), 422)


@pages.post("/children/<child_id>/unwanted/<wish_id>/remove")
@allowed(SAY)
def remove(child_id: str, wish_id: str) -> BaseResponse:
    """Take somebody off the list."""
    with writing() as work:
        take_back(work, child_id, wish_id)
    flash("That is off the list.", "success")
    return redirect(url_for("unwanted.show", child_id=child_id), 303)


@pages.get("/answer/<token>/unwanted")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def ask_by_link(token: str) -> Response:
    """Ask a child by their personal link; what was said before is not shown."""
    return _link_page(token, FormState.saved())


@pages.post("/answer/<token>/unwanted")
@public(WHY_PUBLIC)
@limited(Use.LINK)
def save_by_link(token: str) -> BaseResponse:
    """Keep what the child says by their personal link."""
    values, errors = read_form(WishByLinkSchema())
    if errors:
        return _link_page(token, FormState.typed(errors), 422)
    try:
        with reading(system_actor()) as work:
            actor = link_actor(work, token)
        with writing(actor) as work:
            say_unwanted_by_link(work, token, values["name"], values["why"])
    except NotFound:
        return _unknown()
    except InvalidInput as refused:
        errors = {key: list(messages) for key, messages in refused.errors.items()}
        return _link_page(token, FormState.typed(errors), 422)
    return redirect(url_for("unwanted.ask_by_link", token=token, said="thanks"), 303)


def _page(child_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        found = look_at_unwanted(work, child_id)
    heading = (
        "People you do not want at your meetings" if found.is_own else "People the child does not want at meetings"
    )
    return render_page(
        "scheduling/unwanted.html",
        title=heading,
        heading=heading,
        status=status,
        form=form,
        found=found,
        people=[{"value": one.person_id, "text": f"{one.name} ({role_title(one.role.value)})"} for one in found.team],
    )


def _link_page(token: str, form: FormState, status: int = 200) -> Response:
    try:
        with reading(system_actor()) as work:
            open_childs_link(work, token)
    except NotFound:
        return _unknown()
    return render_page(
        "scheduling/unwanted_link.html",
        title="Please do not ask this person",
        status=status,
        form=form,
        token=token,
        thanks=request.args.get("said") == "thanks",
    )


def _unknown() -> Response:
    return render_page("scheduling/link_unknown.html", title="This link is no longer in use", status=404)
