"""Asking people first which times suit, over the API: the same functions as behind the pages."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.guests import propose_guests
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.polls import (
    ASK,
    READ,
    Asking,
    ask_people,
    close_poll,
    extend_poll,
    withdraw_poll,
)
from services.scheduling.application.polls_answers import (
    ANSWER,
    LONGEST_COMMENT,
    AskedOfOne,
    answer_own,
    own_question,
    record_told_choices,
)
from services.scheduling.application.polls_page import look_at_poll
from services.scheduling.domain.polls import MOST_TIMES, Choice, PollState, Respondent
from services.scheduling.domain.polls_results import Tally, counts_for
from services.scheduling.entrypoints.api.schemas import GuestSchema
from shared.kernel.clock import LONDON
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.fields import Day, Text
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "polls_api", __name__, url_prefix="/api/meetings", description="Asking people which times suit, before arranging."
)
CHOICES = [choice.value for choice in Choice]
STATES = [state.value for state in PollState]


class TimeSchema(Schema):
    """A time to ask about."""

    start = fields.AwareDateTime(required=True, default_timezone=LONDON)
    end = fields.AwareDateTime(required=True, default_timezone=LONDON)


class PollInSchema(Schema):
    """Which times to ask about, until when, and whom (left out: those the authority's policy invites)."""

    times = fields.List(fields.Nested(TimeSchema), required=True, validate=validate.Length(max=MOST_TIMES))
    closes_on = Day(required=True, metadata={"description": "Answers are taken until the end of this day"})
    asked = fields.List(fields.Nested(GuestSchema), load_default=None, allow_none=True)
    shows_counts = fields.Boolean(
        load_default=False, metadata={"description": "Whether those who are asked see how many others can come"}
    )


class ClosingDateSchema(Schema):
    """Until when people may answer."""

    closes_on = Day(required=True)


class ChoicesSchema(Schema):
    """What somebody says of every time, by its id."""

    choices = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.OneOf(CHOICES)), required=True)
    comment = Text(load_default="", validate=validate.Length(max=LONGEST_COMMENT))


class ProposalSchema(Schema):
    """A time that is asked about."""

    id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class CountedSchema(ProposalSchema):
    """A time, and how many said what of it."""

    yes = fields.Integer()
    if_need_be = fields.Integer()
    no = fields.Integer()
    silent = fields.Integer()
    cannot = fields.List(fields.String(), metadata={"description": "Ids of those who must be there and said no"})


class RespondentSchema(Schema):
    """Somebody who is asked, and what they said."""

    id = fields.String()
    person_id = fields.String()
    name = fields.String()
    role = fields.String()
    required = fields.Boolean()
    choices = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "By the time's id"})
    comment = fields.String()
    answered_at = fields.AwareDateTime(allow_none=True)
    answered_by = fields.String(metadata={"description": "link, page or worker; empty without an answer"})


class PollSchema(Schema):
    """A poll as the worker sees it: the times best first, and who said what."""

    id = fields.String()
    meeting_id = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    opened_at = fields.AwareDateTime()
    closes_on = fields.Date()
    shows_counts = fields.Boolean()
    chosen = fields.String(metadata={"description": "The id of the time that was taken; empty where none was"})
    times = fields.List(fields.Nested(CountedSchema))
    respondents = fields.List(fields.Nested(RespondentSchema))


class OthersSchema(Schema):
    """How many of the others said what of a time."""

    yes = fields.Integer()
    if_need_be = fields.Integer()
    no = fields.Integer()
    silent = fields.Integer()


class OwnTimeSchema(ProposalSchema):
    """A time that one is asked about; `others` is absent unless the worker allows it and enough have answered."""

    choice = fields.String(allow_none=True, metadata={"description": "yes, if_need_be or no; null before one answers"})
    others = fields.Nested(OthersSchema)


class OwnPollSchema(Schema):
    """What one is asked oneself."""

    state = fields.String(validate=validate.OneOf(STATES))
    closes_on = fields.Date()
    times = fields.List(fields.Nested(OwnTimeSchema))
    comment = fields.String()


@blueprint.get("/<meeting_id>/poll")
@allowed(READ)
@blueprint.response(200, PollSchema)
def get_poll(meeting_id: str) -> dict[str, Any]:
    """Show the newest poll of a meeting."""
    return _shown(meeting_id)


@blueprint.post("/<meeting_id>/poll")
@allowed(ASK)
@blueprint.arguments(PollInSchema)
@blueprint.response(201, PollSchema)
def post_poll(wanted: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Ask people which times suit; each gets a mail with a personal link. 409 while others are being asked."""
    with writing() as work:
        if wanted["asked"] is None:
            meeting = find_meeting(work, meeting_id, ASK)
            asked = {guest.person_id: guest.required for guest, invited in propose_guests(work, meeting) if invited}
        else:
            asked = {one["person_id"]: one["required"] for one in wanted["asked"]}
        times = tuple((one["start"], one["end"]) for one in wanted["times"])
        ask_people(work, meeting_id, Asking(times, wanted["closes_on"], asked, wanted["shows_counts"]))
    return _shown(meeting_id)


@blueprint.delete("/<meeting_id>/poll")
@allowed(ASK)
@blueprint.response(204)
def delete_poll(meeting_id: str) -> None:
    """Ask no more, and take none of the times."""
    with writing() as work:
        withdraw_poll(work, meeting_id)


@blueprint.put("/<meeting_id>/poll/closing-date")
@allowed(ASK)
@blueprint.arguments(ClosingDateSchema)
@blueprint.response(200, PollSchema)
def put_closing_date(wanted: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Give people until another day, also after the closing date has passed."""
    with writing() as work:
        extend_poll(work, meeting_id, wanted["closes_on"])
    return _shown(meeting_id)


@blueprint.post("/<meeting_id>/poll/closing")
@allowed(ASK)
@blueprint.response(201, PollSchema)
def post_closing(meeting_id: str) -> dict[str, Any]:
    """Take no more answers; the times are no longer held."""
    with writing() as work:
        close_poll(work, meeting_id)
    return _shown(meeting_id)


@blueprint.put("/<meeting_id>/poll/respondents/<respondent_id>")
@allowed(ASK)
@blueprint.arguments(ChoicesSchema)
@blueprint.response(200, PollSchema)
def put_told_choices(told: dict[str, Any], meeting_id: str, respondent_id: str) -> dict[str, Any]:
    """Record what somebody told a worker of the times."""
    with writing() as work:
        record_told_choices(work, meeting_id, respondent_id, _choices(told), told["comment"])
    return _shown(meeting_id)


@blueprint.get("/<meeting_id>/poll/mine")
@allowed(ANSWER)
@blueprint.response(200, OwnPollSchema)
def get_own(meeting_id: str) -> dict[str, Any]:
    """Show what you are asked about a meeting, and what you said."""
    with reading() as work:
        return _own(own_question(work, meeting_id))


@blueprint.put("/<meeting_id>/poll/mine")
@allowed(ANSWER)
@blueprint.arguments(ChoicesSchema)
@blueprint.response(200, OwnPollSchema)
def put_own(said: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Say of every time whether it suits you; it can be changed until the poll closes."""
    with writing() as work:
        return _own(answer_own(work, meeting_id, _choices(said), said["comment"]))


def _choices(said: dict[str, Any]) -> dict[str, Choice]:
    return {proposal_id: Choice(choice) for proposal_id, choice in said["choices"].items()}


def _shown(meeting_id: str) -> dict[str, Any]:
    with reading() as work:
        page = look_at_poll(work, meeting_id)
    poll = page.poll
    return {
        "id": poll.id,
        "meeting_id": poll.meeting_id,
        "state": poll.state.value,
        "opened_at": poll.opened_at,
        "closes_on": poll.closes_on,
        "shows_counts": poll.shows_counts,
        "chosen": poll.chosen,
        "times": [_counted(tally) for tally in page.tallies],
        "respondents": [_respondent(each) for each in poll.respondents],
    }


def _counted(tally: Tally) -> dict[str, Any]:
    one = tally.proposal
    return {
        "id": one.id,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        **_others(tally),
        "cannot": [each.person_id for each in tally.cannot],
    }


def _others(tally: Tally) -> dict[str, int]:
    return {"yes": tally.yes, "if_need_be": tally.if_need_be, "no": tally.no, "silent": tally.silent}


def _respondent(each: Respondent) -> dict[str, Any]:
    return {
        "id": each.id,
        "person_id": each.person_id,
        "name": each.name,
        "role": each.role,
        "required": each.required,
        "choices": {proposal_id: choice.value for proposal_id, choice in each.choices.items()},
        "comment": each.comment,
        "answered_at": each.answered_at,
        "answered_by": each.answered_by,
    }


def _own(asked: AskedOfOne) -> dict[str, Any]:
    poll, who = asked.poll, asked.respondent
    counts = counts_for(poll, who.id) or {}
    times = []
    for one in poll.proposals:
        choice = who.choices.get(one.id)
        shown: dict[str, Any] = {"id": one.id, "starts_at": one.starts_at, "ends_at": one.ends_at}
        shown["choice"] = choice.value if choice else None
        times.append({**shown, **({"others": _others(counts[one.id])} if one.id in counts else {})})
    return {"state": poll.state.value, "closes_on": poll.closes_on, "times": times, "comment": who.comment}
