"""What each route says of who may use it.

`@allowed("pep.plan.read")` names a row of the table of permissions: nobody gets in without being signed in as a kind of
person whom the row could ever let in, and (when the address holds a `child_id`) without the policy's
yes for that child. The application functions ask the policy again for what the address alone does not tell.
`@public("why")` needs no sign-in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from flask import g, redirect, request
from werkzeug.wrappers import Response

from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import Denied
from shared.platform.access import permit
from shared.platform.auth import NotKnownYet, NotSignedIn
from shared.platform.web.late_forms import keep_late_form
from shared.platform.web.limits import count_use
from shared.platform.web.security import is_api_request
from shared.platform.web.unit import reading

View = TypeVar("View", bound=Callable[..., Any])


def allowed(action: str) -> Callable[[View], View]:
    """Say that a route is for those whom the permission `action` lets in."""
    if action not in PERMISSIONS:
        raise LookupError(f"{action} is not in the table of permissions.")

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            answer = _turn_away(action, kwargs)
            return view(*args, **kwargs) if answer is None else answer

        guarded.suite_access = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def public(why: str) -> Callable[[View], View]:
    """Say that a route is for everybody, and why."""

    def mark(view: View) -> View:
        view.suite_access = f"public: {why}"  # type: ignore[attr-defined]
        return view

    return mark


def _turn_away(action: str, arguments: dict[str, Any]) -> Response | None:
    actor = g.get("actor")
    if actor is None:
        if g.get("not_known_yet"):
            raise NotKnownYet(
                "not_known_yet", "This part of the service has not heard of you yet. Wait a moment and try again."
            )
        if is_api_request():
            raise NotSignedIn("not_signed_in", "Send a bearer token, or sign in first.")
        wanted = keep_late_form() or request.script_root + (request.full_path if request.query_string else request.path)
        return redirect(f"/sign-in?next={quote(wanted)}", 303)
    permission = PERMISSIONS[action]
    if "child_id" in arguments:
        with reading() as work:
            permit(work, action, arguments["child_id"])
    elif not actor.kinds & (permission.team | permission.authority):
        raise Denied("role_may_not", "Your role does not allow this.")
    count_use(action, actor.person_id)
    return None
