"""Whether a service can do its work, and what is wrong if not; holds nothing about anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, MetaData, func, select
from sqlalchemy.exc import SQLAlchemyError

from shared.platform.inbox_tables import EVENT, Held
from shared.platform.pulse import CONSUMER, signs_of_life
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

SILENT_AFTER = timedelta(seconds=30)
UNSENT_TOO_LONG = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Pressure:
    """What waits in a service: facts to be sent (the oldest from `oldest_unsent`), and facts held, by state."""

    unsent: int
    oldest_unsent: datetime | None
    held: Mapping[str, int]
    alive: Mapping[str, datetime]

    def unsent_for(self, now: datetime) -> timedelta:
        """Return for how long the oldest fact has waited to be sent; nothing when none waits."""
        return max(now - self.oldest_unsent, timedelta()) if self.oldest_unsent else timedelta()

    @property
    def stuck(self) -> int:
        """How many facts wait for a person."""
        return self.held.get(Held.PARKED, 0) + self.held.get(Held.UNREADABLE, 0)


def pressure(connection: Connection, metadata: MetaData) -> Pressure:
    """Return what waits in a service; four short queries."""
    outbox = metadata.tables["outbox"]
    oldest = connection.execute(select(outbox.c.at).order_by(outbox.c.id).limit(1)).scalar()
    by_state = select(EVENT.c.state, func.count()).group_by(EVENT.c.state)
    return Pressure(
        unsent=connection.execute(select(func.count()).select_from(outbox)).scalar_one(),
        oldest_unsent=oldest,
        held={row[0]: row[1] for row in connection.execute(by_state)},
        alive=signs_of_life(connection),
    )


def look(runtime: Runtime, spec: ServiceSpec) -> list[Check]:
    """Look at a service's database, its worker's word on the broker, its outbox and what is parked."""
    now = runtime.clock.now()
    try:
        with runtime.database(spec.name).reading() as connection:
            found = pressure(connection, spec.metadata)
    except SQLAlchemyError as error:
        return [Check("database", ok=False, detail=f"The database does not answer ({type(error).__name__}).")]
    checks: tuple[Callable[[Pressure, datetime], Check], ...] = (_broker, _outbox, _parked)
    return [Check("database", ok=True, detail="It answers."), *(check(found, now) for check in checks)]


def _broker(found: Pressure, now: datetime) -> Check:
    heard = found.alive.get(CONSUMER)
    if heard is None:
        return Check("broker", ok=False, detail="No worker has reached the broker yet.")
    silent = now - heard
    if silent > SILENT_AFTER:
        return Check("broker", ok=False, detail=f"No worker has reached the broker for {_seconds(silent)} seconds.")
    return Check("broker", ok=True, detail="A worker reaches it.")


def _outbox(found: Pressure, now: datetime) -> Check:
    waited = found.unsent_for(now)
    told = f"{found.unsent} events wait to be sent, the oldest for {_seconds(waited)} seconds."
    return Check("outbox", ok=waited <= UNSENT_TOO_LONG, detail=told if found.unsent else "Nothing waits to be sent.")


def _parked(found: Pressure, _now: datetime) -> Check:
    told = f"{found.stuck} events are parked and wait for a person." if found.stuck else "No event is parked."
    return Check("parked", ok=not found.stuck, detail=told)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
