"""Rooms that can be booked for meetings: a school's, and the authority's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.rooms import (
    RoomWish,
    change_room,
    find_room,
    may_record_rooms,
    own_rooms,
    record_room,
    rooms_of_school,
)
from services.scheduling.domain.rooms import Room
from services.scheduling.entrypoints.times_schemas import RoomFormSchema
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import Errors, FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

READ, RECORD, RECORD_OWN = "scheduling.rooms.read", "scheduling.rooms.record", "scheduling.rooms.record_own"
pages = Blueprint("rooms", __name__)


@pages.get("/rooms")
@allowed(READ)
def own() -> Response:
    """Show the authority's own rooms."""
    return _page(None, FormState.saved())


@pages.post("/rooms")
@allowed(RECORD_OWN)
def add_own() -> BaseResponse:
    """Record a room of the authority's own."""
    return _add(None)


@pages.get("/schools/<urn>/rooms")
@allowed(READ)
def of_school(urn: str) -> Response:
    """Show the rooms of a school."""
    return _page(urn, FormState.saved())


@pages.post("/schools/<urn>/rooms")
@allowed(RECORD)
def add(urn: str) -> BaseResponse:
    """Record a room of a school."""
    return _add(urn)


@pages.get("/rooms/<room_id>")
@allowed(RECORD)
def show(room_id: str) -> Response:
    """Show a room to be changed."""
    with reading() as work:
        room = find_room(work, room_id, RECORD)
    saved = {
        "name": room.name,
        "site": room.site,
        "seats": room.seats or "",
        "is_open": ["yes"] if room.is_open else [],
    }
    return _room_page(room, FormState.saved(saved))


@pages.post("/rooms/<room_id>")
@allowed(RECORD)
def change(room_id: str) -> BaseResponse:
    """Correct what is known of a room, or offer it no more."""
    values, errors = read_form(RoomFormSchema())
    if not errors:
        try:
            with writing() as work:
                room = change_room(work, room_id, RoomWish(**values))
        except (InvalidInput, Conflict) as refused:
            errors = _errors(refused)
        else:
            flash(f"{room.name} is changed.", "success")
            return redirect(_list_of(room.school_urn), 303)
    with reading() as work:
        room = find_room(work, room_id, RECORD)
    return _room_page(room, FormState.typed(errors), 422)


def _add(urn: str | None) -> BaseResponse:
    with reading() as work:
        may_record_rooms(work, urn)
    values, errors = read_form(RoomFormSchema())
    if not errors:
        try:
            with writing() as work:
                room = record_room(work, RoomWish(**{**values, "is_open": True}), urn)
        except (InvalidInput, Conflict) as refused:
            errors = _errors(refused)
        else:
            flash(f"{room.name} can now be booked for meetings.", "success")
            return redirect(_list_of(urn), 303)
    return _page(urn, FormState.typed(errors), 422)


def _errors(refused: InvalidInput | Conflict) -> Errors:
    if isinstance(refused, InvalidInput):
        return {key: list(messages) for key, messages in refused.errors.items()}
    return {"name": [refused.message]}


def _list_of(urn: str | None) -> str:
    return url_for("rooms.of_school", urn=urn) if urn else url_for("rooms.own")


def _page(urn: str | None, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        school, found = (None, own_rooms(work)) if urn is None else rooms_of_school(work, urn)
        may_record = may(work, RECORD if urn else RECORD_OWN)
    return render_page(
        "scheduling/rooms.html",
        title=f"Rooms: {school.name}" if school else "Rooms of the authority",
        status=status,
        form=form,
        school=school,
        rooms=found,
        may_record=may_record,
    )


def _room_page(room: Room, form: FormState, status: int = 200) -> Response:
    context: dict[str, Any] = {"room": room, "form": form, "back": _list_of(room.school_urn)}
    return render_page("scheduling/room.html", title=room.name, status=status, **context)
