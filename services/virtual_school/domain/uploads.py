"""An upload of attendance marks and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row of a file was refused; `line` counts from 1, the heading being line 1."""

    line: int
    says: str


@dataclass(frozen=True, slots=True)
class Upload:
    """Marks recorded together. `source` is form, file or api; the counts are of rows of the file.

    `kept` rows differed from the mark held, which was kept; `replaced` rows took its place, as `replace` asked.
    `refused` counts all rows that could not be used, of which `problems` holds the first ones.
    """

    id: str
    source: str
    file_name: str
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str
    replace: bool
    rows: int = 0
    added: int = 0
    replaced: int = 0
    kept: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: tuple[RowProblem, ...] = ()
