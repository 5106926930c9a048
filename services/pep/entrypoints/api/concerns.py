"""Concerns over the API: read, answer, say that it is done."""

from __future__ import annotations

from typing import Any

from services.pep.application import concerns
from services.pep.domain.concerns import Answer, Concern
from services.pep.entrypoints.api.plan_answers import AnswerSchema, ConcernSchema
from services.pep.entrypoints.plan_schemas import VersionSchema
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("concerns_api", __name__, url_prefix="/api", description="Concerns in the care plan")


@api.get("/children/<child_id>/concerns")
@allowed("pep.care_plan.read")
@api.response(200, ConcernSchema(many=True))
def index(child_id: str) -> list[Concern]:
    """Return a child's concerns, the newest first."""
    with reading() as work:
        return concerns.concerns_of_child(work, child_id)


@api.get("/concerns/<concern_id>")
@allowed("pep.concern.finish_action")
@api.response(200, ConcernSchema)
def show(concern_id: str) -> Concern:
    """Return a concern."""
    with reading() as work:
        return concerns.read_concern(work, concern_id).concern


@api.post("/concerns/<concern_id>/answer")
@allowed("pep.concern.answer")
@api.arguments(AnswerSchema)
@api.response(201, ConcernSchema)
@api.alt_response(409, description="concern_already_answered, concern_closed or no_plan")
def answer(values: dict[str, Any], concern_id: str) -> Concern:
    """Answer a concern with an action (owner and date) or an early meeting; `version` is the one that was read."""
    with writing() as work:
        if values["answer"] == Answer.EARLY_MEETING:
            return concerns.answer_by_early_meeting(work, concern_id, values["version"])
        return concerns.answer_by_action(
            work,
            concern_id,
            action=values["action"],
            owner_id=values["owner_id"],
            by_date=values["by_date"],
            seen_version=values["version"],
        )


@api.post("/concerns/<concern_id>/done")
@allowed("pep.concern.finish_action")
@api.arguments(VersionSchema)
@api.response(201, ConcernSchema)
def finish(values: dict[str, Any], concern_id: str) -> Concern:
    """Say that the promised action is done."""
    with writing() as work:
        return concerns.finish_promised_action(work, concern_id, values["version"])
