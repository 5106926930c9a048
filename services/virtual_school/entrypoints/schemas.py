"""What people and programs send: one schema for a form, its JSON and its address."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates

from services.virtual_school.domain.attendance_codes import Session
from services.virtual_school.domain.children import PHASE_WORDS
from services.virtual_school.domain.cohort import CohortFilter, CohortOrder
from services.virtual_school.domain.plans import PlanState, Standing
from services.virtual_school.domain.rubric import Decision, Rating
from services.virtual_school.domain.suspensions import REASONS
from shared.platform.web.fields import Day, Text, Typed, Whole, YesNo


class WholeNumberInAddress(Whole):
    """A whole number in an address, where everything is text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        return super()._deserialize(Typed(value) if isinstance(value, str) else value, attr, data, **kwargs)


class CohortQuery(Schema):
    """What may be asked of the cohort, in an address."""

    state = fields.Enum(Standing, by_value=True, load_default=None)
    phase = fields.String(load_default=None, validate=validate.OneOf(list(PHASE_WORDS)))
    school = fields.String(load_default=None, validate=validate.Length(max=20))
    caseworker = fields.String(load_default=None, validate=validate.Length(max=36))
    year_group = WholeNumberInAddress(load_default=None, validate=validate.Range(-1, 13))
    search = Text(load_default="", longest=100)
    under = WholeNumberInAddress(load_default=None, validate=validate.Range(1, 100))
    concerns = fields.Boolean(load_default=False)
    order = fields.Enum(CohortOrder, by_value=True, load_default=CohortOrder.NAME)
    descending = fields.Boolean(load_default=False)
    page = WholeNumberInAddress(load_default=1, validate=validate.Range(1, 100_000))


def read_cohort_query(given: dict[str, str]) -> CohortFilter:
    """Return what an address asks of the cohort; empty values and ones that mean nothing do not narrow it."""
    asked = {key: value for key, value in given.items() if value and key in CohortQuery().fields}
    try:
        return CohortFilter(**CohortQuery().load(asked))
    except ValidationError as error:
        bad = error.messages if isinstance(error.messages, dict) else {}
        return CohortFilter(**CohortQuery().load({key: value for key, value in asked.items() if key not in bad}))


class RatingForm(Schema):
    """A rating of a submitted plan and the decision on it."""

    submission = Whole(required=True, validate=validate.Range(1))
    rating = fields.Enum(
        Rating,
        by_value=True,
        required=True,
        metadata={"label": "Rating", "select": True, "description": "red, amber or green"},
        error_messages={"required": "Choose a rating", "unknown": "Choose red, amber or green"},
    )
    reasons = fields.List(fields.String(validate=validate.Length(max=40)), load_default=list)
    decision = fields.Enum(
        Decision,
        by_value=True,
        required=True,
        metadata={"label": "Decision", "select": True, "description": "approve or return"},
        error_messages={
            "required": "Choose whether to approve or return the plan",
            "unknown": "Choose approve or return",
        },
    )
    feedback = Text(load_default="", longest=4000, metadata={"label": "Note"})
    version = Whole(load_default=None)


class SuspensionForm(Schema):
    """A suspension or a permanent exclusion; `sessions` are half days missed, `reasons` one to three codes."""

    permanent = YesNo(
        load_default=False, metadata={"label": "Permanent exclusion", "description": "true for a permanent exclusion"}
    )
    starts_on = Day(required=True, metadata={"label": "First day"})
    ends_on = Day(load_default=None, allow_none=True, metadata={"label": "Last day"})
    sessions = Whole(load_default=0, metadata={"label": "Sessions missed"})
    reasons = fields.List(
        fields.String(validate=validate.OneOf(list(REASONS))),
        required=True,
        metadata={"label": "Reasons", "select": True},
        error_messages={"required": "Choose one, two or three reasons"},
    )


class MarkForm(Schema):
    """One mark: the code of SI 2024/208 for one session."""

    date = Day(required=True)
    session = fields.Enum(Session, by_value=True, required=True, metadata={"description": "AM or PM"})
    code = fields.String(required=True, validate=validate.Length(1, 4))


class MarksForm(Schema):
    """Marks of one child; those that differ from what is held are kept back unless `replace` is true."""

    marks = fields.List(fields.Nested(MarkForm), required=True, validate=validate.Length(1, 1000))
    replace = fields.Boolean(load_default=False)

    @validates("marks")
    def _has_marks(self, marks: list[Any], data_key: str) -> None:
        if not marks:
            raise ValidationError("Send at least one mark.")


class PlansQuery(Schema):
    """Which plans to list."""

    state = fields.Enum(PlanState, by_value=True, load_default=None)
    page = WholeNumberInAddress(load_default=1, validate=validate.Range(1, 100_000))
