"""Who sends what: several relays share one outbox on PostgreSQL, and the order within each subject is kept.

A relay claims a subject by locking its head, the fact with the lowest number in the outbox, and holds the lock until
what it sent is deleted in the same transaction. Others skip a locked head, and with it the whole subject. So a fact is
sent only by who has sent, or seen deleted, every fact of its subject before it:

- A fact committed while its subject is claimed is no head as long as the claimed head is there, and once that is
  deleted all that was claimed with it is safe with the broker.
- A statement that looked before such a deletion and locks after it finds the head gone and skips it; the facts behind
  it are no heads in what that statement sees.
- A relay that dies loses its locks with its connection, as does one that hangs with a claim (`HELD_SECONDS`); what it
  sent is sent again, in its order, and dropped by the inboxes.

On SQLite a relay is alone (`shared.platform.single`), and what is next is simply next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, func, literal_column, select

from shared.platform.round_trips import Saying, say

WINDOW = 400
"""How many facts are claimed and sent at once."""
SLICES = 8
"""How many windows' worth of the outbox is searched for subjects that nobody has claimed."""
HELD_SECONDS = 30


class Claims:
    """Claims windows of one service's outbox, of `window` facts at most."""

    def __init__(self, outbox: Table, window: int = WINDOW) -> None:
        self._after = bindparam("after", type_=outbox.c.id.type)
        # In the statement, not beside it, so that PostgreSQL plans for so few rows.
        self._window: ColumnElement[int] = literal_column(str(window))
        self._size = window
        self._outbox = outbox
        self._next = self._slice()
        self._claim = Saying(self._free_part_of(self._slice()))
        end = select(outbox.c.id).where(outbox.c.id > self._after).order_by(outbox.c.id)
        self._end = Saying(end.offset(literal_column(str(window - 1))).limit(literal_column("1")))

    def next_window(self, connection: Connection) -> Sequence[Row[Any]]:
        """Return facts to send now, in their order; on PostgreSQL they are claimed until the transaction ends."""
        if connection.dialect.name == "sqlite":
            return connection.execute(self._next, {"after": 0}).all()
        after = 0
        for _ in range(SLICES):
            (claimed,) = say(connection, self._claim.of(after=after))
            if claimed:
                return claimed
            # Nothing there, or all of it claimed by others: then there may be something behind it.
            (end,) = say(connection, self._end.of(after=after))
            if not end:
                break
            after = end[0].id
        return []

    def is_the_rest(self, rows: Sequence[Row[Any]]) -> bool:
        """Whether there was nothing behind this window when it was taken."""
        return bool(rows) and getattr(rows[0], "seen", len(rows)) < self._size

    def _slice(self) -> Select[Any]:
        columns = self._outbox.c
        return (
            select(columns.id, columns.event_id, columns.type, columns.subject, columns.version, columns.payload)
            .where(columns.id > self._after)
            .order_by(columns.id)
            .limit(self._window)
        )

    def _free_part_of(self, query: Select[Any]) -> Select[Any]:
        part = query.cte("slice")
        head, before = self._outbox.alias("head"), self._outbox.alias("before")
        earlier = select(before.c.id).where(before.c.subject == part.c.subject, before.c.version < part.c.version)
        claimed = (
            select(head.c.subject)
            .join_from(part, head, head.c.id == part.c.id)
            .where(~earlier.exists())
            .order_by(head.c.id)
            .with_for_update(of=head, skip_locked=True)
            .cte("claimed")
        )
        seen = select(func.count()).select_from(part).scalar_subquery().label("seen")
        return select(part, seen).join_from(part, claimed, claimed.c.subject == part.c.subject).order_by(part.c.id)
