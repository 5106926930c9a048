"""The chain of the audit, on both engines: what is done to it by SQL is found, and said of which entry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Executable, delete, event, insert, select, update

from shared.kernel.clock import FixedClock
from shared.platform import audit_chain
from shared.platform.audit_anchor import anchor, anchor_when_due, file_of, verify
from shared.platform.audit_chain import Report, Wrong, seal_waiting
from shared.platform.audit_tables import ENTRY, HEAD
from shared.platform.runtime import Runtime
from shared.testing.ledger import teller
from shared.testing.runtimes import MONDAY_MORNING, make_runtime
from shared.testing.servers import new_postgresql_database

__all__ = ["new_postgresql_database"]

SPEC = teller()


@pytest.fixture(scope="module")
def one_postgresql_database(new_postgresql_database: Callable[[], str]) -> str:
    return new_postgresql_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, [])
    if request.param == "postgresql":
        address: str = request.getfixturevalue("one_postgresql_database")
        made.settings = replace(made.settings, databases={**made.settings.databases, "pep": address})
    tables = [SPEC.metadata.tables[table.name] for table in (ENTRY, HEAD)]
    SPEC.metadata.create_all(made.database("pep").engine, tables)
    yield made
    SPEC.metadata.drop_all(made.database("pep").engine, tables)
    made.close()


def write(runtime: Runtime, count: int, *, first: int = 1, authority: str = "northmoor") -> None:
    """Write entries as requests do, one a second."""
    rows = [
        {"authority": authority, "at": MONDAY_MORNING + timedelta(seconds=n), "person_id": "sam",
         "acting_as": "social_worker", "organisation": "Northmoor", "kind": "view", "action": "pep.child.read",
         "child_id": f"c{n}", "way": "page", "why": "", "correlation_id": "x"}
        for n in range(first, first + count)
    ]  # fmt: skip
    with runtime.database("pep").writing() as connection:
        connection.execute(insert(ENTRY), rows)


def sealed(runtime: Runtime, count: int = 8) -> Runtime:
    write(runtime, count)
    assert seal_waiting(runtime, SPEC) == count
    return runtime


def tamper(runtime: Runtime, *statements: Executable) -> None:
    with runtime.database("pep").writing() as connection:
        for statement in statements:
            connection.execute(statement)


def found(runtime: Runtime) -> list[tuple[Wrong, int, int]]:
    return [(one.wrong, one.number, one.last) for report in verify(runtime, SPEC) for one in report.findings]


def numbered(number: int) -> ColumnElement[bool]:
    return (ENTRY.c.authority == "northmoor") & (ENTRY.c.number == number)


def test_entries_are_sealed_in_their_order_and_a_whole_chain_verifies(runtime: Runtime) -> None:
    sealed(runtime)
    write(runtime, 3, first=9)
    write(runtime, 2, authority="southmoor")
    report, other = verify(runtime, SPEC)
    assert (report.authority, report.head.number, report.waiting, report.findings) == ("northmoor", 8, 3, ())
    assert (other.authority, other.head.number, other.waiting) == ("southmoor", 0, 2)
    assert seal_waiting(runtime, SPEC) == 5
    assert seal_waiting(runtime, SPEC) == 0
    with runtime.database("pep").reading() as connection:
        chain = list(audit_chain.chain(connection, "northmoor"))
    assert [entry.child_id for entry in chain] == [f"c{n}" for n in range(1, 12)]
    assert [report.head.number for report in verify(runtime, SPEC)] == [11, 2]
    assert found(runtime) == []


def test_more_than_one_batch_and_page_is_sealed_and_verified(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 3)
    monkeypatch.setattr(audit_chain, "PAGE", 3)
    sealed(runtime, 10)
    assert found(runtime) == []


def test_an_edit_of_any_column_is_found(runtime: Runtime) -> None:
    sealed(runtime)
    changes = {"person_id": "ira", "kind": "denial", "child_id": "c9", "action": "pep.plan.read", "why": "a reason",
               "acting_as": "iro", "organisation": "Elsewhere", "way": "api", "correlation_id": "y",
               "at": MONDAY_MORNING, "id": 99}  # fmt: skip
    kept = {column.name for column in ENTRY.columns} - {"authority", "number", "previous", "seal"}
    assert set(changes) == kept, "a column that nobody tried to change"
    with runtime.database("pep").reading() as connection:
        was = dict(connection.execute(select(ENTRY).where(numbered(5))).mappings().one())
    for column, value in changes.items():
        tamper(runtime, update(ENTRY).where(numbered(5)).values({column: value}))
        assert found(runtime) == [(Wrong.EDITED, 5, 5)], column
        tamper(runtime, update(ENTRY).where(numbered(5)).values({column: was[column]}))
    assert found(runtime) == []


def test_an_edit_with_a_new_seal_is_found_at_the_entry_after_it(runtime: Runtime) -> None:
    sealed(runtime)
    with runtime.database("pep").reading() as connection:
        entry = list(audit_chain.chain(connection, "northmoor"))[4]
    seal = audit_chain.seal_of("pep", replace(entry, person_id="ira"), entry.previous or "")
    tamper(runtime, update(ENTRY).where(numbered(5)).values(person_id="ira", seal=seal))
    assert found(runtime) == [(Wrong.MOVED, 6, 6)]


def test_a_deletion_is_found_and_how_many_there_were(runtime: Runtime) -> None:
    sealed(runtime)
    tamper(runtime, delete(ENTRY).where(ENTRY.c.number.in_([3, 4])))
    assert found(runtime) == [(Wrong.DELETED, 3, 4)]


def test_a_deletion_with_the_later_ones_moved_up_is_found(runtime: Runtime) -> None:
    sealed(runtime)
    tamper(
        runtime,
        delete(ENTRY).where(numbered(3)),
        *(update(ENTRY).where(numbered(n)).values(number=n - 1) for n in range(4, 9)),
        update(HEAD).values(number=7),
    )
    assert found(runtime) == [(Wrong.MOVED, 3, 3)]


def test_a_reorder_is_found_where_it_was_done(runtime: Runtime) -> None:
    sealed(runtime)
    tamper(runtime, *(update(ENTRY).where(numbered(was)).values(number=now)
                      for was, now in ((5, 105), (6, 5), (105, 6))))  # fmt: skip
    assert found(runtime) == [(Wrong.MOVED, 5, 5), (Wrong.MOVED, 6, 6), (Wrong.MOVED, 7, 7)]


def test_a_cut_tail_is_found_by_the_head(runtime: Runtime) -> None:
    sealed(runtime)
    tamper(runtime, delete(ENTRY).where(ENTRY.c.number > 6))
    assert found(runtime) == [(Wrong.CUT, 7, 8)]


def cut_with_head(runtime: Runtime) -> None:
    """Cut the tail and make the head fit, as somebody who owns the database can."""
    with runtime.database("pep").reading() as connection:
        last = connection.execute(select(ENTRY.c.seal).where(ENTRY.c.number == 6)).scalar_one()
    tamper(runtime, delete(ENTRY).where(ENTRY.c.number > 6), update(HEAD).values(number=6, seal=last))


def test_a_cut_tail_with_a_head_that_fits_is_found_by_the_anchor_alone(runtime: Runtime) -> None:
    sealed(runtime)
    anchor(runtime, SPEC)
    cut_with_head(runtime)
    assert found(runtime) == [(Wrong.CUT, 7, 8)]
    file_of(runtime, "pep").unlink()
    assert found(runtime) == []


def test_a_chain_that_was_made_anew_as_a_whole_is_found_by_the_anchor(runtime: Runtime) -> None:
    sealed(runtime)
    anchor(runtime, SPEC)
    tamper(runtime, update(ENTRY).values(person_id="ira", number=None, previous=None, seal=None), delete(HEAD))
    assert seal_waiting(runtime, SPEC) == 8
    assert found(runtime) == [(Wrong.REWRITTEN, 8, 8)]


def test_a_database_that_was_emptied_is_found_by_the_anchor(runtime: Runtime) -> None:
    sealed(runtime)
    anchor(runtime, SPEC)
    tamper(runtime, delete(ENTRY), delete(HEAD))
    assert found(runtime) == [(Wrong.CUT, 1, 8)]


def test_an_anchor_that_was_changed_or_made_up_is_found(runtime: Runtime) -> None:
    sealed(runtime)
    anchor(runtime, SPEC)
    file = file_of(runtime, "pep")
    file.write_text(file.read_text().replace('"number": 8', '"number": 6') + "nothing of ours\n")
    assert found(runtime) == [(Wrong.FORGED, 1, 1), (Wrong.FORGED, 2, 2)]


def test_anchors_of_a_former_secret_count_where_it_is_given(runtime: Runtime) -> None:
    sealed(runtime)
    anchor(runtime, SPEC)
    former = runtime.settings.secret
    runtime.settings = replace(runtime.settings, secret="another secret, for tests only")
    assert found(runtime) == [(Wrong.FORGED, 1, 1)]
    assert verify(runtime, SPEC, [former])[0].findings == ()


def test_after_a_restored_backup_the_loss_is_signed_for_and_what_comes_later_counts_again(runtime: Runtime) -> None:
    sealed(runtime)
    anchor(runtime, SPEC)
    cut_with_head(runtime)
    anchor(runtime, SPEC, restored="the disk broke")
    assert found(runtime) == []
    write(runtime, 3, first=20)
    anchor(runtime, SPEC)
    assert found(runtime) == []
    tamper(runtime, delete(ENTRY).where(ENTRY.c.number > 6), delete(HEAD))
    assert (Wrong.CUT, 7, 9) in found(runtime)


def test_an_anchor_is_set_once_a_day_and_readable_by_its_owner_alone(runtime: Runtime) -> None:
    clock = runtime.clock
    assert isinstance(clock, FixedClock)
    anchor_when_due(runtime, SPEC)
    assert not file_of(runtime, "pep").exists(), "nothing to anchor yet"
    sealed(runtime)
    for hours in (0, 1, 23, 24, 25, 48):
        clock.set(MONDAY_MORNING + timedelta(hours=hours))
        anchor_when_due(runtime, SPEC)
    assert len(file_of(runtime, "pep").read_text().splitlines()) == 3
    assert file_of(runtime, "pep").stat().st_mode & 0o777 == 0o600


def test_what_waits_for_its_seal_too_long_is_told(runtime: Runtime) -> None:
    write(runtime, 1)
    assert not only(verify(runtime, SPEC)).late
    clock = runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(MONDAY_MORNING + timedelta(minutes=11))
    assert only(verify(runtime, SPEC)).late


def test_two_workers_that_seal_at_once_make_one_chain(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 7)
    write(runtime, 60)
    start, counts = threading.Barrier(2), []

    def seal() -> None:
        start.wait()
        counts.append(seal_waiting(runtime, SPEC))

    threads = [threading.Thread(target=seal) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 60
    assert only(verify(runtime, SPEC)).head.number == 60
    assert found(runtime) == []


def test_a_batch_costs_six_statements_however_many_entries_it_has(runtime: Runtime) -> None:
    engine, counts = runtime.database("pep").engine, []
    for size in (1, 200):
        write(runtime, size)
        seen: list[str] = []
        event.listen(engine, "before_cursor_execute", note := lambda *given: seen.append(given[2]))  # noqa: B023
        seal_waiting(runtime, SPEC)
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len([one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]))
    assert counts == [6, 6], "the look, the head twice, the entries read and written, the head"


def only(reports: list[Report]) -> Report:
    (report,) = reports
    return report


def test_whoever_verifies_sees_one_moment_while_others_go_on_writing(runtime: Runtime) -> None:
    sealed_so_far = select(ENTRY.c.id).where(ENTRY.c.number.is_not(None))
    write(runtime, 3)
    seal_waiting(runtime, SPEC)
    with runtime.database("pep").reading() as connection:
        audit_chain.see_one_moment(connection)
        before, heads = connection.execute(sealed_so_far).all(), audit_chain.heads(connection)
        write(runtime, 2, first=4)
        seal_waiting(runtime, SPEC)
        assert connection.execute(sealed_so_far).all() == before
        assert audit_chain.heads(connection) == heads
    with runtime.database("pep").reading() as connection:
        assert len(connection.execute(sealed_so_far).all()) == len(before) + 2
    with runtime.database("pep").writing() as connection:
        connection.execute(select(HEAD)).all()
