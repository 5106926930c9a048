"""Whom a child does not want at their meetings, over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.unwanted import READ, SAY, look_at_unwanted, say_unwanted, take_back
from services.scheduling.domain.unwanted import Unwanted
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import Text
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "unwanted_api", __name__, url_prefix="/api/children", description="Whom a child does not want at their meetings."
)


class WishInSchema(Schema):
    """Somebody on the child's team, or a name."""

    person_id = fields.String(load_default="", validate=validate.Length(max=36))
    name = Text(load_default="", validate=validate.Length(max=200))
    why = Text(load_default="", validate=validate.Length(max=1000))


class WishOutSchema(Schema):
    """Somebody whom the child does not want there; `person_id` is empty where a name was written."""

    id = fields.String()
    person_id = fields.String()
    name = fields.String()
    why = fields.String()
    said_by_name = fields.String()
    said_at = fields.AwareDateTime()


@blueprint.get("/<child_id>/unwanted")
@allowed(READ)
@blueprint.response(200, WishOutSchema(many=True))
def list_unwanted(child_id: str) -> list[dict[str, Any]]:
    """List whom the child does not want there, but for oneself."""
    with reading() as work:
        return [_shown(one) for one in look_at_unwanted(work, child_id).wishes]


@blueprint.post("/<child_id>/unwanted")
@allowed(SAY)
@blueprint.arguments(WishInSchema)
@blueprint.response(201, WishOutSchema)
def post_unwanted(given: dict[str, str], child_id: str) -> dict[str, Any]:
    """Put somebody on the list, as the child or for them."""
    with writing() as work:
        return _shown(say_unwanted(work, child_id, given["person_id"], given["name"], given["why"]))


@blueprint.delete("/<child_id>/unwanted/<wish_id>")
@allowed(SAY)
@blueprint.response(204)
def delete_unwanted(child_id: str, wish_id: str) -> None:
    """Take somebody off the list."""
    with writing() as work:
        take_back(work, child_id, wish_id)


def _shown(one: Unwanted) -> dict[str, Any]:
    return {name: getattr(one, name) for name in WishOutSchema().fields}
