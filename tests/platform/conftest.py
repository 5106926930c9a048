from __future__ import annotations

from shared.testing.servers import new_postgresql_database, new_rabbitmq_bus

__all__ = ["new_postgresql_database", "new_rabbitmq_bus"]
