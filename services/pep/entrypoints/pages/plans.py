"""The plan's page: the meeting, the sections and who is waited for, targets, views, submitting, history."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from services.pep.application import plan_page, plans
from services.pep.application.reactions import code_words
from services.pep.application.review_records import actions_on_plan
from services.pep.application.targets import targets_to_review
from services.pep.domain.plan import Plan, PlanState
from services.pep.domain.submission import Reason
from shared.kernel.errors import Conflict, DomainError, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text, Whole
from shared.platform.web.forms import Errors, FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("plans", __name__)


class SubmissionSchema(Schema):
    """Submitting a plan: the version that was seen and, where no meeting took place, why."""

    version = Whole(required=True)
    no_meeting_reason = Text(load_default="", longest=1000, metadata={"label": "Why no meeting took place"})


@pages.get("/plans/<plan_id>")
@allowed("pep.plan.read")
def show(plan_id: str) -> Response:
    """Show a plan."""
    return _page(plan_id, FormState())


@pages.post("/plans/<plan_id>/submission")
@allowed("pep.plan.submit")
def submit(plan_id: str) -> Response:
    """Submit a plan to the Virtual School, or show every reason why it cannot be."""
    values, errors = read_form(SubmissionSchema())
    if errors:
        return _unsent(plan_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            plans.submit_plan(work, plan_id, values["version"], values["no_meeting_reason"])
    except (Stale, Conflict) as refusal:
        return _unsent(plan_id, FormState.typed({"": [refusal.message]}), refusal.status)
    except InvalidInput as refusal:
        return _unsent(plan_id, FormState.typed(refusal.errors), 422)
    except DomainError as refusal:
        if refusal.code != "plan_not_ready":
            raise
        return _unsent(plan_id, FormState.typed(_not_ready(refusal)), 422)
    flash("The plan is with the Virtual School.", "success")
    return redirect(url_for(".show", plan_id=plan_id), 303)


def _not_ready(refusal: DomainError) -> Errors:
    reasons = refusal.facts.get("reasons", [])
    kinds = {reason["kind"] for reason in reasons} if isinstance(reasons, list) else set()
    if kinds == {"meeting"}:
        return {"no_meeting_reason": ["Say why no meeting took place, or hold the meeting first"]}
    return {"missing": ["The plan cannot be submitted yet: see what is missing"]}


def _unsent(plan_id: str, form: FormState, status: int) -> Response:
    """Show the plan again to somebody who may submit it, with what is wrong."""
    with reading() as work:
        plans.load_permitted(work, plan_id, "pep.plan.submit")
    return _page(plan_id, form, status)


def _page(plan_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = plan_page.read_plan(work, plan_id)
        former, former_targets = targets_to_review(work, page.plan)
        agreed = actions_on_plan(work, page.plan.child_id) if page.reads("targets") else []
        today = work.today
    return render_page(
        "pep/plan.html",
        status=status,
        title=f"{page.child_name}, {page.plan.term_words}",
        page=page,
        plan=page.plan,
        former=former,
        former_targets=former_targets,
        agreed=agreed if page.plan.state is not PlanState.SUPERSEDED else [],
        today=today,
        form=form,
        next_step=next_step(page.plan),
        reason_href=reason_href,
        code_words=code_words,
    )


def reason_href(plan: Plan, reason: Reason, may_edit_targets: bool) -> str:
    """Return the address of the field where a reason is put right; of the targets, for who may only read them."""
    if reason.section:
        return url_for("sections.edit", plan_id=plan.id, key=reason.section, _anchor=reason.field)
    if not may_edit_targets:
        return "#targets"
    if reason.target_id:
        return url_for("targets.edit", target_id=reason.target_id, _anchor=reason.field)
    return url_for("targets.new", plan_id=plan.id)


def next_step(plan: Plan) -> str:
    """Return in a sentence what happens next to the plan."""
    return {
        PlanState.DUE: "The social worker arranges the meeting. Sections can be written before it.",
        PlanState.DATED: "Write your sections before the meeting, so that everybody can read them.",
        PlanState.HELD: "Write in what was agreed, then submit the plan to the Virtual School.",
        PlanState.SUBMITTED: "The Virtual School reads the plan, and approves it or returns it with what to mend.",
        PlanState.RETURNED: "Mend what the Virtual School asked for, then submit the plan again.",
        PlanState.APPROVED: "What was agreed is in the care plan. Changes are kept as amendments with their reason.",
        PlanState.SUPERSEDED: "A later plan has replaced this one. It stays here to be read.",
    }[plan.state]
