"""Calendar feeds: the addresses one has, a new one, stopping one; and the files behind the addresses."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, request, session, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.application.feeds import (
    KEEP_OWN,
    find_feed,
    kinds_to_have,
    make_feed,
    own_feeds,
    read_feed,
    stop_feed,
)
from services.scheduling.domain.feeds import FeedKind
from services.scheduling.entrypoints.wording import FEED_HINTS, FEEDS
from shared.kernel.errors import InvalidInput, NotFound
from shared.platform.access import system_actor
from shared.platform.web.access import allowed, public
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.limits import Use, limited
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

JUST_MADE = "calendar_address"
pages = Blueprint("feeds", __name__)


class FeedSchema(Schema):
    """Which feed is wished for."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf([kind.value for kind in FeedKind]),
        error_messages={"required": "Choose what your calendar shall show."},
    )


@pages.get("/feeds")
@allowed(KEEP_OWN)
def index() -> Response:
    """Show the calendar addresses one has, and this once the one that was just made."""
    return _page(FormState(), made=session.pop(JUST_MADE, None))


@pages.post("/feeds")
@allowed(KEEP_OWN)
def make() -> BaseResponse:
    """Make a calendar address; the page that follows shows it, once."""
    values, errors = read_form(FeedSchema())
    try:
        if not errors:
            with writing() as work:
                made = make_feed(work, FeedKind(values["kind"]))
            session[JUST_MADE] = {"kind": made.feed.kind.value, "address": made.address}
            return redirect(url_for("feeds.index"), 303)
    except InvalidInput as refused:
        errors = refused.errors
    return _page(FormState.typed(errors), 422)


@pages.post("/feeds/<feed_id>/stop")
@allowed(KEEP_OWN)
def stop(feed_id: str) -> BaseResponse:
    """Stop a calendar address."""
    with writing() as work:
        stop_feed(work, feed_id)
    flash("That calendar address no longer works.", "success")
    return redirect(url_for("feeds.index"), 303)


@pages.get("/feed/<secret>.ics")
@public("the secret in the address stands for its owner, whose calendar program cannot sign in")
@limited(Use.LINK)
def meetings(secret: str) -> BaseResponse:
    """Give out meetings as a calendar."""
    return _file(secret, (FeedKind.MINE, FeedKind.SCHOOL))


@pages.get("/feed/<secret>.ifb")
@public("the secret in the address stands for its owner, whose calendar program cannot sign in")
@limited(Use.LINK)
def busy(secret: str) -> BaseResponse:
    """Give out when somebody is busy."""
    return _file(secret, (FeedKind.BUSY,))


def _file(secret: str, kinds: tuple[FeedKind, ...]) -> BaseResponse:
    try:
        with reading(system_actor()) as work:
            use = find_feed(work, secret)
    except NotFound:
        use = None
    if use is None or use.feed.kind not in kinds:
        gone = "This calendar address is no longer in use. Remove it from your calendar program."
        return Response(gone, 404, mimetype="text/plain")
    with reading(use.owner) as work:
        body = read_feed(work, use.feed)
    answer = Response(body, mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


def _page(form: FormState, status: int = 200, made: Mapping[str, str] | None = None) -> Response:
    with reading() as work:
        own = own_feeds(work)
        kinds = kinds_to_have(work)
    return render_page(
        "scheduling/feeds.html",
        title="Meetings in your own calendar",
        status=status,
        form=form,
        own=own,
        made=made,
        kinds=[{"value": kind.value, "text": FEEDS[kind], "hint": FEED_HINTS[kind]} for kind in kinds],
        feeds=FEEDS,
    )
