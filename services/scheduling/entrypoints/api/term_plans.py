"""Drafts of a term over the API: the same functions as behind the pages."""

from __future__ import annotations

from typing import Any

from services.scheduling.application import term_plans
from services.scheduling.application.term_knowledge import times_open
from services.scheduling.application.term_plan_views import DraftFilter, Row, list_drafts, look_at_draft, row_of
from services.scheduling.application.term_plans import (
    ADJUST,
    DRAFT,
    READ,
    find_draft,
    find_own_draft,
    find_placement,
    rules_of,
    usual_options,
)
from services.scheduling.application.term_sending import SEND, send_invitations
from services.scheduling.domain.term_draft import Placement, PlanState, TermPlan
from services.scheduling.domain.term_question import DayOff
from services.scheduling.entrypoints import term_schemas as schemas
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work


class TermPlanBlueprint(ApiBlueprint):
    """Asks for If-Match on POST as well, where it changes a draft that was read."""

    METHODS_NEEDING_CHECK_ETAG = ["POST", "PUT", "PATCH", "DELETE"]  # noqa: RUF012 - flask-smorest's own name


blueprint = TermPlanBlueprint(
    "term_plans_api",
    __name__,
    url_prefix="/api/term-plans",
    description="Drafts of a term: a time for every meeting still to arrange. Nothing goes out but by `sending`.",
)


@blueprint.get("")
@allowed(READ)
@blueprint.response(200, schemas.TermPlanSchema(many=True))
def list_term_plans() -> list[TermPlan]:
    """List the drafts of your authority, the newest first."""
    with reading() as work:
        return [one.plan for one in list_drafts(work)]


@blueprint.post("")
@allowed(DRAFT)
@blueprint.arguments(schemas.NewDraftSchema)
@blueprint.response(202, schemas.TermPlanSchema)
def post_term_plan(wanted: dict[str, Any]) -> TermPlan:
    """Ask for a draft: made within moments, then improved for as long as you say. Read it to see how far it is."""
    with writing() as work:
        options = schemas.options_from(wanted, usual_options(work))
        return term_plans.start_draft(work, wanted["first"], wanted["last"], options)


@blueprint.get("/<term_plan_id>")
@allowed(READ)
@blueprint.etag
@blueprint.response(200, schemas.TermPlanSchema)
def get_term_plan(term_plan_id: str) -> TermPlan:
    """Show a draft and how it comes on."""
    with reading() as work:
        return _shown(find_draft(work, term_plan_id))


@blueprint.post("/<term_plan_id>/drafting")
@allowed(DRAFT)
@blueprint.etag
@blueprint.arguments(schemas.OptionsSchema)
@blueprint.response(202, schemas.TermPlanSchema)
def post_drafting(wanted: dict[str, Any], term_plan_id: str) -> TermPlan:
    """Draft the term again from where it is: what is locked stays, and as few as possible move."""
    with writing() as work:
        plan = _checked(work, term_plan_id, DRAFT)
        options = schemas.options_from(wanted, plan.options)
        return _shown(term_plans.draft_again(work, term_plan_id, plan.version, options))


@blueprint.post("/<term_plan_id>/days-off")
@allowed(DRAFT)
@blueprint.etag
@blueprint.arguments(schemas.DayOffSchema)
@blueprint.response(202, schemas.TermPlanSchema)
def post_day_off(wanted: dict[str, Any], term_plan_id: str) -> TermPlan:
    """Let somebody be away in a draft only, and draft the term again."""
    with writing() as work:
        plan = _checked(work, term_plan_id, DRAFT)
        off = DayOff(wanted["person_id"], wanted["first"], wanted["last"])
        return _shown(term_plans.add_day_off(work, term_plan_id, off, plan.version))


@blueprint.post("/<term_plan_id>/sending")
@allowed(SEND)
@blueprint.etag
@blueprint.response(202, schemas.TermPlanSchema)
def post_sending(term_plan_id: str) -> TermPlan:
    """Arrange the meetings of a draft, one after the other, and send the invitations."""
    with writing() as work:
        plan = _checked(work, term_plan_id, SEND)
        return _shown(send_invitations(work, term_plan_id, plan.version))


@blueprint.delete("/<term_plan_id>")
@allowed(DRAFT)
@blueprint.etag
@blueprint.response(204)
def delete_term_plan(term_plan_id: str) -> None:
    """Discard a draft; while it is being made, that stops it."""
    with writing() as work:
        plan = _checked(work, term_plan_id, DRAFT)
        term_plans.discard(work, term_plan_id, plan.version)


@blueprint.get("/<term_plan_id>/meetings")
@allowed(READ)
@blueprint.arguments(schemas.FilterSchema, location="query")
@blueprint.response(200, schemas.PlacementSchema(many=True))
def list_placements(asked: dict[str, Any], term_plan_id: str) -> list[dict[str, Any]]:
    """List the meetings in a draft, by time; those without one last."""
    with reading() as work:
        return [_row(one) for one in look_at_draft(work, term_plan_id, DraftFilter(**asked)).rows]


@blueprint.get("/<term_plan_id>/meetings/<meeting_id>")
@allowed(ADJUST)
@blueprint.etag
@blueprint.response(200, schemas.PlacementSchema)
def get_placement(term_plan_id: str, meeting_id: str) -> dict[str, Any]:
    """Show one meeting in a draft."""
    with reading() as work:
        _, line = find_placement(work, term_plan_id, meeting_id, ADJUST)
        return _line(work, line)


@blueprint.get("/<term_plan_id>/meetings/<meeting_id>/times")
@allowed(ADJUST)
@blueprint.response(200, schemas.OpenTimeSchema(many=True))
def list_open_times(term_plan_id: str, meeting_id: str) -> list[dict[str, Any]]:
    """Offer times to which a meeting can be moved beside all the others of the draft, the best first."""
    with reading() as work:
        plan, line = find_placement(work, term_plan_id, meeting_id, ADJUST)
        if plan.state is not PlanState.READY:
            return []
        offered = times_open(work, plan, line, rules_of(work, plan.authority))
    return [
        {
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "points": [{"code": point.code, "text": point.text, "good": point.good} for point in one.points],
        }
        for one in offered
    ]


@blueprint.patch("/<term_plan_id>/meetings/<meeting_id>")
@allowed(ADJUST)
@blueprint.etag
@blueprint.arguments(schemas.PlacementChangeSchema)
@blueprint.response(200, schemas.PlacementSchema)
def patch_placement(wanted: dict[str, Any], term_plan_id: str, meeting_id: str) -> dict[str, Any]:
    """Move, lock or leave out one meeting in a draft; 409 when the time is not open."""
    with writing() as work:
        _, line = find_placement(work, term_plan_id, meeting_id, ADJUST)
        blueprint.check_etag(_tag(line))
        if len(wanted) != 1:
            raise InvalidInput({"start": ["Send one of start, locked and left_out."]})
        this = (term_plan_id, meeting_id)
        if "start" in wanted:
            line = term_plans.move_in_draft(work, *this, wanted["start"], line.version)
        elif "locked" in wanted:
            line = term_plans.lock_in_draft(work, *this, line.version, locked=wanted["locked"])
        else:
            line = term_plans.leave_out(work, *this, line.version, out=wanted["left_out"])
        return _line(work, line)


def _checked(work: Work, term_plan_id: str, action: str) -> TermPlan:
    """Return a draft to whoever is in charge of it, after comparing If-Match with the version it has now."""
    plan = find_own_draft(work, term_plan_id, action)
    blueprint.check_etag(_tag(plan))
    return plan


def _shown(plan: TermPlan) -> TermPlan:
    blueprint.set_etag(_tag(plan))
    return plan


def _line(work: Work, line: Placement) -> dict[str, Any]:
    blueprint.set_etag(_tag(line))
    return _row(row_of(work, line))


def _row(row: Row) -> dict[str, Any]:
    line = row.line
    return {
        **{name: getattr(line, name) for name in Placement.__dataclass_fields__ if name != "state"},
        "state": line.state.value,
        "child_name": row.child.name,
        "school_urn": row.child.school_urn,
        "worker_id": row.worker_id,
        "meet_by": row.meeting.meet_by,
    }


def _tag(one: TermPlan | Placement) -> dict[str, Any]:
    if isinstance(one, TermPlan):
        return {"term_plan": one.id, "version": one.version}
    return {"term_plan": one.term_plan_id, "meeting": one.meeting_id, "version": one.version}
