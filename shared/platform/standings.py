"""What each parent may be told of today: in pep what came of the decisions, in the other services a copy of it.

pep keeps here what the child's school is told as well, under the school's URN in the place of a person's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Date, MetaData, String, Table, and_, insert, select, update

from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.platform.db import new_metadata

if TYPE_CHECKING:
    from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """How far a parent is told of a matter, until a last day (open when empty)."""

    standing: ParentStanding = ParentStanding.NOT_TOLD
    until: date | None = None

    def on(self, day: date) -> ParentStanding:
        """Return the standing on a day; after the last day nothing is told any more."""
        return ParentStanding.NOT_TOLD if self.until is not None and self.until < day else self.standing


def _define(metadata: MetaData) -> Table:
    return Table(
        "parent_standing",
        metadata,
        Column("child_id", String(36), primary_key=True),
        Column("person_id", String(36), primary_key=True),
        Column("matter", String(20), primary_key=True),
        Column("standing", String(20), nullable=False),
        Column("until", Date),
    )


def add_tables(metadata: MetaData) -> None:
    """Add `parent_standing` to a service's tables."""
    _define(metadata)


STANDING = _define(new_metadata())


def of_audience(connection: Connection, child_id: str, audience: str) -> dict[Matter, KeptStanding]:
    """Return how far a parent (or, by its URN, a school) is told of each matter on which anything was decided."""
    query = select(STANDING).where(STANDING.c.child_id == child_id, STANDING.c.person_id == audience)
    rows = connection.execute(query).mappings()
    return {Matter(row["matter"]): _kept(row) for row in rows if row["matter"] in set(Matter)}


def of_child(connection: Connection, child_id: str, matter: Matter) -> dict[str, KeptStanding]:
    """Return how far each parent of a child is told of a matter, by the person's id, where anything was decided."""
    query = select(STANDING).where(STANDING.c.child_id == child_id, STANDING.c.matter == matter)
    return {row["person_id"]: _kept(row) for row in connection.execute(query).mappings()}


def of_children(
    connection: Connection, child_ids: Iterable[str], matter: Matter
) -> dict[tuple[str, str], KeptStanding]:
    """Return the same of many children, by the child's and the person's id; one query."""
    query = select(STANDING).where(STANDING.c.child_id.in_(sorted(child_ids)), STANDING.c.matter == matter)
    rows = connection.execute(query).mappings()
    return {(row["child_id"], row["person_id"]): _kept(row) for row in rows}


def keep(connection: Connection, child_id: str, person_id: str, matter: Matter, kept: KeptStanding) -> None:
    """Keep how far a parent is told of a matter from now on."""
    values = {"standing": kept.standing.value, "until": kept.until}
    key = {"child_id": child_id, "person_id": person_id, "matter": matter.value}
    this = and_(*(STANDING.c[name] == value for name, value in key.items()))
    if not connection.execute(update(STANDING).where(this).values(values)).rowcount:
        connection.execute(insert(STANDING).values(key | values))


def when_standing_changed(work: Work, fact: ParentStandingChanged) -> None:
    """Keep the copy; a matter that this version does not know of is passed over."""
    if fact.matter in set(Matter):
        kept = KeptStanding(ParentStanding(fact.standing), fact.until)
        keep(work.connection, fact.child_id, fact.person_id, Matter(fact.matter), kept)


STANDING_SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {ParentStandingChanged: when_standing_changed}


def _kept(row: Any) -> KeptStanding:
    return KeptStanding(ParentStanding(row["standing"]), row["until"])
