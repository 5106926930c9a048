"""Reviews, what they agreed, disagreements and visits over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.pep.application import disagreements, review_caseload, review_records, reviews, visits
from services.pep.application.visits import VisitWords
from services.pep.domain.disagreements import Disagreement, Stage
from services.pep.domain.review_record import ReviewAction, ReviewRecord
from services.pep.domain.reviews import EarlyReason, Review
from services.pep.domain.visits import Visit
from services.pep.entrypoints.review_schemas import (
    AgreedActionSchema,
    CaseloadQuerySchema,
    DisagreementSchema,
    EarlyReviewSchema,
    SettledSchema,
    StageSchema,
    TookPartSchema,
    VisitSchema,
    WithdrawalSchema,
)
from shared.contracts.participation import Conveyed
from shared.platform.web.access import allowed
from shared.platform.web.answers import OutSchema
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import Text
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("reviews_api", __name__, url_prefix="/api", description="Reviews of care plans, and visits")


class ReviewOutSchema(OutSchema):
    """A review of a care plan."""

    id = fields.String(required=True)
    child_id = fields.String(required=True)
    kind = fields.String(metadata={"description": "first, second, later or early"})
    rule = fields.String(metadata={"description": "The code of the rule that set the last day"})
    state = fields.String(metadata={"description": "due, dated, held, recorded or withdrawn"})
    reason = fields.String(metadata={"description": "Why it was asked for early; empty for one that is due by law"})
    opened_on = fields.Date()
    meet_by = fields.Date(metadata={"description": "The last day for it"})
    meeting_id = fields.String()
    meeting_on = fields.Date(allow_none=True)
    held_on = fields.Date(allow_none=True)
    version = fields.Integer(required=True)


class RecordOutSchema(OutSchema):
    """One version of a review's record."""

    review_id = fields.String(required=True)
    version = fields.Integer(required=True)
    child_there = fields.Boolean()
    how = fields.String()
    participation = fields.String(metadata={"description": "REVIEW_CODE of the SSDA903 return, PN0 to PN7"})
    seen_alone = fields.Boolean()
    not_alone_why = fields.String()
    plan_ready = fields.Boolean(allow_none=True)
    decisions = fields.List(fields.String())
    written_by_name = fields.String()
    written_at = fields.AwareDateTime()


class ActionOutSchema(OutSchema):
    """Something that a review agreed."""

    id = fields.String(required=True)
    review_id = fields.String(required=True)
    what = fields.String()
    owner_id = fields.String()
    owner_name = fields.String()
    by_date = fields.Date()
    for_plan = fields.Boolean(metadata={"description": "Concerns education, and stands on the child's plan"})
    state = fields.String(metadata={"description": "open, done or not_done"})
    outcome = fields.String()
    settled_on = fields.Date(allow_none=True)
    version = fields.Integer(required=True)


class StageOutSchema(OutSchema):
    """One stage of a disagreement."""

    stage = fields.String()
    on = fields.Date()
    note = fields.String()
    by_name = fields.String()


class DisagreementOutSchema(OutSchema):
    """A disagreement about a care plan."""

    id = fields.String(required=True)
    child_id = fields.String(required=True)
    about = fields.String()
    raised_on = fields.Date()
    settle_by = fields.Date()
    stage = fields.String()
    is_open = fields.Boolean()
    steps = fields.List(fields.Nested(StageOutSchema))
    version = fields.Integer(required=True)


class VisitOutSchema(OutSchema):
    """A visit to a child."""

    id = fields.String(required=True)
    visited_on = fields.Date()
    seen = fields.Boolean()
    alone = fields.Boolean()
    why_not = fields.String()
    note = fields.String()
    recorded_by_name = fields.String()


class VisitDueSchema(OutSchema):
    """When the next visit is due, and why."""

    on = fields.Date()
    length = fields.String()
    citation = fields.String()
    why = fields.String()


class ReviewWholeSchema(OutSchema):
    """A review with its record and what it agreed."""

    review = fields.Nested(ReviewOutSchema)
    record = fields.Nested(RecordOutSchema, allow_none=True)
    actions = fields.List(fields.Nested(ActionOutSchema))
    plan_ready = fields.Boolean(allow_none=True)
    pack_by = fields.Date(metadata={"description": "The day by which the plan is to be ready"})


class ChildReviewsSchema(OutSchema):
    """The reviews of one child."""

    reviews = fields.List(fields.Nested(ReviewOutSchema))
    actions = fields.List(fields.Nested(ActionOutSchema))
    disagreements = fields.List(fields.Nested(DisagreementOutSchema))


class ChildVisitsSchema(OutSchema):
    """The visits to one child."""

    visits = fields.List(fields.Nested(VisitOutSchema))
    pattern = fields.String()
    placed_on = fields.Date()
    due = fields.Nested(VisitDueSchema, allow_none=True)


class CaseloadRowSchema(OutSchema):
    """One child in the reviewing officer's caseload."""

    child_id = fields.String(attribute="child.id")
    child_name = fields.String(attribute="child.shown_name")
    officer = fields.String()
    review_by = fields.Date(allow_none=True)
    review_id = fields.String(attribute="review.id")
    review_state = fields.String(attribute="review.state")
    plan_ready = fields.Boolean(allow_none=True)
    actions_open = fields.Integer()
    actions_late = fields.Integer()
    disagreement_id = fields.String(attribute="disagreement.id")
    days_left = fields.Integer()
    visit_by = fields.Date(attribute="visit.on")


class WrittenSchema(TookPartSchema):
    """The record as a program writes it: decisions are a list."""

    decisions = fields.List(Text(longest=1000), required=True, validate=validate.Length(1, 30))


@api.get("/reviews")
@allowed("pep.reviews.list")
@api.arguments(CaseloadQuerySchema, location="query")
@api.response(200, CaseloadRowSchema(many=True))
def caseload(asked: dict[str, str]) -> list[review_caseload.CaseloadRow]:
    """List the children whose reviews you work with, the most pressing first."""
    show = review_caseload.Show(asked["show"]) if asked["show"] else None
    with reading() as work:
        return review_caseload.caseload_rows(work, search=asked["search"], show=show)


@api.get("/children/<child_id>/reviews")
@allowed("pep.review.read")
@api.response(200, ChildReviewsSchema)
def of_child(child_id: str) -> reviews.ReviewsPage:
    """Return a child's reviews, what they agreed and what is disputed."""
    with reading() as work:
        return reviews.read_reviews(work, child_id)


@api.post("/children/<child_id>/reviews/early")
@allowed("pep.review.ask")
@api.arguments(EarlyReviewSchema)
@api.response(201, ReviewOutSchema)
@api.alt_response(409, description="not_reviewed, or review_open")
def ask(values: dict[str, Any], child_id: str) -> Review:
    """Ask for a review before its time."""
    with writing() as work:
        return reviews.ask_early(work, child_id, EarlyReason(values["reason"]), values["meet_by"])


@api.get("/reviews/<review_id>")
@allowed("pep.review.read")
@api.response(200, ReviewWholeSchema)
def show(review_id: str) -> reviews.ReviewPage:
    """Return a review with its record and what it agreed."""
    with reading() as work:
        return reviews.read_review(work, review_id)


@api.post("/reviews/<review_id>/withdrawal")
@allowed("pep.review.withdraw")
@api.arguments(WithdrawalSchema)
@api.response(201, ReviewOutSchema)
@api.alt_response(409, description="review_not_open, or review_is_duty")
def withdraw(values: dict[str, Any], review_id: str) -> Review:
    """Say that a review somebody asked for is not needed."""
    with writing() as work:
        return reviews.withdraw_review(work, review_id, values["why"], values["version"])


@api.put("/reviews/<review_id>/record")
@allowed("pep.review.write_record")
@api.arguments(WrittenSchema)
@api.response(200, RecordOutSchema)
@api.alt_response(409, description="review_not_held")
def write(values: dict[str, Any], review_id: str) -> ReviewRecord:
    """Write or amend the record of a review; `version` is the review's."""
    decisions = tuple(one for one in values["decisions"] if one)
    written = review_records.Written(
        values["child_there"], Conveyed(values["how"]), values["seen_alone"], values["not_alone_why"], decisions
    )
    with writing() as work:
        return review_records.write_record(work, review_id, written, values["version"])


@api.post("/reviews/<review_id>/actions")
@allowed("pep.review.write_record")
@api.arguments(AgreedActionSchema)
@api.response(201, ActionOutSchema)
@api.alt_response(409, description="review_not_held")
def add_action(values: dict[str, Any], review_id: str) -> ReviewAction:
    """Put on the list what a review agreed."""
    with writing() as work:
        return review_records.add_action(work, review_id, **values)


@api.get("/review-actions/<action_id>")
@allowed("pep.review.settle_action")
@api.response(200, ActionOutSchema)
def show_action(action_id: str) -> ReviewAction:
    """Return something that a review agreed."""
    with reading() as work:
        return review_records.read_action(work, action_id).action


@api.post("/review-actions/<action_id>/outcome")
@allowed("pep.review.settle_action")
@api.arguments(SettledSchema)
@api.response(201, ActionOutSchema)
@api.alt_response(409, description="action_settled")
def settle(values: dict[str, Any], action_id: str) -> ReviewAction:
    """Say that it is done, or why not."""
    with writing() as work:
        return review_records.settle_action(
            work, action_id, done=values["done"], outcome=values["outcome"], seen_version=values["version"]
        )


@api.post("/children/<child_id>/disagreements")
@allowed("pep.disagreement.record")
@api.arguments(DisagreementSchema)
@api.response(201, DisagreementOutSchema)
@api.alt_response(409, description="not_in_care")
def disagree(values: dict[str, Any], child_id: str) -> Disagreement:
    """Record what the reviewing officer does not agree with."""
    with writing() as work:
        return disagreements.raise_disagreement(work, child_id, values["about"], values["raised_on"])


@api.get("/disagreements/<disagreement_id>")
@allowed("pep.review.read")
@api.response(200, DisagreementOutSchema)
def show_disagreement(disagreement_id: str) -> Disagreement:
    """Return a disagreement with its stages."""
    with reading() as work:
        return disagreements.read_disagreement(work, disagreement_id).dispute


@api.post("/disagreements/<disagreement_id>/stages")
@allowed("pep.disagreement.record")
@api.arguments(StageSchema)
@api.response(201, DisagreementOutSchema)
@api.alt_response(409, description="disagreement_settled")
def take_further(values: dict[str, Any], disagreement_id: str) -> Disagreement:
    """Record the next stage of a disagreement, or that it is settled."""
    with writing() as work:
        return disagreements.take_further(
            work, disagreement_id, Stage(values["stage"]), values["on"], values["note"], values["version"]
        )


@api.get("/children/<child_id>/visits")
@allowed("pep.visit.read")
@api.response(200, ChildVisitsSchema)
def visits_of(child_id: str) -> visits.VisitsPage:
    """Return the visits to a child, and when the next is due."""
    with reading() as work:
        return visits.read_visits(work, child_id)


@api.post("/children/<child_id>/visits")
@allowed("pep.visit.record")
@api.arguments(VisitSchema)
@api.response(201, VisitOutSchema)
@api.alt_response(409, description="not_in_care")
def record_visit(values: dict[str, Any], child_id: str) -> Visit:
    """Record a visit to a child."""
    with writing() as work:
        return visits.record_visit(work, child_id, VisitWords(**values))
