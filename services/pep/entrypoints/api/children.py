"""The API of children: list, enter care, read, correct, change school, record reviews, leave care, clocks."""

from __future__ import annotations

from typing import Any

from flask import url_for

from services.pep.adapters.children_store import ChildFilter
from services.pep.application import children
from services.pep.application.children import NewChild
from services.pep.domain.children import Child
from services.pep.entrypoints.child_schemas import (
    ChildPageSchema,
    ChildrenQuerySchema,
    ChildSchema,
    DeadlineSchema,
    DetailsSchema,
    EnterCareSchema,
    LeaveCareSchema,
    PlaceSchema,
    ReviewSchema,
    SchoolChangeSchema,
)
from shared.contracts.roles import Role
from shared.platform.access import may, permit
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

api = ApiBlueprint("children_api", __name__, url_prefix="/api/children", description="Children and their clocks")

SEALED = ("reference", "legal_status", "upn", "born_on")
OF_THE_SCHOOL = ("school_urn", "school_since", "no_school_since")


def shown(work: Work, child: Child) -> dict[str, Any]:
    """Return a child as the reader may see it: a sealed field is absent."""
    found = {name: getattr(child, name) for name in ChildSchema().fields}
    found["name"] = child.shown_name if may(work, "pep.child.read", child.id, field="reference") else child.name
    for name in SEALED:
        if not may(work, "pep.child.read", child.id, field=name):
            del found[name]
    if not children.sees_school(work, child.id):
        found = {name: value for name, value in found.items() if name not in OF_THE_SCHOOL}
    return found


@api.get("")
@allowed("pep.children.list")
@api.arguments(ChildrenQuerySchema, location="query")
@api.response(200, ChildPageSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the children whom the holder of the token may see, page by page."""
    page, size = query.pop("page"), query.pop("page_size")
    with reading() as work:
        found, total = children.list_children(work, ChildFilter(**query), offset=(page - 1) * size, limit=size)
        items = [shown(work, child) for child in found]
    return {"items": items, "total": total, "page": page, "page_size": size}


@api.post("")
@allowed("pep.child.enter_care")
@api.arguments(EnterCareSchema)
@api.response(201, ChildSchema)
@api.alt_response(409, description="The authority knows a child by this reference already: child_known, with child_id")
def enter_care(values: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Record that a child became looked after; the clocks start and the first plan is opened."""
    team = {role: values.pop(role.value) for role in Role if role.value in values}
    with writing() as work:
        child = children.enter_care(work, NewChild(**values, team={role: one for role, one in team.items() if one}))
    with reading() as work:
        # The one who records a child need not be on the team; the answer shows what they sent.
        body = shown(work, child) if may(work, "pep.child.read", child.id) else {"id": child.id, "version": 1}
    return body, 201, {"Location": url_for(".show", child_id=child.id)}


@api.get("/<child_id>")
@allowed("pep.child.read")
@api.etag
@api.response(200, ChildSchema)
def show(child_id: str) -> dict[str, Any]:
    """Return a child; a field that the holder of the token may not see is absent."""
    with reading() as work:
        return shown(work, children.child_record(work, child_id))


@api.patch("/<child_id>")
@allowed("pep.child.edit")
@api.etag
@api.arguments(DetailsSchema(partial=True))
@api.response(200, ChildSchema)
def change(values: dict[str, Any], child_id: str) -> dict[str, Any]:
    """Correct a child's details; what is not sent is left as it is. Needs If-Match."""
    with writing() as work:
        child = _seen(work, child_id)
        return shown(work, children.change_details(work, child_id, child.version, values))


@api.put("/<child_id>/school")
@allowed("pep.child.change_school")
@api.etag
@api.arguments(SchoolChangeSchema)
@api.response(200, PlaceSchema)
def change_school(values: dict[str, Any], child_id: str) -> Child:
    """Record a change of school, or (`school_urn` null) that the child is on no school's roll. Needs If-Match."""
    with writing() as work:
        child = children.child_record(work, child_id)
        api.check_etag(child, PlaceSchema)
        return children.change_school(work, child_id, child.version, values["school_urn"], values["since"])


@api.get("/<child_id>/school")
@allowed("pep.child.read")
@api.etag
@api.response(200, PlaceSchema)
def school(child_id: str) -> Child:
    """Return where a child goes to school; 403 for a parent who is not told."""
    with reading() as work:
        permit(work, "pep.child.read", child_id, field="school")
        return children.child_record(work, child_id)


@api.post("/<child_id>/reviews")
@allowed("pep.review.record")
@api.arguments(ReviewSchema)
@api.response(201, ChildSchema)
def record_review(values: dict[str, Any], child_id: str) -> dict[str, Any]:
    """Record that a review of the care plan was held."""
    with writing() as work:
        child = children.child_record(work, child_id)
        return shown(work, children.record_review(work, child_id, child.version, values["held_on"]))


@api.post("/<child_id>/leaving")
@allowed("pep.child.leave_care")
@api.arguments(LeaveCareSchema)
@api.response(200, ChildSchema)
def leave_care(values: dict[str, Any], child_id: str) -> dict[str, Any]:
    """Record that a child left care."""
    with writing() as work:
        child = children.child_record(work, child_id)
        return shown(work, children.leave_care(work, child_id, child.version, values["left_on"]))


@api.get("/<child_id>/deadlines")
@allowed("pep.child.read")
@api.response(200, DeadlineSchema(many=True))
def deadlines(child_id: str) -> list[dict[str, Any]]:
    """Return the clocks that run for a child, the earliest first, each with its rule and how it was counted."""
    with reading() as work:
        found = children.deadlines_of(work, children.child_record(work, child_id))
        return [
            {name: getattr(one, name) for name in ("kind", "on", "rule", "unit", "length", "citation", "why")}
            | {"overdue": one.on < work.today}
            for one in found
        ]


def _seen(work: Work, child_id: str) -> Child:
    """Return the child, having compared If-Match with it as it is now."""
    child = children.child_record(work, child_id)
    api.check_etag(shown(work, child), ChildSchema)
    return child
