"""Legal holds and requests to erase records, as stored; and the records whose time may have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, exists, insert, or_, select, update

from services.pep.adapters.tables_child import child
from services.pep.adapters.tables_retention import hold as holds_table
from services.pep.adapters.tables_retention import request as requests_table
from services.pep.domain.retention import ErasureRequest, Hold, RequestState
from shared.contracts.roles import Role
from shared.kernel.errors import NoSuchRecord
from shared.platform.db import row_of
from shared.platform.roster import MEMBERSHIP, PERSON


def due_children(connection: Connection, authority: str, *, born_by: date, died_by: date) -> list[str]:
    """Return the ids of the children born, or known to have died, by these days, those born first before the others."""
    query = select(child.c.id).where(
        child.c.authority == authority, or_(child.c.born_on <= born_by, child.c.died_on <= died_by)
    )
    return list(connection.execute(query.order_by(child.c.born_on, child.c.id)).scalars())


def add_hold(connection: Connection, hold: Hold) -> None:
    """Store a new hold."""
    connection.execute(insert(holds_table).values(row_of(hold)))


def save_hold(connection: Connection, hold: Hold) -> None:
    """Store a hold as it was lifted."""
    connection.execute(update(holds_table).where(holds_table.c.id == hold.id).values(row_of(hold)))


def load_hold(connection: Connection, hold_id: str, authority: str) -> Hold:
    """Return a hold of an authority; raises `NotFound`."""
    query = select(holds_table).where(holds_table.c.id == hold_id, holds_table.c.authority == authority)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NoSuchRecord
    return Hold(**row)


def standing_holds(connection: Connection, authority: str) -> list[Hold]:
    """Return the holds of an authority that stand, the oldest first."""
    query = select(holds_table).where(holds_table.c.authority == authority, holds_table.c.lifted_at.is_(None))
    return [Hold(**row) for row in connection.execute(query.order_by(holds_table.c.placed_at)).mappings()]


def holds_of(connection: Connection, child_id: str) -> list[Hold]:
    """Return every hold that a child's record was put under by itself, the oldest first."""
    query = select(holds_table).where(holds_table.c.child_id == child_id).order_by(holds_table.c.placed_at)
    return [Hold(**row) for row in connection.execute(query).mappings()]


def add_request(connection: Connection, request: ErasureRequest) -> None:
    """Store a new request."""
    connection.execute(insert(requests_table).values(row_of(request)))


def save_request(connection: Connection, request: ErasureRequest) -> None:
    """Store a request as it was settled."""
    connection.execute(update(requests_table).where(requests_table.c.id == request.id).values(row_of(request)))


def load_request(connection: Connection, request_id: str) -> ErasureRequest:
    """Return a request, locked until the transaction ends; raises `NotFound`."""
    query = select(requests_table).where(requests_table.c.id == request_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NoSuchRecord
    return _request(row)


def waiting_requests(connection: Connection, child_ids: Iterable[str] | None = None) -> dict[str, ErasureRequest]:
    """Return the requests that wait for a second person, by child; of these children or of all."""
    query = select(requests_table).where(requests_table.c.state == RequestState.WAITING)
    if child_ids is not None:
        query = query.where(requests_table.c.child_id.in_(set(child_ids)))
    found = [_request(row) for row in connection.execute(query.order_by(requests_table.c.asked_at)).mappings()]
    return {one.child_id: one for one in found}


def known_through_alone(connection: Connection, child_id: str, family: Iterable[Role]) -> list[str]:
    """Return the people who are no staff and were never on the team of another child."""
    elsewhere = MEMBERSHIP.alias("elsewhere")
    query = (
        select(PERSON.c.id, PERSON.c.kinds)
        .join(MEMBERSHIP, MEMBERSHIP.c.person_id == PERSON.c.id)
        .where(
            MEMBERSHIP.c.child_id == child_id,
            ~exists().where(elsewhere.c.person_id == PERSON.c.id, elsewhere.c.child_id != child_id),
        )
    )
    known = {role.value for role in family}
    return sorted({row.id for row in connection.execute(query) if set(row.kinds) <= known})


def _request(row: Mapping[Any, Any]) -> ErasureRequest:
    return replace(ErasureRequest(**row), state=RequestState(row["state"]))
