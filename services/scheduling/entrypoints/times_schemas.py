"""The forms of what times must suit: hours, lessons, a school's day, rooms; the API takes the same."""

from __future__ import annotations

from datetime import time
from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.domain.cells import minute_of
from services.scheduling.domain.working_hours import WEEKDAYS
from shared.platform.web.fields import ClockTime, Day, Text, Whole

DAY_KEYS = tuple(name.lower() for name in WEEKDAYS)


def _day_of_the_week(name: str) -> Text:
    return Text(load_default="", validate=validate.Length(max=80), metadata={"label": f"Hours on {name}"})


class HoursFormSchema(Schema):
    """Somebody's hours as they are typed: a text for each weekday."""

    from_date = Day(required=True, metadata={"label": "The day from which they hold"})
    monday, tuesday, wednesday, thursday, friday = (_day_of_the_week(name) for name in WEEKDAYS)


class LessonFormSchema(Schema):
    """A lesson: on a weekday or on one date."""

    what = Text(required=True, validate=validate.Length(max=80), metadata={"label": "What it is"})
    weekday = Whole(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, 4, error="Select a day of the week from the list"),
        metadata={"label": "Day of the week"},
    )
    day = Day(load_default=None, allow_none=True, metadata={"label": "The date"})
    starts = ClockTime(required=True, metadata={"label": "The time it starts"})
    ends = ClockTime(required=True, metadata={"label": "The time it ends"})
    until = Day(load_default=None, allow_none=True, metadata={"label": "The last day"})
    never = fields.Boolean(load_default=False, metadata={"label": "Never"})
    childs_wish = fields.Boolean(load_default=False, metadata={"label": "The child's wish"})


class SchoolDayFormSchema(Schema):
    """When a school's day starts and ends, and lunch."""

    starts = ClockTime(required=True, metadata={"label": "The time lessons start"})
    ends = ClockTime(required=True, metadata={"label": "The time lessons end"})
    lunch_starts = ClockTime(required=True, metadata={"label": "The time lunch starts"})
    lunch_ends = ClockTime(required=True, metadata={"label": "The time lunch ends"})


class RoomFormSchema(Schema):
    """A room; `site` of one that is not a school's."""

    name = Text(required=True, validate=validate.Length(max=80), metadata={"label": "What the room is called"})
    site = Text(load_default="", validate=validate.Length(max=200), metadata={"label": "The building"})
    seats = Whole(
        load_default=0,
        validate=validate.Range(0, 500, error="Seats must be a number from 1 to 500, or empty"),
        metadata={"label": "Seats"},
    )
    is_open = fields.Boolean(load_default=False, metadata={"label": "Whether it can be booked"})


def in_minutes(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed with its times of day as minutes of the day."""
    return {key: minute_of(value) if isinstance(value, time) else value for key, value in values.items()}
