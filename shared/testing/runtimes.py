"""A runtime for tests: SQLite files in a temporary folder, a clock that stands still, tables made afresh."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, insert

from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.access import Actor, actor_for
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.settings import embedded

MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def make_runtime(home: Path, specs: Iterable[ServiceSpec], now: datetime = MONDAY_MORNING) -> Runtime:
    """Return a runtime on empty SQLite databases in `home`, with the tables of `specs`; its clock is a `FixedClock`."""
    settings = embedded(home, port=8600, smtp_port=0, secret="a secret for tests only", environ={})  # nosec B106  # the tests' own
    runtime = Runtime(settings, FixedClock(now))
    for spec in specs:
        _make_tables(runtime, spec)
    return runtime


_empty: dict[MetaData, bytes] = {}


def _make_tables(runtime: Runtime, spec: ServiceSpec) -> None:
    """Give a service its tables: made once in a process, copied into every other new file."""
    database = runtime.database(spec.name)
    path = Path(str(database.engine.url.database))
    if spec.metadata in _empty and not path.exists():
        path.write_bytes(_empty[spec.metadata])
        return
    fresh = not path.exists()
    spec.metadata.create_all(database.engine)
    if fresh:
        database.close()
        _empty[spec.metadata] = path.read_bytes()


def with_children(metadata: MetaData) -> MetaData:
    """Add to a service that is only there for tests as much of the table of children as all services have."""
    Table("child", metadata, Column("id", String(36), primary_key=True), Column("authority", String(40)))
    return metadata


def add_children(runtime: Runtime, spec: ServiceSpec, *child_ids: str) -> None:
    """Let a service that is only there for tests know children of the first authority."""
    authority = runtime.settings.authorities[0].key
    with runtime.database(spec.name).writing() as connection:
        rows = [{"id": child_id, "authority": authority} for child_id in child_ids]
        connection.execute(insert(spec.metadata.tables["child"]), rows)


def add_person(
    runtime: Runtime, spec: ServiceSpec, person_id: str, role: Role, *, name: str = "", email: str | None = None
) -> Actor:
    """Put a person of the first authority into a service's roster and return them as an actor."""
    authority = runtime.settings.authorities[0]
    someone = roster.Person(
        id=person_id,
        authority=authority.key,
        name=name or f"{role.title} {person_id}",
        email=email or f"{person_id}@people.example",
        kinds=frozenset({role}),
        organisation=authority.name,
    )
    with runtime.database(spec.name).writing() as connection:
        roster.record_person(connection, someone)
    return actor_for(someone)
