"""Meetings over the API: the same functions as behind the pages."""

from __future__ import annotations

from typing import Any

from services.scheduling.application.answers import record_told_answer
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.holding import rearrange_after_no_show
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.meeting_page import MeetingPage, look_at_meeting
from services.scheduling.application.meetings import Wish, arrange, cancel, move, record_held
from services.scheduling.application.slots import Setting, suggest_times
from services.scheduling.application.telling import held_facts
from services.scheduling.application.worklist import list_lines
from services.scheduling.domain.holding import Account
from services.scheduling.domain.meeting import Answer, Booking, Invitee, Meeting, MeetingState, Mode
from services.scheduling.entrypoints.api import schemas
from shared.contracts.participation import Conveyed, Participation
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

READ, ARRANGE = "scheduling.meeting.read", "scheduling.meeting.arrange"


class MeetingBlueprint(ApiBlueprint):
    """Asks for If-Match on POST as well: arranging is a change to the meeting that was read."""

    METHODS_NEEDING_CHECK_ETAG = ["POST", "PUT", "PATCH", "DELETE"]  # noqa: RUF012 - flask-smorest's own name


blueprint = MeetingBlueprint(
    "meetings_api", __name__, url_prefix="/api/meetings", description="Meetings: arranging, moving, answering."
)


@blueprint.get("")
@allowed(READ)
@blueprint.arguments(schemas.MeetingQuerySchema, location="query")
@blueprint.response(200, schemas.MeetingSummarySchema(many=True))
def list_meetings(query: dict[str, str]) -> list[dict[str, Any]]:
    """List the meetings of the children you work with, by latest date."""
    states = [MeetingState(query["state"])] if "state" in query else []
    with reading() as work:
        lines = list_lines(work, states, child_id=query.get("child_id", ""), plan_id=query.get("plan_id", ""))
    return [_summary(line.meeting, line.child.name, line.held_mails) for line in lines]


@blueprint.get("/<meeting_id>")
@allowed(READ)
@blueprint.etag
@blueprint.response(200, schemas.MeetingSchema)
def get_meeting(meeting_id: str) -> dict[str, Any]:
    """Show a meeting, who is invited and what they answered."""
    return _shown(meeting_id)


@blueprint.get("/<meeting_id>/slots")
@allowed(ARRANGE)
@blueprint.arguments(schemas.SlotQuerySchema, location="query")
@blueprint.response(200, schemas.SuggestionsSchema)
def list_slots(query: dict[str, Any], meeting_id: str) -> Any:
    """Offer times for a meeting, best first, each with what speaks for and against it."""
    with reading() as work:
        booked = Setting.of(find_meeting(work, meeting_id, ARRANGE).booking)
        room = booked.room if query["room_id"] is None else query["room_id"]
        place = booked.place if room == booked.room else ""
        setting = Setting(Mode(query["mode"] or booked.mode), place, room)
        return suggest_times(work, meeting_id, minutes=query["minutes"], count=query["count"], setting=setting)


@blueprint.post("/<meeting_id>/arrangement")
@allowed(ARRANGE)
@blueprint.etag
@blueprint.arguments(schemas.ArrangementSchema)
@blueprint.response(201, schemas.MeetingSchema)
def post_arrangement(wanted: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Arrange a meeting and send the invitations; 409 with other times when somebody is booked already."""
    with writing() as work:
        meeting = _checked(work, meeting_id, ARRANGE)
        arrange(work, meeting_id, _wish(work, meeting, wanted), meeting.version)
    return _shown(meeting_id)


@blueprint.put("/<meeting_id>/arrangement")
@allowed(ARRANGE)
@blueprint.etag
@blueprint.arguments(schemas.ArrangementSchema)
@blueprint.response(200, schemas.MeetingSchema)
def put_arrangement(wanted: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Move a meeting, or change its place or invitees; the invitees' calendar entries change with it."""
    with writing() as work:
        meeting = _checked(work, meeting_id, ARRANGE)
        move(work, meeting_id, _wish(work, meeting, wanted), meeting.version)
    return _shown(meeting_id)


@blueprint.delete("/<meeting_id>/arrangement")
@allowed(ARRANGE)
@blueprint.etag
@blueprint.arguments(schemas.CancellationSchema, location="query")
@blueprint.response(204)
def delete_arrangement(wanted: dict[str, str], meeting_id: str) -> None:
    """Cancel a meeting and take it out of everybody's calendar."""
    with writing() as work:
        meeting = _checked(work, meeting_id, ARRANGE)
        cancel(work, meeting_id, wanted["reason"], meeting.version, wanted["late_reason"])


@blueprint.post("/<meeting_id>/answers")
@allowed("scheduling.meeting.record_answer")
@blueprint.arguments(schemas.AnswerInSchema)
@blueprint.response(201, schemas.MeetingSchema)
def post_answer(told: dict[str, str], meeting_id: str) -> dict[str, Any]:
    """Record an answer that an invitee gave a worker."""
    with writing() as work:
        record_told_answer(work, meeting_id, told["invitee_id"], Answer(told["answer"]), told["comment"])
    return _shown(meeting_id)


@blueprint.post("/<meeting_id>/held")
@allowed("scheduling.meeting.record_held")
@blueprint.etag
@blueprint.arguments(schemas.HeldSchema)
@blueprint.response(201, schemas.MeetingSchema)
def post_held(told: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Record that a meeting was held, who came and how it went; 422 where it must be said why it counts."""
    part = told["participation"]
    account = Account(
        apologies=tuple(told["apologies"]),
        participation=Participation(part["attended"], Conveyed(part["conveyed"]), part["under_four"]) if part else None,
        why_counted=told["why_counted"],
        note=told["note"],
    )
    with writing() as work:
        meeting = _checked(work, meeting_id, "scheduling.meeting.record_held")
        record_held(work, meeting_id, told["attended"], meeting.version, account)
    return _shown(meeting_id)


@blueprint.post("/<meeting_id>/no-show")
@allowed("scheduling.meeting.record_held")
@blueprint.etag
@blueprint.arguments(schemas.NoShowSchema)
@blueprint.response(201, schemas.MeetingSchema)
def post_no_show(told: dict[str, Any], meeting_id: str) -> dict[str, Any]:
    """Record that somebody who had to be there did not come, and put the meeting back to be arranged anew."""
    account = Account(apologies=tuple(told["apologies"]))
    with writing() as work:
        meeting = _checked(work, meeting_id, "scheduling.meeting.record_held")
        rearrange_after_no_show(work, meeting_id, told["attended"], meeting.version, account)
    return _shown(meeting_id)


def _checked(work: Work, meeting_id: str, action: str) -> Meeting:
    """Return the meeting, after comparing If-Match with the version it has now."""
    meeting = find_meeting(work, meeting_id, action)
    blueprint.check_etag(_tag(meeting))
    return meeting


def _wish(work: Work, meeting: Meeting, wanted: dict[str, Any]) -> Wish:
    booking = Booking(
        wanted["start"],
        wanted["end"],
        Mode(wanted["mode"]),
        wanted["place"].strip(),
        wanted["joining_link"].strip(),
        wanted["place_sealed"],
        wanted["room_id"],
    )
    if wanted["invitees"] is None:
        proposed = propose_guests(work, meeting, booking.day)
        chosen = {guest.person_id: guest.required for guest, invited in proposed if invited}
    else:
        chosen = {each["person_id"]: each["required"] for each in wanted["invitees"]}
    joins = {each["person_id"]: each["joins"] for each in wanted["invitees"] or ()}
    return Wish(booking, chosen, wanted["late_reason"], joins, wanted["nevertheless"])


def _shown(meeting_id: str) -> dict[str, Any]:
    with reading() as work:
        page = look_at_meeting(work, meeting_id)
    blueprint.set_etag(_tag(page.meeting))
    meeting = page.meeting
    booking = meeting.booking
    return {
        **_summary(meeting, page.child.name, len(page.held_mails)),
        **(
            {"place_sealed": booking.place_sealed, "room_id": booking.room_id}
            if booking and page.sees_addresses
            else {}
        ),
        "place": booking.place if booking else "",
        "joining_link": booking.joining_link if booking else "",
        "invitees": [_invitee(each, page) for each in meeting.invitees],
        "attended": list(meeting.attended),
        **({"went": held_facts(page.together.went)} if page.together.went else {}),
        **({"unwanted": _unwanted(page)} if page.together.unwanted else {}),
        "version": meeting.version,
    }


def _not_for_the_family(booking: Booking) -> dict[str, Any]:
    return {"place_sealed": booking.place_sealed, "room_id": booking.room_id}


def _summary(meeting: Meeting, child_name: str, held_mails: int) -> dict[str, Any]:
    booking = meeting.booking
    return {
        "id": meeting.id,
        "child_id": meeting.child_id,
        "child_name": child_name,
        "kind": meeting.kind.value,
        "plan_id": meeting.plan_id,
        "review_id": meeting.review_id,
        "reason": meeting.reason.value,
        "term": meeting.term,
        "asked_on": meeting.asked_on,
        "meet_by": meeting.meet_by,
        "state": meeting.state.value,
        "starts_at": booking.starts_at if booking else None,
        "ends_at": booking.ends_at if booking else None,
        "mode": booking.mode.value if booking else None,
        "invited": len(meeting.invitees),
        "coming": sum(1 for each in meeting.invitees if each.answer is Answer.ACCEPTED),
        "held_mails": held_mails,
    }


def _invitee(each: Invitee, page: MeetingPage) -> dict[str, Any]:
    shown = {
        "id": each.id,
        "person_id": each.person_id,
        "role": each.role,
        "required": each.required,
        "answer": each.answer.value,
        "answered_at": each.answered_at,
        "answered_by": each.answered_by,
        "stands_in_for": each.stands_in_for,
        "joins": each.joins,
    }
    if each.name:
        shown["name"] = each.name
    if page.sees_addresses and each.email:
        shown["email"] = each.email
    return shown


def _unwanted(page: MeetingPage) -> list[dict[str, str]]:
    return [{"name": name, "why_invited": why} for name, why in page.together.unwanted]


def _tag(meeting: Meeting) -> dict[str, Any]:
    return {"id": meeting.id, "version": meeting.version}
