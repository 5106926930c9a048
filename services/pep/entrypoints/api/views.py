"""The child's views over the API."""

from __future__ import annotations

from typing import Any

from services.pep.application import views
from services.pep.domain.views import ChildViews
from services.pep.entrypoints.api.plan_answers import ViewsOutSchema
from services.pep.entrypoints.plan_schemas import ViewsSchema, views_answers
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("views_api", __name__, url_prefix="/api/plans/<plan_id>/views", description="The child's own views")


@api.get("")
@allowed("pep.views.read")
@api.etag
@api.response(200, ViewsOutSchema)
def show(plan_id: str) -> ChildViews:
    """Return what the child said for a plan."""
    with reading() as work:
        return views.read_views(work, plan_id).views


@api.put("")
@allowed("pep.views.read")
@api.etag
@api.arguments(ViewsSchema)
@api.response(200, ViewsOutSchema)
def save(values: dict[str, Any], plan_id: str) -> ChildViews:
    """Save the child's views; anybody but the child says `how` they were gathered. Needs If-Match."""
    with writing() as work:
        before = views.read_views(work, plan_id).views
        api.check_etag(before, ViewsOutSchema)
        return views.save_views(work, plan_id, views_answers(values), before.version, values["how"])
