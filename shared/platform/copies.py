"""Copies of a child's record: what is marked as withheld, which copies were released to whom, and when.

A released copy is kept as it was handed over, with the list of what was withheld from it and why. The list never
leaves the authority. Both go with the record when it is erased.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict, NoSuchRecord
from shared.platform.audit_tables import ENTRY
from shared.platform.chronology import Entry, Ground, Mark, as_json
from shared.platform.chronology import entry as new_entry
from shared.platform.db import UtcDateTime, new_metadata
from shared.platform.trail import Kind

if TYPE_CHECKING:
    from shared.platform.work import Work

LONGEST_WORDS = 500
STYLE = """\
body { font: 1.1rem/1.5 Arial, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem; color: #0b0c0c; }
section { border-top: 1px solid #b1b4b6; margin-top: 1.5rem; }
h2 { font-size: 1.2rem; }
dt { font-weight: bold; margin-top: 0.5rem; }
dd { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
"""
"""How the page of a copy looks; it lies beside the page in the file that is handed out."""


@dataclass(frozen=True, slots=True)
class Release:
    """One copy that was released; `withheld` are rows of date, kind, part, ground, source, note, who marked it.

    `second_name` is who looked at it besides the one who released it, where somebody did.
    """

    id: str
    child_id: str
    number: int
    released_to: str
    released_by: str
    released_by_name: str
    released_at: datetime
    entries: int
    withheld: Sequence[Sequence[str]]
    digest: str
    second: str = ""
    second_name: str = ""
    second_at: datetime | None = None


def _define(metadata: MetaData) -> tuple[Table, Table]:
    mark = Table(
        "withheld_passage",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("child_id", String(36), nullable=False),
        Column("entry", String(200), nullable=False),
        Column("part", String(100), nullable=False),
        Column("words", String(LONGEST_WORDS), nullable=False),
        Column("ground", String(30), nullable=False),
        Column("note", Text, nullable=False),
        Column("marked_by", String(36), nullable=False),
        Column("marked_by_name", String(200), nullable=False),
        Column("marked_at", UtcDateTime, nullable=False),
        Column("taken_back_by", String(36)),
        Column("taken_back_at", UtcDateTime),
    )
    Index(None, mark.c.child_id)
    release = Table(
        "released_copy",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("child_id", String(36), nullable=False),
        Column("number", Integer, nullable=False),
        Column("released_to", String(500), nullable=False),
        Column("released_by", String(36), nullable=False),
        Column("released_by_name", String(200), nullable=False),
        Column("released_at", UtcDateTime, nullable=False),
        Column("entries", Integer, nullable=False),
        Column("withheld", JSON, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("content", LargeBinary, nullable=False),
        Column("second", String(36), nullable=False),
        Column("second_name", String(200), nullable=False),
        Column("second_at", UtcDateTime),
        UniqueConstraint("child_id", "number"),
    )
    return mark, release


def add_tables(metadata: MetaData) -> None:
    """Add `withheld_passage` and `released_copy` to a service's tables."""
    _define(metadata)


MARK, RELEASE = _define(new_metadata())
_OF_RELEASE = [column for column in RELEASE.columns if column.name != "content"]


def marks_of(connection: Connection, child_id: str) -> list[Mark]:
    """Return the marks that stand on a child's record, the oldest first."""
    query = select(MARK).where(MARK.c.child_id == child_id, MARK.c.taken_back_at.is_(None))
    return [_mark(row) for row in connection.execute(query.order_by(MARK.c.marked_at, MARK.c.id)).mappings()]


def add_mark(connection: Connection, mark: Mark) -> None:
    """Store a new mark."""
    columns = [column.name for column in MARK.columns if not column.name.startswith("taken_back")]
    connection.execute(insert(MARK).values({name: getattr(mark, name) for name in columns}))


def take_back(connection: Connection, child_id: str, mark_id: str, by: str, now: datetime) -> None:
    """Take a mark back: what it withheld is released again; raises `NotFound`."""
    this = update(MARK).where(MARK.c.id == mark_id, MARK.c.child_id == child_id, MARK.c.taken_back_at.is_(None))
    if not connection.execute(this.values(taken_back_by=by, taken_back_at=now)).rowcount:
        raise NoSuchRecord


def next_number(connection: Connection, child_id: str) -> int:
    """Return the number of the child's next copy."""
    last = select(func.max(RELEASE.c.number)).where(RELEASE.c.child_id == child_id)
    return int(connection.execute(last).scalar() or 0) + 1


def add_release(connection: Connection, release: Release, content: bytes) -> None:
    """Store a copy as it is released."""
    values = {column.name: getattr(release, column.name) for column in _OF_RELEASE}
    connection.execute(insert(RELEASE).values(**values, content=content))


def releases_of(connection: Connection, child_id: str) -> list[Release]:
    """Return the copies that were released of a child's record, the latest first."""
    query = select(*_OF_RELEASE).where(RELEASE.c.child_id == child_id).order_by(RELEASE.c.number.desc())
    return [Release(**row) for row in connection.execute(query).mappings()]


def find_release(connection: Connection, child_id: str, release_id: str) -> tuple[Release, bytes]:
    """Return a copy and its bytes; raises `NotFound`."""
    query = select(RELEASE).where(RELEASE.c.id == release_id, RELEASE.c.child_id == child_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NoSuchRecord
    return Release(**{name: value for name, value in row.items() if name != "content"}), row["content"]


def look_again(work: Work, child_id: str, release_id: str) -> None:
    """Note that a second person has looked at a copy; raises `Conflict` for the one who released it, `NotFound`."""
    release, _ = find_release(work.connection, child_id, release_id)
    if release.released_by == work.actor.person_id:
        raise Conflict("second_person_needed", "You released this copy yourself. A second look is somebody else’s.")
    if release.second:
        raise Conflict("looked_already", f"{release.second_name} has looked at this copy already.")
    values = {"second": work.actor.person_id, "second_name": work.actor.name, "second_at": work.now}
    work.connection.execute(update(RELEASE).where(RELEASE.c.id == release_id).values(values))


def packed(page: str, about: Mapping[str, Any], entries: Sequence[Entry]) -> tuple[bytes, str]:
    """Return a copy as a zip file of a page and the same as JSON, and its SHA-256; the names in it say nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.html", page)
        archive.writestr("record.css", STYLE)
        told = {**about, "entries": as_json(entries)}
        archive.writestr("record.json", json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    content = out.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def who_looked(connection: Connection, child_id: str) -> list[Entry]:
    """Return who has looked at a child's record, role by role and body by body, for the copy.

    Article 15(1)(c) of the UK GDPR asks for the recipients or their categories; each member of staff by name is in the
    audit, which stays with the authority.
    """
    query = (
        select(
            ENTRY.c.acting_as, ENTRY.c.organisation, ENTRY.c.kind, func.count(), func.min(ENTRY.c.at),
            func.max(ENTRY.c.at),
        )
        .where(ENTRY.c.child_id == child_id, ENTRY.c.person_id != "", ENTRY.c.kind != Kind.DENIAL)
        .group_by(ENTRY.c.acting_as, ENTRY.c.organisation, ENTRY.c.kind)
        .order_by(ENTRY.c.acting_as, ENTRY.c.organisation, ENTRY.c.kind)
    )  # fmt: skip
    found = []
    for role, organisation, kind, count, first, last in connection.execute(query):
        times = "once" if count == 1 else f"{count} times"
        found.append(
            new_entry(
                f"looked/{role}/{organisation}/{kind}"[:200],
                london_date(last),
                "Who has used the record",
                ENTRY.name,
                who=", ".join(filter(None, (role.replace("_", " ").capitalize(), organisation))),
                what=f"{_DEEDS.get(kind, kind)} {times}, first on {london_date(first):%d %B %Y}".replace(" 0", " "),
            )
        )
    return found


_DEEDS = {
    Kind.VIEW: "Looked at it",
    Kind.CHANGE: "Changed something",
    Kind.EXPORT: "Took a part of it away",
    Kind.LINK: "Used a personal link",
    Kind.BREAK_GLASS: "Opened it in an emergency",
}


def _mark(row: Mapping[Any, Any]) -> Mark:
    kept = {name: value for name, value in row.items() if not name.startswith("taken_back")}
    return Mark(**{**kept, "ground": Ground(row["ground"])})
