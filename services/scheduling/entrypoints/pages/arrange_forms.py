"""The forms of arranging a meeting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from services.scheduling.application.slots import Setting
from services.scheduling.domain.meeting import Booking, Mode
from services.scheduling.domain.rooms import ANY_ROOM, Room
from services.scheduling.domain.slots import Slot
from services.scheduling.entrypoints.wording import when
from shared.kernel.clock import london_time
from shared.kernel.errors import InvalidInput
from shared.platform.web.fields import ClockTime, Day, Text, Whole
from shared.platform.web.forms import FormState, read_form

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


class SettingSchema(Schema):
    """How people take part and in which room, as far as it bears on the times."""

    mode = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf([mode.value for mode in Mode]),
        metadata={"label": "How people take part"},
    )
    room = Text(load_default=None, allow_none=True, validate=validate.Length(max=36), metadata={"label": "Room"})


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
    joins_room = fields.List(fields.String(), load_default=list, metadata={"label": "Who comes to the room"})
    joins_online = fields.List(fields.String(), load_default=list, metadata={"label": "Who joins online"})
    late_reason = fields.String(load_default="", metadata={"label": "Why at short notice"})
    nevertheless = Text(
        load_default="", validate=validate.Length(max=1000), metadata={"label": "Why they are invited all the same"}
    )
    room = Text(load_default="", validate=validate.Length(max=36), metadata={"label": "Room"})
    version = Whole(required=True, metadata={"label": "Version"})


def ways_to_join(values: Mapping[str, Any], invited: Iterable[str]) -> dict[str, str]:
    """Return how each invited person takes part, as the form says; raises `InvalidInput` for both at once."""
    both = set(values["joins_room"]) & set(values["joins_online"])
    if both:
        raise InvalidInput({"joins_online": ["Somebody is ticked both in the room and online. Choose one."]})
    ways = dict.fromkeys(values["joins_room"], Mode.IN_PERSON.value) | dict.fromkeys(
        values["joins_online"], Mode.ONLINE.value
    )
    return {person_id: ways.get(person_id, "") for person_id in invited}


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


def read_setting(form: MultiDict[str, str], booking: Booking | None) -> Setting:
    """Return how and where people would meet, as the address or the form says it; else as it is booked."""
    values, _ = read_form(SettingSchema(), form)
    booked = Setting.of(booking)
    mode = Mode(values["mode"]) if values.get("mode") else booked.mode
    room = (values.get("room") or "") if "room" in form else booked.room
    place = booked.place if (booking is not None and room == booked.room) else ""
    return Setting(mode, place, "" if mode is Mode.ONLINE else room)


def setting_of(form: FormState) -> Setting:
    """Return the setting that the last step's form shows."""
    chosen = form.text("mode")
    mode = Mode(chosen) if chosen in {mode.value for mode in Mode} else Mode.IN_PERSON
    return Setting(mode, form.text("place"), "" if mode is Mode.ONLINE else form.text("room"))


def setting_values(setting: Setting) -> list[tuple[str, str]]:
    """Return a setting as the form's hidden values."""
    return [("mode", setting.mode.value), ("room", setting.room)]


def room_options(rooms: Iterable[Room], *, any_of_the_school: bool) -> list[dict[str, str]]:
    """Return the rooms to choose from; `any_of_the_school` offers whichever of these is free."""
    listed = list(rooms)
    offered = [{"value": ANY_ROOM, "text": "Any room of the school that is free"}]
    first = offered if any_of_the_school and any(room.school_urn for room in listed) else []
    return [*first, *({"value": room.id, "text": _room_in_words(room)} for room in listed)]


def _room_in_words(room: Room) -> str:
    seats = f" ({room.seats} seats)" if room.seats else ""
    return f"{room.name}{seats}" if room.school_urn else f"{room.place}{seats}"


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
