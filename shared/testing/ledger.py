"""Two tiny services for tests of the way between them: `pep` tells, `scheduling` writes down what it hears, in order.

They are stand-ins with the real services' names and a real contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

from shared.contracts.pep import ChildDetailsChanged
from shared.platform.service import Job, ServiceSpec
from shared.platform.tables import service_metadata
from shared.platform.work import Work

HERE = Path(__file__).parent


def fact(child_id: str, number: int) -> ChildDetailsChanged:
    """Return the `number`-th fact about a child."""
    return ChildDetailsChanged(child_id=child_id, phase="primary", year_group=number, name=f"Child {child_id}")


def make_service(
    name: str, subscriptions: Mapping[type, Callable[[Work, Any], None]] | None = None, jobs: tuple[Job, ...] = ()
) -> ServiceSpec:
    """Return a service without pages, whose one table of its own is the ledger `effect`."""
    metadata = service_metadata()
    Table(
        "effect",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("child_id", String(80), nullable=False),
        Column("number", Integer, nullable=False),
    )
    return ServiceSpec(
        name=name,
        title=name,
        metadata=metadata,
        register_pages=lambda _app: None,
        register_api=lambda _api: None,
        subscriptions=subscriptions or {},
        migrations=HERE,
        templates=HERE,
        jobs=jobs,
    )


def write_down(work: Work, heard: ChildDetailsChanged) -> None:
    """Write a fact into the ledger; nothing here would notice if it were written twice."""
    work.connection.execute(
        insert(work.metadata.tables["effect"]).values(child_id=heard.child_id, number=heard.year_group)
    )


def effects(connection: Connection, spec: ServiceSpec) -> dict[str, list[int]]:
    """Return the numbers written down for each child, in the order in which they took effect."""
    table = spec.metadata.tables["effect"]
    found: dict[str, list[int]] = {}
    for row in connection.execute(select(table).order_by(table.c.id)):
        found.setdefault(row.child_id, []).append(row.number)
    return found


def teller() -> ServiceSpec:
    """Return `pep`, which hears nothing."""
    return make_service("pep")


def listener(reaction: Callable[[Work, Any], None] = write_down) -> ServiceSpec:
    """Return `scheduling`, which writes down what it hears."""
    return make_service("scheduling", {ChildDetailsChanged: reaction})
