"""Plans and their rating, as JSON."""

from __future__ import annotations

from typing import Any

from services.virtual_school.application import rating
from services.virtual_school.application.rating import PlanView
from services.virtual_school.entrypoints.api.answers import PlansAnswer, PlanWithRatings, RatingAnswer
from services.virtual_school.entrypoints.schemas import PlansQuery, RatingForm
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

plans = ApiBlueprint("api-plans", __name__, url_prefix="/api/plans", description="Plans to rate, and their rating.")


@plans.get("")
@allowed("virtual_school.plan.read")
@plans.arguments(PlansQuery, location="query")
@plans.response(200, PlansAnswer)
def list_plans(asked: dict[str, Any]) -> Any:
    """List plans of the children you are responsible for; `state=submitted` are those to rate."""
    with reading() as work:
        page = rating.plans_in(work, asked["state"], page=asked["page"])
    return {
        "plans": [listed.plan for listed in page.plans],
        "total": page.total,
        "page": page.page,
        "pages": page.pages,
    }


@plans.get("/<plan_id>")
@allowed("virtual_school.plan.read")
@plans.etag
@plans.response(200, PlanWithRatings)
def read_plan(plan_id: str) -> Any:
    """Read a plan's counts and the decisions on it."""
    with reading() as work:
        return _with_ratings(rating.view_plan(work, plan_id))


@plans.post("/<plan_id>/rating")
@allowed("virtual_school.plan.rate")
@plans.arguments(RatingForm)
@plans.response(201, RatingAnswer)
@plans.alt_response(409, description="Not submitted, submitted again, or decided already")
def rate_plan(sent: dict[str, Any], plan_id: str) -> Any:
    """Rate a submission, and approve or return it.

    `submission` is the one you read: a newer one, or one that is decided already, answers 409. Send `version` too and
    any other change since you read the plan answers 409 as well.
    """
    with writing() as work:
        return rating.rate_plan(
            work,
            plan_id,
            submission=sent["submission"],
            rating=sent["rating"],
            reasons=tuple(sent["reasons"]),
            decision=sent["decision"],
            feedback=sent["feedback"],
            seen_version=sent["version"],
        )


def _with_ratings(view: PlanView) -> dict[str, Any]:
    plan = view.plan
    fields = {name: getattr(plan, name) for name in plan.__dataclass_fields__}
    return {**fields, "ratings": view.ratings}
