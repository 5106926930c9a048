"""The forms of arranging a meeting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from services.scheduling.domain.meeting import Mode
from services.scheduling.domain.slots import Slot
from services.scheduling.entrypoints.wording import when
from shared.kernel.clock import london_time
from shared.platform.web.fields import ClockTime, Day, Text, Whole
from shared.platform.web.forms import read_form

OTHER = "other"
LENGTHS = (30, 45, 60, 90, 120)


@dataclass(frozen=True, slots=True)
class ChosenTime:
    """A time somebody picked or typed (aware instants)."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        """Return how long it is."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class SlotSchema(Schema):
    """A time that was offered, or the choice of another."""

    slot = fields.String(required=True, error_messages={"required": "Select a time"}, metadata={"label": "Time"})
    minutes = Whole(
        required=True, validate=validate.Range(15, 240, error="A meeting lasts between 15 and 240 minutes"),
        metadata={"label": "How many minutes"},
    )  # fmt: skip


class TypedTimeSchema(Schema):
    """A time that was typed."""

    day = Day(required=True, metadata={"label": "The day of the meeting"})
    time = ClockTime(required=True, metadata={"label": "The time it starts"})


class PeopleSchema(Schema):
    """Who is invited, and who must be there."""

    invite = fields.List(fields.String(), required=True, metadata={"label": "Who is invited", "select": True})
    must = fields.List(fields.String(), load_default=list, metadata={"label": "Who must be there"})


class InvitationSchema(Schema):
    """Where the meeting is, and the version that was read."""

    mode = fields.String(
        required=True,
        validate=validate.OneOf([mode.value for mode in Mode]),
        metadata={"label": "How people take part", "select": True},
    )
    place = Text(load_default="", validate=validate.Length(max=300), metadata={"label": "Where"})
    place_sealed = fields.Boolean(load_default=False, metadata={"label": "Whether parents are told the place"})
    joining_link = Text(load_default="", validate=validate.Length(max=900), metadata={"label": "Link to join online"})
    version = Whole(required=True, metadata={"label": "Version"})


def read_time(form: MultiDict[str, str]) -> tuple[ChosenTime | None, Mapping[str, list[str]]]:
    """Return the time that was picked or typed, or what is wrong with it."""
    values, errors = read_form(SlotSchema(), form)
    if errors:
        return None, errors
    if values["slot"] == OTHER:
        typed, errors = read_form(TypedTimeSchema(), form)
        if errors:
            return None, errors
        starts_at = london_time(typed["day"], typed["time"].hour, typed["time"].minute)
    else:
        try:
            starts_at = datetime.fromisoformat(values["slot"])
        except ValueError:
            return None, {"slot": ["Select a time"]}
        if starts_at.tzinfo is None:
            return None, {"slot": ["Select a time"]}
    starts_at = starts_at.astimezone(UTC)
    return ChosenTime(starts_at, starts_at + timedelta(minutes=values["minutes"])), {}


def time_values(chosen: ChosenTime) -> list[tuple[str, str]]:
    """Return a chosen time as the form's hidden values."""
    return [("slot", chosen.starts_at.isoformat()), ("minutes", str(chosen.minutes))]


def slot_options(slots: Iterable[Slot]) -> list[dict[str, Any]]:
    """Return offered times as radios, each with its reasons."""
    return [
        {
            "value": slot.starts_at.isoformat(),
            "text": when(slot.starts_at, slot.ends_at),
            "good": [point.text for point in slot.points if point.good],
            "poor": [point.text for point in slot.points if not point.good and point.known],
            "unknown": [point.text for point in slot.points if not point.known],
        }
        for slot in slots
    ]
