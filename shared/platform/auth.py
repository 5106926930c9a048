"""Who is asking: the signed session cookie of the pages, the bearer token of the API."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import g, request, session
from itsdangerous import BadSignature, URLSafeSerializer

from shared.kernel.errors import DomainError
from shared.platform import roster
from shared.platform.access import actor_for
from shared.platform.web.unit import current_runtime, current_spec

TOKEN_DAYS = 30
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
_SALT = "pep-suite bearer token"


class NotKnownYet(DomainError):
    """Somebody is signed in of whom this service has not heard yet; it will in a moment."""

    status = 503


class NotSignedIn(DomainError):
    """Nobody is signed in, or the token is not one of ours."""

    status = 401


def issue_token(secret: str, person_id: str, now: datetime) -> str:
    """Return a bearer token for a person; it works for 30 days from `now` (aware)."""
    body = {"person": person_id, "until": (now + timedelta(days=TOKEN_DAYS)).isoformat()}
    return str(URLSafeSerializer(secret, salt=_SALT).dumps(body))


def read_token(secret: str, token: str, now: datetime) -> str:
    """Return the id of the person a bearer token is for; raises `NotSignedIn` saying what to do."""
    try:
        body = URLSafeSerializer(secret, salt=_SALT).loads(token)
        until = datetime.fromisoformat(body["until"])
        person_id = str(body["person"])
    except (BadSignature, KeyError, TypeError, ValueError) as error:
        raise NotSignedIn(
            "token_unknown", "The bearer token is not one of ours. Print one with: ./run token NAME"
        ) from error
    if until < now:
        raise NotSignedIn("token_expired", "The bearer token has expired. Print a new one with: ./run token NAME")
    return person_id


def sign_in(person_id: str, now: datetime) -> None:
    """Start a session afresh for a person."""
    session.clear()
    session["person"] = person_id
    session["signed_in_at"] = now.isoformat()
    session["seen_at"] = now.isoformat()


def identify() -> None:
    """Find out who is asking, and put them into `g.actor`; a wrong token is refused, no token is nobody."""
    g.actor = None
    g.by_token = False
    if request.endpoint == "assets.asset" or request.blueprint == "watch":
        return
    runtime = current_runtime()
    now = runtime.clock.now()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        person_id = read_token(runtime.settings.secret, token.strip(), now)
        g.by_token = True
    else:
        person_id = person_of_session(now)
    if not person_id:
        return
    with runtime.database(current_spec().name).reading() as connection:
        someone = roster.person(connection, person_id)
    g.not_known_yet = someone is None
    if someone is not None and someone.active:
        g.actor = actor_for(someone)
    elif g.by_token:
        raise NotSignedIn("token_unknown", "The person this token was printed for is not known here.")


def person_of_session(now: datetime) -> str:
    """Return the id of the person signed in, or an empty text; a session left idle, or older than half a day, ends."""
    try:
        started = datetime.fromisoformat(session["signed_in_at"])
        seen = datetime.fromisoformat(session["seen_at"])
    except (KeyError, ValueError):
        return ""
    if now - started > ABSOLUTE or now - seen > IDLE:
        session.clear()
        return ""
    if now - seen > timedelta(minutes=1):
        session["seen_at"] = now.isoformat()
    return str(session.get("person", ""))
