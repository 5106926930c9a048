"""Recording attendance: a child's week by form, marks by API, and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.virtual_school.adapters import attendance_store, children_store
from services.virtual_school.adapters.attendance_files import ChildKeys, read_marks
from services.virtual_school.application.monitoring import monitor
from services.virtual_school.application.visibility import child_for, scope
from services.virtual_school.domain.attendance import EARLIEST_MARK, Attendance, Mark, add_up, check_day, monday_of
from services.virtual_school.domain.attendance_codes import Session, read_code
from services.virtual_school.domain.children import Child
from services.virtual_school.domain.uploads import RowProblem, Upload
from shared.kernel.errors import DomainError, InvalidInput, NotFound, Stale
from shared.kernel.ids import new_id
from shared.platform.access import may, note_children
from shared.platform.work import Work

MOST_PROBLEMS_KEPT = 1000
ACTION = "virtual_school.attendance.record"
Slot = tuple[date, Session]


@dataclass(frozen=True, slots=True)
class Week:
    """A child's week: its Monday, the marks held by slot, and a fingerprint of them for the form."""

    child: Child
    monday: date
    marks: Mapping[Slot, str]
    may_record: bool

    @property
    def days(self) -> tuple[date, ...]:
        """Return Monday to Friday, and the weekend's days that have a mark."""
        week = [self.monday + timedelta(days=n) for n in range(7)]
        marked = {day for day, _ in self.marks}
        return tuple(day for day in week if day.weekday() < 5 or day in marked)

    @property
    def seen(self) -> str:
        """Return the marks as one text; a form sends back the one it was filled in from."""
        return " ".join(f"{day.isoformat()}{session}{code}" for (day, session), code in sorted(self.marks.items()))

    @property
    def attendance(self) -> Attendance:
        """Return the week's attendance."""
        return add_up(self.marks.values())


@dataclass(frozen=True, slots=True)
class MarksOfPeriod:
    """A child's marks over a period, in order, and what they add up to."""

    marks: tuple[Mark, ...]
    attendance: Attendance


def view_week(work: Work, child_id: str, day: date) -> Week:
    """Return the week a day is in, for a child whose page the actor may see."""
    child = child_for(work, "virtual_school.child.read", child_id)
    monday = monday_of(max(day, EARLIEST_MARK))
    marks = attendance_store.week_of(work.connection, child_id, monday)
    held = {(mark.day, mark.session): mark.code for mark in marks}
    return Week(child, monday, held, may(work, ACTION, child_id))


def view_marks(work: Work, child_id: str, first: date, last: date) -> MarksOfPeriod:
    """Return a child's marks from a first to a last day, and what they add up to; raises `NotFound` or `Denied`."""
    child_for(work, "virtual_school.child.read", child_id)
    marks = tuple(attendance_store.marks_between(work.connection, child_id, first, last))
    return MarksOfPeriod(marks, add_up(mark.code for mark in marks))


def record_week(work: Work, child_id: str, monday: date, typed: Mapping[Slot, str], seen: str) -> Upload:
    """Record a week as it was typed into the form; an empty field leaves its session as it is.

    Raises `InvalidInput` (by field `2026-11-16-AM`), `Stale` with both texts when the week was changed by somebody else
    meanwhile, `NotFound` or `Denied`.
    """
    child_for(work, ACTION, child_id)
    week = view_week(work, child_id, monday)
    marks: list[Mark] = []
    errors: dict[str, list[str]] = {}
    for (day, session), text in sorted(typed.items()):
        if not text.strip():
            continue
        try:
            check_day(day, work.today)
            if monday_of(day) != week.monday:
                raise DomainError("day_not_in_week", "The day is not in this week.")
            marks.append(Mark(child_id, day, session, read_code(text, session).code))
        except DomainError as error:
            errors[f"{day.isoformat()}-{session}"] = [f"{day:%A} {session.lower()}: {error.message}"]
    if errors:
        raise InvalidInput(errors)
    if week.seen != seen:
        yours = {(mark.day, mark.session): mark.code for mark in marks}
        if any(week.marks.get(slot) != code for slot, code in yours.items()):
            raise Stale(
                "week_changed",
                "Somebody else recorded marks for this week while you had the page open.",
                yours=yours,
                theirs=week.marks,
            )
    return _save(work, marks, source="form", file_name="", replace_held=True, rows=len(marks))


def record_marks(
    work: Work, child_id: str, marks: Sequence[tuple[date, Session, str]], *, replace_held: bool
) -> Upload:
    """Record marks of one child, as the API sends them; raises `InvalidInput` with `marks.N` for each fault."""
    child_for(work, ACTION, child_id)
    good: dict[Slot, Mark] = {}
    errors: dict[str, list[str]] = {}
    for number, (day, session, text) in enumerate(marks):
        try:
            check_day(day, work.today)
            mark = Mark(child_id, day, session, read_code(text, session).code)
            if good.setdefault((day, session), mark) != mark:
                raise DomainError("mark_twice", "Another mark for the same session has a different code.")
        except DomainError as error:
            errors[f"marks.{number}"] = [error.message]
    if errors:
        raise InvalidInput(errors)
    return _save(work, list(good.values()), source="api", file_name="", replace_held=replace_held, rows=len(marks))


def import_attendance(
    work: Work,
    content: bytes,
    file_name: str,
    *,
    replace_held: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Upload:
    """Record a CSV file of marks for the children the actor may record for.

    Good rows are recorded, and each row that cannot be used is told with its line. A mark that differs from the one
    held is not taken but counted, unless `replace_held` says that this file is right. Raises `UnreadableFile`, having
    recorded nothing. `progress` hears how many of how many marks are recorded.
    """
    keys = ChildKeys(children_store.keys_of(work.connection, scope(work, ACTION)))
    read = read_marks(content, keys, work.today)
    return _save(
        work,
        read.marks,
        source="file",
        file_name=file_name,
        replace_held=replace_held,
        rows=read.rows,
        repeated=read.repeated,
        problems=read.problems,
        progress=progress,
    )


def view_upload(work: Work, upload_id: str) -> Upload:
    """Return one of the actor's own uploads; raises `NotFound`."""
    upload = attendance_store.load_upload(work.connection, upload_id)
    if upload is None or upload.recorded_by not in work.actor.person_ids:
        raise NotFound("upload_not_found", "There is no such upload, or somebody else sent it.")
    return upload


def my_uploads(work: Work) -> list[Upload]:
    """Return the actor's latest file uploads, newest first."""
    return attendance_store.latest_uploads(work.connection, work.actor.person_ids)


def _save(
    work: Work,
    marks: Sequence[Mark],
    *,
    source: str,
    file_name: str,
    replace_held: bool,
    rows: int,
    repeated: int = 0,
    problems: Sequence[RowProblem] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Upload:
    upload = Upload(
        id=new_id(),
        source=source,
        file_name=file_name[-200:],
        recorded_at=work.now,
        recorded_by=work.actor.person_id,
        recorded_by_name=work.actor.name,
        replace=replace_held,
    )
    attendance_store.open_upload(work.connection, upload)
    saved = attendance_store.save_marks(work.connection, marks, upload.id, replace=replace_held, progress=progress)
    closed = replace(
        upload,
        rows=rows,
        added=saved.added,
        replaced=saved.replaced,
        kept=saved.kept,
        unchanged=saved.unchanged + repeated,
        refused=len(problems),
        problems=tuple(problems[:MOST_PROBLEMS_KEPT]),
    )
    attendance_store.close_upload(work.connection, closed)
    children = {mark.child_id for mark in marks}
    note_children(work, ACTION, children)
    if saved.added or saved.replaced:
        monitor(work, children)
    return closed
