"""Each service's history of migrations: one line, the same tables as the code's, forward and back with data in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Connection, Date, Integer, LargeBinary, MetaData, Table, inspect, text

from shared.platform.db import Database, Json, UtcDateTime
from shared.platform.migrations import configuration, upgrade
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES
from shared.testing.servers import new_postgresql_database

__all__ = ["new_postgresql_database"]

SPECS: list[ServiceSpec] = [import_module(f"services.{name}.app").SPEC for name in SERVICES]
NAMES = [spec.name for spec in SPECS]


def revisions(spec: ServiceSpec) -> list[str]:
    """The revisions, the first one first; fails when there are two of one name or two lines."""
    scripts = ScriptDirectory.from_config(configuration(spec))
    assert len(scripts.get_heads()) == 1
    return [script.revision for script in scripts.walk_revisions()][::-1]


def move(database: Database, spec: ServiceSpec, to: str, *, back: bool = False) -> None:
    config = configuration(spec)
    with database.writing() as connection:
        config.attributes.update(connection=connection, metadata=spec.metadata)
        (command.downgrade if back else command.upgrade)(config, to)


def some_value(column: Any) -> object:
    """A value that fits a column, whatever it means."""
    kind = column.type
    for known, value in (
        (UtcDateTime, datetime(2026, 11, 23, 9, tzinfo=UTC)), (Date, date(2026, 11, 23)), (Boolean, True),
        (Json, []), (LargeBinary, b"x"), (Integer, 1),
    ):  # fmt: skip
        if isinstance(kind, known):
            return value
    return "x"[: getattr(kind, "length", None) or 1]


def put_in_a_row(connection: Connection, table: Table) -> bool:
    """Put a row into a table, where its own rules let a row of no meaning in."""
    row = {column.name: some_value(column) for column in table.columns if not column.foreign_keys}
    try:
        with connection.begin_nested():
            connection.execute(table.insert().values(row))
    except Exception:
        return False
    return True


def there_and_back(database: Database, spec: ServiceSpec) -> None:
    """Go up step by step with rows in the tables, then down and up again; what stays must keep its rows."""
    steps = revisions(spec)
    move(database, spec, steps[0])
    filled = fill(database)
    assert len(filled) >= 4, f"only {filled} could be filled"
    for step in steps[1:]:
        move(database, spec, step)
        assert counts(database, filled) == dict.fromkeys(filled, 1), f"{step} lost rows"
    for step in reversed(steps[:-1]):
        move(database, spec, step, back=True)
        assert counts(database, filled) == dict.fromkeys(filled, 1), f"going back to {step} lost rows"
    assert upgrade(database, spec)
    assert not upgrade(database, spec)
    assert counts(database, filled) == dict.fromkeys(filled, 1)
    move(database, spec, "base", back=True)
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}


def fill(database: Database) -> list[str]:
    found = MetaData()
    found.reflect(database.engine)
    with database.writing() as connection:
        tables = [table for table in found.sorted_tables if table.name != "alembic_version"]
        return sorted(table.name for table in tables if put_in_a_row(connection, table))


def counts(database: Database, names: list[str]) -> dict[str, int]:
    with database.reading() as connection:
        return {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}


def differences(database: Database, spec: ServiceSpec) -> list[Any]:
    """What autogenerate would still change, and the constraints and indexes it does not look at."""
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, spec.metadata))


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_the_migrations_go_there_and_back_on_sqlite_with_data_in_the_tables(spec: ServiceSpec, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    there_and_back(database, spec)
    database.close()


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_the_migrated_tables_are_those_of_the_code_on_sqlite(spec: ServiceSpec, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    assert upgrade(database, spec)
    assert differences(database, spec) == []
    database.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_the_migrations_go_there_and_back_on_postgresql_with_data_in_the_tables(
    spec: ServiceSpec, new_postgresql_database: Callable[[], str]
) -> None:
    database = Database(new_postgresql_database())
    there_and_back(database, spec)
    assert upgrade(database, spec)
    assert differences(database, spec) == []
    database.close()


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_the_version_before_still_works_on_the_tables_of_this_one(spec: ServiceSpec, tmp_path: Path) -> None:
    """What the first tables let in, the newest still let in: nothing was taken away, nothing new is demanded."""
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    steps = revisions(spec)
    move(database, spec, steps[0])
    old = inspect(database.engine)
    before = {name: old.get_columns(name) for name in old.get_table_names() if name != "alembic_version"}
    assert upgrade(database, spec) or len(steps) == 1
    new = inspect(database.engine)
    for name, columns in before.items():
        after = {column["name"]: column for column in new.get_columns(name)}
        assert {column["name"] for column in columns} <= set(after), f"{name} lost a column"
        added = set(after) - {column["name"] for column in columns}
        demanded = [one for one in added if not after[one]["nullable"] and after[one]["default"] is None]
        assert demanded == [], f"{name} demands {demanded}, which the version before does not write"
    database.close()


def test_every_service_has_the_machinerys_tables() -> None:
    for spec in SPECS:
        assert {"outbox", "inbox_position", "inbox_event", "sign_of_life", "event_mending"} <= set(spec.metadata.tables)
