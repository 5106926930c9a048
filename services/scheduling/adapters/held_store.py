"""How meetings went that were held: stored once, when it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from services.scheduling.adapters.tables_together import meeting_held
from services.scheduling.domain.holding import HowItWent
from services.scheduling.domain.quorum import Lacking
from shared.contracts.participation import Conveyed, Participation
from shared.contracts.roles import Role


def add(connection: Connection, went: HowItWent) -> None:
    """Store how a meeting went."""
    part = went.participation
    connection.execute(
        insert(meeting_held).values(
            meeting_id=went.meeting_id,
            quorate=went.quorate,
            lacking_roles=[role.value for role in went.lacking.roles],
            lacking_others=went.lacking.others,
            why_counted=went.why_counted,
            note=went.note,
            apologies=list(went.apologies),
            no_shows=list(went.no_shows),
            child_attended=part.attended if part else None,
            child_conveyed=part.conveyed.value if part else "",
            child_under_four=part.under_four if part else False,
        )
    )


def load(connection: Connection, meeting_id: str) -> HowItWent | None:
    """Return how a meeting went, or None where nothing was recorded of it."""
    return of_meetings(connection, [meeting_id]).get(meeting_id)


def of_meetings(connection: Connection, meeting_ids: Iterable[str]) -> dict[str, HowItWent]:
    """Return how some meetings went, by their ids."""
    wanted = sorted(set(meeting_ids))
    found: dict[str, HowItWent] = {}
    for at in range(0, len(wanted), 500):
        query = select(meeting_held).where(meeting_held.c.meeting_id.in_(wanted[at : at + 500]))
        found.update((row["meeting_id"], _went(row)) for row in connection.execute(query).mappings())
    return found


def _went(row: Mapping[Any, Any]) -> HowItWent:
    part = None
    if row["child_attended"] is not None:
        part = Participation(row["child_attended"], Conveyed(row["child_conveyed"]), row["child_under_four"])
    return HowItWent(
        meeting_id=row["meeting_id"],
        quorate=row["quorate"],
        lacking=Lacking(tuple(Role(role) for role in row["lacking_roles"]), row["lacking_others"]),
        why_counted=row["why_counted"],
        note=row["note"],
        apologies=tuple(row["apologies"]),
        no_shows=tuple(row["no_shows"]),
        participation=part,
    )
