"""The ground a fault is tried on: two services with databases and a queue of their own, removed again afterwards."""

from __future__ import annotations

import random
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import NullPool, create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.desk import held_events
from shared.testing.crash_trial import PEP, SCHEDULING, Installation, Verdict, judge
from shared.testing.proxy import Proxy
from shared.testing.servers import POSTGRESQL, RABBITMQ

FORMS = ("embedded", "servers")


class NotHere(Exception):
    """A fault cannot be brought about on this machine; the text says why."""


@dataclass
class Ground:
    """What a fault is told: on which form it is tried, whether at length, and what chance to take."""

    form: str
    is_long: bool
    chance: random.Random = field(default_factory=lambda: random.Random(20261121))  # nosec B311  # which fault comes when is no secret

    def times(self, at_length: int, shortly: int) -> int:
        """Return how often to do something."""
        return at_length if self.is_long else shortly


@dataclass(frozen=True)
class Place:
    """An installation on the ground; `proxy` stands between it and RabbitMQ, where the fault asked for one."""

    installation: Installation
    proxy: Proxy | None = None

    @property
    def network(self) -> Proxy:
        """Return the proxy; raises `NotHere` where nothing travels over a network."""
        if self.proxy is None:
            raise NotHere("the embedded queue has no network")
        return self.proxy


@contextmanager
def open_place(
    ground: Ground,
    *,
    proxied: bool = False,
    home: Path | None = None,
    postgresql: str = POSTGRESQL,
    rabbitmq: str = RABBITMQ,
) -> Iterator[Place]:
    """Make an empty installation of the two services; everything it made is removed at the end.

    `home` is a folder to use instead of one of its own. Raises `NotHere` when a server does not answer.
    """
    with ExitStack() as stack:
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pep-suite-faults-")))
        if ground.form == "embedded":
            installation, proxy = Installation(folder), None
        else:
            databases = {name: stack.enter_context(new_database(postgresql)) for name in ("pep", "scheduling")}
            namespace = stack.enter_context(own_queues(address=rabbitmq))
            proxy = stack.enter_context(Proxy(urlsplit(rabbitmq).port or 5672)) if proxied else None
            installation = Installation(folder, _through(proxy, rabbitmq), namespace, databases)
        installation.prepare()
        yield Place(installation, proxy)


@contextmanager
def new_database(server: str = POSTGRESQL) -> Iterator[str]:
    """Make an empty PostgreSQL database and give its address; raises `NotHere`."""
    engine = create_engine(
        server, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args={"connect_timeout": 3}
    )
    name = f"pep_suite_faults_{secrets.token_hex(6)}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    except OperationalError as error:
        engine.dispose()
        raise NotHere("PostgreSQL does not answer") from error
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


def settle(installation: Installation, seconds: float = 60) -> Verdict:
    """Wait until everything told has taken effect and nothing is under way, and return the verdict.

    Gives up when nothing more took effect for so many seconds.
    """
    deadline, most = time.monotonic() + seconds, 0
    runtime = installation.runtime()
    try:
        while time.monotonic() < deadline:
            # A look at the whole ledger or at the queues is dear, so it comes when the counts agree.
            with runtime.database("pep").reading() as connection:
                told = connection.execute(select(func.count()).select_from(PEP.metadata.tables["effect"])).scalar_one()
                unsent = connection.execute(
                    select(func.count()).select_from(PEP.metadata.tables["outbox"])
                ).scalar_one()
            with runtime.database("scheduling").reading() as connection:
                effect = SCHEDULING.metadata.tables["effect"]
                heard = connection.execute(select(func.count()).select_from(effect)).scalar_one()
                held = held_events(connection)
            if heard > most:
                deadline, most = time.monotonic() + seconds, heard
            if heard >= told and not unsent and not held and (verdict := judge(installation)).is_sound:
                return verdict
            time.sleep(0.1)
    finally:
        runtime.close()
    return judge(installation)


@contextmanager
def own_queues(services: Sequence[str] = ("pep", "scheduling"), address: str = RABBITMQ) -> Iterator[str]:
    """Give a namespace on RabbitMQ; what is declared in it is removed at the end. Raises `NotHere`."""
    namespace = f"faults-{secrets.token_hex(6)}-"
    bus = Bus(address, services=services, namespace=namespace)
    try:
        bus.depths()
    except BrokerUnavailable as error:
        raise NotHere("RabbitMQ does not answer") from error
    try:
        yield namespace
    finally:
        bus.remove()


def _through(proxy: Proxy | None, address: str) -> str:
    if proxy is None:
        return address
    parts = urlsplit(address)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}").geturl()
