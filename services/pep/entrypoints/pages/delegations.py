"""People who act for a designated teacher: the list, naming one, ending it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from services.pep.application import delegations
from services.pep.domain.delegations import end_of_school_year
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.fields import Day, Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("delegations", __name__, url_prefix="/delegations")

ALL, SOME = "all", "some"


class DelegationSchema(Schema):
    """Who acts for the teacher, for whom, in what, and from when to when."""

    name = Text(required=True, longest=200, metadata={"label": "your colleague’s name"})
    email = fields.Email(
        required=True, validate=validate.Length(max=254), metadata={"label": "your colleague’s e-mail address"}
    )
    pupils = Text(
        required=True,
        validate=validate.OneOf([ALL, SOME]),
        metadata={"label": "for which pupils they act", "select": True},
    )
    child_ids = fields.List(Text(), load_default=[], metadata={"label": "pupils", "select": True})
    scope = Text(
        required=True,
        validate=validate.OneOf([ALL, SOME]),
        metadata={"label": "what they read and write", "select": True},
    )
    parts = fields.List(Text(), load_default=[], metadata={"label": "parts of the plan", "select": True})
    from_date = Day(required=True, metadata={"label": "First day"})
    until = Day(required=True, metadata={"label": "Last day"})


@pages.get("")
@allowed("pep.delegation.list")
def index() -> Response:
    """Show who acts for the teacher, and who did."""
    with reading() as work:
        found = delegations.delegations_of(work)
    return render_page("pep/delegations.html", title="People who act for you", found=found)


@pages.get("/new")
@allowed("pep.delegation.give")
def new() -> Response:
    """Ask who shall act for the teacher."""
    return _form(None)


@pages.post("/new")
@allowed("pep.delegation.give")
def give() -> Response:
    """Let a colleague act for the teacher."""
    values, errors = read_form(DelegationSchema())
    if values.get("pupils") == SOME and not values.get("child_ids"):
        errors.setdefault("child_ids", ["Select at least one of your pupils"])
    if values.get("scope") == SOME and not values.get("parts"):
        errors.setdefault("parts", ["Select at least one part of the plan"])
    if not errors:
        wish = delegations.Wish(
            name=values["name"],
            email=values["email"],
            every_pupil=values["pupils"] == ALL,
            child_ids=tuple(values["child_ids"]) if values["pupils"] == SOME else (),
            parts=tuple(values["parts"]) if values["scope"] == SOME else (),
            from_date=values["from_date"],
            until=values["until"],
        )
        try:
            with writing() as work:
                delegations.delegate(work, wish)
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash(f"{wish.name} can act for you. They sign in with {wish.email}.", "success")
            return redirect(url_for(".index"), 303)
    return _form(FormState.typed(errors), 422)


@pages.post("/<delegation_id>/withdrawal")
@allowed("pep.delegation.give")
def withdraw(delegation_id: str) -> Response:
    """End a delegation at once."""
    with writing() as work:
        delegations.withdraw(work, delegation_id)
    flash("They no longer act for you. What they wrote stays in the plans.", "success")
    return redirect(url_for(".index"), 303)


def _form(form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        pupils = delegations.pupils_of(work)
        parts = delegations.parts_to_choose(work)
        saved = FormState.saved({"from_date": work.today, "until": end_of_school_year(work.today)})
    return render_page(
        "pep/delegation.html",
        title="Name somebody who acts for you",
        status=status,
        form=form or saved,
        pupils=[{"value": one.child_id, "text": one.name} for one in pupils],
        parts=[{"value": key, "text": words} for key, words in parts.items()],
    )
