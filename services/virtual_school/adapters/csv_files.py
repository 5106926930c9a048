"""Reads CSV files as people send them: UTF-8 with or without a mark, UTF-16 from a spreadsheet, or Windows-1252."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shared.kernel.errors import DomainError


class UnreadableFile(DomainError):
    """The file as a whole cannot be used; nothing was recorded."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row of a file: the line it starts on (the heading is line 1) and its values by column."""

    line: int
    values: dict[str, str]


def read_rows(content: bytes, *, needed: Sequence[str], one_of: Sequence[str] = ()) -> Iterator[CsvRow]:
    """Return the rows of a CSV file whose heading has every column `needed` and at least one of `one_of`.

    Column names may be in any order and case; other columns are ignored, and so are empty rows. Raises `UnreadableFile`
    (`file_empty`, `file_not_text`, `file_not_csv`, `file_header_wrong`) before the first row is given.
    """
    text = decode(content)
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [name.strip().lower() for name in _next_row(reader)]
    _check_heading(columns, needed, one_of)
    return _rows(reader, columns)


def decode(content: bytes) -> str:
    """Return a file's text; raises `UnreadableFile`."""
    if not content.strip():
        raise UnreadableFile("file_empty", "The file is empty. Choose a CSV file with a heading and rows.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and not content.startswith((b"PK\x03\x04", b"%PDF")):
            return text
    raise UnreadableFile("file_not_text", "The file is not a CSV file. In a spreadsheet, use “Save as” and choose CSV.")


def _next_row(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next(reader)
    except (csv.Error, StopIteration) as error:
        raise UnreadableFile("file_not_csv", f"The file’s first line cannot be read as CSV: {error}.") from error


def _check_heading(columns: Sequence[str], needed: Sequence[str], one_of: Sequence[str]) -> None:
    missing = [name for name in needed if name not in columns]
    if one_of and not set(one_of) & set(columns):
        missing.append(" or ".join(one_of))
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if missing or twice:
        found = ", ".join(name for name in columns if name)[:200] or "nothing"
        fault = f"no column is called {', and none '.join(missing)}" if missing else f"{twice[0]} is there twice"
        raise UnreadableFile(
            "file_header_wrong",
            f"Nothing was recorded. The first line must name the columns, and {fault}. It has: {found}.",
            missing=missing,
        )


def _rows(reader: Any, columns: Sequence[str]) -> Iterator[CsvRow]:
    line = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = f"Nothing was recorded. Line {line} cannot be read as CSV: {error}."
            raise UnreadableFile("file_not_csv", fault) from error
        if any(cells) and any(cell.strip() for cell in cells):
            yield CsvRow(line, dict(zip(columns, cells, strict=False)))
        line = reader.line_num + 1
