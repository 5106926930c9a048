"""Emergency openings as stored: what every service keeps of them, with what was said and found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from services.pep.adapters.tables_emergency import account as table
from services.pep.domain.emergencies import Account, Outcome
from shared.platform import emergencies
from shared.platform.emergencies import OPENING


def add(connection: Connection, account: Account) -> None:
    """Store a new opening with what was said for it."""
    emergencies.keep(connection, account.opening)
    values = {
        "opening_id": account.opening.id,
        "child_id": account.opening.child_id,
        "opened_by": account.opening.person_id,
        "person_name": account.person_name,
        "happened": account.happened,
    }
    connection.execute(insert(table).values(values | _found(account)))


def save_review(connection: Connection, account: Account) -> bool:
    """Store what a review found, and tell whether nobody had before."""
    mine = (table.c.opening_id == account.opening.id, table.c.outcome == "")
    return bool(connection.execute(update(table).where(*mine).values(_found(account))).rowcount)


def find(connection: Connection, opening_id: str) -> Account | None:
    """Return an opening, or None."""
    return next(iter(_accounts(connection, table.c.opening_id == opening_id)), None)


def of_child(connection: Connection, child_id: str) -> list[Account]:
    """Return the openings of a child's record, the newest first."""
    return _accounts(connection, table.c.child_id == child_id)


def not_reviewed(connection: Connection, child_ids: Collection[str] | None = None) -> list[Account]:
    """Return the openings that nobody has reviewed, the newest first; of every child where none are named."""
    if child_ids is None:
        return _accounts(connection, table.c.outcome == "")
    return _accounts(connection, table.c.outcome == "", table.c.child_id.in_(child_ids)) if child_ids else []


def _accounts(connection: Connection, *conditions: ColumnElement[bool]) -> list[Account]:
    both = select(OPENING, table).join(table, table.c.opening_id == OPENING.c.id).where(*conditions)
    rows = connection.execute(both.order_by(OPENING.c.opened_at.desc(), OPENING.c.id)).mappings()
    return [_account(row) for row in rows]


def _account(row: Mapping[Any, Any]) -> Account:
    return Account(
        opening=emergencies.opening_of({name: row[OPENING.c[name]] for name in OPENING.c.keys()}),  # noqa: SIM118
        person_name=row["person_name"],
        happened=row["happened"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        remarks=row["remarks"],
        reviewed_by=row["reviewed_by"],
        reviewed_by_name=row["reviewed_by_name"],
        reviewed_at=row["reviewed_at"],
    )


def _found(account: Account) -> dict[str, Any]:
    return {
        "outcome": account.outcome.value if account.outcome else "",
        "remarks": account.remarks,
        "reviewed_by": account.reviewed_by,
        "reviewed_by_name": account.reviewed_by_name,
        "reviewed_at": account.reviewed_at,
    }
