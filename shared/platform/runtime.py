"""What a process runs on: the settings, the clock and the databases."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.kernel.clock import Clock, SystemClock
from shared.platform.audit import Keeper
from shared.platform.db import Database
from shared.platform.pulse import Life
from shared.platform.settings import Settings


@dataclass
class Runtime:
    """The one value that differs between the embedded form, the containers and a test."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    life: Life = field(default_factory=Life)
    _databases: dict[str, Database] = field(default_factory=dict, repr=False)
    _keepers: dict[str, Keeper] = field(default_factory=dict, repr=False)

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

    def close(self) -> None:
        """Close what was opened."""
        for database in self._databases.values():
            database.close()
        self._databases.clear()
        self._keepers.clear()
