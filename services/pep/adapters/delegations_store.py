"""Delegations as stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from services.pep.adapters.tables_delegation import delegated_place, delegation
from services.pep.domain.delegations import Delegation


def add(connection: Connection, given: Delegation) -> None:
    """Store a new delegation."""
    connection.execute(insert(delegation).values({**asdict(given), "parts": list(given.parts)}))


def withdraw(connection: Connection, delegation_id: str, at: datetime) -> None:
    """Store that a delegation was ended before its last day."""
    connection.execute(update(delegation).where(delegation.c.id == delegation_id).values(withdrawn_at=at))


def find(connection: Connection, delegation_id: str) -> Delegation | None:
    """Return a delegation, or None."""
    return next(iter(_found(connection, delegation.c.id == delegation_id)), None)


def given_by(connection: Connection, person_id: str) -> list[Delegation]:
    """Return what a designated teacher delegated, the newest first."""
    return _found(connection, delegation.c.accountable_id == person_id)


def keep_place(connection: Connection, given: Delegation, child_id: str, membership_id: str) -> None:
    """Store that a place on a team follows from a delegation."""
    values = {"membership_id": membership_id, "delegation_id": given.id, "child_id": child_id}
    connection.execute(insert(delegated_place).values(values))


def places_of(connection: Connection, delegation_ids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the places that follow from delegations, each as its id and the child's; one query."""
    found: dict[str, list[tuple[str, str]]] = {one: [] for one in delegation_ids}
    query = select(delegated_place).where(delegated_place.c.delegation_id.in_(found))
    for row in connection.execute(query):
        found[row.delegation_id].append((row.membership_id, row.child_id))
    return found


def _found(connection: Connection, condition: ColumnElement[bool]) -> list[Delegation]:
    query = select(delegation).where(condition).order_by(delegation.c.given_at.desc(), delegation.c.id)
    return [_delegation(row) for row in connection.execute(query).mappings()]


def _delegation(row: Mapping[Any, Any]) -> Delegation:
    return Delegation(**{**row, "parts": tuple(row["parts"])})
