"""The page on which a child who becomes looked after is recorded."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import children, team
from services.pep.application.children import NewChild
from services.pep.entrypoints.child_schemas import EnterCareFormSchema
from services.pep.entrypoints.pages.child_choices import chosen_school, details_choices, matching_schools
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

pages = Blueprint("entering_care", __name__)

STAFF_TO_CHOOSE = (Role.SOCIAL_WORKER, Role.TEAM_MANAGER, Role.IRO, Role.VIRTUAL_SCHOOL_CASEWORKER)


@pages.get("/children/new")
@allowed("pep.child.enter_care")
def new() -> Response:
    """Ask what is known of a child who becomes looked after."""
    with reading() as work:
        own = {"social_worker": work.actor.person_id} if Role.SOCIAL_WORKER in work.actor.kinds else {}
        return _enter_care_page(work, FormState.saved(own))


@pages.post("/children/new")
@allowed("pep.child.enter_care")
def enter_care() -> Response:
    """Record that a child became looked after."""
    values, errors = read_form(EnterCareFormSchema())
    if not errors:
        try:
            with writing() as work:
                child = children.enter_care(work, _new_child(work, values))
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            if refusal.code != "child_known":
                raise
            errors = {"reference": [refusal.message]}
        else:
            flash(f"{child.shown_name} is recorded and the clocks have started.", "success")
            return redirect(url_for("children.show", child_id=child.id), 303)
    with reading() as work:
        return _enter_care_page(work, FormState.typed(errors), status=422)


def _new_child(work: Work, values: dict[str, Any]) -> NewChild:
    chosen = {role: values[role.value] for role in STAFF_TO_CHOOSE if values.get(role.value)}
    return NewChild(
        reference=values["reference"],
        name=values["name"],
        known_as=values["known_as"],
        born_on=values["born_on"],
        sex=values["sex"],
        upn=values["upn"],
        legal_status=values["legal_status"],
        entered_care_on=values["entered_care_on"],
        placement_started_on=values["placement_started_on"],
        school_urn=chosen_school(work, values),
        team=chosen,
    )


def _enter_care_page(work: Work, form: FormState, status: int = 200) -> Response:
    people = {role.value: team.people_for(work, role) for role in STAFF_TO_CHOOSE}
    return render_page(
        "pep/child_new.html",
        title="A child became looked after",
        status=status,
        form=form,
        today=work.today,
        people={key: [{"value": one.id, "text": one.name} for one in found] for key, found in people.items()},
        roles=[role for role in STAFF_TO_CHOOSE if role is not Role.SOCIAL_WORKER],
        matching_schools=matching_schools(work, form),
        may_record=may(work, "pep.person.record"),
        may_add_school=may(work, "pep.school.record"),
        **details_choices(),
    )
