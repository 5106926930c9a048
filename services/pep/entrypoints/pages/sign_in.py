"""Signing in with an account at an issuer: there and back, for whom one acts, and signing out there as well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from services.pep.adapters import accounts_store
from services.pep.adapters.accounts_store import Choice
from services.pep.application import accounts
from services.pep.application.accounts import Desk
from shared.kernel.errors import NotFound
from shared.platform import auth, sessions
from shared.platform.access import Actor, system_actor
from shared.platform.issuers import Issuer
from shared.platform.openid import IssuerAway, Pending, Proved, RelyingParty, SignInRefused
from shared.platform.problems import error_page
from shared.platform.web.access import public
from shared.platform.web.limits import Use, limited
from shared.platform.web.links import absolute_service_url, safe_path, service_url
from shared.platform.web.pages import render_page
from shared.platform.web.unit import current_runtime, current_spec, reading, writing
from shared.platform.work import Work, writing_work

pages = Blueprint("sign_in", __name__)

WHY_PUBLIC = "nobody is signed in yet"
PENDING, CHOICE, LEFT = "sign_in_pending", "sign_in_choice", "sign_in_left"
LEFT_FOR = timedelta(minutes=10)
OF_ONES_OWN = frozenset({"same-origin", "none"})
"""What browsers say of a request that our own page or the person themselves began (Fetch Metadata)."""


@pages.get("/sign-in/with/<key>")
@public(WHY_PUBLIC)
@limited(Use.SIGN_IN)
def begin(key: str) -> Response:
    """Send the browser to an issuer, when the person has asked for it here and not some other site for them.

    An issuer who still knows them would answer at once, so that they were signed in without a word.
    """
    issuer = _issuer(key)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in OF_ONES_OWN:
        return redirect("/sign-in", 303)
    invitation = request.args.get("invitation", "")
    if invitation:
        with reading(_suite()) as work:
            accounts.open_invitation(work, invitation)
    address, pending = _relying_party().begin(
        issuer, _come_back_to(issuer), _now(), then=safe_path(request.args.get("next")), invitation=invitation
    )
    session[PENDING] = pending.as_cookie()
    return redirect(address, 303)


@pages.get("/sign-in/with/<key>/answer")
@public(WHY_PUBLIC)
@limited(Use.SIGN_IN)
def answered(key: str) -> Response:
    """Take an issuer's answer, and sign in whom it proves.

    It comes by GET, and yet starts a session: only in the browser that asked, once, as the state shows.
    """
    issuer = _issuer(key)
    asked = session.pop(PENDING, None)
    pending = Pending(**asked) if isinstance(asked, dict) else None
    try:
        return _let_in(issuer, pending)
    except SignInRefused as refusal:
        return error_page(403, "You could not be signed in", refusal.message)


def _let_in(issuer: Issuer, pending: Pending | None) -> Response:
    proved = _relying_party().finish(issuer, pending, request.args, _come_back_to(issuer), _now())
    assert pending is not None  # noqa: S101 - without it the answer was refused
    with writing_work(current_runtime(), current_spec(), _suite()) as work:
        desks = accounts.recognise(work, proved, pending.invitation)
        if len(desks) == 1:
            return _enter(work, desks[0], issuer, proved.id_token, pending.next)
        secret = accounts_store.keep_choice(work.connection, _choice(proved), work.now)
    session[CHOICE] = {"secret": secret, "next": pending.next, "issuer": issuer.key}
    return redirect(url_for(".choose"), 303)


@pages.get("/sign-in/for")
@public(WHY_PUBLIC)
def choose() -> Response:
    """Ask somebody who has proved who they are for which school or body they act."""
    held = session.get(CHOICE) or {}
    with reading(_suite()) as work:
        chosen = accounts_store.choice_of(work.connection, held.get("secret", ""), work.now)
        desks = accounts.acting_for(work, chosen) if chosen else []
    people = [desk[0] for desk in desks]
    if not people:
        return redirect("/sign-in", 303)
    where = "school" if all(person.school_urn for person in people) else "organisation"
    return render_page(
        "pep/acting_for.html",
        title=f"Which {where} are you acting for?",
        where=where,
        people=people,
        same_name=len({person.organisation for person in people}) < len(people),
    )


@pages.post("/sign-in/for")
@public(WHY_PUBLIC)
@limited(Use.SIGN_IN)
def chosen_for() -> Response:
    """Sign in as the one of the people that was chosen."""
    held = session.get(CHOICE) or {}
    with writing(_suite()) as work:
        chosen = accounts_store.choice_of(work.connection, held.get("secret", ""), work.now)
        desks = {desk[0].id: desk for desk in (accounts.acting_for(work, chosen) if chosen else [])}
        desk = desks.get(request.form.get("person", ""))
        if chosen is None or desk is None:
            return redirect(url_for(".choose"), 303)
        accounts_store.forget_choice(work.connection, held["secret"])
        return _enter(work, desk, _issuer(held["issuer"]), chosen.id_token, held["next"])


@pages.get("/sign-in/invited/<secret>")
@public("the secret in the link stands for the invitation; looking changes nothing")
@limited(Use.LINK)
def invited(secret: str) -> Response:
    """Show somebody who was invited to link an account which they can choose from."""
    try:
        with reading(_suite()) as work:
            found = accounts.open_invitation(work, secret)
            person = accounts.invited_person(work, found)
    except NotFound as refusal:
        return error_page(404, "This link is no longer in use", refusal.message)
    return render_page(
        "pep/invited.html",
        title="Link your account",
        person=person,
        issuers=current_runtime().settings.issuers,
        secret=secret,
    )


@pages.get("/signed-out")
@public("says that nobody is signed in any more")
def signed_out() -> Response:
    """Say that the person is signed out here, and offer to sign out at the issuer as well."""
    issuer, _ = _left()
    try:
        there = bool(issuer and _relying_party().way_out(issuer, "", _front()))
    except IssuerAway:
        there = False
    return render_page("pep/signed_out.html", title="You are signed out", issuer=issuer if there else None)


@pages.get("/signed-out/there")
@public("whoever has just signed out here may sign out at the issuer too")
def sign_out_there() -> Response:
    """Send the browser to where the issuer signs people out."""
    issuer, id_token = _left()
    if issuer is None:
        return redirect("/", 303)
    address = _relying_party().way_out(issuer, id_token, _front())
    session.pop(LEFT, None)
    return redirect(address or "/", 303)


def _enter(work: Work, desk: Desk, issuer: Issuer, id_token: str, wanted: str) -> Response:
    first, *elsewhere = (one.id for one in desk)
    auth.sign_in(work, first, elsewhere=elsewhere, via=issuer.key, id_token=id_token)
    return redirect(safe_path(wanted) or service_url("pep"), 303)


def _choice(proved: Proved) -> Choice:
    return Choice(proved.issuer.url, proved.subject, proved.school_urn, proved.id_token)


def _left() -> tuple[Issuer | None, str]:
    """Return where whoever has just signed out here had signed in, and what that issuer wants to see of them."""
    held: dict[str, Any] = session.get(LEFT) or {}
    if not held or _now() - datetime.fromisoformat(held["at"]) > LEFT_FOR:
        return None, ""
    with reading(_suite()) as work:
        kept = sessions.find(work.connection, held["id"])
    issuers = {one.key: one for one in current_runtime().settings.issuers}
    return (issuers.get(kept.via), kept.id_token or "") if kept else (None, "")


def _issuer(key: str) -> Issuer:
    return next((one for one in current_runtime().settings.issuers if one.key == key), None) or abort(404)


def _relying_party() -> RelyingParty:
    party: RelyingParty = current_app.extensions.setdefault("suite_relying_party", RelyingParty())
    return party


def _come_back_to(issuer: Issuer) -> str:
    return absolute_service_url("pep", f"/sign-in/with/{issuer.key}/answer")


def _front() -> str:
    return f"{current_runtime().settings.origin}/"


def _suite() -> Actor:
    return system_actor()


def _now() -> datetime:
    return current_runtime().clock.now()
