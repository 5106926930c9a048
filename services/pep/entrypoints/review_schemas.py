"""What comes in about reviews, disagreements and visits: one schema for the page's form and for the API's JSON."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.pep.application.review_caseload import Show
from services.pep.domain.disagreements import Stage
from services.pep.domain.reviews import EarlyReason
from services.pep.domain.visits import VisitPattern
from services.pep.entrypoints.plan_schemas import VersionSchema
from shared.contracts.participation import Conveyed
from shared.platform.web.fields import Day, Text, YesNo


class EarlyReviewSchema(Schema):
    """A review that is asked for before its time."""

    reason = fields.String(
        required=True,
        validate=validate.OneOf([reason.value for reason in EarlyReason]),
        metadata={"label": "Why the review is asked for", "select": True},
    )
    meet_by = Day(required=True, metadata={"label": "By when"})


class WithdrawalSchema(VersionSchema):
    """Why a review is not needed."""

    why = Text(load_default="", longest=1000, metadata={"label": "Why the review is not needed"})


class TookPartSchema(VersionSchema):
    """How the child took part in a review."""

    child_there = YesNo(required=True, metadata={"label": "Was the child there"})
    how = fields.String(
        required=True,
        validate=validate.OneOf([how.value for how in Conveyed]),
        metadata={"label": "How the child’s views came to the review", "select": True},
    )
    seen_alone = YesNo(required=True, metadata={"label": "Did you speak to the child alone"})
    not_alone_why = Text(load_default="", longest=1000, metadata={"label": "Why not"})


class RecordSchema(TookPartSchema):
    """The record of a review; decisions are typed one to a line."""

    decisions = Text(load_default="", longest=10_000, metadata={"label": "Decisions"})


class AgreedActionSchema(Schema):
    """Something the review agreed."""

    what = Text(load_default="", longest=1000, metadata={"label": "What will be done"})
    owner_id = Text(load_default="", longest=36, metadata={"label": "Who will do it"})
    by_date = Day(load_default=None, allow_none=True, metadata={"label": "By when"})
    for_plan = YesNo(required=True, metadata={"label": "Does it concern education"})


class SettledSchema(VersionSchema):
    """What became of something that was agreed."""

    done = YesNo(required=True, metadata={"label": "Is it done"})
    outcome = Text(load_default="", longest=1000, metadata={"label": "What happened"})


class DisagreementSchema(Schema):
    """What the officer does not agree with."""

    about = Text(load_default="", longest=4000, metadata={"label": "What you do not agree with"})
    raised_on = Day(required=True, metadata={"label": "When you raised it"})


class StageSchema(VersionSchema):
    """The next stage of a disagreement."""

    stage = fields.String(
        required=True,
        validate=validate.OneOf([stage.value for stage in Stage]),
        metadata={"label": "Where it stands now", "select": True},
    )
    on = Day(required=True, metadata={"label": "Since when"})
    note = Text(load_default="", longest=4000, metadata={"label": "What was answered or agreed"})


class VisitSchema(Schema):
    """A visit to a child."""

    visited_on = Day(required=True, metadata={"label": "When you visited"})
    seen = YesNo(required=True, metadata={"label": "Did you see the child"})
    alone = YesNo(required=True, metadata={"label": "Did you speak to the child alone"})
    why_not = Text(load_default="", longest=1000, metadata={"label": "Why not"})
    note = Text(load_default="", longest=4000, metadata={"label": "What came of the visit"})


class PatternSchema(Schema):
    """How often a child is visited."""

    pattern = fields.String(
        required=True,
        validate=validate.OneOf([pattern.value for pattern in VisitPattern]),
        metadata={"label": "How often visits are due", "select": True},
    )


class CaseloadQuerySchema(Schema):
    """How the table of reviews is narrowed."""

    search = Text(load_default="", longest=100)
    show = fields.String(load_default="", validate=validate.OneOf(["", *(show.value for show in Show)]))
