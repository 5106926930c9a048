"""Reading the schools of a Get Information About Schools download ("all establishment data")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from services.pep.adapters.csv_files import Row, read_date, read_rows
from services.pep.domain.imports import Problem
from services.pep.domain.schools import School

REQUIRED_COLUMNS = (
    "URN",
    "EstablishmentName",
    "LA (name)",
    "TypeOfEstablishment (name)",
    "EstablishmentStatus (name)",
    "PhaseOfEducation (name)",
    "OpenDate",
    "CloseDate",
    "StatutoryLowAge",
    "StatutoryHighAge",
    "Town",
    "Postcode",
)


def read_schools(path: Path) -> tuple[list[School], list[Problem], int]:
    """Return the schools of a file, the faults, and how many rows there were.

    Other columns are passed over. A faulty row is reported and left out. Raises `UnreadableFile` where it is no such
    file. Dates are dd-mm-yyyy or dd/mm/yyyy.
    """
    rows, problems = read_rows(path, REQUIRED_COLUMNS)
    total = len(rows) + len(problems)
    schools = list(_schools(rows, problems))
    return schools, sorted(problems, key=lambda problem: problem.line), total


def _schools(rows: Iterable[Row], problems: list[Problem]) -> Iterable[School]:
    seen: dict[str, int] = {}
    for row in rows:
        fault = _fault(row)
        if fault is None and row["URN"] in seen:
            fault = ("URN", f"Line {seen[row['URN']]} has this URN already; that row was used.")
        if fault is not None:
            problems.append(row.problem(*fault))
            continue
        seen[row["URN"]] = row.line
        yield School(
            urn=row["URN"],
            name=row["EstablishmentName"],
            phase=row["PhaseOfEducation (name)"],
            kind=row["TypeOfEstablishment (name)"],
            town=row["Town"],
            postcode=row["Postcode"],
            local_authority=row["LA (name)"],
            status=row["EstablishmentStatus (name)"],
            opened_on=_day(row["OpenDate"]),
            closed_on=_day(row["CloseDate"]),
            low_age=_age(row["StatutoryLowAge"]),
            high_age=_age(row["StatutoryHighAge"]),
        )


def _fault(row: Row) -> tuple[str, str] | None:
    if not (row["URN"].isascii() and row["URN"].isdigit() and 5 <= len(row["URN"]) <= 7):
        return "URN", "A URN is a number of six digits."
    if not row["EstablishmentName"]:
        return "EstablishmentName", "The school's name is missing."
    if not row["EstablishmentStatus (name)"]:
        return "EstablishmentStatus (name)", "The status (such as Open or Closed) is missing."
    for column, longest in (("EstablishmentName", 200), ("Town", 100), ("LA (name)", 100), ("Postcode", 10)):
        if len(row[column]) > longest:
            return column, f"This has more than {longest} characters."
    for column in ("OpenDate", "CloseDate"):
        if row[column] and read_date(row[column]) is None:
            return column, "This is not a date as dd-mm-yyyy or dd/mm/yyyy."
    for column in ("StatutoryLowAge", "StatutoryHighAge"):
        if row[column] and _age(row[column]) is None:
            return column, "This is not an age in whole years."
    return None


def _day(text: str) -> date | None:
    return read_date(text) if text else None


def _age(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None
