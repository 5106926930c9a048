"""Personal links as staff see them: to whom, for what, until when, what became of them; sending, taking back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from services.pep.adapters import plans_store
from services.pep.application import links
from services.pep.application.links import LONGEST_CAPACITY, LONGEST_NAME
from services.pep.domain.links import PersonalLink, Purpose
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("links", __name__)

SENT = "The link is on its way to {}."


class SendSchema(Schema):
    """To whom a link goes and for what: `purpose/person`."""

    to = Text(required=True, longest=60, metadata={"label": "who gets the link", "select": True})


class GuestSchema(Schema):
    """Somebody from outside the team."""

    name = Text(required=True, longest=LONGEST_NAME, metadata={"label": "Name"})
    capacity = Text(required=True, longest=LONGEST_CAPACITY, metadata={"label": "Who they are"})
    email = Text(required=True, longest=254, metadata={"label": "E-mail address"})


@pages.get("/plans/<plan_id>/links")
@allowed("pep.link.read")
def index(plan_id: str) -> Response:
    """List the links to a plan, and ask to whom another goes."""
    return _page(plan_id, FormState())


@pages.post("/plans/<plan_id>/links")
@allowed("pep.link.send")
def send(plan_id: str) -> Response:
    """Send a link to somebody on the team."""
    values, errors = read_form(SendSchema())
    if not errors:
        purpose, _, person_id = values["to"].partition("/")
        try:
            with writing() as work:
                if purpose not in set(Purpose):
                    purpose = Purpose.CONTRIBUTION
                sent = links.send_link(work, plan_id, Purpose(purpose), person_id)
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash(SENT.format(sent.name), "success")
            return redirect(url_for(".index", plan_id=plan_id), 303)
    return _page(plan_id, FormState.typed(errors), 422)


@pages.get("/plans/<plan_id>/links/guest")
@allowed("pep.link.send")
def ask_guest(plan_id: str) -> Response:
    """Ask who shall contribute from outside the team."""
    return _guest(plan_id, FormState())


@pages.post("/plans/<plan_id>/links/guest")
@allowed("pep.link.send")
def send_guest(plan_id: str) -> Response:
    """Send a link to somebody from outside the team."""
    values, errors = read_form(GuestSchema())
    if not errors:
        try:
            with writing() as work:
                sent = links.send_to_guest(work, plan_id, values["name"], values["capacity"], values["email"])
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            return _guest(plan_id, FormState.typed({"": [refusal.message]}), refusal.status)
        else:
            flash(SENT.format(sent.name), "success")
            return redirect(url_for(".index", plan_id=plan_id), 303)
    return _guest(plan_id, FormState.typed(errors), 422)


@pages.post("/links/<link_id>/taken-back")
@allowed("pep.link.revoke")
def take_back(link_id: str) -> Response:
    """Make a link useless."""
    with writing() as work:
        link = links.take_back(work, link_id)
    flash(f"The link of {link.name} is taken back. It opens nothing any more.", "success")
    return redirect(url_for(".index", plan_id=link.plan_id), 303)


def _page(plan_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = links.links_of(work, plan_id)
    return render_page(
        "pep/links.html",
        title=f"Personal links, {page.child_name}",
        status=status,
        page=page,
        form=form,
        options=_options(page),
        last_day=_last_day,
    )


def _options(page: links.LinksPage) -> list[dict[str, Any]]:
    return [
        {
            "value": f"{one.purpose.value}/{one.member.person_id}",
            "text": f"{one.member.name}, {one.member.role.title.lower()}: {one.purpose.words.lower()}",
            "hint": one.member.email,
        }
        for one in page.candidates
        if not one.problem and one.purpose is not Purpose.PARENT_PLAN
    ]


def _guest(plan_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = links.links_of(work, plan_id)
        short_name = plans_store.child_names(work.connection, [page.plan.child_id])[page.plan.child_id][1]
    return render_page(
        "pep/link_guest.html",
        title="Ask for a contribution",
        status=status,
        page=page,
        short_name=short_name,
        form=form,
    )


def _last_day(link: PersonalLink) -> date:
    return london_date(link.expires_at - timedelta(minutes=1))
