"""Reads a CSV file of attendance marks, row by row, with what is wrong in each row that cannot be used.

Columns: one of `upn`, `reference` or `child_id`; `date` (2026-11-20 or 20/11/2026); `session` (AM or PM); `code`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from services.virtual_school.adapters.csv_files import CsvRow, read_rows
from services.virtual_school.domain.attendance import Mark, check_day
from services.virtual_school.domain.attendance_codes import Session, read_code
from services.virtual_school.domain.uploads import RowProblem
from shared.kernel.errors import DomainError

CHILD_COLUMNS = ("upn", "reference", "child_id")
COLUMNS = ("date", "session", "code")
TEMPLATE = "reference,date,session,code\r\n"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The marks of a file (one for each child, day and session), and what could not be used.

    `rows` counts all rows, `repeated` those that only say again what an earlier row said.
    """

    marks: tuple[Mark, ...]
    problems: tuple[RowProblem, ...]
    rows: int
    repeated: int


class ChildKeys:
    """Finds a child by what a file may name them by; only children in it are known."""

    def __init__(self, keys: Iterable[tuple[str, str, str | None]]) -> None:
        self._by_column: dict[str, dict[str, str | None]] = {name: {} for name in CHILD_COLUMNS}
        for child_id, reference, upn in keys:
            self._by_column["child_id"][child_id] = child_id
            self._add("reference", reference, child_id)
            self._add("upn", upn, child_id)

    def _add(self, column: str, key: str | None, child_id: str) -> None:
        if key:
            known = self._by_column[column]
            folded = key.strip().upper()
            known[folded] = None if folded in known else child_id

    def find(self, values: Mapping[str, str]) -> str:
        """Return the id of the child a row names; raises `DomainError`."""
        for column in CHILD_COLUMNS:
            key = values.get(column, "").strip()
            if key:
                known = self._by_column[column]
                folded = key if column == "child_id" else key.upper()
                if folded not in known:
                    raise DomainError(
                        "child_unknown", f"There is no child with {column} “{key[:40]}” whom you may record for."
                    )
                child_id = known[folded]
                if child_id is None:
                    raise DomainError("child_ambiguous", f"More than one child has {column} “{key[:40]}”.")
                return child_id
        raise DomainError("child_missing", f"The row names no child: {', '.join(CHILD_COLUMNS)} are empty.")


def read_marks(content: bytes, keys: ChildKeys, today: date) -> ReadFile:
    """Read a file of marks; raises `UnreadableFile` when the file as a whole cannot be used."""
    seen: dict[tuple[str, date, Session], tuple[str, int]] = {}
    problems: list[RowProblem] = []
    rows = repeated = 0
    for row in read_rows(content, needed=COLUMNS, one_of=CHILD_COLUMNS):
        rows += 1
        try:
            mark = _mark(row, keys, today)
        except DomainError as error:
            problems.append(RowProblem(row.line, error.message))
            continue
        slot = (mark.child_id, mark.day, mark.session)
        code, line = seen.setdefault(slot, (mark.code, row.line))
        if line == row.line:
            continue
        if code == mark.code:
            repeated += 1
        else:
            problems.append(
                RowProblem(row.line, f"Line {line} gives the same child, date and session the code {code}.")
            )
    marks = tuple(Mark(child_id, day, session, code) for (child_id, day, session), (code, _) in seen.items())
    return ReadFile(marks, tuple(problems), rows, repeated)


def _mark(row: CsvRow, keys: ChildKeys, today: date) -> Mark:
    values = row.values
    child_id = keys.find(values)
    day = read_day(values.get("date", ""))
    check_day(day, today)
    session = read_session(values.get("session", ""))
    return Mark(child_id, day, session, _code(values.get("code", ""), session))


@lru_cache(maxsize=4096)
def read_day(text: str) -> date:
    """Return a date written 2026-11-20, 20/11/2026 or 20-11-2026; raises `DomainError` `date_unreadable`."""
    for style in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(text.strip(), style).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise DomainError("date_unreadable", f"“{text[:20]}” is not a date like 2026-11-20 or 20/11/2026.")


@lru_cache(maxsize=64)
def read_session(text: str) -> Session:
    """Return the session of AM or PM in any case; raises `DomainError` `session_unreadable`."""
    try:
        return Session(text.strip().upper())
    except ValueError:
        raise DomainError("session_unreadable", f"“{text[:20]}” is not a session. Use AM or PM.") from None


@lru_cache(maxsize=1024)
def _code(text: str, session: Session) -> str:
    return read_code(text, session).code
