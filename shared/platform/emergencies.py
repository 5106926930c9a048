"""Who has opened whose record in an emergency, and until when: in pep the truth, in the other services a copy of it.

An opening ends by the clock, so every service ends it at the same instant, whatever it has heard by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Index, MetaData, String, Table, bindparam, insert, select, update

from shared.contracts.emergency import EmergencyReason, Opening
from shared.contracts.pep import EmergencyClosed, EmergencyOpened
from shared.platform.db import UtcDateTime, new_metadata

if TYPE_CHECKING:
    from shared.platform.work import Work


def _define(metadata: MetaData) -> Table:
    table = Table(
        "emergency_opening",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("child_id", String(36), nullable=False),
        Column("person_id", String(36), nullable=False),
        Column("reason", String(20), nullable=False),
        Column("opened_at", UtcDateTime, nullable=False),
        Column("until", UtcDateTime, nullable=False),
    )
    Index(None, table.c.child_id, table.c.person_id)
    return table


def add_tables(metadata: MetaData) -> None:
    """Add `emergency_opening` to a service's tables."""
    _define(metadata)


OPENING = _define(new_metadata())
_OPEN_NOW = select(OPENING).where(
    OPENING.c.child_id == bindparam("child"),
    OPENING.c.person_id == bindparam("person"),
    OPENING.c.opened_at <= bindparam("now", type_=UtcDateTime),
    OPENING.c.until > bindparam("now", type_=UtcDateTime),
)


def open_now(connection: Connection, person_id: str, child_id: str, now: datetime) -> Opening | None:
    """Return the opening under which a person may read a child's record now, if there is one."""
    row = connection.execute(_OPEN_NOW, {"child": child_id, "person": person_id, "now": now}).mappings().first()
    return opening_of(row) if row else None


def find(connection: Connection, opening_id: str) -> Opening | None:
    """Return an opening, or None."""
    row = connection.execute(select(OPENING).where(OPENING.c.id == opening_id)).mappings().first()
    return opening_of(row) if row else None


def of_child(connection: Connection, child_id: str) -> list[Opening]:
    """Return the openings of a child's record, the oldest first."""
    query = select(OPENING).where(OPENING.c.child_id == child_id).order_by(OPENING.c.opened_at, OPENING.c.id)
    return [opening_of(row) for row in connection.execute(query).mappings()]


def keep(connection: Connection, opening: Opening) -> bool:
    """Keep an opening, and tell whether it is new."""
    if find(connection, opening.id) is not None:
        return False
    values = {name: getattr(opening, name) for name in OPENING.c.keys()}  # noqa: SIM118 - columns, not a mapping
    connection.execute(insert(OPENING).values(values))
    return True


def close(connection: Connection, opening_id: str, at: datetime) -> None:
    """End an opening at an instant, if it would have gone on."""
    connection.execute(update(OPENING).where(OPENING.c.id == opening_id, OPENING.c.until > at).values(until=at))


def opening_of(row: Any) -> Opening:
    """Return the opening of a row of the table."""
    return Opening(
        row["id"], row["child_id"], row["person_id"], EmergencyReason(row["reason"]), row["opened_at"], row["until"]
    )


def keep_copy(work: Work, fact: EmergencyOpened) -> bool:
    """Keep the copy, and tell whether it is new; a reason that this version does not know of is taken as a risk."""
    known = fact.reason in set(EmergencyReason)
    reason = EmergencyReason(fact.reason) if known else EmergencyReason.RISK
    return keep(
        work.connection,
        Opening(fact.opening_id, fact.child_id, fact.person_id, reason, fact.opened_at, fact.until),
    )


def when_opened(work: Work, fact: EmergencyOpened) -> None:
    """Keep the copy."""
    keep_copy(work, fact)


def when_closed(work: Work, fact: EmergencyClosed) -> None:
    """Keep that a record was closed again."""
    close(work.connection, fact.opening_id, fact.closed_at)


EMERGENCY_SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {
    EmergencyOpened: when_opened,
    EmergencyClosed: when_closed,
}
