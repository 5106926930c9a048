"""Attendance marks: set-based saving, adding up by week, and reading."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Text, and_, case, cast, delete, func, insert, or_, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from services.virtual_school.adapters.children_store import in_chunks
from services.virtual_school.adapters.tables import ATTENDANCE_UPLOAD, ATTENDANCE_WEEK, MARK, MARK_REPLACED
from services.virtual_school.domain.attendance import Attendance, Mark, add_up_counts, monday_of
from services.virtual_school.domain.attendance_codes import CodeGroup, Session, codes_in, codes_that
from services.virtual_school.domain.uploads import RowProblem, Upload

Slot = tuple[str, date, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of marks: `kept` differed from what was held and were not to replace it."""

    added: int = 0
    replaced: int = 0
    kept: int = 0
    unchanged: int = 0


def save_marks(
    connection: Connection,
    marks: Iterable[Mark],
    upload_id: str,
    *,
    replace: bool,
    progress: Progress = lambda done, total: None,
) -> Saved:
    """Save marks (no two for one slot) in sets of some children at a time; what is replaced is kept aside.

    `progress` hears how many of how many marks are dealt with.
    """
    by_child: dict[str, list[Mark]] = {}
    total = 0
    for mark in marks:
        by_child.setdefault(mark.child_id, []).append(mark)
        total += 1
    saved, done = Saved(), 0
    for child_ids in in_chunks(by_child, 100):
        chunk = [mark for child_id in child_ids for mark in by_child[child_id]]
        part = _save_chunk(connection, child_ids, chunk, upload_id, replace)
        saved = Saved(
            saved.added + part.added,
            saved.replaced + part.replaced,
            saved.kept + part.kept,
            saved.unchanged + part.unchanged,
        )
        done += len(chunk)
        progress(done, total)
    return saved


def _save_chunk(
    connection: Connection, child_ids: Sequence[str], marks: Sequence[Mark], upload_id: str, replace: bool
) -> Saved:
    first, last = min(mark.day for mark in marks), max(mark.day for mark in marks)
    held = _held(connection, child_ids, first, last)
    new: list[Mark] = []
    differing: list[Mark] = []
    unchanged = 0
    for mark in marks:
        known = held.get((mark.child_id, mark.day, mark.session.value))
        if known is None:
            new.append(mark)
        elif known[0] != mark.code:
            differing.append(mark)
        else:
            unchanged += 1
    changed = new + differing if replace else new
    if replace and differing:
        _set_aside(connection, differing, held, upload_id)
    if changed:
        _upsert(connection, changed, upload_id)
        weeks = sorted({monday_of(mark.day) for mark in changed})
        add_up_weeks(connection, sorted({mark.child_id for mark in changed}), weeks[0], weeks[-1])
    return Saved(
        added=len(new),
        replaced=len(differing) if replace else 0,
        kept=0 if replace else len(differing),
        unchanged=unchanged,
    )


def _held(connection: Connection, child_ids: Sequence[str], first: date, last: date) -> Mapping[Slot, tuple[str, str]]:
    query = select(MARK.c.child_id, MARK.c.day, MARK.c.session, MARK.c.code, MARK.c.upload_id).where(
        MARK.c.child_id.in_(child_ids), MARK.c.day.between(first, last)
    )
    return {
        (child_id, day, session): (code, upload_id)
        for child_id, day, session, code, upload_id in connection.execute(query)
    }


def _set_aside(
    connection: Connection, marks: Sequence[Mark], held: Mapping[Slot, tuple[str, str]], upload_id: str
) -> None:
    rows = []
    for mark in marks:
        code, earlier = held[(mark.child_id, mark.day, mark.session.value)]
        rows.append(
            {
                "child_id": mark.child_id,
                "day": mark.day,
                "session": mark.session.value,
                "code": code,
                "upload_id": earlier,
                "replaced_by": upload_id,
            }
        )
    connection.execute(insert(MARK_REPLACED), rows)


def _upsert(connection: Connection, marks: Sequence[Mark], upload_id: str) -> None:
    upsert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = upsert(MARK)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[MARK.c.child_id, MARK.c.day, MARK.c.session],
            set_={"code": statement.excluded.code, "upload_id": statement.excluded.upload_id},
        ),
        [
            {
                "child_id": mark.child_id,
                "day": mark.day,
                "session": mark.session.value,
                "week": monday_of(mark.day),
                "code": mark.code,
                "upload_id": upload_id,
            }
            for mark in marks
        ],
    )


def add_up_weeks(connection: Connection, child_ids: Sequence[str], first: date, last: date) -> None:
    """Add up afresh the weeks (Mondays, from first to last) of some children."""
    scope = and_(MARK.c.child_id.in_(child_ids), MARK.c.week.between(first, last))
    connection.execute(
        delete(ATTENDANCE_WEEK).where(
            ATTENDANCE_WEEK.c.child_id.in_(child_ids), ATTENDANCE_WEEK.c.week.between(first, last)
        )
    )
    counts = {
        "possible": codes_that(possible=True),
        "attended": codes_that(attended=True),
        "authorised": codes_in(CodeGroup.AUTHORISED_ABSENCE),
        "unauthorised": codes_in(CodeGroup.UNAUTHORISED_ABSENCE),
        "late": ("L",),
    }
    columns = [func.sum(case((MARK.c.code.in_(codes), 1), else_=0)).label(name) for name, codes in counts.items()]
    connection.execute(
        insert(ATTENDANCE_WEEK).from_select(
            ["child_id", "week", *counts],
            select(MARK.c.child_id, MARK.c.week, *columns).where(scope).group_by(MARK.c.child_id, MARK.c.week),
        )
    )


def totals(connection: Connection, child_ids: Sequence[str], first: date, last: date) -> dict[str, Attendance]:
    """Return the attendance of children over a period of days (both included); one query."""
    query = (
        select(MARK.c.child_id, MARK.c.code, func.count())
        .where(MARK.c.child_id.in_(child_ids), MARK.c.day.between(first, last))
        .group_by(MARK.c.child_id, MARK.c.code)
    )
    counted: dict[str, dict[str, int]] = {child_id: {} for child_id in child_ids}
    for child_id, code, times in connection.execute(query):
        counted[child_id][code] = times
    return {child_id: add_up_counts(counts) for child_id, counts in counted.items()}


def week_of(connection: Connection, child_id: str, monday: date) -> list[Mark]:
    """Return a child's marks of the week that begins on `monday`, in order."""
    return marks_between(connection, child_id, monday, monday + timedelta(days=6))


def marks_between(connection: Connection, child_id: str, first: date, last: date) -> list[Mark]:
    """Return a child's marks over a period of days (both included), in order."""
    query = (
        select(MARK)
        .where(MARK.c.child_id == child_id, MARK.c.day.between(first, last))
        .order_by(MARK.c.day, MARK.c.session)
    )
    return [Mark(row.child_id, row.day, Session(row.session), row.code) for row in connection.execute(query)]


def weeks_of(connection: Connection, child_id: str, since: date) -> list[tuple[date, Attendance]]:
    """Return a child's attendance by week (its Monday), newest first, from the week of `since`."""
    query = (
        select(ATTENDANCE_WEEK)
        .where(ATTENDANCE_WEEK.c.child_id == child_id, ATTENDANCE_WEEK.c.week >= monday_of(since))
        .order_by(ATTENDANCE_WEEK.c.week.desc())
    )
    return [
        (row.week, Attendance(row.possible, row.attended, row.authorised, row.unauthorised, row.late))
        for row in connection.execute(query)
    ]


def open_upload(connection: Connection, upload: Upload) -> None:
    """Keep that an upload began; its marks refer to it."""
    connection.execute(
        insert(ATTENDANCE_UPLOAD).values(
            id=upload.id,
            source=upload.source,
            file_name=upload.file_name,
            recorded_at=upload.recorded_at,
            recorded_by=upload.recorded_by,
            recorded_by_name=upload.recorded_by_name,
            replace=upload.replace,
            **_counts(upload),
        )
    )


def close_upload(connection: Connection, upload: Upload) -> None:
    """Keep what became of an upload."""
    connection.execute(update(ATTENDANCE_UPLOAD).where(ATTENDANCE_UPLOAD.c.id == upload.id).values(_counts(upload)))


def load_upload(connection: Connection, upload_id: str) -> Upload | None:
    """Return an upload, or None when there is none of that id."""
    row = connection.execute(select(ATTENDANCE_UPLOAD).where(ATTENDANCE_UPLOAD.c.id == upload_id)).first()
    return _upload(row) if row else None


def latest_uploads(connection: Connection, person_ids: Collection[str], most: int = 10) -> list[Upload]:
    """Return a person's latest file uploads, newest first."""
    query = (
        select(ATTENDANCE_UPLOAD)
        .where(ATTENDANCE_UPLOAD.c.recorded_by.in_(person_ids), ATTENDANCE_UPLOAD.c.source == "file")
        .order_by(ATTENDANCE_UPLOAD.c.recorded_at.desc())
        .limit(most)
    )
    return [_upload(row) for row in connection.execute(query)]


def take_out_of_uploads(connection: Connection, child_id: str, names: Sequence[str]) -> None:
    """Forget what files of marks were called that held marks of a child, and the lines refused that name the child."""
    table = ATTENDANCE_UPLOAD
    held = union(
        select(MARK.c.upload_id).where(MARK.c.child_id == child_id),
        select(MARK_REPLACED.c.upload_id).where(MARK_REPLACED.c.child_id == child_id),
        select(MARK_REPLACED.c.replaced_by).where(MARK_REPLACED.c.child_id == child_id),
    )
    connection.execute(update(table).where(table.c.id.in_(held)).values(file_name=""))
    said = func.lower(cast(table.c.problems, Text))
    naming = or_(*(said.contains(name.lower(), autoescape=True) for name in names))
    for row in connection.execute(select(table.c.id, table.c.problems).where(naming)).all():
        left = [problem for problem in row.problems if not any(name.lower() in problem[1].lower() for name in names)]
        connection.execute(update(table).where(table.c.id == row.id).values(problems=left))


def _counts(upload: Upload) -> dict[str, Any]:
    return {
        "rows": upload.rows,
        "added": upload.added,
        "replaced": upload.replaced,
        "kept": upload.kept,
        "unchanged": upload.unchanged,
        "refused": upload.refused,
        "problems": [[problem.line, problem.says] for problem in upload.problems],
    }


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        source=row.source,
        file_name=row.file_name,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        recorded_by_name=row.recorded_by_name,
        replace=row.replace,
        rows=row.rows,
        added=row.added,
        replaced=row.replaced,
        kept=row.kept,
        unchanged=row.unchanged,
        refused=row.refused,
        problems=tuple(RowProblem(line, says) for line, says in row.problems),
    )
