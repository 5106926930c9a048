"""The way from a plan or a review to its meeting, for the other services to link to: they know not the meeting's id."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from services.scheduling.application.lookup import find_meeting_of_plan, find_meeting_of_review
from shared.platform.web.access import allowed
from shared.platform.web.unit import reading

pages = Blueprint("plan_meeting", __name__)


@pages.get("/plans/<plan_id>/meeting")
@allowed("scheduling.meeting.read")
def show(plan_id: str) -> Response:
    """Lead to the meeting of a plan that is to arrange or coming up, or else to its newest."""
    with reading() as work:
        meeting = find_meeting_of_plan(work, plan_id)
    return redirect(url_for("meeting.show", meeting_id=meeting.id))


@pages.get("/reviews/<review_id>/meeting")
@allowed("scheduling.meeting.read")
def show_of_review(review_id: str) -> Response:
    """Lead to the meeting of a review of the care plan."""
    with reading() as work:
        meeting = find_meeting_of_review(work, review_id)
    return redirect(url_for("meeting.show", meeting_id=meeting.id))
