"""Targets: set, change, take out, review."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import plans, targets
from services.pep.domain.forms import TARGETS
from services.pep.domain.plan import Plan
from services.pep.domain.targets import Category, Outcome, Target, smart_gaps
from services.pep.entrypoints.plan_schemas import ReviewSchema, TargetSchema, VersionSchema, target_words
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("targets", __name__)

FIELDS: tuple[dict[str, Any], ...] = (
    {"key": "category", "label": "What kind of target is it?", "type": "radios",
     "options": [{"value": category.value, "text": category.words} for category in Category]},
    {"key": "what", "label": "What will the child achieve?", "type": "textarea", "rows": 3,
     "hint": "In a sentence that the child understands."},
    {"key": "measure", "label": "How will everyone know that it is met?", "type": "textarea", "rows": 3,
     "hint": "A number, a score, something that can be seen or counted."},
    {"key": "who", "label": "Who will help?", "hint": "Names, or roles such as class teacher and carer."},
    {"key": "by_date", "label": "By when?", "type": "date"},
    {"key": "how_often", "label": "How often is the help given?",
     "hint": "For example, 20 minutes three times a week."},
    {"key": "cost_pence", "label": "Pupil Premium Plus cost", "type": "money",
     "hint": "In pounds; 0 if it costs nothing."},
)  # fmt: skip
LABELS = {field["key"]: field["label"] for field in FIELDS} | {
    "outcome": "What became of it",
    "outcome_why": "What happened",
}


@pages.get("/plans/<plan_id>/targets/new")
@allowed("pep.plan.edit_targets")
def new(plan_id: str) -> Response:
    """Ask for a new target."""
    return _new_page(plan_id, FormState.saved({"category": Category.ACADEMIC.value}))


@pages.post("/plans/<plan_id>/targets/new")
@allowed("pep.plan.edit_targets")
def add(plan_id: str) -> Response:
    """Add a target."""
    words, errors = _read()
    if words is None:
        return _new_page(plan_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            target = targets.add_target(work, plan_id, words)
            plan = plans.load_permitted(work, plan_id, "pep.plan.read")
    except InvalidInput as refusal:
        return _new_page(plan_id, FormState.typed(refusal.errors), 422)
    except Conflict as refusal:
        return _new_page(plan_id, FormState.typed({"": [refusal.message]}), 409)
    _say(plan, target, "The target is in the plan.")
    return redirect(url_for("plans.show", plan_id=plan_id, _anchor="targets"), 303)


@pages.get("/targets/<target_id>")
@allowed("pep.plan.edit_targets")
def edit(target_id: str) -> Response:
    """Show a target to be changed."""
    return _edit_page(target_id, None)


@pages.post("/targets/<target_id>")
@allowed("pep.plan.edit_targets")
def change(target_id: str) -> Response:
    """Change a target."""
    words, errors = _read()
    seen, wrong = read_form(VersionSchema())
    if words is None or wrong:
        return _edit_page(target_id, FormState.typed({**errors, **wrong}), 422)
    try:
        with writing() as work:
            read = targets.read_target(work, target_id, "pep.plan.edit_targets")
            target = targets.change_target(work, read, words, seen["version"])
    except InvalidInput as refusal:
        return _edit_page(target_id, FormState.typed(refusal.errors), 422)
    except Stale as refusal:
        return _edit_page(target_id, FormState.typed(), 412, refusal)
    except Conflict as refusal:
        return _edit_page(target_id, FormState.typed({"": [refusal.message]}), 409)
    _say(read.plan, target, "The target is changed.")
    return redirect(url_for("plans.show", plan_id=target.plan_id, _anchor="targets"), 303)


@pages.post("/targets/<target_id>/removal")
@allowed("pep.plan.edit_targets")
def remove(target_id: str) -> Response:
    """Take a target out of the plan; what it said is kept."""
    seen, wrong = read_form(VersionSchema())
    if wrong:
        return _edit_page(target_id, FormState.saved(), 422)
    try:
        with writing() as work:
            read = targets.read_target(work, target_id, "pep.plan.edit_targets")
            targets.remove_target(work, read, seen["version"])
    except (Stale, Conflict) as refusal:
        return _edit_page(target_id, None, refusal.status, refusal if isinstance(refusal, Stale) else None, refusal)
    flash("The target is out of the plan. What it said is kept.", "success")
    return redirect(url_for("plans.show", plan_id=read.plan.id, _anchor="targets"), 303)


@pages.get("/targets/<target_id>/review")
@allowed("pep.plan.edit_targets")
def review(target_id: str) -> Response:
    """Ask what became of a target."""
    return _review_page(target_id, None)


@pages.post("/targets/<target_id>/review")
@allowed("pep.plan.edit_targets")
def record_outcome(target_id: str) -> Response:
    """Keep what became of a target."""
    values, errors = read_form(ReviewSchema())
    if errors:
        return _review_page(target_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            outcome = Outcome(values["outcome"])
            read = targets.read_target(work, target_id, "pep.plan.edit_targets")
            target = targets.review_target(work, read, outcome, values["outcome_why"], values["version"])
    except InvalidInput as refusal:
        return _review_page(target_id, FormState.typed(refusal.errors), 422)
    except Stale as refusal:
        return _review_page(target_id, FormState.typed(), 412, refusal)
    flash("What became of the target is kept.", "success")
    return redirect(url_for("plans.show", plan_id=target.plan_id, _anchor="targets"), 303)


def _read() -> tuple[targets.TargetWords | None, dict[str, list[str]]]:
    values, errors = read_form(TargetSchema())
    return (None, errors) if errors else (target_words(values), {})


def _say(plan: Plan, target: Target, done: str) -> None:
    gaps = smart_gaps(target, plan.opened_on)
    if gaps:
        flash(f"{done} It still needs: {'; '.join(gap.words for gap in gaps)}.", "warning")
    else:
        flash(f"{done} It is SMART.", "success")


def _new_page(plan_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        plan = plans.load_permitted(work, plan_id, "pep.plan.edit_targets", TARGETS)
        name = plans.child_name(work, plan)
    return render_page(
        "pep/target.html",
        status=status,
        title=f"New target, {name}",
        form=form,
        plan=plan,
        child_name=name,
        fields=FIELDS,
        target=None,
        gaps=(),
        differences=[],
    )


def _edit_page(
    target_id: str, form: FormState | None, status: int = 200, stale: Stale | None = None, refusal: Any = None
) -> Response:
    with reading() as work:
        read = targets.read_target(work, target_id, "pep.plan.edit_targets")
        plan, target = read.plan, read.target
        name = plans.child_name(work, plan)
    if refusal is not None:
        form = FormState(values=asdict(target), errors={"": [refusal.message]})
    return render_page(
        "pep/target.html",
        status=status,
        title=f"Target, {name}",
        form=form or FormState.saved(asdict(target)),
        plan=plan,
        child_name=name,
        fields=FIELDS,
        target=target,
        gaps=smart_gaps(target, plan.opened_on),
        differences=_differences(stale),
    )


def _review_page(target_id: str, form: FormState | None, status: int = 200, stale: Stale | None = None) -> Response:
    with reading() as work:
        read = targets.read_target(work, target_id, "pep.plan.edit_targets")
        plan, target = read.plan, read.target
        name = plans.child_name(work, plan)
    return render_page(
        "pep/target_review.html",
        status=status,
        title=f"What became of a target, {name}",
        form=form or FormState.saved(asdict(target)),
        plan=plan,
        child_name=name,
        target=target,
        outcomes=[{"value": outcome.value, "text": outcome.words} for outcome in Outcome],
        differences=_differences(stale),
    )


def _differences(stale: Stale | None) -> list[dict[str, str]]:
    if stale is None:
        return []
    yours, theirs = stale.facts["yours"], stale.facts["theirs"]
    assert isinstance(yours, dict)  # noqa: S101 - as the application states it
    assert isinstance(theirs, dict)  # noqa: S101 - as the application states it
    return [
        {"label": LABELS[key], "yours": _words(key, yours[key]), "theirs": _words(key, theirs[key])}
        for key in LABELS
        if yours[key] != theirs[key]
    ]


def _words(key: str, value: Any) -> str:
    if key == "cost_pence":
        return f"£{value / 100:,.2f}"
    if key == "category":
        return Category(value).words
    if key == "outcome" and value:
        return Outcome(value).words
    return str(value or "")
