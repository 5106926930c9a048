"""Writing a table as CSV that a spreadsheet opens as text and numbers, never as formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def safe_cell(value: object) -> str:
    """Return a value as the text of a cell; one that a spreadsheet would run as a formula gets a quote before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV, with a mark in front so that spreadsheets read the names right (UTF-8)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heading)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return "\ufeff" + out.getvalue()


def csv_answer(file_name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV file to download."""
    answer = Response(csv_text(heading, rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer
