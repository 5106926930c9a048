"""Personal links, the browsers in which they are opened, and what guests wrote, as stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from services.pep.adapters.plans_store import insert_first
from services.pep.adapters.tables_links import contribution, link, visit
from services.pep.domain.links import CODE_TRIES, PersonalLink, Purpose, Visit
from shared.kernel.ids import hash_of

REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What somebody from outside the team wrote for a plan, and in what capacity."""

    link_id: str
    plan_id: str
    name: str
    capacity: str
    text: str
    saved_at: datetime
    version: int


def add(connection: Connection, new: PersonalLink) -> None:
    """Store a new link."""
    connection.execute(insert(link).values(asdict(new)))


def with_secret(connection: Connection, secret: str, *, locked: bool = False) -> PersonalLink | None:
    """Return the link with this secret; `locked` keeps it as it is until the transaction ends."""
    query = select(link).where(link.c.secret_hash == hash_of(secret))
    row = connection.execute(query.with_for_update() if locked else query).mappings().first()
    return _link(row) if row else None


def find(connection: Connection, link_id: str) -> PersonalLink | None:
    """Return a link, or None."""
    row = connection.execute(select(link).where(link.c.id == link_id)).mappings().first()
    return _link(row) if row else None


def of_plan(connection: Connection, plan_id: str) -> list[PersonalLink]:
    """Return every link to a plan, the newest first."""
    query = select(link).where(link.c.plan_id == plan_id).order_by(link.c.sent_at.desc(), link.c.id)
    return [_link(row) for row in connection.execute(query).mappings()]


def of_child(connection: Connection, child_id: str) -> list[tuple[PersonalLink, Contribution | None]]:
    """Return every link to a plan of a child, each with what was written by it, the oldest first; two statements."""
    links = select(link).where(link.c.child_id == child_id).order_by(link.c.sent_at, link.c.id)
    found = [_link(row) for row in connection.execute(links).mappings()]
    texts = select(contribution).where(contribution.c.link_id.in_([one.id for one in found]))
    written = {row["link_id"]: Contribution(**row) for row in connection.execute(texts).mappings()}
    return [(one, written.get(one.id)) for one in found]


def take_back(connection: Connection, link_id: str, by: str, now: datetime) -> None:
    """Note that a link opens nothing any more (`by` is empty where a later one replaces it), and end its visits."""
    this = update(link).where(link.c.id == link_id, link.c.taken_back_at.is_(None))
    connection.execute(this.values(taken_back_at=now, taken_back_by=by))
    connection.execute(delete(visit).where(visit.c.link_id == link_id))


def note_use(connection: Connection, link_id: str, now: datetime) -> None:
    """Note that a code opened a link."""
    connection.execute(update(link).where(link.c.id == link_id).values(uses=link.c.uses + 1, used_at=now))


def note_handed_in(connection: Connection, link_id: str, now: datetime) -> None:
    """Note that something was saved by a link."""
    connection.execute(update(link).where(link.c.id == link_id).values(handed_in_at=now))


def codes_since(connection: Connection, link_id: str, since: datetime) -> int:
    """Return how many codes were sent for a link since a moment."""
    query = select(func.count()).select_from(visit).where(visit.c.link_id == link_id, visit.c.asked_at > since)
    return connection.execute(query).scalar_one()


def begin_visit(connection: Connection, new: Visit) -> None:
    """Keep a browser for which a code was sent."""
    connection.execute(insert(visit).values(asdict(new)))


def visit_of(connection: Connection, link_id: str, secret: str, *, locked: bool = False) -> Visit | None:
    """Return the visit of the browser that holds a secret, where it is one to this link."""
    query = select(visit).where(visit.c.id == hash_of(secret), visit.c.link_id == link_id)
    row = connection.execute(query.with_for_update() if locked else query).mappings().first()
    return Visit(**row) if row else None


def note_wrong_code(connection: Connection, tried: Visit) -> None:
    """Count a wrong code."""
    connection.execute(update(visit).where(visit.c.id == tried.id).values(tries=visit.c.tries + 1))


def enter(connection: Connection, tried: Visit, new_secret: str, now: datetime) -> None:
    """Let a browser in under a new secret; the code is used up."""
    values = {"id": hash_of(new_secret), "entered_at": now, "code_hash": ""}
    connection.execute(update(visit).where(visit.c.id == tried.id).values(values))


def end_visit(connection: Connection, link_id: str, secret: str) -> None:
    """Let a browser out; its code stays used up."""
    this = update(visit).where(visit.c.id == hash_of(secret), visit.c.link_id == link_id)
    connection.execute(this.values(entered_at=None, tries=CODE_TRIES))


def forget_visits(connection: Connection, now: datetime) -> int:
    """Delete the visits that were over a day ago; return how many."""
    return connection.execute(delete(visit).where(visit.c.asked_at < now - REMEMBERED)).rowcount


def contribution_by(connection: Connection, link_id: str) -> Contribution | None:
    """Return what was written by a link, or None."""
    row = connection.execute(select(contribution).where(contribution.c.link_id == link_id)).mappings().first()
    return Contribution(**row) if row else None


def save_contribution(connection: Connection, written: Contribution) -> bool:
    """Store a contribution whose `version` is the new one; False when another save of that version was first."""
    if written.version == 1:
        return insert_first(connection, contribution, asdict(written))
    before = (contribution.c.link_id == written.link_id, contribution.c.version == written.version - 1)
    return bool(connection.execute(update(contribution).where(*before).values(asdict(written))).rowcount)


def _link(row: Mapping[Any, Any]) -> PersonalLink:
    return PersonalLink(**{**row, "purpose": Purpose(row["purpose"])})
