"""What each parent is told of: shown, decided, and confirmed or refused by a second person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from marshmallow import Schema, validate
from werkzeug.wrappers import Response

from services.pep.application import children, parents
from services.pep.domain.parents import GROUNDS_FOR_A_PARENT, MATTER_WORDS, STANDING_WORDS, Ground, State
from shared.contracts.parents import Matter, ParentStanding
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.fields import Day, Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("parents", __name__, url_prefix="/children/<child_id>/parents")

STATE_WORDS = {
    State.WAITING: "Waits for a second person",
    State.CONFIRMED: "Confirmed",
    State.REFUSED: "Refused",
    State.REPLACED: "Replaced by a later decision",
}


class DecisionSchema(Schema):
    """How far a parent is told, why, and until when."""

    standing = Text(
        required=True,
        validate=validate.OneOf(list(ParentStanding)),
        metadata={"label": "what the parent is told", "select": True},
    )
    ground = Text(
        required=True,
        validate=validate.OneOf(list(Ground)),
        metadata={"label": "why", "select": True},
    )
    reference = Text(load_default="", longest=200, metadata={"label": "Order or file"})
    until = Day(load_default=None, allow_none=True, metadata={"label": "Last day"})


@pages.get("")
@allowed("pep.parents.read")
def index(child_id: str) -> Response:
    """Show how far each parent is told, who decided it, and what waits for a second person."""
    with reading() as work:
        child = children.child_record(work, child_id)
        found = parents.parents_of(work, child_id)
        return render_page(
            "pep/parents.html",
            title=f"What {child.short_name}’s parents are told",
            child=child,
            parents=found,
            standing_words=STANDING_WORDS,
            matter_words=MATTER_WORDS,
            state_words=STATE_WORDS,
            may_decide=may(work, "pep.parents.decide", child_id) and child.in_care,
            may_confirm=may(work, "pep.parents.confirm", child_id),
            me=work.actor.person_id,
        )


@pages.get("/<parent_id>")
@pages.get("/<parent_id>/<matter>")
@allowed("pep.parents.decide")
def ask(child_id: str, parent_id: str, matter: str = Matter.MEETINGS) -> Response:
    """Ask how far a parent is told of a matter, and why."""
    return _form(child_id, parent_id, _known(matter), FormState.saved())


@pages.post("/<parent_id>")
@pages.post("/<parent_id>/<matter>")
@allowed("pep.parents.decide")
def decide(child_id: str, parent_id: str, matter: str = Matter.MEETINGS) -> Response:
    """Decide how far a parent is told of a matter."""
    known = _known(matter)
    values, errors = read_form(DecisionSchema())
    if not errors:
        try:
            with writing() as work:
                parents.decide_for_parent(
                    work,
                    child_id,
                    parent_id,
                    ParentStanding(values["standing"]),
                    Ground(values["ground"]),
                    matter=known,
                    reference=values["reference"],
                    until=values["until"],
                )
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            return _form(child_id, parent_id, known, FormState.typed({"": [refusal.message]}), refusal.status)
        else:
            flash("The decision is recorded. It is on the list of those who can confirm it.", "success")
            return redirect(url_for(".index", child_id=child_id), 303)
    return _form(child_id, parent_id, known, FormState.typed(errors), 422)


@pages.post("/decisions/<decision_id>/confirmation")
@allowed("pep.parents.confirm")
def confirm(child_id: str, decision_id: str) -> Response:
    """Confirm a decision as the second person."""
    with writing() as work:
        parents.settle_decision(work, child_id, decision_id, confirmed=True)
    flash("The decision is confirmed and holds.", "success")
    return redirect(url_for(".index", child_id=child_id), 303)


@pages.post("/decisions/<decision_id>/refusal")
@allowed("pep.parents.confirm")
def refuse(child_id: str, decision_id: str) -> Response:
    """Refuse a decision as the second person."""
    with writing() as work:
        parents.settle_decision(work, child_id, decision_id, confirmed=False)
    flash("The decision is refused. What was confirmed before it holds again.", "success")
    return redirect(url_for(".index", child_id=child_id), 303)


def _known(matter: str) -> Matter:
    if matter not in set(Matter):
        raise NoSuchRecord
    return Matter(matter)


def _form(child_id: str, parent_id: str, matter: Matter, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        child = children.child_record(work, child_id)
        view = parents.parent(work, child_id, parent_id)
    return render_page(
        "pep/parent_decision.html",
        title=f"What {view.member.name} is told: {MATTER_WORDS[matter]}",
        status=status,
        child=child,
        view=view,
        matter=view.on(matter),
        form=form,
        standings=[{"value": one.value, "text": STANDING_WORDS[matter, one]} for one in matter.standings],
        grounds=[{"value": one.value, "text": one.words} for one in GROUNDS_FOR_A_PARENT],
    )
