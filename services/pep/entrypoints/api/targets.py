"""Targets over the API."""

from __future__ import annotations

from typing import Any

from flask import url_for

from services.pep.application import targets
from services.pep.domain.targets import Outcome, Target
from services.pep.entrypoints.api.plan_answers import TargetOutSchema
from services.pep.entrypoints.plan_schemas import OutcomeSchema, TargetSchema, target_words
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("targets_api", __name__, url_prefix="/api", description="Targets of plans")


@api.get("/plans/<plan_id>/targets")
@allowed("pep.plan.read")
@api.response(200, TargetOutSchema(many=True))
def index(plan_id: str) -> list[Target]:
    """Return a plan's targets in their order."""
    with reading() as work:
        return list(targets.list_targets(work, plan_id))


@api.post("/plans/<plan_id>/targets")
@allowed("pep.plan.edit_targets")
@api.arguments(TargetSchema)
@api.response(201, TargetOutSchema)
def add(values: dict[str, Any], plan_id: str) -> tuple[Target, int, dict[str, str]]:
    """Add a target; a draft may have gaps until the plan is submitted."""
    with writing() as work:
        target = targets.add_target(work, plan_id, target_words(values))
    return target, 201, {"Location": url_for(".show", target_id=target.id)}


@api.get("/targets/<target_id>")
@allowed("pep.plan.read")
@api.etag
@api.response(200, TargetOutSchema)
def show(target_id: str) -> Target:
    """Return a target."""
    with reading() as work:
        return targets.read_target(work, target_id).target


@api.put("/targets/<target_id>")
@allowed("pep.plan.edit_targets")
@api.etag
@api.arguments(TargetSchema)
@api.response(200, TargetOutSchema)
def change(values: dict[str, Any], target_id: str) -> Target:
    """Change a target. Needs If-Match."""
    with writing() as work:
        read = targets.read_target(work, target_id)
        api.check_etag(read.target, TargetOutSchema)
        return targets.change_target(work, read, target_words(values), read.target.version)


@api.delete("/targets/<target_id>")
@allowed("pep.plan.edit_targets")
@api.etag
@api.response(204)
def remove(target_id: str) -> None:
    """Take a target out of its plan; what it said is kept. Needs If-Match."""
    with writing() as work:
        read = targets.read_target(work, target_id)
        api.check_etag(read.target, TargetOutSchema)
        targets.remove_target(work, read, read.target.version)


@api.put("/targets/<target_id>/review")
@allowed("pep.plan.edit_targets")
@api.etag
@api.arguments(OutcomeSchema)
@api.response(200, TargetOutSchema)
def review(values: dict[str, Any], target_id: str) -> Target:
    """Say what became of a target, and why. Needs If-Match, the target's ETag."""
    with writing() as work:
        read = targets.read_target(work, target_id)
        api.check_etag(read.target, TargetOutSchema)
        outcome = Outcome(values["outcome"])
        return targets.review_target(work, read, outcome, values["outcome_why"], read.target.version)
