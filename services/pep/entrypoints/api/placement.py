"""The API of where a child lives."""

from __future__ import annotations

from typing import Any

from services.pep.application import placement
from services.pep.application.placement import NewPlacement, PlacementView
from services.pep.entrypoints.placement_schemas import PlacementInSchema, PlacementSchema
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("placement_api", __name__, url_prefix="/api/children", description="Where a child lives")

SHOWN = ("since", "address", "postcode", "carer_id", "carer_name", "carer_phone")


@api.get("/<child_id>/placement")
@allowed("pep.placement.read")
@api.etag
@api.response(200, PlacementSchema)
def show(child_id: str) -> dict[str, Any]:
    """Return where a child lives, for the few who may know it."""
    with reading() as work:
        return _shown(placement.placement_of(work, child_id))


@api.put("/<child_id>/placement")
@allowed("pep.placement.record")
@api.etag
@api.arguments(PlacementInSchema)
@api.response(200, PlacementSchema)
def record(values: dict[str, Any], child_id: str) -> dict[str, Any]:
    """Record where a child lives from a day on; what was recorded before is kept. Needs If-Match."""
    with writing() as work:
        before = placement.placement_of(work, child_id)
        api.check_etag(_shown(before), PlacementSchema)
        return _shown(placement.record_placement(work, child_id, NewPlacement(**values), before.version))


def _shown(view: PlacementView) -> dict[str, Any]:
    now = {name: getattr(view.now, name) for name in SHOWN} if view.now is not None else {}
    return {**now, "version": view.version}
