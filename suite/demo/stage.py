"""Where the story is played: the real services on a clock of its own, one act at a time.

Every act goes through the services' own application functions as the person who does it, and every fact through
outbox, queue and inbox, so that all three services end up with one consistent past. The queue is one of its own, which
goes when the story is over: nothing is left in it, and the broker of the settings need not be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import event

from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.access import Actor, actor_for, system_actor
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.db import Database
from shared.platform.desk import overview_of
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import Work, reading_work, writing_work


def _do_not_wait_for_the_disk(database: Database) -> None:
    """Let commits be fast: a filling that breaks off is done again from the start, so none of them has to last."""
    if database.is_sqlite:
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


class Stage:
    """The services on one clock. Use as a context manager; `runtime` is theirs, on the clock that `at` sets."""

    def __init__(self, runtime: Runtime, specs: Sequence[ServiceSpec]) -> None:
        self.clock = FixedClock(runtime.clock.now())
        self.runtime = Runtime(runtime.settings, self.clock)
        self.specs = specs
        for spec in specs:
            _do_not_wait_for_the_disk(self.runtime.database(spec.name))
        self._queue = runtime.settings.home / "story.sqlite"
        bus = Bus(f"embedded:///{self._queue}")
        self._relays = [Relay(spec, self.runtime, bus) for spec in specs]
        self._consumers = [Consumer(spec, self.runtime, bus) for spec in specs]

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        for relay in self._relays:
            relay.close()
        for consumer in self._consumers:
            consumer.close()
        self.runtime.close()
        for file in self._queue.parent.glob(f"{self._queue.name}*"):
            file.unlink()

    def at(self, instant: datetime) -> None:
        """Move the clock to `instant` (aware)."""
        self.clock.set(instant)

    @contextmanager
    def acting(self, spec: ServiceSpec, person_id: str) -> Iterator[Work]:
        """Open a unit of work of a service as a person it knows."""
        with writing_work(self.runtime, spec, self.actor(spec, person_id)) as work:
            yield work

    @contextmanager
    def looking(self, spec: ServiceSpec) -> Iterator[Work]:
        """Open a unit of work of a service that reads all."""
        with reading_work(self.runtime, spec, system_actor(self.runtime.settings.authorities[0].key)) as work:
            yield work

    @contextmanager
    def by_itself(self, spec: ServiceSpec) -> Iterator[Work]:
        """Open a unit of work of the suite itself."""
        with writing_work(self.runtime, spec, system_actor(self.runtime.settings.authorities[0].key)) as work:
            yield work

    def actor(self, spec: ServiceSpec, person_id: str) -> Actor:
        """Return a person as a service knows them."""
        with self.runtime.database(spec.name).reading() as connection:
            person = roster.person(connection, person_id)
        if person is None:
            raise LookupError(f"{spec.name} knows nobody with the id {person_id}.")
        return actor_for(person)

    def settle(self) -> None:
        """Carry every fact, and what follows from it, until nothing moves."""
        while sum(relay.send_pending() for relay in self._relays) + sum(map(self._hear, self._consumers)):
            pass

    def check_nothing_is_stuck(self) -> None:
        """Raise `RuntimeError` where a service has a fact that it could not apply."""
        for spec in self.specs:
            told = overview_of(self.runtime, spec)
            if told.waiting or told.parked or told.unreadable:
                raise RuntimeError(f"{spec.name} could not apply every fact of the story: {told}")

    def do_jobs(self) -> None:
        """Let each service do once what it does by itself, but for what waits for the world outside."""
        for spec in self.specs:
            for job in spec.jobs:
                if job.run is not None:
                    with self.by_itself(spec) as work:
                        job.run(work)

    def _hear(self, consumer: Consumer) -> int:
        heard = 0
        while count := consumer.take_in(timeout=0):
            heard += count
        return heard
