"""The chain of an audit: each entry is sealed with the seal before it, so that no entry can be changed alone.

An entry is written without a place in the chain, so that requests never wait for one another. A job seals what waits,
in the order of the ids, a batch at a time, under the row that holds the head of the authority's chain. A seal is the
SHA-256 of the seal before it and the entry's canonical bytes; the first follows `GENESIS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.platform.audit import Entry, entry_of
from shared.platform.audit_tables import ENTRY, HEAD
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

GENESIS = "0" * 64
BATCH = 500
PAGE = 1_000
TOO_LONG_UNSEALED = timedelta(minutes=10)


class Wrong(StrEnum):
    """What can be wrong with a chain."""

    EDITED = "edited"
    DELETED = "deleted"
    MOVED = "moved"
    CUT = "cut"
    REWRITTEN = "rewritten"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a `number` of a chain (up to `last` where several are missing)."""

    wrong: Wrong
    number: int
    last: int
    words: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain reaches: the number and the seal of its last entry."""

    number: int = 0
    seal: str = GENESIS


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one authority's chain: its last entry, what waits to be sealed, what is wrong, and notices."""

    authority: str
    head: Head
    waiting: int
    findings: tuple[Finding, ...]
    late: bool


def canonical(service: str, entry: Entry) -> bytes:
    """Return the bytes of an entry that its seal stands for: everything but its place in the chain."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    told = [
        1, service, entry.authority, entry.id, at, entry.person_id, entry.acting_as, entry.organisation,
        entry.kind.value, entry.action, entry.child_id, entry.way, entry.why, entry.correlation_id,
    ]  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def seal_of(service: str, entry: Entry, previous: str) -> str:
    """Return the seal of an entry that follows the seal `previous`."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(service, entry)).hexdigest()


def seal_waiting(runtime: Runtime, spec: ServiceSpec) -> int:
    """Seal every entry that waits; return how many. Several may try at once: the head's row lets one at a time."""
    database = runtime.database(spec.name)
    count = 0
    with database.reading() as connection:
        authorities = _authorities_that_wait(connection)
    for authority in authorities:
        done = BATCH
        while done == BATCH:
            with database.writing() as connection:
                done = _seal_batch(connection, spec.name, authority)
            count += done
    return count


def heads(connection: Connection) -> dict[str, Head]:
    """Return how far each authority's chain reaches."""
    return {row.authority: Head(row.number, row.seal) for row in connection.execute(select(HEAD))}


def _authorities_that_wait(connection: Connection) -> list[str]:
    query = select(ENTRY.c.authority).distinct().where(ENTRY.c.number.is_(None))
    return list(connection.execute(query.order_by(ENTRY.c.authority)).scalars())


def _seal_batch(connection: Connection, service: str, authority: str) -> int:
    head = _lock_head(connection, authority)
    waiting = select(ENTRY).where(ENTRY.c.authority == authority, ENTRY.c.number.is_(None))
    rows = connection.execute(waiting.order_by(ENTRY.c.id).limit(BATCH)).mappings().all()
    if not rows:
        return 0
    number, seal, sealed = head.number, head.seal, []
    for row in rows:
        number, previous = number + 1, seal
        seal = seal_of(service, entry_of(row), previous)
        sealed.append({"of": row["id"], "number": number, "previous": previous, "seal": seal})
    connection.execute(
        update(ENTRY)
        .where(ENTRY.c.id == bindparam("of"))
        .values(number=bindparam("number"), previous=bindparam("previous"), seal=bindparam("seal")),
        sealed,
    )
    connection.execute(update(HEAD).where(HEAD.c.authority == authority).values(number=number, seal=seal))
    return len(rows)


def _lock_head(connection: Connection, authority: str) -> Head:
    """Return the head of a chain with its row locked until the commit; a new chain gets its row here."""
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(upsert(HEAD).values(authority=authority, number=0, seal=GENESIS).on_conflict_do_nothing())
    query = select(HEAD.c.number, HEAD.c.seal).where(HEAD.c.authority == authority).with_for_update()
    row = connection.execute(query).one()
    return Head(row.number, row.seal)


def verify(
    connection: Connection,
    service: str,
    authority: str,
    now: datetime,
    anchored: Mapping[int, str] = MappingProxyType({}),
) -> Report:
    """Go through a whole chain, a page at a time, and return everything that is wrong with it.

    `anchored` are the seals that were written down elsewhere, by number. Without them a change of the chain's end, or
    of all of it, cannot be told when the head was changed as well.
    """
    findings: list[Finding] = []
    last = Head()
    for entry in chain(connection, authority):
        number, seal = entry.number or 0, entry.seal or ""
        findings += _wrong_with(service, entry, last)
        if anchored.get(number, seal) != seal:
            findings.append(Finding(Wrong.REWRITTEN, number, number, "it is not the one that was anchored"))
        last = Head(number, seal)
    head = heads(connection).get(authority, Head())
    furthest = max(head.number, *anchored, 0)
    if furthest > last.number:
        findings.append(_missing(last.number + 1, furthest, Wrong.CUT))
    if head.number < last.number or (head.number == last.number and head.seal != last.seal):
        findings.append(Finding(Wrong.REWRITTEN, last.number, last.number, "it is not the end of the chain as kept"))
    waiting, oldest = connection.execute(
        select(func.count(), func.min(ENTRY.c.at)).where(ENTRY.c.authority == authority, ENTRY.c.number.is_(None))
    ).one()
    late = oldest is not None and now - oldest > TOO_LONG_UNSEALED
    return Report(authority, last, waiting, tuple(findings), late)


def see_one_moment(connection: Connection) -> None:
    """See the database as it is now until the connection is given back, while others go on writing; call it first.

    What is opened for reading has no transaction, so this begins one.
    """
    on_postgresql = connection.dialect.name == "postgresql"
    connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if on_postgresql else "BEGIN")


def authorities(connection: Connection) -> list[str]:
    """Return the authorities that have entries or a chain."""
    found = set(connection.execute(select(ENTRY.c.authority).distinct()).scalars())
    return sorted(found | set(heads(connection)))


def chain(connection: Connection, authority: str) -> Iterator[Entry]:
    """Give the sealed entries of an authority in their order, a page at a time."""
    after = 0
    while True:
        query = select(ENTRY).where(ENTRY.c.authority == authority, ENTRY.c.number > after)
        rows = connection.execute(query.order_by(ENTRY.c.number).limit(PAGE)).mappings().all()
        for row in rows:
            yield entry_of(row)
        if len(rows) < PAGE:
            return
        after = rows[-1]["number"]


def _wrong_with(service: str, entry: Entry, last: Head) -> Iterator[Finding]:
    """Give what is wrong with an entry that comes after `last`."""
    number, previous = entry.number or 0, entry.previous or ""
    if number > last.number + 1:
        yield _missing(last.number + 1, number - 1)
    elif previous != last.seal:
        words = "it does not follow the one before it: it was put in another's place, or one between was taken out"
        yield Finding(Wrong.MOVED, number, number, words)
    if seal_of(service, entry, previous) != entry.seal:
        yield Finding(Wrong.EDITED, number, number, "it was changed after it was sealed")


def _missing(first: int, last: int, wrong: Wrong = Wrong.DELETED) -> Finding:
    many = f"{last - first + 1} entries are missing" if last > first else "the entry is missing"
    return Finding(wrong, first, last, f"{many} from the {'end' if wrong is Wrong.CUT else 'middle'} of the chain")
