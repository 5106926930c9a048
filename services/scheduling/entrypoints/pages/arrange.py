"""Arranging a meeting in three steps: a time, the people, check and send. Nothing changes before the last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.adapters import unwanted_store
from services.scheduling.application.guests import choose_guests, missing_roles, propose_guests
from services.scheduling.application.knowledge import what_is_known
from services.scheduling.application.lookup import calendar_for, child_of, find_meeting, policy_for
from services.scheduling.application.meetings import Wish, arrange, move
from services.scheduling.application.parents import kept_away
from services.scheduling.application.rooms import choose_room, rooms_for
from services.scheduling.application.short_notice import is_at_short_notice
from services.scheduling.application.slots import Setting, guests_of, judge_time, suggest_times
from services.scheduling.application.unwanted import told, unwanted_among
from services.scheduling.domain.meeting import Booking, Guest, Meeting, MeetingState, Mode
from services.scheduling.entrypoints import wording
from services.scheduling.entrypoints.pages.arrange_forms import (
    ChosenTime,
    InvitationSchema,
    PeopleSchema,
    read_setting,
    read_time,
    room_options,
    setting_of,
    setting_values,
    slot_options,
    time_values,
    ways_to_join,
)
from services.scheduling.entrypoints.pages.meeting import late_reason_options
from shared.contracts.roles import Role
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

ARRANGE = "scheduling.meeting.arrange"
MODE_OPTIONS = [{"value": mode.value, "text": text} for mode, text in wording.MODES.items()]
pages = Blueprint("arrange", __name__, url_prefix="/meetings/<meeting_id>")


@dataclass(frozen=True, slots=True)
class Desk:
    """What each step shows on top: the meeting, the child and the school, and how long the meeting is usually."""

    meeting: Meeting
    child_name: str
    school_name: str
    school_urn: str
    knows_term_dates: bool
    minutes: int


@pages.get("/times")
@allowed(ARRANGE)
def times(meeting_id: str) -> Response:
    """Offer times, each with what speaks for it; or take one that is typed."""
    return _times_page(meeting_id, FormState.asked())


@pages.get("/people")
@allowed(ARRANGE)
def people(meeting_id: str) -> Response:
    """Show who would be invited, to be changed."""
    chosen, errors = read_time(request.args)
    if chosen is None:
        return _times_page(meeting_id, replace(FormState.asked(), errors=errors), 422)
    return _people_page(meeting_id, chosen, FormState.asked())


@pages.get("/check")
@allowed(ARRANGE)
def check(meeting_id: str) -> Response:
    """Show everything once more before it is sent."""
    chosen, errors = read_time(request.args)
    if chosen is None:
        return _times_page(meeting_id, replace(FormState.asked(), errors=errors), 422)
    values, errors = read_form(PeopleSchema(), request.args)
    if errors:
        return _people_page(meeting_id, chosen, replace(FormState.asked(), errors=errors), 422)
    required = {person_id: person_id in values["must"] for person_id in values["invite"]}
    with reading() as work:
        desk = _desk(work, meeting_id)
        setting = read_setting(request.args, desk.meeting.booking)
        room = choose_room(work, desk.meeting, setting.room, chosen.starts_at, chosen.ends_at, len(required))
        where = _where(desk, setting.mode, room)
    return _check_page(meeting_id, chosen, required, FormState.saved(where))


@pages.post("/arrangement")
@allowed(ARRANGE)
def send(meeting_id: str) -> BaseResponse:
    """Arrange (or move) the meeting and send the invitations."""
    chosen, errors = read_time(request.form)
    values, more_errors = read_form(InvitationSchema())
    invite = request.form.getlist("invite")
    required = {person_id: person_id in request.form.getlist("must") for person_id in invite}
    if chosen is None:
        return _times_page(meeting_id, FormState(request.form, errors), 422)
    if more_errors:
        return _check_page(meeting_id, chosen, required, FormState.typed(more_errors), 422)
    where = {name: values[name] for name in ("place", "joining_link", "place_sealed")}
    room_id = values["room"] if values["mode"] != Mode.ONLINE else ""
    booking = Booking(chosen.starts_at, chosen.ends_at, Mode(values["mode"]), **where, room_id=room_id)
    try:
        with writing() as work:
            state = find_meeting(work, meeting_id, ARRANGE).state
            act = arrange if state is MeetingState.TO_ARRANGE else move
            ways = ways_to_join(values, required)
            wish = Wish(booking, required, values["late_reason"], ways, values["nevertheless"])
            done = act(work, meeting_id, wish, values["version"])
    except InvalidInput as refused:
        return _check_page(meeting_id, chosen, required, FormState.typed(refused.errors), 422)
    except (Stale, Conflict) as refused:
        form = FormState.typed({"": [refused.message]})
        return _check_page(meeting_id, chosen, required, form, refused.status, refused=refused)
    by_mail = sum(1 for each in done.invitees if each.email)
    if act is arrange:
        sent = "1 invitation is" if by_mail == 1 else f"{by_mail} invitations are"
        flash(f"The meeting is arranged and {sent} on the way.", "success")
    else:
        flash("The meeting is changed, and everybody concerned is being told by e-mail.", "success")
    if by_mail < len(done.invitees):
        flash("Somebody has no e-mail address. Tell them by letter or telephone; the page says who.", "warning")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


def _sent() -> MultiDict[str, str]:
    """Return what this step was asked with."""
    return request.form if request.method == "POST" else request.args


def _desk(work: Work, meeting_id: str) -> Desk:
    meeting = find_meeting(work, meeting_id, ARRANGE)
    child = child_of(work, meeting.child_id)
    booking = meeting.booking
    usual = policy_for(work, meeting).meeting_minutes
    minutes = int((booking.ends_at - booking.starts_at).total_seconds() // 60) if booking else usual
    known = calendar_for(work, child).covers is not None
    return Desk(meeting, child.name, child.school_name, child.school_urn or "", known, minutes)


def _where(desk: Desk, mode: Mode, room_id: str) -> dict[str, Any]:
    """Return what stands in the fields at first; with a room the place is left to it."""
    booking = desk.meeting.booking
    chosen = {"mode": mode.value, "room": room_id}
    if booking is None:
        return {**chosen, "place": "" if room_id else desk.school_name, "joining_link": ""}
    sealed = {"place_sealed": "yes"} if booking.place_sealed else {}
    place = "" if room_id else desk.school_name if booking.room_id else booking.place
    ways = {
        field: [each.person_id for each in desk.meeting.invitees if each.joins == way]
        for field, way in (("joins_room", Mode.IN_PERSON.value), ("joins_online", Mode.ONLINE.value))
    }
    return {**chosen, "place": place, "joining_link": booking.joining_link, **sealed, **ways}


def _times_page(meeting_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        desk = _desk(work, meeting_id)
        length = form.text("minutes")
        minutes = int(length) if length.isdecimal() and 15 <= int(length) <= 240 else desk.minutes
        setting = read_setting(_sent(), desk.meeting.booking)
        found = suggest_times(work, meeting_id, minutes=minutes, setting=setting)
        rooms = rooms_for(work, desk.meeting)
        child_id = desk.meeting.child_id
        may_ask, may_keep_hours = (may(work, row, child_id) for row in ("scheduling.poll.ask", "scheduling.hours.keep"))
        reads_lessons = may(work, "scheduling.lessons.read", child_id)
        known = what_is_known(work, [one for one in guests_of(work, desk.meeting) if one.role != Role.CHILD])
        is_past = desk.meeting.meet_by < work.today
    shown = {"mode": setting.mode.value, "room": setting.room, "minutes": str(minutes)}
    values = {**shown, **{key: form.text(key) for key in form.values}}
    return _render(
        "scheduling/times.html",
        "Choose a time",
        desk,
        status,
        form=replace(form, values=values),
        found=found,
        is_past=is_past,
        options=slot_options(found.slots),
        minutes=minutes,
        setting=setting,
        known=known,
        may_ask=may_ask,
        may_keep_hours=may_keep_hours,
        reads_lessons=reads_lessons,
        rooms=room_options(rooms, any_of_the_school=True),
        modes=MODE_OPTIONS,
    )


def _people_page(meeting_id: str, chosen: ChosenTime, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        desk = _desk(work, meeting_id)
        day = london_date(chosen.starts_at)
        proposed = propose_guests(work, desk.meeting, day)
        away = kept_away(work, desk.meeting.child_id, day)
        invited = [guest for guest, wanted in proposed if wanted]
        unwanted = unwanted_among(work, desk.meeting.child_id, [guest for guest, _ in proposed])
        unplaced = [one for one in told(work, desk.meeting.child_id) if one not in unwanted.values()]
        setting = read_setting(_sent(), desk.meeting.booking)
        points = judge_time(work, desk.meeting, invited, chosen.starts_at, chosen.ends_at, setting)
    if "invite" not in form.values and not form.errors:
        form = FormState.saved(
            {
                "invite": [guest.person_id for guest in invited],
                "must": [one.person_id for one, _ in proposed if one.required and one.person_id not in unwanted],
            }
        )
    return _render(
        "scheduling/people.html",
        "Choose who is invited",
        desk,
        status,
        form=form,
        chosen=chosen,
        points=points,
        time_values=[*time_values(chosen), *setting_values(setting)],
        people=[_person_option(guest, unwanted=guest.person_id in unwanted) for guest, _ in proposed],
        unwanted=[guest.name for guest, _ in proposed if guest.person_id in unwanted],
        unplaced=[one.name for one in unplaced],
        kept_away=Counter(away.values()),
        must_be=[{"value": guest.person_id, "text": guest.name} for guest, _ in proposed],
    )


def _check_page(
    meeting_id: str,
    chosen: ChosenTime,
    required: dict[str, bool],
    form: FormState,
    status: int = 200,
    refused: Stale | Conflict | None = None,
) -> Response:
    with reading() as work:
        desk = _desk(work, meeting_id)
        try:
            guests = choose_guests(work, desk.meeting, required, london_date(chosen.starts_at))
        except InvalidInput as wrong:
            return _people_page(
                meeting_id,
                chosen,
                FormState(_sent(), wrong.errors),
                422,
            )
        setting = setting_of(form)
        points = judge_time(work, desk.meeting, guests, chosen.starts_at, chosen.ends_at, setting)
        rooms = rooms_for(work, desk.meeting)
        missing = missing_roles(work, desk.meeting, guests)
        at_short_notice = is_at_short_notice(work, desk.meeting)
        unwanted = unwanted_among(work, desk.meeting.child_id, guests)
        explained = unwanted_store.reasons_of(work.connection, desk.meeting.id)
    others = refused.facts.get("alternatives", []) if refused is not None else []
    return _render(
        "scheduling/check.html",
        "Check and send the invitations",
        desk,
        status,
        form=form,
        chosen=chosen,
        points=points,
        missing=missing,
        guests=guests,
        time_values=time_values(chosen),
        people_values=_people_values(required),
        alternatives=_links_to(others if isinstance(others, list) else [], meeting_id, setting, required),
        theirs=desk.meeting if isinstance(refused, Stale) else None,
        modes=MODE_OPTIONS,
        rooms=room_options(rooms, any_of_the_school=False),
        unwanted=[guest.name for guest in guests if guest.person_id in unwanted],
        ask_why=bool(set(unwanted) - set(explained)),
        joining=[{"value": guest.person_id, "text": guest.name} for guest in guests],
        late_reasons=late_reason_options() if at_short_notice else [],
    )


def _person_option(guest: Guest, *, unwanted: bool) -> dict[str, Any]:
    reached = guest.email or "No e-mail address: tell them by letter or telephone"
    reached = f"The child does not want them there. {reached}" if unwanted else reached
    return {
        "value": guest.person_id,
        "text": f"{guest.name} ({wording.role_title(guest.role)})",
        "hint": reached,
    }


def _people_values(required: dict[str, bool]) -> list[tuple[str, str]]:
    must = [("must", person_id) for person_id, needed in required.items() if needed]
    return [*(("invite", person_id) for person_id in required), *must]


def _links_to(others: list[Any], meeting_id: str, setting: Setting, required: dict[str, bool]) -> list[dict[str, str]]:
    links = []
    for other in others:
        starts_at, ends_at = datetime.fromisoformat(other["start"]), datetime.fromisoformat(other["end"])
        query = urlencode(
            [*time_values(ChosenTime(starts_at, ends_at)), *setting_values(setting), *_people_values(required)]
        )
        href = f"{url_for('arrange.check', meeting_id=meeting_id)}?{query}"
        links.append({"text": wording.when(starts_at, ends_at), "href": href})
    return links


def _render(template: str, title: str, desk: Desk, status: int, **context: Any) -> Response:
    return render_page(
        template, title=title, status=status, heading=title, desk=desk, meeting=desk.meeting, words=wording, **context
    )
