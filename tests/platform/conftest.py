from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from shared.platform.bus import Bus
from shared.testing.proxy import Proxy
from shared.testing.servers import RABBITMQ, new_postgresql_database, new_rabbitmq_bus

__all__ = ["new_postgresql_database", "new_rabbitmq_bus"]


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy(urlsplit(RABBITMQ).port or 5672) as opened:
        yield opened


@pytest.fixture
def far_bus(new_rabbitmq_bus: Callable[..., Bus], proxy: Proxy) -> Bus:
    """A bus on RabbitMQ behind the proxy, which the direct one cleans up after."""
    direct = new_rabbitmq_bus(services=("pep", "scheduling"))
    parts = urlsplit(RABBITMQ)
    address = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}").geturl()
    return Bus(
        address,
        services=("pep", "scheduling"),
        namespace=direct.exchange.name.removesuffix("pep-suite"),
        confirm_seconds=0.5,
    )
