"""Write the next migration of a service from what its tables have become.

Usage: python -m maintenance.new_revision SERVICE "what changes"

The revision is made by comparing the service's tables with a scratch database brought to the newest revision. Read it
before it is committed: a renamed column is seen as one dropped and one added, and data is not moved.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from shared.platform.db import Database
from shared.platform.migrations import configuration, upgrade
from shared.platform.service import ServiceSpec


def main(service: str, message: str) -> None:
    """Write a revision into the service's `migrations/versions`."""
    spec: ServiceSpec = importlib.import_module(f"services.{service}.app").SPEC
    config = configuration(spec)
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scratch.sqlite'}")
        upgrade(database, spec)
        with database.writing() as connection:
            config.attributes["connection"] = connection
            config.attributes["metadata"] = spec.metadata
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
