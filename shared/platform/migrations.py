"""Each service's migration history, run by Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.platform.db import Database
from shared.platform.service import ServiceSpec


def upgrade(database: Database, spec: ServiceSpec) -> bool:
    """Bring a service's tables to the newest revision; tell whether anything had to be done."""
    config = configuration(spec)
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
    if current == ScriptDirectory.from_config(config).get_current_head():
        return False
    with database.writing() as connection:
        config.attributes["connection"] = connection
        config.attributes["metadata"] = spec.metadata
        command.upgrade(config, "head")
    return True


def configuration(spec: ServiceSpec) -> Config:
    """Return Alembic's configuration for a service."""
    config = Config()
    config.set_main_option("script_location", str(spec.migrations).replace("%", "%%"))
    return config
