"""What the API gives back of plans, sections, targets, views, concerns and the care plan."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.pep.domain.concerns import Answer
from services.pep.domain.plan import PlanState
from services.pep.entrypoints.plan_schemas import ActionSchema
from shared.platform.web.answers import OutSchema
from shared.platform.web.fields import Text, Whole


class PlanSchema(OutSchema):
    """A plan. Dates are days; `decision_codes` are the Virtual School's reasons."""

    id = fields.String(required=True)
    child_id = fields.String(required=True)
    kind = fields.String(required=True)
    term = fields.String(required=True)
    phase = fields.String(required=True)
    form_version = fields.String(required=True)
    state = fields.String(required=True)
    opened_on = fields.Date(required=True)
    meet_by = fields.Date(required=True)
    due_on = fields.Date(required=True)
    rule = fields.String(required=True, metadata={"description": "The code of the rule that set the two dates"})
    held_on = fields.Date(allow_none=True)
    no_meeting_reason = fields.String()
    submission = fields.Integer(metadata={"description": "How often it was submitted"})
    submitted_on = fields.Date(allow_none=True)
    approved_on = fields.Date(allow_none=True)
    rating = fields.String()
    decision_codes = fields.List(fields.String())
    circumstances = fields.List(fields.String(), metadata={"description": "What applies to the child, by code"})
    version = fields.Integer(required=True)


class ReasonSchema(OutSchema):
    """One thing that is missing before the plan can be submitted."""

    kind = fields.String(required=True)
    words = fields.String(required=True)
    section = fields.String()
    field = fields.String()
    target_id = fields.String()
    waits_for = fields.String(attribute="owner", metadata={"description": "The role it waits for"})
    heading = fields.String(allow_none=True, metadata={"description": "The heading of Schedule 1 paragraph 2"})


class AttendeeSchema(OutSchema):
    """Someone invited to the meeting."""

    name = fields.String()
    role = fields.String()
    required = fields.Boolean()
    answer = fields.String()
    attended = fields.Boolean()


class MeetingSchema(OutSchema):
    """The plan's meeting; instants are UTC."""

    id = fields.String(attribute="meeting.id")
    starts_at = fields.AwareDateTime(attribute="meeting.starts_at")
    ends_at = fields.AwareDateTime(attribute="meeting.ends_at")
    mode = fields.String(attribute="meeting.mode")
    state = fields.String(attribute="meeting.state")
    held_on = fields.Date(attribute="meeting.held_on", allow_none=True)
    attendees = fields.List(fields.Nested(AttendeeSchema))


class SectionStateSchema(OutSchema):
    """How far one section is and whose it is."""

    key = fields.String(attribute="section.key")
    title = fields.String(attribute="section.title")
    owner = fields.String(attribute="section.owner")
    state = fields.String(attribute="progress")
    status = fields.String(metadata={"description": "The state in words, as the holder of the token sees it"})
    missing = fields.Integer(metadata={"description": "How many required answers are missing"})
    version = fields.Integer()


class TargetOutSchema(OutSchema):
    """A target; the cost is in pence."""

    id = fields.String()
    plan_id = fields.String()
    category = fields.String()
    what = fields.String()
    measure = fields.String()
    who = fields.String()
    by_date = fields.Date(allow_none=True)
    how_often = fields.String()
    cost_pence = fields.Integer()
    outcome = fields.String(allow_none=True)
    outcome_why = fields.String()
    reviewed_on = fields.Date(allow_none=True)
    version = fields.Integer()


class HistorySchema(OutSchema):
    """One step: who did what, and when."""

    at = fields.AwareDateTime()
    person_id = fields.String()
    name = fields.String()
    acting_as = fields.String()
    code = fields.String()
    words = fields.String()
    facts = fields.Dict(keys=fields.String(), values=fields.String())


class WholePlanSchema(PlanSchema):
    """A plan with its meeting, its sections and targets, what is missing, and its history, the newest step first."""

    child_name = fields.String()
    late = fields.Boolean()
    meeting = fields.Nested(MeetingSchema, allow_none=True)
    sections = fields.List(fields.Nested(SectionStateSchema))
    targets = fields.List(fields.Nested(TargetOutSchema))
    missing = fields.List(fields.Nested(ReasonSchema))
    history = fields.List(fields.Nested(HistorySchema))


class PlanRowSchema(PlanSchema):
    """A plan in a list."""

    child_name = fields.String()


class PlanPageSchema(OutSchema):
    """One page of plans."""

    items = fields.List(fields.Nested(PlanRowSchema))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()


class PlanQuerySchema(Schema):
    """Which plans to list."""

    state = fields.List(fields.String(validate=validate.OneOf([state.value for state in PlanState])), load_default=[])
    term = fields.String(load_default="")
    child_id = fields.String(load_default="")
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class SubmissionSchema(Schema):
    """Submitting a plan: the version that was read and, where no meeting took place, why."""

    version = Whole(required=True)
    no_meeting_reason = Text(load_default="", longest=1000)


class QuestionSchema(OutSchema):
    """One question of a section."""

    key = fields.String()
    label = fields.String()
    hint = fields.String()
    type = fields.String()
    required = fields.Boolean()
    heading = fields.String(allow_none=True)
    options = fields.Dict(keys=fields.String(), values=fields.String())


class SectionSchema(OutSchema):
    """A section with its answers by question; money is in pence, dates are days."""

    plan_id = fields.String()
    key = fields.String()
    title = fields.String()
    owner = fields.String()
    version = fields.Integer(metadata={"description": "0 before it was first saved"})
    saved_by = fields.String()
    saved_at = fields.AwareDateTime(allow_none=True)
    answers = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True))
    missing = fields.List(fields.String(), metadata={"description": "Keys of required questions without an answer"})
    questions = fields.List(fields.Nested(QuestionSchema))


class SectionInSchema(Schema):
    """Answers by question; one that is left out is emptied. `reason` is needed after approval."""

    answers = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)
    reason = Text(load_default="", longest=1000)


class ViewsOutSchema(OutSchema):
    """What the child said, by question; `gathered_by` is empty when they wrote it themselves."""

    plan_id = fields.String()
    answers = fields.Dict(keys=fields.String(), values=fields.String())
    gathered_by = fields.String()
    gathered_by_name = fields.String()
    how = fields.String()
    saved_at = fields.AwareDateTime(allow_none=True)
    version = fields.Integer()


class AgreedSchema(OutSchema):
    """One thing that was agreed."""

    heading = fields.String()
    label = fields.String()
    text = fields.String()
    source = fields.String()


class AgreedTargetSchema(OutSchema):
    """A target as the care plan has it."""

    what = fields.String()
    who = fields.String()
    by_date = fields.Date(allow_none=True)
    how_often = fields.String()
    cost_pence = fields.Integer()


class EducationPartSchema(OutSchema):
    """The education part of a care plan, from one approved plan."""

    plan_id = fields.String()
    submission = fields.Integer()
    term = fields.String()
    approved_on = fields.Date()
    rating = fields.String()
    agreed = fields.List(fields.Nested(AgreedSchema))
    targets = fields.List(fields.Nested(AgreedTargetSchema))
    next_due_on = fields.Date(allow_none=True)
    held_on = fields.Date(allow_none=True)
    sources = fields.List(fields.String())


class ConcernSchema(OutSchema):
    """A concern and what was answered."""

    id = fields.String()
    child_id = fields.String()
    rule = fields.String()
    title = fields.String()
    raised_on = fields.Date()
    answer_by = fields.Date()
    evidence = fields.Dict(keys=fields.String(), values=fields.String())
    state = fields.String()
    answer = fields.String(allow_none=True)
    action = fields.String()
    owner_id = fields.String()
    owner_name = fields.String()
    by_date = fields.Date(allow_none=True)
    answered_by_name = fields.String()
    answered_on = fields.Date(allow_none=True)
    done_on = fields.Date(allow_none=True)
    closed_on = fields.Date(allow_none=True)
    outcome = fields.String()
    version = fields.Integer()


class CarePlanSchema(OutSchema):
    """The education part of a child's care plan, with its concerns and next dates."""

    child_id = fields.String()
    current = fields.Nested(EducationPartSchema, allow_none=True)
    earlier = fields.List(fields.Nested(EducationPartSchema))
    concerns = fields.List(fields.Nested(ConcernSchema))
    next_review_by = fields.Date(attribute="next_review.on", allow_none=True)
    plan_to_iro_by = fields.Date(attribute="plan_to_iro.on", allow_none=True)


class AnswerSchema(ActionSchema):
    """An answer to a concern: an action with owner and date, or an early meeting."""

    answer = fields.String(required=True, validate=validate.OneOf([answer.value for answer in Answer]))


def question(one: Any) -> dict[str, Any]:
    """Return a field of the form as the API describes it."""
    return {
        "key": one.key,
        "label": one.label,
        "hint": one.hint,
        "type": one.type.value,
        "required": one.required,
        "heading": one.heading.value if one.heading else None,
        "options": dict(one.options),
    }
