"""What the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from services.virtual_school.domain.attendance import Attendance


class AttendanceAnswer(Schema):
    """Sessions counted over a period; `percentage` is cut to one decimal and null without a possible session."""

    possible = fields.Integer()
    attended = fields.Integer()
    authorised = fields.Integer()
    unauthorised = fields.Integer()
    late = fields.Integer()
    percentage = fields.Method("_percentage", allow_none=True)

    def _percentage(self, attendance: Attendance) -> float | None:
        return None if attendance.tenths is None else attendance.tenths / 10


class CohortRowAnswer(Schema):
    """One child of the cohort."""

    child_id = fields.String()
    name = fields.String()
    reference = fields.String()
    phase = fields.String()
    year_group = fields.Integer()
    school = fields.String()
    caseworker = fields.String()
    plan_id = fields.String(allow_none=True)
    state = fields.String(attribute="standing.value", metadata={"description": "due, late, submitted, … or none"})
    term = fields.String()
    due_on = fields.Date(allow_none=True)
    submission = fields.Integer()
    attendance = fields.Nested(AttendanceAnswer)
    suspensions = fields.Integer()
    concerns = fields.Integer()
    unanswered = fields.Integer()


class CohortAnswer(Schema):
    """A page of the cohort; `counts` by state under every filter but the state."""

    children = fields.List(fields.Nested(CohortRowAnswer), attribute="rows")
    total = fields.Integer()
    page = fields.Integer()
    pages = fields.Integer()
    counts = fields.Method("_counts", metadata={"type": "object", "additionalProperties": {"type": "integer"}})

    def _counts(self, cohort: object) -> dict[str, int]:
        counts: dict[str, int] = {key.value: times for key, times in getattr(cohort, "counts", {}).items()}
        return counts


class MarkAnswer(Schema):
    """One mark."""

    date = fields.Date(attribute="day")
    session = fields.String(attribute="session.value")
    code = fields.String()


class ChildAttendanceAnswer(Schema):
    """A child's marks over a period and what they add up to."""

    attendance = fields.Nested(AttendanceAnswer)
    marks = fields.List(fields.Nested(MarkAnswer))


class RowProblemAnswer(Schema):
    """Why a row of a file was refused."""

    line = fields.Integer()
    says = fields.String()


class UploadAnswer(Schema):
    """What became of marks sent together."""

    id = fields.String()
    recorded_at = fields.AwareDateTime()
    rows = fields.Integer()
    added = fields.Integer()
    replaced = fields.Integer()
    kept = fields.Integer(metadata={"description": "Differed from the mark held, which stays"})
    unchanged = fields.Integer()
    refused = fields.Integer()
    problems = fields.List(fields.Nested(RowProblemAnswer))


class SuspensionAnswer(Schema):
    """A suspension or a permanent exclusion."""

    id = fields.String()
    child_id = fields.String()
    permanent = fields.Boolean()
    starts_on = fields.Date()
    ends_on = fields.Date(allow_none=True)
    sessions = fields.Integer()
    reasons = fields.List(fields.String())
    recorded_by = fields.String()
    recorded_at = fields.AwareDateTime()
    version = fields.Integer()


class PlanAnswer(Schema):
    """A plan as the Virtual School knows it: counts and dates."""

    id = fields.String()
    child_id = fields.String()
    kind = fields.String()
    term = fields.String()
    opened_on = fields.Date()
    due_on = fields.Date()
    state = fields.String(attribute="state.value")
    submission = fields.Integer()
    submitted_on = fields.Date(allow_none=True)
    headings = fields.Integer()
    answered = fields.Integer()
    targets = fields.Integer()
    pupil_premium_pence = fields.Integer()
    views_given = fields.Boolean()
    decided_on = fields.Date(allow_none=True)
    next_due_on = fields.Date(allow_none=True)
    superseded_on = fields.Date(allow_none=True)
    superseded_by = fields.String(
        allow_none=True, metadata={"description": "The id of the later plan that replaced this one"}
    )
    version = fields.Integer()


class PlansAnswer(Schema):
    """A page of plans."""

    plans = fields.List(fields.Nested(PlanAnswer))
    total = fields.Integer()
    page = fields.Integer()
    pages = fields.Integer()


class RatingAnswer(Schema):
    """A decision on a submission."""

    id = fields.String()
    plan_id = fields.String()
    submission = fields.Integer()
    rating = fields.String(attribute="rating.value")
    decision = fields.String(attribute="decision.value")
    reasons = fields.List(fields.String())
    feedback = fields.String()
    policy_from = fields.Date()
    decided_at = fields.AwareDateTime()
    decided_by_name = fields.String()


class PlanWithRatings(PlanAnswer):
    """A plan with the decisions on it, newest first."""

    ratings = fields.List(fields.Nested(RatingAnswer))


class ConcernAnswer(Schema):
    """A concern that monitoring raised."""

    id = fields.String()
    child_id = fields.String()
    rule = fields.String(attribute="rule.value")
    state = fields.String(attribute="state.value")
    raised_on = fields.Date()
    answer_by = fields.Date()
    evidence = fields.Dict(keys=fields.String(), values=fields.String())
    answer = fields.String(allow_none=True)
    answered_on = fields.Date(allow_none=True)
    owner_id = fields.String(allow_none=True)
    by_date = fields.Date(allow_none=True)
    closed_on = fields.Date(allow_none=True)
    outcome = fields.Method("_outcome", allow_none=True)
    closing_evidence = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)

    def _outcome(self, concern: object) -> str | None:
        outcome = getattr(concern, "outcome", None)
        return None if outcome is None else str(outcome.value)


class ConcernsAnswer(Schema):
    """Concerns, first to answer first."""

    concerns = fields.List(fields.Nested(ConcernAnswer))
