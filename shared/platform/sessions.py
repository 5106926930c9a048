"""Who is signed in, from which browser, since when.

pep keeps the sessions: a row for each, found by a hash of the random id that only the browser holds. The other services
keep a row for each session that was ended before its time, so that they can turn it away without asking anybody; that
a session was begun at all, the signature of the cookie tells them (docs/decisions/0009).

A bearer token is a session without a browser: a row says to whom it was handed out, and it is ended like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from shared.contracts.pep import SessionEnded
from shared.kernel.ids import hash_of
from shared.platform import roster
from shared.platform.db import UtcDateTime, new_metadata
from shared.platform.roster import Person
from shared.platform.round_trips import Saying, say
from shared.platform.service import InBulk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.platform.work import Work

KEEPER = "pep"
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
TOKEN_LASTS = timedelta(days=30)
REMEMBERED = TOKEN_LASTS
"""For how long somebody may still show what was ended."""
BY_NAME = "name"
"""`via` of a session that was begun by picking a name; any other, but for a token's, is the key of an issuer."""
BY_TOKEN = " token"  # nosec B105  # noqa: S105 - names a way in, and opens nothing
"""`via` of a bearer token; no issuer's key has a space in it."""


class Ended(StrEnum):
    """Why a session was ended before its time."""

    SIGNED_OUT = "signed_out"
    ENDED = "ended"
    REPLACED = "replaced"
    PERSON_GONE = "person_gone"


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which a person is, or was, signed in; `id` is the hash of what the browser holds.

    `id_token` is what the issuer asks for when the person signs out there too.
    """

    id: str
    person_id: str
    started_at: datetime
    seen_at: datetime
    device: str = ""
    via: str = ""
    id_token: str | None = None
    ended_at: datetime | None = None
    ended_why: str = ""

    def is_live(self, now: datetime) -> bool:
        """Tell whether the session still stands."""
        if self.is_token:
            return self.ended_at is None and now - self.started_at <= TOKEN_LASTS
        return self.ended_at is None and is_within_limits(self.started_at, self.seen_at, now)

    @property
    def is_token(self) -> bool:
        """Tell whether it is a bearer token for a program."""
        return self.via == BY_TOKEN

    @property
    def is_over_at(self) -> datetime:
        """Return when it ends by itself if nothing more is done in it."""
        return self.started_at + TOKEN_LASTS if self.is_token else ends_at(self.started_at, self.seen_at)


def is_within_limits(started_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Tell whether a session is neither left idle for 30 minutes nor older than 12 hours."""
    return now - started_at <= ABSOLUTE and now - seen_at <= IDLE


def ends_at(started_at: datetime, seen_at: datetime) -> datetime:
    """Return when a session ends by itself if nothing more is done in it."""
    return min(started_at + ABSOLUTE, seen_at + IDLE)


def id_of(secret: str) -> str:
    """Return under which id a session is kept, from what the browser holds."""
    return hash_of(secret)


def _define(metadata: MetaData) -> Table:
    table = Table(
        "sign_in_session",
        metadata,
        Column("id", String(64), primary_key=True),
        Column("person_id", String(36), nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("seen_at", UtcDateTime, nullable=False),
        Column("device", String(80), nullable=False),
        Column("via", String(40), nullable=False),
        Column("id_token", Text),
        Column("ended_at", UtcDateTime),
        Column("ended_why", String(20), nullable=False),
    )
    Index(None, table.c.person_id)
    return table


def add_tables(metadata: MetaData) -> None:
    """Add `sign_in_session` to a service's tables."""
    _define(metadata)


SESSION = _define(new_metadata())
_TOKEN_ENDED_AT = select(SESSION.c.ended_at).where(SESSION.c.id == bindparam("session_id")).scalar_subquery()
_HOLDER = Saying(
    select(roster.PERSON, _TOKEN_ENDED_AT.label("token_ended_at")).where(roster.PERSON.c.id == bindparam("person_id"))
)


def find(connection: Connection, session_id: str) -> Session | None:
    """Return what is kept of a session."""
    row = connection.execute(select(SESSION).where(SESSION.c.id == session_id)).mappings().first()
    return Session(**row) if row else None


def of_person(connection: Connection, person_id: str) -> list[Session]:
    """Return every session kept of a person, the one seen last first."""
    query = select(SESSION).where(SESSION.c.person_id == person_id).order_by(SESSION.c.seen_at.desc(), SESSION.c.id)
    return [Session(**row) for row in connection.execute(query).mappings()]


def live(connection: Connection, now: datetime) -> list[Session]:
    """Return every session and token that stands, the one seen last first."""
    query = select(SESSION).where(SESSION.c.ended_at.is_(None)).order_by(SESSION.c.seen_at.desc(), SESSION.c.id)
    return [one for row in connection.execute(query).mappings() if (one := Session(**row)).is_live(now)]


def holder_of_token(connection: Connection, person_id: str, session_id: str) -> tuple[Person | None, bool]:
    """Return whose a token is, if they are known here, and whether it was ended; one statement."""
    (rows,) = say(connection, _HOLDER.of(person_id=person_id, session_id=session_id))
    if not rows:
        return None, False
    row = rows[0]._asdict()
    return roster.person_of_row(row), row["token_ended_at"] is not None


def begin(connection: Connection, begun: Session) -> None:
    """Keep a new session; what was over a month ago is forgotten."""
    _forget(connection, begun.started_at - REMEMBERED)
    connection.execute(insert(SESSION).values(_row(begun)))


def touch(connection: Connection, session_id: str, now: datetime) -> None:
    """Note that a session is used just now."""
    connection.execute(update(SESSION).where(SESSION.c.id == session_id, SESSION.c.seen_at < now).values(seen_at=now))


def end(work: Work, ended: Sequence[Session], why: Ended) -> None:
    """End those of the sessions that still stand, and tell the other services. Only their keeper does."""
    for one in ended:
        if one.is_live(work.now):
            token = one.id_token if why is Ended.SIGNED_OUT else None
            changes = {"ended_at": work.now, "ended_why": why.value, "id_token": token}
            work.connection.execute(update(SESSION).where(SESSION.c.id == one.id).values(changes))
            work.publish(f"sessions/{one.person_id}", session_ended(replace(one, ended_at=work.now)))


def end_all_of(work: Work, person_id: str, why: Ended) -> None:
    """End every session of a person."""
    end(work, of_person(work.connection, person_id), why)


def session_ended(one: Session) -> SessionEnded:
    """Return the fact that a session was ended."""
    return SessionEnded(one.id, one.person_id, one.started_at, one.ended_at or one.seen_at)


def ended_lately(connection: Connection, now: datetime, person_ids: Sequence[str] | None = None) -> list[Session]:
    """Return the sessions that were ended and would still stand otherwise, of these people or of everybody."""
    query = select(SESSION).where(SESSION.c.ended_at.is_not(None), SESSION.c.started_at >= now - REMEMBERED)
    if person_ids is not None:
        query = query.where(SESSION.c.person_id.in_(person_ids))
    return [Session(**row) for row in connection.execute(query.order_by(SESSION.c.ended_at)).mappings()]


def when_sessions_ended(work: Work, facts: Sequence[SessionEnded]) -> None:
    """Keep which sessions were ended, for as long as somebody could still show one."""
    _forget(work.connection, work.now - REMEMBERED)
    found = {fact.session_id: fact for fact in facts if work.now - fact.started_at <= REMEMBERED}
    known = set(work.connection.execute(select(SESSION.c.id).where(SESSION.c.id.in_(found))).scalars())
    rows = [
        _row(Session(fact.session_id, fact.person_id, fact.started_at, fact.ended_at, ended_at=fact.ended_at))
        for fact in found.values()
        if fact.session_id not in known
    ]
    if rows:
        work.connection.execute(insert(SESSION), rows)


SESSION_SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {SessionEnded: InBulk(when_sessions_ended)}


def _forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(SESSION).where(SESSION.c.started_at < before))


def _row(one: Session) -> dict[str, Any]:
    return {column.name: getattr(one, column.name) for column in SESSION.columns}
