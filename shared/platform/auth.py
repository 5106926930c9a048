"""Who is asking: the signed session cookie of the pages, the bearer token of the API.

The cookie holds the session's random id and, signed, whose it is, since when, and when it was last used in any of the
services. What it says is believed by every service but pep, which keeps the sessions and looks the id up; any of them
turns away a session of which pep has said that it was ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import g, request, session
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from shared.kernel.errors import DomainError
from shared.kernel.ids import new_secret
from shared.platform import audit, roster, sessions
from shared.platform.access import actor_for
from shared.platform.devices import device_of
from shared.platform.sessions import Ended, Session
from shared.platform.trail import Kind, Step
from shared.platform.web.unit import current_runtime, current_spec
from shared.platform.work import Work

TICKET = ("id", "person", "elsewhere", "signed_in_at", "seen_at")
TIMED_OUT = "timed_out"
"""Where the cookie keeps who was signed in until time was up: a form that comes late is theirs."""
NO_USE = frozenset({"time_out.left", "time_out.keep_typed"})
"""What a page asks by itself, which does not make a session longer."""
_SALT = "pep-suite bearer token"


class NotKnownYet(DomainError):
    """Somebody is signed in of whom this service has not heard yet; it will in a moment."""

    status = 503


class NotSignedIn(DomainError):
    """Nobody is signed in, or the token is not one of ours."""

    status = 401


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer token says: its secret id, whose it is, and until when it works."""

    secret: str
    person_id: str
    until: datetime


def issue_token(secret: str, person_id: str, now: datetime, token_id: str = "") -> str:  # nosec B107  # one is made
    """Return a bearer token for a person; it works for 30 days from `now` (aware). `token_id` is its secret id."""
    until = now + sessions.TOKEN_LASTS
    body = {"id": token_id or new_secret(), "person": person_id, "until": until.isoformat()}
    return str(_signer(secret).dumps(body))


def hand_out_token(work: Work, person_id: str) -> str:
    """Return a new bearer token for a person, which they can take back. Only in the service that keeps the sessions."""
    secret = new_secret()
    begun = Session(
        sessions.id_of(secret), person_id, work.now, work.now, device="A token for a program", via=sessions.BY_TOKEN
    )
    sessions.begin(work.connection, begun)
    return issue_token(work.settings.secret, person_id, work.now, secret)


def read_token(secrets: tuple[str, ...], token: str, now: datetime) -> Token:
    """Return what a bearer token says that one of our secrets has signed; raises `NotSignedIn` saying what to do."""
    try:
        found = _unsigned(secrets, token)
    except (BadSignature, KeyError, TypeError, ValueError) as error:
        raise NotSignedIn(
            "token_unknown", "The bearer token is not one of ours. Print one with: ./run token NAME"
        ) from error
    if found.until < now:
        raise NotSignedIn("token_expired", "The bearer token has expired. Print a new one with: ./run token NAME")
    return found


@lru_cache(maxsize=1000)
def _unsigned(secrets: tuple[str, ...], token: str) -> Token:
    """Return what a token signed by us says; a program sends the same one with every call."""
    body = _signer(*secrets).loads(token)
    return Token(str(body["id"]), str(body["person"]), datetime.fromisoformat(body["until"]))


def _signer(*secrets: str) -> URLSafeSerializer:
    """Return what signs with the last of the secrets, and believes all of them."""
    return URLSafeSerializer(list(secrets), salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the signed cookie says of a session: its secret id, whose it is, since when, and when it was last used."""

    secret: str
    person_id: str
    started_at: datetime
    seen_at: datetime
    elsewhere: tuple[str, ...] = ()


def sign_in(
    work: Work,
    person_id: str,
    *,
    elsewhere: Iterable[str] = (),
    via: str = sessions.BY_NAME,
    id_token: str | None = None,
) -> None:
    """Start a session under a new id in this browser; the one it had before ends. Only in the service that keeps them.

    `elsewhere` are the records that other authorities have of the same designated teacher; `via` is how the person
    proved who they are, `id_token` what the issuer gave for it.
    """
    leave(work, Ended.REPLACED)
    secret = new_secret()
    begun = Session(
        id=sessions.id_of(secret),
        person_id=person_id,
        started_at=work.now,
        seen_at=work.now,
        device=device_of(request.user_agent.string),
        via=via,
        id_token=id_token,
    )
    sessions.begin(work.connection, begun)
    _put_on_record(work, Kind.SIGN_IN, person_id)
    hold(Ticket(secret, person_id, work.now, work.now, tuple(elsewhere)), session)


def hold(ticket: Ticket, cookie: MutableMapping[str, Any]) -> None:
    """Let a browser's signed cookie hold a session, and the secret of its forms, and nothing else.

    The forms' secret is made here and not by the first page that needs it: of two pages that were opened at once, the
    later cookie would take the secret of the earlier one's forms away.
    """
    cookie.clear()
    cookie.update(
        csrf_token=new_secret(),
        id=ticket.secret,
        person=ticket.person_id,
        signed_in_at=ticket.started_at.isoformat(),
        seen_at=ticket.seen_at.isoformat(),
    )
    if ticket.elsewhere:
        cookie["elsewhere"] = list(ticket.elsewhere)


def leave(work: Work, why: Ended = Ended.SIGNED_OUT) -> Session | None:
    """End the session of this browser, and have the browser forget it; return the session, if there was one."""
    ticket = ticket_held()
    session.clear()
    kept = sessions.find(work.connection, sessions.id_of(ticket.secret)) if ticket else None
    if kept is not None:
        sessions.end(work, [kept], why)
        _put_on_record(work, Kind.SIGN_OUT, kept.person_id)
    return kept


def _put_on_record(work: Work, kind: Kind, person_id: str) -> None:
    """Keep in the audit that somebody came or left."""
    person = roster.person(work.connection, person_id)
    if person is not None:
        step = Step(actor_for(person), "", kind, "", "")
        audit.keep(work.connection, audit.rows([step], work.trail, work.now, work.correlation_id))


def identify() -> None:
    """Find out who is asking, and put them into `g.actor`; a wrong token is refused, no token is nobody."""
    g.actor = None
    g.by_token = False
    if request.endpoint == "assets.asset" or request.blueprint == "watch":
        return
    runtime = current_runtime()
    service = current_spec().name
    now = runtime.clock.now()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    elsewhere: list[roster.Person] = []
    with runtime.database(service).asking() as connection:
        if scheme.lower() == "bearer":
            shown = read_token(runtime.settings.secrets, token.strip(), now)
            g.by_token = True
            someone, ended = sessions.holder_of_token(connection, shown.person_id, sessions.id_of(shown.secret))
            if ended:
                raise NotSignedIn("token_ended", "The bearer token was taken back. Print a new one: ./run token NAME")
        else:
            person_id = person_of_session(connection, service, now)
            if not person_id:
                return
            someone = roster.person(connection, person_id)
            elsewhere = _elsewhere(connection, someone)
    g.not_known_yet = someone is None
    if "session_used" in g:
        with runtime.database(service).writing() as connection:
            sessions.touch(connection, g.session_used, now)
    if someone is not None and someone.active and runtime.settings.serves(someone.authority):
        g.actor = actor_for(someone, [one for one in elsewhere if runtime.settings.serves(one.authority)])
    elif g.by_token:
        raise NotSignedIn("token_unknown", "The person this token was printed for is not known here.")


def _elsewhere(connection: Connection, someone: roster.Person | None) -> list[roster.Person]:
    """Return the other records of whoever is signed in that are still of the same designated teacher of one school."""
    ticket = ticket_held()
    if someone is None or ticket is None or not ticket.elsewhere:
        return []
    found = roster.people_by_id(connection, ticket.elsewhere)
    return [one for one in map(found.get, ticket.elsewhere) if one is not None and roster.share_a_desk(someone, one)]


def person_of_session(connection: Connection, service: str, now: datetime) -> str:
    """Return the id of the person signed in, or an empty text; a session that is over is no longer held."""
    ticket = ticket_held()
    if ticket is None:
        return ""
    kept = sessions.find(connection, sessions.id_of(ticket.secret))
    if kept is not None:
        ticket = replace(ticket, seen_at=max(ticket.seen_at, kept.seen_at))
    over = not sessions.is_within_limits(ticket.started_at, ticket.seen_at, now)
    if over or (kept is None and service == sessions.KEEPER) or (kept is not None and kept.ended_at is not None):
        for name in TICKET:
            session.pop(name, None)
        if kept is None or kept.ended_at is None:
            session[TIMED_OUT] = ticket.person_id
        return ""
    g.session_id = sessions.id_of(ticket.secret)
    if request.endpoint in NO_USE:
        g.session_ends_at = sessions.ends_at(ticket.started_at, ticket.seen_at)
        return ticket.person_id
    g.session_ends_at = sessions.ends_at(ticket.started_at, now)
    if now - ticket.seen_at > sessions.TOUCH_EVERY:
        session["seen_at"] = now.isoformat()
    if service == sessions.KEEPER and kept is not None and now - kept.seen_at > sessions.TOUCH_EVERY:
        g.session_used = kept.id
    return ticket.person_id


def ticket_held() -> Ticket | None:
    """Return what this browser's cookie says of a session, if anything."""
    try:
        started, seen = (datetime.fromisoformat(session[name]) for name in ("signed_in_at", "seen_at"))
        elsewhere = tuple(str(one) for one in session.get("elsewhere", ()))
        return Ticket(str(session["id"]), str(session["person"]), started, seen, elsewhere)
    except (KeyError, ValueError):
        return None
