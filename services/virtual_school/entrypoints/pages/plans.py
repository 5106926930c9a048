"""The plans to rate, and one plan with its rating."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from services.virtual_school.application import rating
from services.virtual_school.domain.plans import PlanState
from services.virtual_school.domain.ratings import RATING_WORDS
from services.virtual_school.domain.rubric import Decision, Rubric
from services.virtual_school.entrypoints.schemas import PlansQuery, RatingForm
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("plans", __name__)

READ, RATE = "virtual_school.plan.read", "virtual_school.plan.rate"

STATE_WORDS = {
    PlanState.SUBMITTED: "To rate",
    PlanState.RETURNED: "Returned",
    PlanState.APPROVED: "Approved",
    PlanState.SUPERSEDED: "Replaced",
    PlanState.OPEN: "Not submitted yet",
}


@pages.get("/plans")
@allowed("virtual_school.plan.read")
def plans() -> Any:
    """List plans by state; without one asked for, those to rate."""
    given = {key: value for key, value in request.args.to_dict().items() if key in PlansQuery().fields and value}
    asked = PlansQuery().load({} if PlansQuery().validate(given) else given)
    state = asked["state"] or PlanState.SUBMITTED
    with reading() as work:
        page = rating.plans_in(work, state, page=asked["page"])
        today = work.today
    tabs = [
        {"text": words, "href": url_for(".plans", state=each.value), "current": each is state}
        for each, words in STATE_WORDS.items()
    ]
    return render_page(
        "virtual_school/plans.html",
        title="Plans",
        wide=True,
        page=page,
        tabs=tabs,
        heading=STATE_WORDS[state],
        today=today,
        address=lambda number: url_for(".plans", state=state.value, page=number),
    )


@pages.get("/plans/<plan_id>")
@allowed("virtual_school.plan.read")
def plan(plan_id: str) -> Any:
    """Show a plan's counts, its decisions, and the form to rate it where it waits for one."""
    return _show(plan_id, FormState.saved({}))


@pages.post("/plans/<plan_id>/rating")
@allowed("virtual_school.plan.rate")
def rate(plan_id: str) -> Any:
    """Rate the submission that was on the page."""
    values, errors = read_form(RatingForm())
    if errors:
        return _show(plan_id, FormState.typed(errors), status=422, action=RATE)
    try:
        with writing() as work:
            rated = rating.rate_plan(
                work,
                plan_id,
                submission=values["submission"],
                rating=values["rating"],
                reasons=tuple(values["reasons"]),
                decision=values["decision"],
                feedback=values["feedback"],
                seen_version=values["version"],
            )
    except InvalidInput as error:
        return _show(plan_id, FormState.typed(error.errors), status=422, action=RATE)
    except Conflict as error:
        return _show(
            plan_id,
            FormState.typed({"": [error.message]}),
            status=409,
            action=RATE,
            unsaved_note=values["feedback"],
        )
    done = "approved it" if rated.decision is Decision.APPROVE else "returned it with what to mend"
    flash(f"You rated the plan {RATING_WORDS[rated.rating].lower()} and {done}", "success")
    return redirect(url_for(".plan", plan_id=plan_id), 303)


def _show(
    plan_id: str,
    form: FormState,
    *,
    status: int = 200,
    action: str = "virtual_school.plan.read",
    unsaved_note: str = "",
) -> Any:
    with reading() as work:
        view = rating.view_plan(work, plan_id, action)
        today = work.today
    rubric = view.rubric
    return render_page(
        "virtual_school/plan.html",
        title=f"{view.plan.title}, {view.child.name}",
        status=status,
        form=form,
        view=view,
        today=today,
        rating_options=[
            {"value": each.value, "text": RATING_WORDS[each], "hint": rubric.demands[each].meaning}
            for each in reversed(RATING_WORDS)
        ],
        reason_options=[
            {"value": reason.code, "text": reason.label, "hint": reason.mend} for reason in rubric.reasons.values()
        ],
        reasons_hint=_reasons_hint(rubric),
        unsaved_note=unsaved_note,
    )


def _reasons_hint(rubric: Rubric) -> str:
    """Return what the ratings demand, in the rubric's own numbers."""
    needs = [
        f"{RATING_WORDS[rating]} needs at least {'one' if demand.least == 1 else demand.least}."
        for rating, demand in rubric.demands.items()
        if demand.least
    ]
    return " ".join([*needs, "Each goes to the school and the social worker as what to mend."])
