"""The meetings of a draft of a term: as a table, as a picture, and one by one to be moved, locked or left out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application import term_plans
from services.scheduling.application.term_knowledge import OpenTime, times_open
from services.scheduling.application.term_plan_views import DraftFilter, DraftView, look_at_draft, picture_of, row_of
from services.scheduling.application.term_plans import ADJUST, READ, find_placement, rules_of
from services.scheduling.domain.term_draft import PlacementState, PlanState
from services.scheduling.entrypoints import term_words, wording
from services.scheduling.entrypoints.pages.term_picture import draw
from services.scheduling.entrypoints.term_schemas import LINE_STATES, FilterSchema, MoveSchema, VersionSchema
from shared.kernel.errors import Conflict, Stale
from shared.platform.web.access import allowed
from shared.platform.web.chips import filter_chips
from shared.platform.web.filters import short_day
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

A_PAGE = 100
OFFERED = 20
pages = Blueprint("term_placements", __name__, url_prefix="/term-plans/<term_plan_id>")


@pages.get("/meetings")
@allowed(READ)
def index(term_plan_id: str) -> Response:
    """Show the draft as a table, filtered as the address says."""
    asked = _asked()
    with reading() as work:
        view = look_at_draft(work, term_plan_id, asked)
    number = max(1, request.args.get("page", 1, type=int))
    pages_there = max(1, -(-len(view.rows) // A_PAGE))
    number = min(number, pages_there)
    path = url_for(".index", term_plan_id=term_plan_id)
    chosen = request.args.to_dict()
    return render_page(
        "scheduling/term_plan_meetings.html",
        title="Meetings in the draft",
        plan=view.plan,
        view=view,
        rows=view.rows[(number - 1) * A_PAGE : number * A_PAGE],
        filters=FormState.asked(),
        chips=filter_chips(path, request.args, _chip_words(view)),
        choices=_choices(view),
        page=number,
        pages=pages_there,
        address=lambda page: url_for(".index", **{**chosen, "term_plan_id": term_plan_id, "page": page}),
        words=wording,
        terms=term_words,
        wide=True,
    )


@pages.get("/picture")
@allowed(READ)
def picture(term_plan_id: str) -> Response:
    """Show the draft as a picture: its days, each worker's weeks, each school's visits."""
    with reading() as work:
        view = look_at_draft(work, term_plan_id)
    told = picture_of(view)
    return render_page(
        "scheduling/term_plan_picture.html",
        title="Picture of the draft",
        plan=view.plan,
        told=told,
        drawn=draw(told, view.plan.options.fair_a_week),
        fair=view.plan.options.fair_a_week,
        terms=term_words,
        wide=True,
    )


@pages.get("/meetings/<meeting_id>")
@allowed(ADJUST)
def show(term_plan_id: str, meeting_id: str) -> Response:
    """Show one meeting of a draft with the times to which it can be moved."""
    return _show(term_plan_id, meeting_id, FormState())


@pages.post("/meetings/<meeting_id>/time")
@allowed(ADJUST)
def move(term_plan_id: str, meeting_id: str) -> BaseResponse:
    """Give a meeting another time in a draft; it is locked there."""
    values, errors = read_form(MoveSchema())
    if errors:
        return _show(term_plan_id, meeting_id, FormState.typed(errors), 422)
    try:
        with writing() as work:
            term_plans.move_in_draft(work, term_plan_id, meeting_id, values["start"], values["version"])
    except (Stale, Conflict) as refused:
        return _show(term_plan_id, meeting_id, FormState.typed({"": [refused.message]}), refused.status)
    flash("The time is changed in the draft, and stays when the term is drafted again. Nobody is told yet.", "success")
    return _to(term_plan_id, meeting_id)


@pages.post("/meetings/<meeting_id>/lock")
@allowed(ADJUST)
def lock(term_plan_id: str, meeting_id: str) -> BaseResponse:
    """Keep a meeting's time when the term is drafted again, or let it go."""
    return _adjust(term_plan_id, meeting_id, "lock", "keep")


@pages.post("/meetings/<meeting_id>/leaving-out")
@allowed(ADJUST)
def leave_out(term_plan_id: str, meeting_id: str) -> BaseResponse:
    """Leave a meeting out of a draft, or take it in again."""
    return _adjust(term_plan_id, meeting_id, "leave_out", "out")


def _adjust(term_plan_id: str, meeting_id: str, what: str, choice: str) -> BaseResponse:
    values, errors = read_form(VersionSchema())
    if errors:
        return _show(term_plan_id, meeting_id, FormState.typed(errors), 422)
    yes = request.form.get(choice) == "yes"
    try:
        with writing() as work:
            if what == "lock":
                term_plans.lock_in_draft(work, term_plan_id, meeting_id, values["version"], locked=yes)
            else:
                term_plans.leave_out(work, term_plan_id, meeting_id, values["version"], out=yes)
    except (Stale, Conflict) as refused:
        return _show(term_plan_id, meeting_id, FormState.typed({"": [refused.message]}), refused.status)
    told = {
        ("lock", True): "The time stays when the term is drafted again.",
        ("lock", False): "The time may change when the term is drafted again.",
        ("leave_out", True): "The meeting is left out of the draft. Arrange it by hand.",
        ("leave_out", False): "The meeting gets a time when the term is next drafted.",
    }
    flash(told[what, yes], "success")
    return _to(term_plan_id, meeting_id)


def _show(term_plan_id: str, meeting_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        plan, line = find_placement(work, term_plan_id, meeting_id, ADJUST)
        row = row_of(work, line)
        adjustable = plan.state is PlanState.READY and line.state is not PlacementState.GONE
        offered = times_open(work, plan, line, rules_of(work, plan.authority)) if adjustable else []
        view = look_at_draft(work, term_plan_id, states=[PlacementState.UNPLACED])
    others = [one for one in offered if one.starts_at != line.starts_at][:OFFERED]
    return render_page(
        "scheduling/term_plan_meeting.html",
        title=f"{row.child.name} in the draft",
        status=status,
        form=form,
        plan=plan,
        row=row,
        line=line,
        people=view.people,
        adjustable=adjustable,
        options=[_option(one) for one in others],
        words=wording,
        terms=term_words,
    )


def _option(one: OpenTime) -> dict[str, Any]:
    poor = [point.text for point in one.points if not point.good and point.known]
    good = [point.text for point in one.points if point.good and point.code == "in_time"]
    said = "; ".join(poor or good)
    hint = f"{said[:1].upper()}{said[1:]}"
    return {"value": one.starts_at.isoformat(), "text": wording.when(one.starts_at, one.ends_at), "hint": hint}


def _asked() -> DraftFilter:
    """Return what the address asks for; what cannot be meant is not asked for."""
    try:
        given = FilterSchema().load({key: value for key, value in request.args.items() if value and key != "page"})
    except ValidationError as problem:
        given = {"worker": "", "school": "", "week": None, "state": "", **problem.valid_data}  # type: ignore[dict-item]
    return DraftFilter(**given)


def _choices(view: DraftView) -> dict[str, list[dict[str, str]]]:
    rows = view.everything
    workers = sorted({(row.worker, row.worker_id) for row in rows if row.worker_id})
    schools = sorted({(row.child.school_name, row.child.school_urn or "") for row in rows if row.child.school_urn})
    weeks = sorted({row.monday for row in rows if row.monday})
    states = {row.line.state for row in rows}
    return {
        "worker": [{"value": key, "text": name} for name, key in workers],
        "school": [{"value": urn, "text": name} for name, urn in schools],
        "week": [{"value": week.isoformat(), "text": f"Week of {short_day(week)}"} for week in weeks],
        "state": [
            {"value": state, "text": term_words.LINE_STATES[PlacementState(state)][0]}
            for state in LINE_STATES
            if PlacementState(state) in states
        ],
    }


def _chip_words(view: DraftView) -> dict[str, Any]:
    choices = _choices(view)

    def words_for(name: str) -> Any:
        known = {one["value"]: one["text"] for one in choices[name]}
        return lambda value: known.get(value, value)

    return {name: words_for(name) for name in choices}


def _to(term_plan_id: str, meeting_id: str) -> BaseResponse:
    return redirect(url_for("term_placements.show", term_plan_id=term_plan_id, meeting_id=meeting_id), 303)
