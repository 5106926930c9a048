"""What will be talked about at a meeting, over the API: the same functions as behind the pages."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from services.scheduling.application.agenda import (
    ADD,
    ORDER,
    READ,
    START,
    add_point,
    change_point,
    look_at_agenda,
    order_points,
    say_who_starts,
    take_point_out,
)
from services.scheduling.domain.agenda import Point, Wish
from services.scheduling.entrypoints.pages.agenda import AgendaPointSchema, AgendaStarterSchema
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "agenda_api", __name__, url_prefix="/api/meetings", description="What will be talked about at a meeting."
)


class AgendaEntrySchema(Schema):
    """Something that somebody added; `name` is empty where the reader is not told it."""

    id = fields.String()
    text = fields.String()
    wish = fields.String(metadata={"description": "talk, or worker_only: read by its writer and social care alone"})
    name = fields.String()
    role = fields.String()
    added_at = fields.AwareDateTime()
    own = fields.Boolean(metadata={"description": "Whether you may change it"})


class AgendaSchema(Schema):
    """An agenda as far as one may read it, in the order in which it is talked about."""

    of_child = fields.List(fields.Nested(AgendaEntrySchema))
    always = fields.List(fields.String(), metadata={"description": "What the authority always has on it"})
    of_others = fields.List(fields.Nested(AgendaEntrySchema))
    starter = fields.String(metadata={"description": "The role that the child would like to start; may be empty"})


class AgendaOrderSchema(Schema):
    """Every point by its id, in the order wanted; the child's come first whatever it is."""

    points = fields.List(fields.String(), required=True)


@blueprint.get("/<meeting_id>/agenda")
@allowed(READ)
@blueprint.response(200, AgendaSchema)
def get_agenda(meeting_id: str) -> dict[str, Any]:
    """Show what will be talked about."""
    return _shown(meeting_id)


@blueprint.post("/<meeting_id>/agenda/points")
@allowed(ADD)
@blueprint.arguments(AgendaPointSchema)
@blueprint.response(201, AgendaSchema)
def post_point(said: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Add something to talk about. 409 once the meeting has begun."""
    with writing() as work:
        add_point(work, meeting_id, said["text"], Wish(said["wish"]))
    return _shown(meeting_id)


@blueprint.put("/<meeting_id>/agenda/points/<point_id>")
@allowed(ADD)
@blueprint.arguments(AgendaPointSchema)
@blueprint.response(200, AgendaSchema)
def put_point(said: dict[str, Any], meeting_id: str, point_id: str) -> dict[str, Any]:
    """Change something that you added."""
    with writing() as work:
        change_point(work, meeting_id, point_id, said["text"], Wish(said["wish"]))
    return _shown(meeting_id)


@blueprint.delete("/<meeting_id>/agenda/points/<point_id>")
@allowed(ADD)
@blueprint.response(204)
def delete_point(meeting_id: str, point_id: str) -> None:
    """Take out something that you added, or as the social worker anything."""
    with writing() as work:
        take_point_out(work, meeting_id, point_id)


@blueprint.put("/<meeting_id>/agenda/order")
@allowed(ORDER)
@blueprint.arguments(AgendaOrderSchema)
@blueprint.response(200, AgendaSchema)
def put_order(wanted: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Put the points in order."""
    with writing() as work:
        order_points(work, meeting_id, wanted["points"])
    return _shown(meeting_id)


@blueprint.put("/<meeting_id>/agenda/starter")
@allowed(START)
@blueprint.arguments(AgendaStarterSchema)
@blueprint.response(200, AgendaSchema)
def put_starter(wanted: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Say as the child who should start."""
    with writing() as work:
        say_who_starts(work, meeting_id, wanted["role"])
    return _shown(meeting_id)


def _shown(meeting_id: str) -> dict[str, Any]:
    with reading() as work:
        page = look_at_agenda(work, meeting_id)

    def shown(one: Point) -> dict[str, Any]:
        what = {"id": one.id, "text": one.text, "wish": one.wish.value, "name": one.name, "role": one.role}
        return {**what, "added_at": one.at, "own": one.id in page.own}

    return {
        "of_child": [shown(one) for one in page.agenda.of_child],
        "always": list(page.agenda.standing),
        "of_others": [shown(one) for one in page.agenda.of_others],
        "starter": page.agenda.starter,
    }
