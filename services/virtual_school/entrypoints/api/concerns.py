"""Concerns, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from services.virtual_school.application import cohort
from services.virtual_school.domain.concerns import ConcernState
from services.virtual_school.entrypoints.api.answers import ConcernsAnswer
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading

concerns = ApiBlueprint("api-concerns", __name__, url_prefix="/api/concerns", description="What monitoring raised.")
MOST = 500


class ConcernsQuery(Schema):
    """Which concerns to list."""

    state = fields.Enum(ConcernState, by_value=True, load_default=None)


@concerns.get("")
@allowed("virtual_school.concern.read")
@concerns.arguments(ConcernsQuery, location="query")
@concerns.response(200, ConcernsAnswer)
def list_concerns(asked: dict[str, Any]) -> Any:
    """List concerns of the children you are responsible for, first to answer first; at most 500."""
    states = (asked["state"],) if asked["state"] else tuple(ConcernState)
    with reading() as work:
        return {"concerns": [concern for concern, _ in cohort.view_concerns(work, states, MOST)]}
