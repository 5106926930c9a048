"""Where a child lives: shown to few, recorded by social care; and whether the school is told."""

from __future__ import annotations

from dataclasses import fields

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import children, parents, placement, schools
from services.pep.application.placement import NewPlacement
from services.pep.domain.parents import GROUNDS_FOR_A_SCHOOL, STANDING_WORDS, Ground
from services.pep.domain.placement import Placement
from services.pep.entrypoints.pages.posted import posted_version
from services.pep.entrypoints.placement_schemas import PlacementInSchema, SchoolDecisionSchema
from shared.contracts.parents import Matter, ParentStanding
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("placement", __name__, url_prefix="/children/<child_id>/placement")
ENTERED = tuple(one.name for one in fields(NewPlacement))


@pages.get("")
@allowed("pep.placement.read")
def show(child_id: str) -> Response:
    """Show where a child lives, who may know it, and, to staff, where they lived before."""
    with reading() as work:
        child = children.child_record(work, child_id)
        may_tell = may(work, "pep.placement.tell_school", child_id)
        return render_page(
            "pep/placement.html",
            title=f"Where {child.short_name} lives",
            child=child,
            view=placement.placement_of(work, child_id),
            school=schools.school_named(work, child.school_urn) if may_tell else None,
            told=parents.placement_for_school(work, child_id) if may_tell and child.school_urn else None,
            sees_history=may(work, "pep.placement.read", child_id, field="history"),
            sees_parents=may(work, "pep.parents.read", child_id),
            may_record=may(work, "pep.placement.record", child_id) and child.in_care,
            standing_words=STANDING_WORDS,
        )


@pages.get("/change")
@allowed("pep.placement.record")
def ask(child_id: str) -> Response:
    """Ask where the child lives; what is recorded now is filled in."""
    with reading() as work:
        now = placement.placement_of(work, child_id).now
    return _form(child_id, FormState.saved(_values(now)))


@pages.post("/change")
@allowed("pep.placement.record")
def record(child_id: str) -> Response:
    """Record where the child lives."""
    values, errors = read_form(PlacementInSchema())
    theirs: Placement | None = None
    if not errors:
        try:
            with writing() as work:
                placement.record_placement(work, child_id, NewPlacement(**values), posted_version())
        except InvalidInput as refusal:
            errors = refusal.errors
        except Stale:
            with reading() as work:
                theirs = placement.placement_of(work, child_id).now
            return _form(child_id, FormState.typed(), 412, theirs)
        except Conflict as refusal:
            return _form(child_id, FormState.typed({"": [refusal.message]}), refusal.status)
        else:
            flash("It is recorded. Check who may know it, and that the team is right.", "success")
            return redirect(url_for(".show", child_id=child_id), 303)
    return _form(child_id, FormState.typed(errors), 422)


@pages.get("/school")
@allowed("pep.placement.tell_school")
def ask_school(child_id: str) -> Response:
    """Ask whether the school is told, and why."""
    return _school_form(child_id, FormState.saved())


@pages.post("/school")
@allowed("pep.placement.tell_school")
def tell_school(child_id: str) -> Response:
    """Decide whether the school is told."""
    values, errors = read_form(SchoolDecisionSchema())
    if not errors:
        try:
            with writing() as work:
                parents.decide_for_school(
                    work,
                    child_id,
                    ParentStanding(values["standing"]),
                    Ground(values["ground"]),
                    reference=values["reference"],
                    until=values["until"],
                )
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            return _school_form(child_id, FormState.typed({"": [refusal.message]}), refusal.status)
        else:
            flash("The decision is recorded and holds.", "success")
            return redirect(url_for(".show", child_id=child_id), 303)
    return _school_form(child_id, FormState.typed(errors), 422)


def _values(now: Placement | None) -> dict[str, object]:
    return {name: getattr(now, name) for name in ENTERED} if now is not None else {}


def _form(child_id: str, form: FormState, status: int = 200, theirs: Placement | None = None) -> Response:
    with reading() as work:
        child = children.child_record(work, child_id)
        view = placement.placement_of(work, child_id)
        carers = placement.carers_of(work, child_id)
    labels = {"address": "Address", "postcode": "Postcode", "carer_name": "Name", "carer_phone": "Telephone"}
    differences = [
        {"label": label, "theirs": getattr(theirs, name), "yours": form.text(name)}
        for name, label in labels.items()
        if theirs is not None and getattr(theirs, name) != form.text(name)
    ]
    return render_page(
        "pep/placement_change.html",
        title=f"Record where {child.short_name} lives",
        status=status,
        child=child,
        view=view,
        form=form,
        differences=differences,
        theirs=theirs,
        carers=[
            *({"value": one.person_id, "text": one.name} for one in carers),
            {"value": "", "text": "Somebody else: a home with staff, or a carer who is not on the team yet"},
        ],
    )


def _school_form(child_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        child = children.child_record(work, child_id)
        school = schools.school_named(work, child.school_urn)
        told = parents.placement_for_school(work, child_id)
    return render_page(
        "pep/placement_school.html",
        title=f"Is the school told where {child.short_name} lives?",
        status=status,
        child=child,
        school=school,
        told=told,
        form=form,
        standings=[
            {"value": one.value, "text": STANDING_WORDS[Matter.PLACEMENT, one]} for one in Matter.PLACEMENT.standings
        ],
        grounds=[{"value": one.value, "text": one.words} for one in GROUNDS_FOR_A_SCHOOL],
    )
