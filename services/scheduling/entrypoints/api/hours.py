"""The hours of the week that suit people, over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.hours import PersonsHours, forget_hours, hours_of, keep_hours
from services.scheduling.domain.cells import minute_of
from services.scheduling.domain.working_hours import Stretch, WorkingHours
from services.scheduling.entrypoints.api.clock import as_clock
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import ClockTime, Day
from shared.platform.web.unit import reading, writing

KEEP = "scheduling.hours.keep"
blueprint = ApiBlueprint(
    "hours_api", __name__, url_prefix="/api/people", description="At which hours of the week meetings suit people."
)


class StretchSchema(Schema):
    """Part of a weekday, 0 for Monday."""

    weekday = fields.Integer(required=True, strict=True, validate=validate.Range(0, 6))
    starts = ClockTime(required=True, metadata={"description": "Wall-clock time in England, such as 09:00"})
    ends = ClockTime(required=True, metadata={"description": "Wall-clock time in England, such as 15:15"})


class HoursInSchema(Schema):
    """The hours that suit somebody from a day on; outside them nothing does."""

    from_date = Day(required=True)
    hours = fields.List(fields.Nested(StretchSchema), required=True, validate=validate.Length(1, 70))


class StretchOutSchema(Schema):
    """Part of a weekday, 0 for Monday."""

    weekday = fields.Integer()
    starts = fields.String()
    ends = fields.String()


class PatternSchema(Schema):
    """The hours that suit somebody from a day on, until the next ones hold."""

    from_date = fields.Date()
    hours = fields.List(fields.Nested(StretchOutSchema))
    recorded_by = fields.String()
    recorded_at = fields.AwareDateTime()


class PersonsHoursSchema(Schema):
    """Today's hours of somebody and those still to come; none where any hour suits."""

    person_id = fields.String()
    patterns = fields.List(fields.Nested(PatternSchema))


class FromDateSchema(Schema):
    """From which day the hours hold; left out, all of somebody's hours are meant."""

    from_date = Day(load_default=None, allow_none=True)


@blueprint.get("/<person_id>/hours")
@allowed(KEEP)
@blueprint.response(200, PersonsHoursSchema)
def get_hours(person_id: str) -> dict[str, Any]:
    """Show the hours that suit somebody."""
    with reading() as work:
        return _shown(hours_of(work, person_id))


@blueprint.put("/<person_id>/hours")
@allowed(KEEP)
@blueprint.arguments(HoursInSchema)
@blueprint.response(200, PersonsHoursSchema)
def put_hours(given: dict[str, Any], person_id: str) -> dict[str, Any]:
    """Keep the hours that suit somebody from a day on, in the place of those from the same day."""
    with writing() as work:
        hours_of(work, person_id)
        stretches = [
            Stretch(one["weekday"], minute_of(one["starts"]), minute_of(one["ends"])) for one in given["hours"]
        ]
        if any(one.starts >= one.ends for one in stretches):
            raise InvalidInput({"hours": ["Each stretch must end after it starts."]})
        return _shown(keep_hours(work, person_id, given["from_date"], stretches))


@blueprint.delete("/<person_id>/hours")
@allowed(KEEP)
@blueprint.arguments(FromDateSchema, location="query")
@blueprint.response(204)
def delete_hours(asked: dict[str, date | None], person_id: str) -> None:
    """Forget the hours that suit somebody: those that hold from a day on, or all."""
    with writing() as work:
        forget_hours(work, person_id, asked["from_date"])


def _shown(hours: PersonsHours) -> dict[str, Any]:
    now = (hours.now,) if hours.now else ()
    return {"person_id": hours.person_id, "patterns": [_pattern(one) for one in (*now, *hours.later)]}


def _pattern(one: WorkingHours) -> dict[str, Any]:
    return {
        "from_date": one.from_date,
        "hours": [
            {"weekday": each.weekday, "starts": as_clock(each.starts), "ends": as_clock(each.ends)}
            for each in sorted(one.stretches)
        ],
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at,
    }
