"""Pages on which a member of staff hands over a whole caseload, is no longer here, or is here after all."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from services.pep.application import caseload, people
from services.pep.domain.periods import long_date
from services.pep.entrypoints.pages.posted import posted_version
from services.pep.entrypoints.people_schemas import CaseloadSchema, GoneSchema
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.forms import Errors, FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("departures", __name__)


@pages.get("/people/<person_id>/gone")
@allowed("pep.person.record")
def ask_gone(person_id: str) -> Response:
    """Name the children whose team somebody leaves when they are no longer here."""
    with reading() as work:
        return _gone_page(work, person_id, FormState.saved())


@pages.post("/people/<person_id>/gone")
@allowed("pep.person.record")
def gone(person_id: str) -> Response:
    """Record that somebody is no longer here."""
    values, errors = read_form(GoneSchema())
    if not errors:
        try:
            with writing() as work:
                person = people.mark_as_gone(work, person_id, posted_version(), values["places"] or [])
        except (Conflict, Stale) as refusal:
            errors = {"": [refusal.message]}
        else:
            flash(f"{person.name} is recorded as no longer here and may not sign in any more.", "success")
            return redirect(url_for("people.show", person_id=person_id), 303)
    with reading() as work:
        return _gone_page(work, person_id, FormState.typed(errors), status=422)


@pages.post("/people/<person_id>/back")
@allowed("pep.person.record")
def back(person_id: str) -> Response:
    """Record that somebody is here after all."""
    try:
        with writing() as work:
            person = people.mark_as_back(work, person_id, posted_version())
    except InvalidInput as refusal:
        flash(" ".join(refusal.errors["email"]), "warning")
    except (Conflict, Stale) as refusal:
        flash(refusal.message, "warning")
    else:
        flash(f"{person.name} may sign in again. Put them back on the teams they belong to.", "success")
    return redirect(url_for("people.show", person_id=person_id), 303)


@pages.get("/people/<person_id>/handover")
@allowed("pep.caseload.hand_over")
def ask_hand_over(person_id: str) -> Response:
    """Ask in which role, to whom and from when a caseload is handed over."""
    with reading() as work:
        return _ask_page(work, person_id, FormState.saved({"from_date": work.today}), request.args.get("role", ""))


@pages.get("/people/<person_id>/handover/check")
@allowed("pep.caseload.hand_over")
def check_hand_over(person_id: str) -> Response:
    """Name the children before anything is handed over."""
    values, errors = read_form(CaseloadSchema(exclude=("places",)), request.args)
    with reading() as work:
        return _check_page(work, person_id, values, FormState(request.args, errors))


@pages.post("/people/<person_id>/handover")
@allowed("pep.caseload.hand_over")
def hand_over(person_id: str) -> Response:
    """Hand the caseload over: every child that the check page named, or none."""
    values, errors = read_form(CaseloadSchema())
    if not errors:
        try:
            with writing() as work:
                taken = caseload.hand_over_caseload(
                    work,
                    person_id,
                    Role(values["role"]),
                    values["person_id"],
                    values["from_date"],
                    seen=values["places"] or [],
                )
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            errors = {"": [refusal.message]}
        else:
            children = "1 child" if len(taken) == 1 else f"{len(taken)} children"
            flash(f"{taken[0].name} takes over {children} from {long_date(values['from_date'])}.", "success")
            return redirect(url_for("people.show", person_id=person_id), 303)
    with reading() as work:
        return _check_page(work, person_id, values, FormState.typed(errors), status=422)


def _gone_page(work: Work, person_id: str, form: FormState, status: int = 200) -> Response:
    record = people.person_record(work, person_id)
    places = people.ending(people.held_places(work, person_id), work)
    return render_page(
        "pep/person_gone.html",
        title=f"{record.person.name} is no longer here",
        status=status,
        person=record.person,
        version=record.version,
        places=places,
        named=[one for one in places if one.child_name],
        beyond=sum(not one.child_name for one in places),
        hands_over=caseload.roles_to_hand_over(work, person_id),
        today=work.today,
        form=form,
    )


def _ask_page(work: Work, person_id: str, form: FormState, asked: str, status: int = 200) -> Response:
    """Ask for the role where there are several, then for the rest."""
    record = people.person_record(work, person_id)
    roles = caseload.roles_to_hand_over(work, person_id)
    role = next((one for one in roles if one.value == asked or len(roles) == 1), None)
    found = caseload.successors(work, person_id, role) if role else []
    return render_page(
        "pep/handover.html",
        title=f"Hand over {record.person.name}’s children",
        status=status,
        person=record.person,
        role=role,
        roles=roles,
        load=caseload.caseload(work, person_id, role) if role else None,
        people=[{"value": one.id, "text": one.name, "hint": one.organisation} for one in found],
        form=form,
    )


def _check_page(work: Work, person_id: str, values: dict[str, Any], form: FormState, status: int = 200) -> Response:
    """Show what would be handed over; where that cannot be, ask again with what is wrong."""
    errors: Errors = {key: list(words) for key, words in form.errors.items()}
    if {"role", "person_id", "from_date"} <= values.keys():
        role = Role(values["role"])
        try:
            successor = caseload.check_hand_over(work, person_id, role, values["person_id"], values["from_date"])
        except InvalidInput as refusal:
            errors = {**refusal.errors, **errors}
        else:
            record = people.person_record(work, person_id)
            load = caseload.caseload(work, person_id, role)
            if load.places and not errors.keys() - {""}:
                return render_page(
                    "pep/handover_check.html",
                    title=f"{successor.name} takes over from {record.person.name}",
                    status=status,
                    person=record.person,
                    successor=successor,
                    role=role,
                    from_date=values["from_date"],
                    load=load,
                    form=form,
                )
    return _ask_page(work, person_id, FormState(form.values, errors), str(values.get("role", "")), status=422)
