"""The front door: what this is, and signing in with an account at an issuer, or by picking a name.

Picking a name proves nothing, so it is offered only where nothing real can be behind it: on a machine's own loopback
address, straight from a browser on it, and never in production. Behind a proxy the suite cannot see where a browser is,
so there it takes a setting of its own, and the name in the address must still be the machine's own. Everywhere else
it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from shared.contracts.roles import Role
from shared.platform.access import system_actor
from shared.platform.app_factory import bare_app
from shared.platform.auth import person_of_session, sign_in
from shared.platform.roster import Person, share_a_desk
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.web import assets, session_pages
from shared.platform.web.access import public
from shared.platform.web.limits import Use, limited
from shared.platform.web.links import safe_path, service_url
from shared.platform.web.pages import render_page
from shared.platform.web.security import protect
from shared.platform.web.unit import current_runtime, writing

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one role, in the order of their names."""

    title: str
    people: Sequence[Person]
    id: str


def create_front(runtime: Runtime, keeper: ServiceSpec, people: Callable[[], Sequence[Person]]) -> Flask:
    """Return the app for `/`, `/sign-in` and `/sign-out`; `people` lists those whom one may sign in as.

    `keeper` is the service that keeps the sessions.
    """
    app = bare_app("front", runtime)
    app.extensions["suite_spec"] = keeper
    app.before_request(_nobody_yet)
    protect(app, runtime.settings)
    app.register_blueprint(assets.blueprint)
    app.register_blueprint(session_pages.blueprint)

    @app.get("/")
    @public("says what the suite is")
    def front() -> BaseResponse:
        with runtime.database(keeper.name).reading() as connection:
            signed_in = person_of_session(connection, keeper.name, runtime.clock.now())
        if signed_in:
            return redirect(service_url("pep"), 303)
        return render_page("front.html", title="Start", may_sign_in=_has_a_way_in())

    @app.get("/sign-in")
    @public("nobody is signed in yet")
    def sign_in_page() -> Response:
        if not _has_a_way_in():
            abort(404)
        by_name = may_pick_a_name()
        return render_page(
            "sign_in.html",
            title="Sign in",
            by_name=by_name,
            groups=groups(people()) if by_name else [],
            issuers=runtime.settings.issuers,
            wide=by_name,
            next=safe_path(request.args.get("next")),
        )

    @app.post("/sign-in")
    @public("nobody is signed in yet")
    @limited(Use.SIGN_IN)
    def pick_a_name() -> BaseResponse:
        if not may_pick_a_name():
            abort(404)
        wanted = request.form.get("person", "")
        known = people()
        found = next((person for person in known if person.id == wanted and person.active), None)
        if found is None:
            return redirect(url_for("sign_in_page"), 303)
        elsewhere = [one.id for one in known if share_a_desk(found, one) and _same_address(found, one)]
        with writing(system_actor()) as work:
            sign_in(work, wanted, elsewhere=elsewhere)
        return redirect(safe_path(request.form.get("next")) or service_url("pep"), 303)

    return app


def groups(people: Sequence[Person]) -> list[Group]:
    """Return the active people by role, a person of two roles twice; roles in the order of the guidance."""
    found = []
    for role in Role:
        members = [person for person in people if person.active and role in person.kinds]
        if members:
            found.append(Group(role.title, sorted(members, key=lambda person: person.name), role.value))
    return found


def _same_address(one: Person, other: Person) -> bool:
    return bool(one.email) and str(one.email).casefold() == str(other.email).casefold()


def may_pick_a_name() -> bool:
    """Tell whether this request comes from a browser on this very machine, in an installation with invented people."""
    settings = current_runtime().settings
    host = urlsplit(f"//{request.host}").hostname or ""
    if settings.is_production or host not in LOOPBACK_NAMES:
        return False
    return settings.name_sign_in or _comes_straight_from_this_machine()


def _comes_straight_from_this_machine() -> bool:
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_a_way_in() -> bool:
    return bool(current_runtime().settings.issuers) or may_pick_a_name()


def _nobody_yet() -> None:
    g.actor = None
    g.by_token = False
