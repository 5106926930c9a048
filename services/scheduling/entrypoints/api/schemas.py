"""What the API of meetings takes and gives. Instants are UTC, days are dates."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.scheduling.application.short_notice import LATE_REASONS
from services.scheduling.domain.meeting import Answer, MeetingState, Mode
from services.scheduling.domain.quorum import WhyCounted
from shared.contracts.participation import Conveyed
from shared.kernel.clock import LONDON
from shared.platform.web.fields import Text

ANSWERS = [answer.value for answer in Answer if answer is not Answer.NEEDS_ACTION]
STATES = [state.value for state in MeetingState]


class InviteeSchema(Schema):
    """Somebody who is invited; `email` and `name` are absent where the reader may not see them."""

    id = fields.String(dump_only=True)
    person_id = fields.String()
    name = fields.String()
    role = fields.String()
    required = fields.Boolean(metadata={"description": "The meeting should not go ahead without them"})
    answer = fields.String(metadata={"description": "needs_action, accepted, tentative or declined"})
    answered_at = fields.AwareDateTime(allow_none=True)
    answered_by = fields.String(metadata={"description": "mail, link or worker; empty without an answer"})
    email = fields.String()
    stands_in_for = fields.String(metadata={"description": "Whose seat they have taken; empty for their own"})
    joins = fields.String(metadata={"description": "in_person or online in a mixed meeting, empty for either"})


class MeetingSummarySchema(Schema):
    """A meeting in a list."""

    id = fields.String()
    child_id = fields.String()
    child_name = fields.String()
    kind = fields.String(metadata={"description": "pep, or review: the review of the care plan"})
    plan_id = fields.String(metadata={"description": "Empty for a review, which is about no plan"})
    review_id = fields.String(metadata={"description": "Empty for a PEP meeting"})
    reason = fields.String()
    term = fields.String()
    asked_on = fields.Date()
    meet_by = fields.Date(metadata={"description": "The latest date for the meeting"})
    state = fields.String(validate=validate.OneOf(STATES))
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    mode = fields.String(allow_none=True)
    invited = fields.Integer()
    coming = fields.Integer()
    held_mails = fields.Integer(metadata={"description": "Replies by mail that somebody must look at"})


class WentSchema(Schema):
    """How a held meeting went; absent where nothing was recorded or the reader may not see it."""

    quorate = fields.Boolean()
    why_counted = fields.String()
    apologies = fields.List(fields.String())
    no_shows = fields.List(fields.String())
    participation = fields.String(metadata={"description": "PN0 to PN7, empty where it was not recorded"})
    child_attended = fields.Boolean(allow_none=True)
    child_conveyed = fields.String()


class UnwantedSchema(Schema):
    """Somebody who is invited though the child does not want them there; `why_invited` is empty until it is said."""

    name = fields.String()
    why_invited = fields.String()


class MeetingSchema(MeetingSummarySchema):
    """A meeting with everybody who is invited."""

    place = fields.String()
    joining_link = fields.String()
    place_sealed = fields.Boolean(metadata={"description": "No parent is told the place; absent for the family"})
    room_id = fields.String(metadata={"description": "The room that is booked, if any; absent for the family"})
    invitees = fields.List(fields.Nested(InviteeSchema))
    attended = fields.List(fields.String(), metadata={"description": "Ids of the people who came"})
    went = fields.Nested(WentSchema)
    unwanted = fields.List(
        fields.Nested(UnwantedSchema),
        metadata={"description": "The invited whom the child does not want there; absent for whoever may not know"},
    )
    version = fields.Integer()


class MeetingQuerySchema(Schema):
    """How to narrow the list."""

    state = fields.String(validate=validate.OneOf(STATES))
    child_id = fields.String()
    plan_id = fields.String()


class GuestSchema(Schema):
    """Somebody to invite, from the child's team."""

    person_id = fields.String(required=True)
    required = fields.Boolean(load_default=False)
    joins = fields.String(
        load_default="",
        validate=validate.OneOf(["", Mode.IN_PERSON.value, Mode.ONLINE.value]),
        metadata={"description": "How they take part in a mixed meeting; empty for whichever suits them"},
    )


class ArrangementSchema(Schema):
    """When and where a meeting is to be, and who is invited (left out: those the authority's policy invites)."""

    start = fields.AwareDateTime(required=True, default_timezone=LONDON)
    end = fields.AwareDateTime(required=True, default_timezone=LONDON)
    mode = fields.String(load_default=Mode.IN_PERSON.value, validate=validate.OneOf([mode.value for mode in Mode]))
    place = fields.String(load_default="", validate=validate.Length(max=300))
    joining_link = fields.String(load_default="", validate=validate.Length(max=900))
    place_sealed = fields.Boolean(load_default=False, metadata={"description": "Whether no parent is told the place"})
    room_id = fields.String(
        load_default="",
        validate=validate.Length(max=36),
        metadata={"description": "A room to book; an empty place is then the room's"},
    )
    invitees = fields.List(fields.Nested(GuestSchema), load_default=None, allow_none=True)
    late_reason = fields.String(
        load_default="",
        validate=validate.OneOf(["", *LATE_REASONS]),
        metadata={"description": "Why the meeting is moved at short notice, where it is"},
    )
    nevertheless = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={"description": "Why people are invited whom the child does not want there; 422 names them without"},
    )


class CancellationSchema(Schema):
    """Why a meeting is cancelled; with `rearranging` it goes back on the list."""

    reason = fields.String(load_default="not_needed", validate=validate.OneOf(["rearranging", "not_needed"]))
    late_reason = fields.String(load_default="", validate=validate.OneOf(["", *LATE_REASONS]))


class AnswerInSchema(Schema):
    """An answer that an invitee gave a worker."""

    invitee_id = fields.String(required=True)
    answer = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    comment = fields.String(load_default="", validate=validate.Length(max=1000))


class PartSchema(Schema):
    """How the child took part; the participation code follows from it."""

    attended = fields.Boolean(required=True, metadata={"description": "Whether the child came, in the room or online"})
    conveyed = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in Conveyed]),
        metadata={"description": "How their views came to the meeting"},
    )
    under_four = fields.Boolean(load_default=False, metadata={"description": "Under 4 years old on the day"})


class HeldSchema(Schema):
    """Who came, and how the meeting went: ids of invited people."""

    attended = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    apologies = fields.List(fields.String(), load_default=list)
    participation = fields.Nested(PartSchema, load_default=None, allow_none=True)
    why_counted = fields.String(
        load_default="",
        validate=validate.OneOf(["", *(each.value for each in WhyCounted)]),
        metadata={"description": "Why it counts, where somebody who had to be there was not"},
    )
    note = Text(load_default="", longest=2000)


class NoShowSchema(Schema):
    """Who came to a meeting that does not count, because somebody who had to be there did not."""

    attended = fields.List(fields.String(), load_default=list)
    apologies = fields.List(fields.String(), load_default=list)


class SlotQuerySchema(Schema):
    """For how long, and how many times to offer."""

    minutes = fields.Integer(load_default=0, validate=validate.Range(0, 240))
    count = fields.Integer(load_default=10, validate=validate.Range(1, 50))
    mode = fields.String(load_default="", validate=validate.OneOf(["", *(mode.value for mode in Mode)]))
    room_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=36),
        metadata={"description": "A room that must be free, or any for whichever of the school's will do"},
    )


class PointSchema(Schema):
    """One thing to know about a time."""

    code = fields.String()
    text = fields.String()
    good = fields.Boolean()
    known = fields.Boolean(metadata={"description": "False: it is not known whether somebody is free"})


class SlotSchema(Schema):
    """A time that can be offered."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    points = fields.List(fields.Nested(PointSchema))


class ObstacleSchema(Schema):
    """The one constraint that stands most in the way."""

    constraint = fields.String()
    opens = fields.Integer(metadata={"description": "How many times there would be without it"})
    text = fields.String()


class SuggestionsSchema(Schema):
    """Times to offer, best first; `late` says that they come after the latest date.

    Of those under `unknown_diaries` only the PEP meetings were looked at.
    """

    slots = fields.List(fields.Nested(SlotSchema))
    late = fields.Boolean()
    obstacle = fields.Nested(ObstacleSchema, allow_none=True)
    known_diaries = fields.List(fields.String(), attribute="known")
    unknown_diaries = fields.List(fields.String(), attribute="unknown")


class TermDateSchema(Schema):
    """An entry of a term calendar; `last` is included."""

    kind = fields.String()
    first = fields.Date()
    last = fields.Date()
    summary = fields.String()


class TermsSchema(Schema):
    """A school's term calendar; without one `source` is empty and the usual school year is used."""

    urn = fields.String()
    name = fields.String()
    source = fields.String()
    imported_at = fields.AwareDateTime(allow_none=True)
    dates = fields.List(fields.Nested(TermDateSchema))


class SchoolDaySchema(Schema):
    """When a school's lessons start and end, and lunch: wall-clock times in England."""

    known = fields.Boolean(metadata={"description": "False where the usual day of the policy is taken"})
    starts = fields.String()
    ends = fields.String()
    lunch_starts = fields.String()
    lunch_ends = fields.String()


class TermsInSchema(Schema):
    """Where to get a term calendar: its text, or an address on the web."""

    calendar = fields.String(load_default="", validate=validate.Length(max=1_000_000))
    address = fields.String(load_default="", validate=validate.Length(max=900))
