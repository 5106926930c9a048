"""The education part of the care plan, for the social worker and the Independent Reviewing Officer."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from services.pep.application import care_plan
from services.pep.domain.concerns import ConcernState
from services.pep.entrypoints.concern_words import story_of, what_happened
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading

pages = Blueprint("care_plan", __name__)


@pages.get("/children/<child_id>/care-plan")
@allowed("pep.care_plan.read")
def show(child_id: str) -> Response:
    """Show what was agreed, the targets, the concerns with their answers, and the next dates."""
    with reading() as work:
        page = care_plan.read_care_plan(work, child_id)
        today = work.today
    live = [concern for concern in page.concerns if concern.state is not ConcernState.CLOSED]
    return render_page(
        "pep/care_plan.html",
        title=f"Education in the care plan, {page.child_name}",
        page=page,
        today=today,
        live=live,
        closed=[concern for concern in page.concerns if concern.state is ConcernState.CLOSED],
        what_happened=what_happened,
        story_of=story_of,
    )
