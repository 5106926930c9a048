"""The education part of the care plan over the API."""

from __future__ import annotations

from services.pep.application import care_plan
from services.pep.application.care_plan import CarePlanPage
from services.pep.entrypoints.api.plan_answers import CarePlanSchema
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading

api = ApiBlueprint("care_plan_api", __name__, url_prefix="/api/children", description="Education in the care plan")


@api.get("/<child_id>/care-plan")
@allowed("pep.care_plan.read")
@api.response(200, CarePlanSchema)
def show(child_id: str) -> CarePlanPage:
    """Return what was agreed about a child's education, the concerns with their answers, and the next dates."""
    with reading() as work:
        return care_plan.read_care_plan(work, child_id)
