"""The worker's sign of life: when each of its parts last did its round, kept where the web process can see it."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.platform.watch_tables import SIGN_OF_LIFE

if TYPE_CHECKING:
    from shared.platform.runtime import Runtime

BEAT_SECONDS = 10.0

CONSUMER = "consumer"
RELAY = "relay"


class Life:
    """When each part of this process last did its round, failed ones counted; a part that hangs falls silent."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def note(self, part: str) -> None:
        """Say that a part did a round."""
        self._last[part] = monotonic()

    def silent(self, seconds: float) -> list[str]:
        """Return the parts that have done no round for so long."""
        now = monotonic()
        return sorted(part for part, last in dict(self._last).items() if now - last > seconds)


class Pulse:
    """The sign of life of one part (`consumer`, `relay`) of a service's workers; the last of several counts."""

    def __init__(self, service: str, runtime: Runtime, part: str) -> None:
        self._service = service
        self._runtime = runtime
        self._part = part
        self._life = runtime.life
        self._next = monotonic()

    def breathe(self) -> None:
        """Say that this process is there, even where another one does the work."""
        self._life.note(f"{self._service}-{self._part}")

    def beat(self) -> None:
        """Say that a round was done; writes at most every ten seconds. Raises the database's errors."""
        self.breathe()
        if monotonic() < self._next:
            return
        with self._runtime.database(self._service).writing() as connection:
            note_life(connection, self._part, self._runtime.clock.now())
        self._next = monotonic() + BEAT_SECONDS


def note_life(connection: Connection, part: str, now: datetime) -> None:
    """Write down that a part was alive at `now` (aware)."""
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = upsert(SIGN_OF_LIFE).values(part=part, at=now)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[SIGN_OF_LIFE.c.part], set_={"at": statement.excluded.at})
    )


def signs_of_life(connection: Connection) -> dict[str, datetime]:
    """Return when each part of a service's workers was last alive."""
    rows = connection.execute(select(SIGN_OF_LIFE.c.part, SIGN_OF_LIFE.c.at).order_by(SIGN_OF_LIFE.c.part))
    return {row.part: row.at for row in rows}
