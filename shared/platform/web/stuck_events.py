"""The pages of facts that got stuck in a service: what, why, how often tried; try again, or give up with a reason."""

from __future__ import annotations

import json

from flask import Blueprint, Flask, Response, flash, redirect, url_for
from marshmallow import Schema, fields
from marshmallow.validate import Length
from werkzeug.wrappers import Response as BaseResponse

from shared.contracts.permissions import PERMISSIONS
from shared.platform import roster
from shared.platform.service import ServiceSpec
from shared.platform.stuck import discard_stuck, history, replay_stuck, stuck_event, stuck_events
from shared.platform.web.access import allowed
from shared.platform.web.forms import Errors, FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

DONE = {"replayed": "Tried again", "discarded": "Given up", "gap_skipped": "Earlier events skipped"}


class GivingUp(Schema):
    """Why an event is given up."""

    why = fields.String(required=True, validate=Length(max=500), metadata={"label": "Why it is given up"})


def register(app: Flask, spec: ServiceSpec) -> None:
    """Add the pages to a service whose permissions name who may mend its events."""
    action = f"{spec.name}.events.mend"
    if action in PERMISSIONS:
        app.register_blueprint(_pages(action))


def _pages(action: str) -> Blueprint:
    pages = Blueprint("stuck_events", __name__, url_prefix="/events")

    @pages.get("")
    @allowed(action)
    def index() -> Response:
        with reading() as work:
            held, done = stuck_events(work), history(work)
            people = roster.people_by_id(work.connection, {each.by for each in done})
        names = {each.by: people[each.by].name if each.by in people else each.by for each in done}
        return render_page(
            "stuck_events/index.html", title="Events that got stuck", wide=True, held=held, done=done, names=names,
            words=DONE,
        )  # fmt: skip

    @pages.get("/<int:event_id>")
    @allowed(action)
    def show(event_id: int) -> Response:
        return _show(event_id, {})

    @pages.post("/<int:event_id>/replay")
    @allowed(action)
    def replay(event_id: int) -> BaseResponse:
        with writing() as work:
            replay_stuck(work, event_id)
        flash(f"Event {event_id} is tried again within a second or two.", "success")
        return redirect(url_for("stuck_events.index"), 303)

    @pages.post("/<int:event_id>/discard")
    @allowed(action)
    def discard(event_id: int) -> BaseResponse:
        values, errors = read_form(GivingUp())
        if errors:
            return _show(event_id, errors)
        with writing() as work:
            discard_stuck(work, event_id, values["why"])
        flash(f"Event {event_id} is given up; what waited for it goes on.", "success")
        return redirect(url_for("stuck_events.index"), 303)

    return pages


def _show(event_id: int, errors: Errors) -> Response:
    with reading() as work:
        held, says = stuck_event(work, event_id)
    lines = [(key, value if isinstance(value, str) else json.dumps(value)) for key, value in says.items()]
    return render_page(
        "stuck_events/event.html", title=f"Event {event_id}", status=422 if errors else 200,
        form=FormState.typed(errors) if errors else FormState(), held=held, says=lines,
    )  # fmt: skip
