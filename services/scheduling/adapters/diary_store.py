"""Keeps where people publish their diaries, and when they are busy; never what with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from services.scheduling.adapters.tables import diary, diary_busy, invitee
from services.scheduling.adapters.tables_mail import told_invitee
from services.scheduling.domain.busy import Busy, BusyKind


@dataclass(frozen=True, slots=True)
class Diary:
    """Where a person's diary is, when that was last tried and last read, and why it could not be.

    Of one on a CalDAV server `account` is the user name and `sealed_password` the app password, sealed; both are empty
    where it is published.
    """

    person_id: str
    address: str
    tried_at: datetime
    read_at: datetime
    problem: str = ""
    account: str = ""
    sealed_password: str = ""

    @property
    def by_caldav(self) -> bool:
        """Tell whether it is asked for on a CalDAV server."""
        return bool(self.account)


def find(connection: Connection, person_id: str) -> Diary | None:
    """Return a person's diary, if they gave one."""
    row = connection.execute(select(diary).where(diary.c.person_id == person_id)).mappings().first()
    return Diary(**row) if row else None


def keep(connection: Connection, kept: Diary, busy: Sequence[Busy]) -> None:
    """Keep a diary that was just read, in the place of the one that was there."""
    forget(connection, kept.person_id)
    values = {column.name: getattr(kept, column.name) for column in diary.columns}
    connection.execute(insert(diary).values(values))
    rows = [{"person_id": kept.person_id, "starts_at": one.starts_at, "ends_at": one.ends_at} for one in busy]
    if rows:
        connection.execute(insert(diary_busy), rows)


def note_problem(connection: Connection, person_id: str, problem: str, now: datetime) -> None:
    """Note why a diary could not be read; what was read before is kept."""
    changes = {"problem": problem[:400], "tried_at": now}
    connection.execute(update(diary).where(diary.c.person_id == person_id).values(changes))


def forget(connection: Connection, person_id: str) -> None:
    """Forget a person's diary and all that was read from it."""
    connection.execute(delete(diary_busy).where(diary_busy.c.person_id == person_id))
    connection.execute(delete(diary).where(diary.c.person_id == person_id))


def due(connection: Connection, tried_before: datetime) -> Diary | None:
    """Return the diary that was not tried for the longest time, if that is before an instant."""
    query = select(diary).where(diary.c.tried_at < tried_before).order_by(diary.c.tried_at).limit(1)
    row = connection.execute(query).mappings().first()
    return Diary(**row) if row else None


def known(connection: Connection, person_ids: Iterable[str], read_since: datetime) -> dict[str, datetime]:
    """Return those of these people whose diary was read since an instant, each with when it was read."""
    columns = (diary.c.person_id, diary.c.read_at)
    query = select(*columns).where(diary.c.person_id.in_(sorted(person_ids)), diary.c.read_at >= read_since)
    return {row.person_id: row.read_at for row in connection.execute(query)}


def busy(
    connection: Connection, person_ids: Iterable[str], first: datetime, last: datetime
) -> dict[str, tuple[Busy, ...]]:
    """Return when people are busy by their diaries between two instants, as far as they were ever read."""
    found: dict[str, list[Busy]] = {}
    query = (
        select(diary_busy)
        .where(
            diary_busy.c.person_id.in_(sorted(person_ids)),
            diary_busy.c.starts_at < last,
            diary_busy.c.ends_at > first,
        )
        .order_by(diary_busy.c.person_id, diary_busy.c.starts_at)
    )
    for row in connection.execute(query):
        found.setdefault(row.person_id, []).append(Busy(row.starts_at, row.ends_at, BusyKind.DIARY))
    return {person_id: tuple(times) for person_id, times in found.items()}


def own_uids(connection: Connection, person_id: str) -> frozenset[str]:
    """Return the UIDs of the calendar entries that we sent to a person: their diary holds these, too."""
    query = (
        select(told_invitee.c.uid)
        .join(invitee, invitee.c.id == told_invitee.c.invitee_id)
        .where(invitee.c.person_id == person_id)
    )
    return frozenset(connection.execute(query).scalars())
