"""Reading the CSV files that other systems export, with the number of the line that each row begins on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.pep.domain.imports import Problem, UnreadableFile

LARGEST_FILE = 200 * 1024 * 1024


@dataclass(slots=True)
class Row:
    """One row: its file, the line it begins on, and its cells by column, without spaces round them."""

    file: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def problem(self, column: str, what: str, *, row_used: bool = False) -> Problem:
        """Return a fault of this row in `column`."""
        return Problem(self.file, self.line, column, self.cells.get(column, ""), what, row_used)


def read_rows(
    path: Path, required: Sequence[str], *, known: Sequence[str] | None = None
) -> tuple[list[Row], list[Problem]]:
    """Read a CSV file in UTF-8 (with or without a byte order mark) or Windows-1252.

    The header must hold each of `required`, and nothing outside `known` where that is given. Raises `UnreadableFile`
    saying what is missing or unexpected. A row with too few or too many cells is reported and left out; empty lines are
    passed over.
    """
    return rows_in(_bytes(path), path.name, required, known=known)


def rows_in(
    raw: bytes, name: str, required: Sequence[str], *, known: Sequence[str] | None = None
) -> tuple[list[Row], list[Problem]]:
    """Read the bytes of a CSV file that is called `name`, as `read_rows` does."""
    reader = csv.reader(io.StringIO(decoded(raw, name), newline=""), strict=True)
    try:
        header = [one.strip() for one in next(reader, [])]
        _check_header(name, header, required, known)
        return _rows(name, header, reader, known or required)
    except csv.Error as error:
        raise UnreadableFile(f"{name}, line {reader.line_num}: this is not CSV ({error}).") from error


def read_date(text: str) -> date | None:
    """Return the date of dd/mm/yyyy or dd-mm-yyyy, or None where the text is no such date."""
    parts = text.split("/" if "/" in text else "-")
    if [len(part) for part in parts] != [2, 2, 4] or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    day, month, year = map(int, parts)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnreadableFile(f"{path.name} is larger than {LARGEST_FILE // 1024 // 1024} MB.")
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFile(f"There is no file {path}.") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error


def decoded(raw: bytes, name: str) -> str:
    """Return the text of a CSV file, which is in UTF-8 or Windows-1252; raises `UnreadableFile` for anything else."""
    if not raw.strip():
        raise UnreadableFile(f"{name} is empty.")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw[:4] == b"PK\x03\x04" or b"\0" in raw:
        raise UnreadableFile(f"{name} is not a CSV text file. Save it as “CSV UTF-8” and try again.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"{name}, line {line}: the text is neither UTF-8 nor Windows-1252."
        raise UnreadableFile(f"{what} Save it as “CSV UTF-8” and try again.") from None


def _check_header(file: str, header: list[str], required: Sequence[str], known: Sequence[str] | None) -> None:
    missing = [name for name in required if name not in header]
    unexpected = [name or "(no name)" for name in header if known is not None and name not in known]
    twice = sorted({name for name in header if header.count(name) > 1})
    faults = [
        f"{words}: {', '.join(names)}"
        for words, names in (("missing", missing), ("unexpected", unexpected), ("there twice", twice))
        if names
    ]
    if faults:
        raise UnreadableFile(f"{file}: the columns are not as expected; {'; '.join(faults)}. Nothing was imported.")


def _rows(
    file: str, header: list[str], reader: Iterator[list[str]], wanted: Sequence[str]
) -> tuple[list[Row], list[Problem]]:
    """Return the rows with the wanted columns; a register has ten times as many, which are not worth keeping."""
    rows, problems = [], []
    places = [(name, header.index(name)) for name in wanted if name in header]
    line = 2
    for cells in reader:
        begins, line = line, reader.line_num + 1  # type: ignore[attr-defined]
        if len(cells) != len(header):
            if not any(cell.strip() for cell in cells):
                continue
            what = f"The row has {len(cells)} cells, the header has {len(header)}."
            problems.append(Problem(file, begins, "", "", what))
            continue
        found = {name: cells[place].strip() for name, place in places}
        if any(found.values()):
            rows.append(Row(file, begins, found))
    return rows, problems
