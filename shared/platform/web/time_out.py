"""The end of a session that is left idle: a warning before it, and what was typed is offered again afterwards.

Without a script, a form that comes too late is kept (`late_forms`). With one, people are warned five minutes before and
can stay; when they are gone, what they typed is kept in the same way. Only whoever typed it is shown it.
"""

from __future__ import annotations

from flask import Blueprint, Flask, Response, g, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from shared.platform import kept_forms
from shared.platform.problems import typed_words
from shared.platform.service import ServiceSpec
from shared.platform.web.access import allowed, public
from shared.platform.web.late_forms import FIELD, keep
from shared.platform.web.links import safe_path
from shared.platform.web.pages import render_page, seconds_left
from shared.platform.web.unit import current_actor, current_runtime, current_spec


def register(app: Flask, spec: ServiceSpec) -> None:
    """Add what the warning asks, and the pages on which a kept form is offered again."""
    blueprint = Blueprint("time_out", __name__)
    whoever_works_here = f"{spec.name}.worklist.read"

    @blueprint.get("/time-left")
    @public("tells only for how long one's own session goes on")
    def left() -> Response:
        """Say for how many seconds the session goes on; asking does not make it longer."""
        return jsonify({"seconds": seconds_left() or 0})

    @blueprint.post("/time-left")
    @public("who is signed in may stay so")
    def stay() -> Response:
        """Go on: the request itself has counted as use."""
        return jsonify({"seconds": seconds_left() or 0})

    @blueprint.post("/kept")
    @allowed(whoever_works_here)
    def keep_typed() -> Response:
        """Keep what a page's script sends when time is nearly up; say where it is offered again."""
        path = safe_path(request.form.get("kept_path"))
        return jsonify({"next": keep(_person_id(), path, request.form.items(multi=True)) if path else ""})

    @blueprint.get("/kept/<kept_id>")
    @allowed(whoever_works_here)
    def kept(kept_id: str) -> BaseResponse:
        """Offer what was typed before the person was signed out."""
        runtime = current_runtime()
        with runtime.database(current_spec().name).reading() as connection:
            found = kept_forms.find(connection, kept_id, _person_id(), runtime.clock.now())
        if found is None:
            return redirect(request.script_root + "/", 303)
        return render_page(
            "kept.html",
            title="You were signed out before this was saved",
            kept=found,
            field=FIELD,
            typed=typed_words(found.fields),
        )

    @blueprint.post("/kept/<kept_id>/forget")
    @allowed(whoever_works_here)
    def forget(kept_id: str) -> BaseResponse:
        """Throw away what was typed."""
        _forget(kept_id)
        return redirect(request.script_root + "/", 303)

    @app.after_request
    def forget_what_was_sent(answer: Response) -> Response:
        if request.method == "POST" and answer.status_code in (302, 303) and current_actor() and FIELD in request.form:
            _forget(request.form[FIELD])
        return answer

    app.register_blueprint(blueprint)


def _forget(kept_id: str) -> None:
    with current_runtime().database(current_spec().name).writing() as connection:
        kept_forms.forget(connection, kept_id, _person_id())


def _person_id() -> str:
    return str(g.actor.person_id)
