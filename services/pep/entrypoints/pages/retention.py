"""How long records are kept: those due to be erased, legal holds, the day of a death."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from services.pep.application import children, retention
from services.pep.domain.retention import RULE_WORDS, RequestState
from services.pep.entrypoints.child_schemas import DeathSchema
from services.pep.entrypoints.pages.posted import posted_version
from shared.kernel.errors import InvalidInput
from shared.platform import roster
from shared.platform.access import may, may_know_of
from shared.platform.settings import SERVICES
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("retention", __name__)

SERVICE_WORDS = {"pep": "Plans and record", "scheduling": "Meetings", "virtual_school": "Virtual School"}


class HoldSchema(Schema):
    """Why nothing may be erased."""

    reason = Text(required=True, longest=500, metadata={"label": "why nothing may be erased"})


class LiftSchema(Schema):
    """Why a hold is lifted."""

    why = Text(required=True, longest=500, metadata={"label": "why the hold is lifted"})


@pages.get("/records")
@allowed("pep.records.read")
def index() -> Response:
    """List the records due to be erased, the holds that stand, and the records that were erased."""
    with reading() as work:
        found = retention.records(work)
        asked = {person for stone in found.erased for person in (stone.asked_by, stone.approved_by)}
        return render_page(
            "pep/records.html",
            title="Records and how long they are kept",
            wide=True,
            found=found,
            holds_on_all=[hold for hold, _ in found.holds if hold.child_id is None],
            people={one.id: one.name for one in roster.people_by_id(work.connection, asked).values()},
            rule_words=RULE_WORDS,
            services=SERVICES,
            service_words=SERVICE_WORDS,
            me=work.actor.person_id,
            may_ask=may(work, "pep.record.ask_erasure"),
            may_settle=may(work, "pep.record.settle_erasure"),
            may_hold=may(work, "pep.record.hold"),
        )


@pages.post("/children/<child_id>/erasure")
@allowed("pep.record.ask_erasure")
def ask(child_id: str) -> Response:
    """Ask that a record is erased."""
    with writing() as work:
        retention.ask_for_erasure(work, child_id)
    flash("You have asked for this record to be erased. Nothing is erased until a second person approves it.")
    return redirect(url_for(".index"), 303)


@pages.post("/records/erasures/<erasure_id>/approval")
@allowed("pep.record.settle_erasure")
def approve(erasure_id: str) -> Response:
    """Approve as the second person that a record is erased."""
    with writing() as work:
        stone = retention.approve_erasure(work, erasure_id)
    flash(f"The record is erased. What stays of it is entry {stone.number} in the list of erased records.", "success")
    return redirect(url_for(".index"), 303)


@pages.post("/records/erasures/<erasure_id>/refusal")
@allowed("pep.record.settle_erasure")
def refuse(erasure_id: str) -> Response:
    """Refuse as the second person that a record is erased."""
    with writing() as work:
        retention.settle_request(work, erasure_id, RequestState.REFUSED)
    flash("The request is refused. The record is kept as it is.", "success")
    return redirect(url_for(".index"), 303)


@pages.post("/records/erasures/<erasure_id>/withdrawal")
@allowed("pep.record.ask_erasure")
def withdraw(erasure_id: str) -> Response:
    """Withdraw one's own request."""
    with writing() as work:
        retention.settle_request(work, erasure_id, RequestState.WITHDRAWN)
    flash("Your request is withdrawn. The record is kept as it is.", "success")
    return redirect(url_for(".index"), 303)


@pages.get("/records/hold")
@allowed("pep.record.hold")
def ask_hold_on_all() -> Response:
    """Ask why no record of the authority may be erased."""
    return _hold_page(None, FormState.saved())


@pages.post("/records/hold")
@allowed("pep.record.hold")
def hold_all() -> Response:
    """Put every record of the authority under a legal hold."""
    return _place(None)


@pages.get("/children/<child_id>/hold")
@allowed("pep.record.hold")
def ask_hold(child_id: str) -> Response:
    """Ask why a child's record may not be erased."""
    return _hold_page(child_id, FormState.saved())


@pages.post("/children/<child_id>/hold")
@allowed("pep.record.hold")
def hold(child_id: str) -> Response:
    """Put a child's record under a legal hold."""
    return _place(child_id)


@pages.get("/records/holds/<hold_id>")
@allowed("pep.record.hold")
def ask_lift(hold_id: str) -> Response:
    """Ask why a hold is lifted."""
    return _lift_page(hold_id, FormState.saved())


@pages.post("/records/holds/<hold_id>")
@allowed("pep.record.hold")
def lift(hold_id: str) -> Response:
    """Lift a hold."""
    values, errors = read_form(LiftSchema())
    if not errors:
        with writing() as work:
            retention.lift_hold(work, hold_id, values["why"])
        flash("The hold is lifted. Nothing is erased by that alone.", "success")
        return redirect(url_for(".index"), 303)
    return _lift_page(hold_id, FormState.typed(errors), 422)


@pages.get("/children/<child_id>/death")
@allowed("pep.child.record_death")
def ask_death(child_id: str) -> Response:
    """Ask on which day a child died."""
    return _death_page(child_id, None)


@pages.post("/children/<child_id>/death")
@allowed("pep.child.record_death")
def record_death(child_id: str) -> Response:
    """Record on which day a child died."""
    values, errors = read_form(DeathSchema())
    if not errors:
        try:
            with writing() as work:
                retention.record_death(work, child_id, posted_version(), values["died_on"])
                still_seen = may_know_of(work, child_id)
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash("The day is recorded.", "success")
            seen_next = url_for("children.show", child_id=child_id) if still_seen else url_for("children.index")
            return redirect(seen_next, 303)
    return _death_page(child_id, FormState.typed(errors), 422)


@pages.post("/children/<child_id>/death/removal")
@allowed("pep.child.record_death")
def take_back_death(child_id: str) -> Response:
    """Take back a day of death that was recorded by mistake."""
    with writing() as work:
        retention.take_back_death(work, child_id, posted_version())
    flash("The day of death is taken back. The child still counts as having left care.", "success")
    return redirect(url_for("children.show", child_id=child_id), 303)


def _place(child_id: str | None) -> Response:
    values, errors = read_form(HoldSchema())
    if not errors:
        with writing() as work:
            retention.place_hold(work, child_id, values["reason"])
        flash("The hold stands until somebody lifts it.", "success")
        return redirect(url_for("children.show", child_id=child_id) if child_id else url_for(".index"), 303)
    return _hold_page(child_id, FormState.typed(errors), 422)


def _hold_page(child_id: str | None, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        child = children.child_record(work, child_id) if child_id is not None else None
    whose = f"{child.shown_name}’s record" if child else "all records"
    title = f"Put {whose} under a legal hold"
    return render_page("pep/hold.html", title=title, status=status, child=child, form=form)


def _lift_page(hold_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        found = retention.hold_to_lift(work, hold_id)
        child = children.child_record(work, found.child_id) if found.child_id is not None else None
    return render_page(
        "pep/hold_lift.html", title="Lift a legal hold", status=status, hold=found, child=child, form=form
    )


def _death_page(child_id: str, form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        child = children.child_record(work, child_id)
    shown = form or FormState.saved({"died_on": child.died_on} if child.died_on else {})
    title = f"{child.shown_name} has died"
    return render_page("pep/child_death.html", title=title, status=status, child=child, form=shown)
