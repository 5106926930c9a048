"""The forms of asking people first: what to ask, until when, and what somebody says of each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from services.scheduling.application.polls import Asking
from services.scheduling.domain.polls import Choice, Poll
from services.scheduling.entrypoints.polls_wording import CHOICES
from services.scheduling.entrypoints.wording import when
from shared.kernel.clock import london_time
from shared.platform.web.fields import ClockTime, Day, Text, Whole
from shared.platform.web.forms import Errors, read_form

OWN_TIMES = 3
"""How many times of their own the form lets the worker type beside those that are offered."""


class AskSchema(Schema):
    """Which of the offered times are asked about, until when, whom, and what the others see."""

    times = fields.List(fields.String(), load_default=list, metadata={"label": "Times"})
    minutes = Whole(
        required=True,
        validate=validate.Range(15, 240, error="A meeting lasts between 15 and 240 minutes"),
        metadata={"label": "How many minutes"},
    )
    closes_on = Day(required=True, metadata={"label": "The closing date"})
    invite = fields.List(fields.String(), required=True, metadata={"label": "Who is asked", "select": True})
    must = fields.List(fields.String(), load_default=list, metadata={"label": "Who must be there"})
    shows_counts = fields.Boolean(load_default=False, metadata={"label": "What the others see"})


class ClosingSchema(Schema):
    """Until when people may answer."""

    closes_on = Day(required=True, metadata={"label": "The closing date"})


class CommentSchema(Schema):
    """A line to whoever arranges the meeting."""

    comment = Text(load_default="", validate=validate.Length(max=1000), metadata={"label": "Message"})


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of each time (by the proposal's id), and their message."""

    choices: Mapping[str, Choice]
    comment: str


def read_asking(form: MultiDict[str, str]) -> tuple[Asking | None, Errors]:
    """Return what the worker wants to ask, or what is wrong with it by field."""
    values, errors = read_form(AskSchema(), form)
    starts: list[datetime] = []
    for text in values.get("times", ()):
        offered = _offered(text)
        if offered is None:
            errors["times"] = ["Select the times to ask about"]
        else:
            starts.append(offered)
    for number in range(1, OWN_TIMES + 1):
        own, wrong = _own_time(form, number)
        errors |= wrong
        starts += [own] if own else []
    if errors:
        return None, errors
    length = timedelta(minutes=values["minutes"])
    required = {person_id: person_id in values["must"] for person_id in values["invite"]}
    times = tuple((starts_at, starts_at + length) for starts_at in starts)
    return Asking(times, values["closes_on"], required, values["shows_counts"]), {}


def _offered(text: str) -> datetime | None:
    """Return one of the times that were offered, as its box says it."""
    try:
        starts_at = datetime.fromisoformat(text)
        return None if starts_at.tzinfo is None else starts_at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _own_time(form: MultiDict[str, str], number: int) -> tuple[datetime | None, Errors]:
    """Return one of the times that were typed; None where its boxes are empty."""
    day, time = f"day{number}", f"time{number}"
    boxes = (time, *(f"{day}-{part}" for part in ("day", "month", "year")))
    if not any(form.get(box, "").strip() for box in boxes):
        return None, {}
    schema = Schema.from_dict(
        {
            day: Day(required=True, metadata={"label": f"The day of time {number}"}),
            time: ClockTime(required=True, metadata={"label": f"When time {number} starts"}),
        }
    )
    values, errors = read_form(schema(), form)
    return (None, errors) if errors else (london_time(values[day], values[time].hour, values[time].minute), {})


def read_choices(form: MultiDict[str, str], poll: Poll) -> tuple[Said | None, Errors]:
    """Return what somebody says of every time of a poll, or what is wrong with it by field."""
    values, errors = read_form(CommentSchema(), form)
    choices: dict[str, Choice] = {}
    missing: Errors = {}
    for one in poll.proposals:
        said = form.get(one.id, "")
        if said in set(Choice):
            choices[one.id] = Choice(said)
        else:
            missing[one.id] = [f"Say whether {when(one.starts_at, one.ends_at)} suits"]
    errors = {**missing, **errors}
    return (None, errors) if errors else (Said(choices, values["comment"]), {})


def choice_options(words: Mapping[Choice, str] = CHOICES) -> list[dict[str, str]]:
    """Return the three things that can be said of a time, as radios."""
    return [{"value": choice.value, "text": text} for choice, text in words.items()]


def said_values(choices: Mapping[str, Choice], comment: str) -> dict[str, str]:
    """Return what somebody said before, as the form shows it."""
    return {**{proposal_id: choice.value for proposal_id, choice in choices.items()}, "comment": comment}
