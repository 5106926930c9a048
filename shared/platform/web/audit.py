"""The audit of what is asked for over the web: written for every route, when the answer is ready and before it leaves.

What a request changed is written with the change (`shared.platform.work`). What it looked at, took away or was refused
is written here, as one statement in a transaction of its own. An answer that cannot be put on record is not given.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from shared.platform import audit
from shared.platform.access import Actor, role_for
from shared.platform.problems import not_on_record
from shared.platform.trail import Kind, Step, Trail
from shared.platform.web.unit import current_runtime, current_spec, current_trail

log = logging.getLogger(__name__)

SHOWN_ALL_THE_SAME = frozenset({304, 409, 412, 422})
"""Refused forms show the record again, and 304 says that the reader has it already."""


def keep_audit(app: Flask) -> None:
    """Write an entry for each record that an app's answers show, hand out or refuse."""

    @app.before_request
    def begin() -> None:
        current_trail().route = _action_of_route()

    @app.after_request
    def write(answer: Response) -> Response:
        trail = current_trail()
        steps = _steps(trail, answer)
        if not steps:
            return answer
        runtime = current_runtime()
        try:
            runtime.keeper(current_spec().name).keep(
                audit.rows(steps, trail, runtime.clock.now(), g.get("correlation_id", ""))
            )
        except SQLAlchemyError:
            log.exception("An answer was held back, as it could not be put on record")
            return not_on_record()
        return answer


def _steps(trail: Trail, answer: Response) -> list[Step]:
    """Return what an answer is to be remembered for."""
    actor: Actor | None = g.get("actor")
    status = answer.status_code
    if actor is not None and trail.route and status == 403 and not trail.refused:
        _note_route(trail, actor, allowed=False)
    steps = trail.denials()
    if status < 300 or status in SHOWN_ALL_THE_SAME:
        if actor is not None and trail.route and not trail.names_a_child:
            _note_route(trail, actor, allowed=True)
        steps += trail.views(Kind.EXPORT if _is_taken_away(answer) else Kind.VIEW)
    return steps


def _note_route(trail: Trail, actor: Actor, *, allowed: bool) -> None:
    """Note the route's own action, for the child of its address if there is one."""
    named = str((request.view_args or {}).get("child_id", ""))
    trail.note(actor, role_for(actor, trail.route), trail.route, named, allowed=allowed)


def _is_taken_away(answer: Response) -> bool:
    """Tell whether the answer is a file to keep."""
    return answer.headers.get("Content-Disposition", "").startswith("attachment")


def _action_of_route() -> str:
    """Return the action that the route names; empty for what is public, and for asking which methods it takes."""
    if request.method == "OPTIONS":
        return ""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    holder = getattr(getattr(view, "view_class", None), request.method.lower(), view)
    says: str = getattr(holder, "suite_access", "")
    return "" if says.startswith("public:") else says
