"""What each service's `migrations/env.py` runs: migrate within the transaction it is given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from shared.platform.db import UtcDateTime


def run() -> None:
    """Run the migrations on the connection that `shared.platform.migrations` put into the configuration."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        compare_server_default=True,
    )
    context.run_migrations()


def _render(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write the suite's own column type by its name."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogenerate.imports.add("from shared.platform.db import UtcDateTime")
        return "UtcDateTime()"
    return False
