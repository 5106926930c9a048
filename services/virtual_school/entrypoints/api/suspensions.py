"""One suspension, as JSON."""

from __future__ import annotations

from typing import Any

from services.virtual_school.application import suspensions
from services.virtual_school.entrypoints.api.answers import SuspensionAnswer
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

one = ApiBlueprint("api-suspensions", __name__, url_prefix="/api/suspensions", description="One suspension.")


@one.get("/<suspension_id>")
@allowed("virtual_school.child.read")
@one.etag
@one.response(200, SuspensionAnswer)
def read_suspension(suspension_id: str) -> Any:
    """Read a suspension."""
    with reading() as work:
        return suspensions.view_suspension(work, suspension_id)


@one.delete("/<suspension_id>")
@allowed("virtual_school.suspension.record")
@one.etag
@one.response(204)
def withdraw_suspension(suspension_id: str) -> None:
    """Withdraw a suspension recorded by mistake; its concern closes."""
    with writing() as work:
        one.check_etag(suspensions.view_suspension(work, suspension_id), SuspensionAnswer)
        suspensions.withdraw_suspension(work, suspension_id)
