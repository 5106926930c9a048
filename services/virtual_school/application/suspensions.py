"""Recording suspensions and permanent exclusions, by form, API and file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.virtual_school.adapters import children_store, suspensions_store
from services.virtual_school.adapters.attendance_files import CHILD_COLUMNS, ChildKeys, read_day
from services.virtual_school.adapters.csv_files import CsvRow, read_rows
from services.virtual_school.application.monitoring import monitor
from services.virtual_school.application.visibility import child_for, scope
from services.virtual_school.domain.suspensions import Suspension, check_suspension
from services.virtual_school.domain.uploads import RowProblem
from shared.kernel.errors import Conflict, DomainError, InvalidInput, NoSuchRecord
from shared.kernel.ids import new_id
from shared.platform.access import note_children, permit
from shared.platform.work import Work

ACTION = "virtual_school.suspension.record"
COLUMNS = ("starts_on", "ends_on", "sessions", "reasons")
TEMPLATE = "reference,starts_on,ends_on,sessions,reasons,permanent\r\n"


@dataclass(frozen=True, slots=True)
class SuspensionsRead:
    """What became of a file of suspensions: how many were recorded, known already, and refused."""

    rows: int
    added: int
    known: int
    problems: tuple[RowProblem, ...]


def record_suspension(
    work: Work,
    child_id: str,
    *,
    starts_on: date,
    ends_on: date | None,
    sessions: int,
    permanent: bool,
    reasons: tuple[str, ...],
) -> Suspension:
    """Record a suspension; it raises a concern by the authority's rule.

    Raises `InvalidInput`, `Conflict` (one that begins the same day is recorded), `NotFound` or `Denied`.
    """
    child_for(work, ACTION, child_id)
    check_suspension(
        starts_on=starts_on,
        ends_on=ends_on,
        sessions=sessions,
        permanent=permanent,
        reasons=reasons,
        today=work.today,
    )
    if (child_id, starts_on) in suspensions_store.begin_days(work.connection, [child_id]):
        raise Conflict("suspension_known", "A suspension that begins on this day is already recorded for this child.")
    suspension = Suspension(
        id=new_id(),
        child_id=child_id,
        starts_on=starts_on,
        ends_on=ends_on,
        sessions=sessions,
        permanent=permanent,
        reasons=reasons,
        recorded_by=work.actor.name,
        recorded_at=work.now,
    )
    suspensions_store.add(work.connection, [suspension])
    monitor(work, [child_id])
    return suspension


def suspensions_of(work: Work, child_id: str) -> list[Suspension]:
    """Return a child's suspensions, newest first; raises `NotFound` or `Denied`."""
    child_for(work, "virtual_school.child.read", child_id)
    return suspensions_store.of_children(work.connection, [child_id])[child_id]


def view_suspension(work: Work, suspension_id: str) -> Suspension:
    """Return a suspension; raises `NotFound` or `Denied`."""
    suspension = suspensions_store.load(work.connection, suspension_id)
    if suspension is None:
        raise NoSuchRecord
    child_for(work, "virtual_school.child.read", suspension.child_id)
    return suspension


def withdraw_suspension(work: Work, suspension_id: str) -> Suspension:
    """Withdraw a suspension recorded by mistake; its concern closes as mistaken.

    Raises `NotFound`, `Denied` or `Stale`.
    """
    suspension = view_suspension(work, suspension_id)
    permit(work, ACTION, suspension.child_id)
    suspensions_store.withdraw(work.connection, suspension, work.now)
    monitor(work, [suspension.child_id])
    return suspension


def import_suspensions(work: Work, content: bytes) -> SuspensionsRead:
    """Record a CSV file of suspensions; good rows are recorded, the others told by line. Raises `UnreadableFile`.

    Columns: one of `upn`, `reference` or `child_id`; `starts_on`; `ends_on`; `sessions`; `reasons` (codes with spaces
    between); and, if wanted, `permanent` (yes or no).
    """
    keys = ChildKeys(children_store.keys_of(work.connection, scope(work, ACTION)))
    good: list[Suspension] = []
    problems: list[RowProblem] = []
    rows = 0
    for row in read_rows(content, needed=COLUMNS, one_of=CHILD_COLUMNS):
        rows += 1
        try:
            good.append(_suspension(work, row, keys))
        except InvalidInput as error:
            problems.append(RowProblem(row.line, " ".join(text for texts in error.errors.values() for text in texts)))
        except DomainError as error:
            problems.append(RowProblem(row.line, error.message))
    known = _known(work, {each.child_id for each in good})
    new: list[Suspension] = []
    for each in good:
        if (each.child_id, each.starts_on) not in known:
            known.add((each.child_id, each.starts_on))
            new.append(each)
    suspensions_store.add(work.connection, new)
    note_children(work, ACTION, {each.child_id for each in new})
    monitor(work, {each.child_id for each in new})
    return SuspensionsRead(rows, len(new), len(good) - len(new), tuple(problems))


def _known(work: Work, child_ids: set[str]) -> set[tuple[str, date]]:
    known: set[tuple[str, date]] = set()
    for chunk in children_store.in_chunks(sorted(child_ids)):
        known |= suspensions_store.begin_days(work.connection, chunk)
    return known


def _suspension(work: Work, row: CsvRow, keys: ChildKeys) -> Suspension:
    values = row.values
    child_id = keys.find(values)
    starts_on = read_day(values.get("starts_on", ""))
    ends_text = values.get("ends_on", "").strip()
    ends_on = read_day(ends_text) if ends_text else None
    permanent = _yes(values)
    sessions_text = values.get("sessions", "").strip() or ("0" if permanent else "")
    if not (sessions_text.isascii() and sessions_text.isdigit() and len(sessions_text) < 5):
        raise DomainError("sessions_unreadable", f"“{sessions_text[:20]}” is not a number of sessions.")
    reasons = tuple(values.get("reasons", "").upper().replace(";", " ").replace(",", " ").split())
    check_suspension(
        starts_on=starts_on,
        ends_on=ends_on,
        sessions=int(sessions_text),
        permanent=permanent,
        reasons=reasons,
        today=work.today,
    )
    return Suspension(
        id=new_id(),
        child_id=child_id,
        starts_on=starts_on,
        ends_on=ends_on,
        sessions=int(sessions_text),
        permanent=permanent,
        reasons=reasons,
        recorded_by=work.actor.name,
        recorded_at=work.now,
    )


def _yes(values: Mapping[str, str]) -> bool:
    text = values.get("permanent", "").strip().lower()
    if text in ("", "no", "n", "false", "0"):
        return False
    if text in ("yes", "y", "true", "1"):
        return True
    raise DomainError("permanent_unreadable", f"“{text[:20]}” is not yes or no.")
