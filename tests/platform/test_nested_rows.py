"""Rows inside a row, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Column, Date, Integer, String, Table, insert, select

from shared.platform.db import Database, Json, UtcDateTime, new_metadata
from shared.platform.nested import nested

metadata = new_metadata()
owner = Table("owner", metadata, Column("id", Integer, primary_key=True))
thing = Table(
    "thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, nullable=False),
    Column("name", String(20)),
    Column("kept", Boolean),
    Column("on_day", Date),
    Column("at", UtcDateTime),
    Column("facts", Json),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgresql_database")()
    opened = Database(url)
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


def test_each_row_comes_back_as_an_ordinary_query_gives_it(database: Database) -> None:
    summer = datetime(2026, 7, 1, 9, 30, 0, 250, tzinfo=timezone(timedelta(hours=1)))
    rows = [
        {"id": 1, "owner_id": 1, "name": 'Élan "q" \\', "kept": True, "on_day": date(2026, 12, 7), "at": summer,
         "facts": {"a": [1, None, "ü"], "b": 2.5}},
        {"id": 2, "owner_id": 1, "name": "", "kept": False, "on_day": None, "at": datetime(2026, 1, 1, tzinfo=UTC),
         "facts": []},
        {"id": 3, "owner_id": 1, "name": None, "kept": None, "on_day": None, "at": None, "facts": "plain"},
        {"id": 4, "owner_id": 2, "name": "of somebody else", "kept": True, "on_day": None, "at": None, "facts": 4},
    ]  # fmt: skip
    with database.writing() as connection:
        connection.execute(insert(owner), [{"id": 1}, {"id": 2}, {"id": 3}])
        connection.execute(insert(thing), rows)
    query = select(owner.c.id, nested(thing.c, thing, thing.c.owner_id == owner.c.id).label("things"))
    with database.reading() as connection:
        found = {row.id: row.things for row in connection.execute(query)}
        plain = [dict(row) for row in connection.execute(select(thing).order_by(thing.c.id)).mappings()]
    assert sorted(found[1] + found[2], key=lambda row: row["id"]) == plain
    assert [row["name"] for row in found[2]] == ["of somebody else"]
    assert found[3] == []


def test_a_question_needs_no_transaction_and_a_writer_after_it_has_one(database: Database) -> None:
    with database.asking() as connection:
        assert connection.execute(select(owner.c.id)).all() == []
    with pytest.raises(RuntimeError, match="stop"), database.writing() as connection:
        connection.execute(insert(owner), {"id": 1})
        raise RuntimeError("stop")
    with database.asking() as connection:
        assert connection.execute(select(owner.c.id)).all() == []
