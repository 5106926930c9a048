"""What a worker does about mails on the page of a meeting: settle a held reply, count it, refuse it, send one again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.scheduling.application.incoming_mail import count_held, refuse_proposal, settle_held
from services.scheduling.application.lookup import find_meeting
from services.scheduling.application.outgoing_mail import try_again
from shared.platform.web.access import allowed
from shared.platform.web.unit import writing

RECORD = "scheduling.meeting.record_answer"
pages = Blueprint("held_mail", __name__, url_prefix="/meetings/<meeting_id>/mails/<mail_id>")


@pages.post("/settled")
@allowed(RECORD)
def settle(meeting_id: str, mail_id: str) -> Response:
    """Note that the worker has dealt with a held mail."""
    with writing() as work:
        settle_held(work, meeting_id, mail_id)
    flash("The reply is off your list.", "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@pages.post("/counted")
@allowed(RECORD)
def count(meeting_id: str, mail_id: str) -> Response:
    """Count the answer that a held mail gives."""
    with writing() as work:
        count_held(work, meeting_id, mail_id)
    flash("The answer is counted.", "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@pages.post("/refused")
@allowed("scheduling.meeting.arrange")
def refuse(meeting_id: str, mail_id: str) -> Response:
    """Keep the time of the meeting, and say so to whoever proposed another."""
    with writing() as work:
        refuse_proposal(work, meeting_id, mail_id)
    flash("The person is told that the time stays as it is.", "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@pages.post("/again")
@allowed("scheduling.meeting.arrange")
def send_again(meeting_id: str, mail_id: str) -> Response:
    """Send a mail again that could not be sent."""
    with writing() as work:
        find_meeting(work, meeting_id, "scheduling.meeting.arrange")
        try_again(work, meeting_id, mail_id)
    flash("The mail is sent again.", "success")
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)
