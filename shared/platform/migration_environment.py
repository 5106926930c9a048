"""What each service's `migrations/env.py` runs: migrate within the transaction it is given."""

from __future__ import annotations

from alembic import context


def run() -> None:
    """Run the migrations on the connection that `shared.platform.migrations` put into the configuration."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=False,
    )
    context.run_migrations()
