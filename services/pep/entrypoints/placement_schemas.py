"""What pages and API take and give about where a child lives."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.pep.domain.parents import GROUNDS_FOR_A_SCHOOL
from shared.contracts.parents import Matter
from shared.platform.web.answers import OutSchema
from shared.platform.web.fields import Day, Text


class PlacementInSchema(Schema):
    """Where a child lives, from a day."""

    since = Day(required=True, metadata={"label": "The first day there"})
    address = Text(required=True, longest=400, metadata={"label": "Address"})
    postcode = Text(load_default="", longest=10, metadata={"label": "Postcode"})
    carer_id = Text(load_default="", longest=36, metadata={"label": "Carer", "select": True})
    carer_name = Text(load_default="", longest=200, metadata={"label": "Name at the address"})
    carer_phone = Text(load_default="", longest=40, metadata={"label": "Telephone number"})


class PlacementSchema(OutSchema):
    """Where a child lives; every field but `version` is absent where nothing is recorded."""

    since = fields.Date()
    address = fields.String(metadata={"description": "A line for each part, without the postcode"})
    postcode = fields.String()
    carer_id = fields.String(metadata={"description": "The carer on the team; empty for a home with staff"})
    carer_name = fields.String(metadata={"description": "What the carer is called at the address"})
    carer_phone = fields.String()
    version = fields.Integer(required=True, metadata={"description": "How often anything was recorded"})


class SchoolDecisionSchema(Schema):
    """Whether the school is told where a child lives, why, and until when."""

    standing = Text(
        required=True,
        validate=validate.OneOf(list(Matter.PLACEMENT.standings)),
        metadata={"label": "what the school is told", "select": True},
    )
    ground = Text(
        required=True, validate=validate.OneOf(GROUNDS_FOR_A_SCHOOL), metadata={"label": "why", "select": True}
    )
    reference = Text(load_default="", longest=200, metadata={"label": "File"})
    until = Day(load_default=None, allow_none=True, metadata={"label": "Last day"})
