"""Alembic's entry point."""

from shared.platform.migration_environment import run

run()
