"""PostgreSQL and RabbitMQ for tests: used where they answer, required where `CI=true` says so.

Import the fixtures into a conftest. Each makes things of its own with a name that nobody else has, and removes them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from shared.platform.bus import BrokerUnavailable, Bus

POSTGRESQL = os.environ.get("PEP_SUITE_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1/postgres")
RABBITMQ = os.environ.get("PEP_SUITE_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")


@pytest.fixture(scope="module")
def new_postgresql_database() -> Iterator[Callable[[], str]]:
    """Give a function that makes an empty PostgreSQL database and returns its address."""
    engine = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except OperationalError as error:
        _absent("PostgreSQL", error)
    names: list[str] = []

    def make() -> str:
        name = f"pep_suite_test_{secrets.token_hex(6)}"
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        names.append(name)
        return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture(scope="module")
def new_rabbitmq_bus() -> Iterator[Callable[..., Bus]]:
    """Give a function that returns a bus on RabbitMQ with exchanges and queues of its own; it takes `Bus`'s options."""
    try:
        Bus(RABBITMQ, services=(), namespace=f"probe-{secrets.token_hex(6)}-").remove()
    except BrokerUnavailable as error:
        _absent("RabbitMQ", error)
    buses: list[Bus] = []

    def make(**options: object) -> Bus:
        bus = Bus(RABBITMQ, namespace=f"test-{secrets.token_hex(6)}-", **options)  # type: ignore[arg-type]
        buses.append(bus)
        return bus

    yield make
    for bus in buses:
        bus.remove()


def _absent(server: str, error: Exception) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{server} does not answer, and this is CI: {error}")
    pytest.skip(f"{server} does not answer")
