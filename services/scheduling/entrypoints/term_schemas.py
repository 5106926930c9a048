"""What forms and programs say of drafts of a term."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.domain.term_draft import SECONDS, Options, PlacementState, PlanState
from shared.kernel.clock import LONDON
from shared.platform.web.fields import Day, Whole

MOST = validate.Range(1, 20, error="Enter a whole number from 1 to 20")
LINE_STATES = [state.value for state in PlacementState]


class OptionsSchema(Schema):
    """How a term is to be drafted; what is left out is as the authority's policy has it."""

    a_day = Whole(validate=MOST, metadata={"label": "Meetings a day for one social worker"})
    a_week = Whole(validate=MOST, metadata={"label": "Meetings a week for one social worker"})
    fair_a_week = Whole(validate=MOST, metadata={"label": "Meetings a week that are still comfortable"})
    seconds = Whole(
        validate=validate.OneOf(SECONDS), metadata={"label": "For how long to improve the draft", "select": True}
    )


class NewDraftSchema(OptionsSchema):
    """A draft to be made."""

    first = Day(required=True, metadata={"label": "The first day"})
    last = Day(required=True, metadata={"label": "The last day"})


class DayOffSchema(Schema):
    """Somebody is away, in a draft only."""

    person_id = fields.String(required=True, metadata={"label": "Who is away", "select": True})
    first = Day(required=True, metadata={"label": "The first day away"})
    last = Day(required=True, metadata={"label": "The last day away"})


class VersionSchema(Schema):
    """The version that was read."""

    version = Whole(required=True, metadata={"label": "Version"})


class MoveSchema(VersionSchema):
    """A time that was offered for a meeting of a draft."""

    start = fields.AwareDateTime(
        required=True,
        default_timezone=LONDON,
        error_messages={"required": "Select a time", "invalid": "Select a time"},
        metadata={"label": "Time"},
    )


class FilterSchema(Schema):
    """Which lines of a draft."""

    worker = fields.String(load_default="")
    school = fields.String(load_default="")
    week = Day(load_default=None, metadata={"description": "The Monday"})
    state = fields.String(load_default="", validate=validate.OneOf(["", *LINE_STATES]))


class OptionsOutSchema(Schema):
    """How a term was drafted."""

    a_day = fields.Integer()
    a_week = fields.Integer()
    fair_a_week = fields.Integer()
    seconds = fields.Integer()


class ProgressSchema(Schema):
    """How a draft comes on."""

    meetings = fields.Integer(metadata={"description": "How many meetings are to be placed"})
    placed = fields.Integer()
    seconds = fields.Float(metadata={"description": "For how long the solver has been at it"})
    cost = fields.Integer(
        allow_none=True, metadata={"description": "With 1,000 for each meeting that could have a time"}
    )
    bound = fields.Integer(allow_none=True, metadata={"description": "No draft of those looked at can cost less"})
    gap = fields.Float(allow_none=True, metadata={"description": "The part of the cost that may still be too much"})
    choices = fields.Integer(metadata={"description": "How many possible starts the solver looks at"})
    possible = fields.Integer(metadata={"description": "How many possible starts there are"})
    proven = fields.Boolean(metadata={"description": "No draft of those looked at is better"})
    parts = fields.Dict(metadata={"description": "The cost by reason, and how many journeys and moves there are"})
    unknown_diaries = fields.Integer(metadata={"description": "People who must come and whose diary is not known"})


class TermPlanSchema(Schema):
    """A draft of a term."""

    id = fields.String()
    made_by = fields.String()
    made_by_name = fields.String()
    made_at = fields.AwareDateTime()
    whole_authority = fields.Boolean()
    first = fields.Date()
    last = fields.Date()
    options = fields.Nested(OptionsOutSchema)
    state = fields.String(validate=validate.OneOf([state.value for state in PlanState]))
    finished_at = fields.AwareDateTime(allow_none=True)
    progress = fields.Nested(ProgressSchema)
    problem = fields.String(metadata={"description": "A code, such as solver_not_installed; empty where all went well"})
    sent_by_name = fields.String()
    version = fields.Integer()


class PlacementSchema(Schema):
    """One meeting in a draft; `hindrance` is the one constraint to relax where it has no time."""

    meeting_id = fields.String()
    child_id = fields.String()
    child_name = fields.String()
    school_urn = fields.String(allow_none=True)
    worker_id = fields.String()
    meet_by = fields.Date()
    state = fields.String(validate=validate.OneOf(LINE_STATES))
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    locked = fields.Boolean()
    moved_from = fields.AwareDateTime(allow_none=True)
    late = fields.Boolean(metadata={"description": "The latest date cannot be met any more"})
    hindrance = fields.String()
    hindrance_person = fields.String()
    opens = fields.Integer(metadata={"description": "How many times there would be without it"})
    refusal = fields.String()
    version = fields.Integer()


class PlacementChangeSchema(Schema):
    """What to change of one meeting in a draft: one of these."""

    start = fields.AwareDateTime(default_timezone=LONDON, metadata={"description": "Another time that is open"})
    locked = fields.Boolean()
    left_out = fields.Boolean()


class OpenTimeSchema(Schema):
    """A time that is open for a meeting of a draft."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    points = fields.List(fields.Dict(), metadata={"description": "What speaks for and against it"})


def options_from(given: Mapping[str, Any], usual: Options) -> Options:
    """Return the options that were chosen, and the usual ones for the rest."""
    names = ("a_day", "a_week", "fair_a_week", "seconds")
    return Options(**{name: given[name] if name in given else getattr(usual, name) for name in names})
