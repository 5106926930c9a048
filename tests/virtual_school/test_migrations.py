from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from services.virtual_school.app import SPEC
from shared.platform.db import Database
from shared.platform.migrations import upgrade


def test_the_migrations_make_the_tables_that_the_service_uses(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'made.sqlite'}")
    assert upgrade(database, SPEC)
    assert not upgrade(database, SPEC)
    found = inspect(database.engine)
    assert set(found.get_table_names()) == {*SPEC.metadata.tables, "alembic_version"}
    for name, table in SPEC.metadata.tables.items():
        assert {column["name"] for column in found.get_columns(name)} == set(table.columns.keys())
        assert {index["name"] for index in found.get_indexes(name)} == {index.name for index in table.indexes}
    database.close()
