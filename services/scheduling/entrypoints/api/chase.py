"""The chase list, the ladder of a meeting, and ways out for one that cannot be held as it stands, over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.chase_list import ChaseLine, Waits, Wanted, chase_list
from services.scheduling.application.chasing import chase_of
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.replanning import (
    ARRANGE,
    ask_manager,
    hand_seat_over,
    hold_without,
    let_join_online,
    replanning_of,
)
from services.scheduling.domain.chasing import Dated
from services.scheduling.domain.replanning import WITHOUT
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import Text, Whole
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "chase_api", __name__, url_prefix="/api", description="Chasing meetings, and replanning those that cannot be held."
)


class WantedSchema(Schema):
    """How to narrow the chase list."""

    waits = fields.String(load_default="", validate=validate.OneOf(["", *Waits]))
    worker = fields.String(load_default="", metadata={"description": "A social worker's id"})
    ring = fields.Boolean(load_default=False, metadata={"description": "Only with somebody to telephone"})
    overdue = fields.Boolean(load_default=False, metadata={"description": "Only past the latest date"})


class StepSchema(Schema):
    """A step of a ladder: when it comes, and what is done."""

    on = fields.Date()
    remind = fields.Boolean()
    telephone = fields.Boolean()
    tell = fields.List(fields.String(), metadata={"description": "The roles of those who are told"})
    outcome = fields.String(metadata={"description": "done, overtaken or not_needed; empty while it is to come"})


class ChaseLineSchema(Schema):
    """A meeting that waits for somebody."""

    meeting_id = fields.String()
    child_id = fields.String()
    child_name = fields.String()
    waits = fields.String()
    waited_for = fields.List(fields.String(), metadata={"description": "Ids of people"})
    ring = fields.List(fields.String(), metadata={"description": "Ids of people to telephone"})
    meet_by = fields.Date()
    starts_at = fields.AwareDateTime(allow_none=True)
    next = fields.Nested(StepSchema, allow_none=True)


class WayOutSchema(Schema):
    """Who cannot come, who could take their seat, and whether the meeting can go ahead without them."""

    invitee_id = fields.String()
    deputies = fields.List(fields.String(), metadata={"description": "Ids of people who could take the seat"})
    quorate_without = fields.Boolean()


class SeatSchema(Schema):
    """Who takes the seat, and the version of the meeting that was read."""

    person_id = fields.String(required=True, validate=validate.Length(max=36))
    version = Whole(required=True)


class OnlineSchema(Schema):
    """Where to join, and the version of the meeting that was read."""

    joining_link = Text(required=True, longest=900)
    version = Whole(required=True)


class WithoutSchema(Schema):
    """Why the meeting goes ahead, and the version of it that was read."""

    why = fields.String(required=True, validate=validate.OneOf([each.value for each in WITHOUT]))
    version = Whole(required=True)


@blueprint.get("/chase")
@allowed("scheduling.chase.read")
@blueprint.arguments(WantedSchema, location="query")
@blueprint.response(200, ChaseLineSchema(many=True))
def list_chased(query: dict[str, Any]) -> list[dict[str, Any]]:
    """List the meetings that wait for an answer, a time or a way out, the most pressing first."""
    with reading() as work:
        return [_line(line) for line in chase_list(work, Wanted(**query)).lines]


@blueprint.get("/meetings/<meeting_id>/ladder")
@allowed("scheduling.meeting.read")
@blueprint.response(200, StepSchema(many=True))
def list_steps(meeting_id: str) -> list[dict[str, Any]]:
    """List what comes when if nobody does anything about a meeting, and what of it is behind us."""
    with reading() as work:
        chase = chase_of(work, find_meeting(work, meeting_id))
    behind = {each.days: each.outcome.value for each in chase.taken}
    return [_step(each) | {"outcome": behind.get(each.step.days, "")} for each in chase.steps]


@blueprint.get("/meetings/<meeting_id>/ways-out")
@allowed(ARRANGE)
@blueprint.response(200, WayOutSchema(many=True))
def list_ways_out(meeting_id: str) -> list[dict[str, Any]]:
    """List what can be done about each person who must be there and cannot come."""
    with reading() as work:
        plan = replanning_of(work, find_meeting(work, meeting_id, ARRANGE))
    return [
        {
            "invitee_id": way.invitee.id,
            "deputies": [one.person_id for one in way.deputies],
            "quorate_without": way.lacking.quorate,
        }
        for way in (plan.ways_out if plan else ())
    ]


@blueprint.post("/meetings/<meeting_id>/invitees/<invitee_id>/seat")
@allowed(ARRANGE)
@blueprint.arguments(SeatSchema)
@blueprint.response(204)
def post_seat(wanted: dict[str, Any], meeting_id: str, invitee_id: str) -> None:
    """Invite a colleague in the stead of somebody who cannot come."""
    with writing() as work:
        hand_seat_over(work, meeting_id, invitee_id, wanted["person_id"], wanted["version"])


@blueprint.post("/meetings/<meeting_id>/invitees/<invitee_id>/without")
@allowed(ARRANGE)
@blueprint.arguments(WithoutSchema)
@blueprint.response(204)
def post_without(wanted: dict[str, Any], meeting_id: str, invitee_id: str) -> None:
    """Let a meeting go ahead without somebody who had to be there; 409 where the quorum does not allow it."""
    with writing() as work:
        hold_without(work, meeting_id, invitee_id, wanted["why"], wanted["version"])


@blueprint.post("/meetings/<meeting_id>/online")
@allowed(ARRANGE)
@blueprint.arguments(OnlineSchema)
@blueprint.response(204)
def post_online(wanted: dict[str, Any], meeting_id: str) -> None:
    """Let those who cannot come join a meeting online."""
    with writing() as work:
        let_join_online(work, meeting_id, wanted["joining_link"], wanted["version"])


@blueprint.post("/meetings/<meeting_id>/manager")
@allowed(ARRANGE)
@blueprint.response(204)
def post_manager(meeting_id: str) -> None:
    """Put a meeting before the team manager; 409 where that was done already."""
    with writing() as work:
        ask_manager(work, meeting_id)


def _line(line: ChaseLine) -> dict[str, Any]:
    meeting = line.chase.meeting
    return {
        "meeting_id": meeting.id,
        "child_id": line.child.id,
        "child_name": line.child.name,
        "waits": line.waits.value,
        "waited_for": [each.person_id for each in line.chase.waited_for or meeting.who_cannot],
        "ring": [each.person_id for each in line.chase.ring],
        "meet_by": meeting.meet_by,
        "starts_at": meeting.booking.starts_at if meeting.booking else None,
        "next": _step(line.next) if line.next else None,
    }


def _step(each: Dated) -> dict[str, Any]:
    step = each.step
    return {
        "on": each.on,
        "remind": step.remind,
        "telephone": step.telephone,
        "tell": [role.value for role in step.tell],
        "outcome": "",
    }
