"""Rooms that can be booked for meetings, over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.rooms import (
    RoomWish,
    change_room,
    find_room,
    own_rooms,
    record_room,
    rooms_of_school,
)
from services.scheduling.entrypoints.times_schemas import RoomFormSchema
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

READ, RECORD, RECORD_OWN = "scheduling.rooms.read", "scheduling.rooms.record", "scheduling.rooms.record_own"
blueprint = ApiBlueprint(
    "rooms_api", __name__, url_prefix="/api", description="Rooms of schools and authorities that meetings can book."
)


class RoomSchema(Schema):
    """A room; `school_urn` is null for one of the authority's own, `seats` 0 where nobody said."""

    id = fields.String()
    school_urn = fields.String(allow_none=True)
    site = fields.String(metadata={"description": "The school or building"})
    name = fields.String()
    seats = fields.Integer(validate=validate.Range(0))
    is_open = fields.Boolean(metadata={"description": "Whether it can be booked"})


class RoomInSchema(RoomFormSchema):
    """A room; `site` of one that is not a school's."""

    is_open = fields.Boolean(load_default=True)


@blueprint.get("/rooms")
@allowed(READ)
@blueprint.response(200, RoomSchema(many=True))
def list_own_rooms() -> Any:
    """List the rooms of the authority that are not a school's."""
    with reading() as work:
        return own_rooms(work)


@blueprint.post("/rooms")
@allowed(RECORD_OWN)
@blueprint.arguments(RoomInSchema)
@blueprint.response(201, RoomSchema)
def post_own_room(given: dict[str, Any]) -> Any:
    """Record a room of the authority's own."""
    with writing() as work:
        return record_room(work, RoomWish(**given))


@blueprint.get("/schools/<urn>/rooms")
@allowed(READ)
@blueprint.response(200, RoomSchema(many=True))
def list_rooms(urn: str) -> Any:
    """List the rooms of a school."""
    with reading() as work:
        return rooms_of_school(work, urn)[1]


@blueprint.post("/schools/<urn>/rooms")
@allowed(RECORD)
@blueprint.arguments(RoomInSchema)
@blueprint.response(201, RoomSchema)
def post_room(given: dict[str, Any], urn: str) -> Any:
    """Record a room of a school."""
    with writing() as work:
        return record_room(work, RoomWish(**given), urn)


@blueprint.get("/rooms/<room_id>")
@allowed(READ)
@blueprint.response(200, RoomSchema)
def get_room(room_id: str) -> Any:
    """Show a room."""
    with reading() as work:
        return find_room(work, room_id)


@blueprint.put("/rooms/<room_id>")
@allowed(RECORD)
@blueprint.arguments(RoomInSchema)
@blueprint.response(200, RoomSchema)
def put_room(given: dict[str, Any], room_id: str) -> Any:
    """Correct what is known of a room, or offer it no more; meetings that have it keep it."""
    with writing() as work:
        return change_room(work, room_id, RoomWish(**given))
