"""The page of replies by mail that belong to no known meeting."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.incoming_mail import REASONS
from services.scheduling.application.unknown_mail import ACTION, settle_unknown, unknown_mails
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("unknown_mail", __name__, url_prefix="/mails")


@pages.get("")
@allowed(ACTION)
def index() -> Response:
    """Show the mails that wait."""
    with reading() as work:
        mails = unknown_mails(work)
    title = "Replies that belong to no known meeting"
    return render_page("scheduling/unknown_mail.html", title=title, heading=title, mails=mails, mail_reasons=REASONS)


@pages.post("/<mail_id>/settled")
@allowed(ACTION)
def settle(mail_id: str) -> BaseResponse:
    """Note that somebody has dealt with one."""
    with writing() as work:
        settle_unknown(work, mail_id)
    flash("The reply is off the list.", "success")
    return redirect(url_for("unknown_mail.index"), 303)
