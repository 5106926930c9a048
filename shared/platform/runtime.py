"""What a process runs on: the settings, the clock and the databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from shared.kernel.clock import Clock, SystemClock
from shared.platform.audit import Keeper
from shared.platform.db import Database
from shared.platform.pulse import Life
from shared.platform.settings import Settings


class Closing(Protocol):
    """Something that is kept while a process runs, and closed when it ends."""

    def close(self) -> None:
        """Let go of what it holds."""
        ...


Kept = TypeVar("Kept", bound=Closing)


@dataclass
class Runtime:
    """The one value that differs between the embedded form, the containers and a test."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    life: Life = field(default_factory=Life)
    _databases: dict[str, Database] = field(default_factory=dict, repr=False)
    _keepers: dict[str, Keeper] = field(default_factory=dict, repr=False)
    _kept: dict[tuple[str, str], Closing] = field(default_factory=dict, repr=False)

    def database(self, service: str) -> Database:
        """Return the database of a service, opened at first use."""
        if service not in self._databases:
            self._databases[service] = Database(self.settings.databases[service], pool_size=self.settings.pool_size)
        return self._databases[service]

    def keeper(self, service: str) -> Keeper:
        """Return the one that writes a service's audit for this process's requests."""
        if service not in self._keepers:
            self._keepers[service] = Keeper(self.database(service))
        return self._keepers[service]

    def kept(self, what: str, service: str, make: Callable[[], Kept]) -> Kept:
        """Return what a service keeps from one job to the next, such as a connection; made at first use."""
        if (what, service) not in self._kept:
            self._kept[what, service] = make()
        return cast(Kept, self._kept[what, service])

    def close(self) -> None:
        """Close what was opened."""
        for one in self._kept.values():
            one.close()
        self._kept.clear()
        for database in self._databases.values():
            database.close()
        self._databases.clear()
        self._keepers.clear()
