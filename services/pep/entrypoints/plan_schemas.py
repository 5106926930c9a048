"""What comes in about targets, views and concerns: one schema for the page's form and for the API's JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.pep.application.targets import HIGHEST_COST_PENCE, TargetWords
from services.pep.domain.targets import Category, Outcome
from services.pep.domain.views import KEYS, QUESTIONS, WAYS_GATHERED
from shared.platform.web.fields import Day, Pence, Text, Whole


class VersionSchema(Schema):
    """The version of what is changed, as it was seen."""

    version = Whole(required=True)


class TargetSchema(Schema):
    """A target as a person enters it; money is in pence, a blank cost is nothing."""

    category = fields.String(
        required=True,
        validate=validate.OneOf([category.value for category in Category]),
        metadata={"label": "What kind of target it is", "select": True},
    )
    what = Text(required=True, longest=1000, metadata={"label": "What the child will achieve"})
    measure = Text(load_default="", longest=1000, metadata={"label": "How everyone will know"})
    who = Text(load_default="", longest=200, metadata={"label": "Who will help"})
    by_date = Day(load_default=None, allow_none=True, metadata={"label": "By when"})
    how_often = Text(load_default="", longest=200, metadata={"label": "How often"})
    cost_pence = Pence(
        load_default=0,
        validate=validate.Range(0, HIGHEST_COST_PENCE, error="The cost must be from £0 to £100,000."),
        metadata={"label": "Pupil Premium Plus cost"},
    )


class OutcomeSchema(Schema):
    """What became of a target, and why."""

    outcome = fields.String(
        required=True,
        validate=validate.OneOf([outcome.value for outcome in Outcome]),
        metadata={"label": "What became of it", "select": True},
    )
    outcome_why = Text(load_default="", longest=2000, metadata={"label": "What happened"})


class ReviewSchema(OutcomeSchema, VersionSchema):
    """The same from a page, with the version that was seen."""


class ActionSchema(VersionSchema):
    """An action that answers a concern."""

    action = Text(load_default="", longest=1000, metadata={"label": "What will be done"})
    owner_id = Text(load_default="", longest=36, metadata={"label": "Who will do it"})
    by_date = Day(load_default=None, allow_none=True, metadata={"label": "By when"})


ViewsSchema = Schema.from_dict(
    {
        **{
            key: Text(load_default="", longest=5000, metadata={"label": question.removesuffix("?")})
            for key, question, _hint in QUESTIONS
        },
        "how": fields.String(load_default="", validate=validate.OneOf(["", *WAYS_GATHERED])),
    },
    name="ViewsSchema",
)
"""The child's views by question; `how` they were gathered when somebody records them for the child."""


def views_answers(values: dict[str, Any]) -> dict[str, str]:
    """Return the answers alone of what a `ViewsSchema` read."""
    return {key: values[key] for key in KEYS}


def target_words(values: dict[str, Any]) -> TargetWords:
    """Return what a `TargetSchema` read as the words of a target."""
    return TargetWords(**values | {"category": Category(values["category"])})
