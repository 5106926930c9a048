"""The import commands: a progress bar for a person at a terminal, a report of what became of every row."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from services.pep.application.imports import import_ssda903
from services.pep.application.people import record_once, staff_roles
from services.pep.application.schools import import_schools
from services.pep.domain.imports import ImportReport, Problem, UnreadableFile
from services.pep.domain.people import PersonDetails
from shared.platform.access import Actor, system_actor
from shared.platform.authorities import Authority
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.web.tables_as_csv import csv_text
from shared.platform.work import Work, writing_work

SHOWN_PROBLEMS = 50
BAR_WIDTH = 30
NOT_IMPORTED = 2

Progress = Callable[[int, int], None]
Import = Callable[[Work, Path, Progress], ImportReport]


def run_import_ssda903(
    runtime: Runtime, spec: ServiceSpec, authority: Authority, folder: Path | str, out: TextIO
) -> int:
    """Import an authority's SSDA903 return; return 0, or 2 when nothing could be. Faulty rows are told, not fatal."""
    return _run(runtime, spec, system_actor(authority.key), Path(folder), out, import_ssda903, "ssda903")


def run_import_schools(runtime: Runtime, spec: ServiceSpec, file: Path | str, out: TextIO) -> int:
    """Import a Get Information About Schools download; return 0, or 2 when nothing could be imported."""
    return _run(runtime, spec, system_actor(), Path(file), out, import_schools, "schools")


def run_record_person(
    runtime: Runtime, spec: ServiceSpec, authority: Authority, details: PersonDetails, out: TextIO
) -> int:
    """Record a member of an authority's staff, by default working for it; said again, nothing changes.

    Raises `DomainError`.
    """
    if not details.organisation and details.school_urn is None:
        details = replace(details, organisation=authority.name)
    with writing_work(runtime, spec, system_actor(authority.key)) as work:
        person, is_new = record_once(work, details)
    roles = ", ".join(role.title for role in staff_roles(person))
    became = "is recorded" if is_new else "was recorded already; nothing has changed"
    out.write(f"{person.name} ({roles}; {person.organisation}) {became}.\n")
    return 0


def progress_bar(label: str, screen: TextIO) -> Progress:
    """Return what draws a bar on `screen` when that is a terminal, and does nothing when it is not."""

    def draw(done: int, total: int) -> None:
        if not screen.isatty():
            return
        filled = BAR_WIDTH * done // total if total else BAR_WIDTH
        end = "\n" if done >= total else ""
        screen.write(f"\r{label} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done:,} of {total:,}{end}")
        screen.flush()

    return draw


def tell(report: ImportReport, out: TextIO, full_list: Path | None) -> None:
    """Write a report for a data officer: what became of the rows, then each fault with its place."""
    out.write(f"Read {report.rows:,} {'row' if report.rows == 1 else 'rows'}.\n")
    for words, count in report.counts.items():
        if count:
            out.write(f"  {count:>7,}  {words}\n")
    if not report.problems:
        out.write("No row has a fault.\n")
        return
    used = sum(problem.row_used for problem in report.problems)
    left_out = f"{report.rows_left_out:,} {'row was' if report.rows_left_out == 1 else 'rows were'} left out"
    put_right = f", {used:,} {'value was' if used == 1 else 'values were'} put right as the list says" if used else ""
    faults = "1 fault" if len(report.problems) == 1 else f"{len(report.problems):,} faults"
    out.write(f"\n{faults}: {left_out}{put_right}.\n")
    out.writelines(f"  {_in_words(problem)}\n" for problem in report.problems[:SHOWN_PROBLEMS])
    hidden = len(report.problems) - SHOWN_PROBLEMS
    if hidden > 0:
        out.write(f"  … and {hidden:,} more.\n")
    if full_list is not None:
        out.write(f"The whole list, for a spreadsheet: {full_list}\n")


def save_problems(report: ImportReport, path: Path) -> None:
    """Write every fault as a CSV file that a spreadsheet opens as text, never as a formula.

    It holds values of children's records, so only its owner may read it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    heading = ["File", "Line", "Column", "Value", "What is wrong", "Rest of the row used"]
    rows = (
        [one.file, one.line, one.column, one.value, one.what, "yes" if one.row_used else "no"]
        for one in report.problems
    )
    path.write_text(csv_text(heading, rows), encoding="utf-8", newline="")


def _run(runtime: Runtime, spec: ServiceSpec, actor: Actor, path: Path, out: TextIO, run: Import, name: str) -> int:
    try:
        with writing_work(runtime, spec, actor) as work:
            report = run(work, path, progress_bar("Importing", sys.stderr))
    except UnreadableFile as error:
        sys.stderr.write(f"{error}\n")
        return NOT_IMPORTED
    full_list = None
    if report.problems:
        moment = runtime.clock.now().strftime("%Y%m%d-%H%M%S")
        full_list = runtime.settings.home / "reports" / f"import-{name}-{moment}.csv"
        save_problems(report, full_list)
    tell(report, out, full_list)
    return 0


def _in_words(problem: Problem) -> str:
    place = f"{problem.file}, line {problem.line}"
    column = f", {problem.column}" if problem.column else ""
    value = f" “{problem.value[:40]}”" if problem.value else ""
    return f"{place}{column}{value}: {problem.what}"
