"""Finds the form of a plan: one that comes with the suite, or one of an authority's own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from services.pep.adapters.csv_files import rows_in
from services.pep.adapters.form_files import current_version, form_of
from services.pep.adapters.tables_forms import form_in_force, own_form
from services.pep.domain.form_sheet import COLUMNS, Fault, FaultySheet, SheetRow, read_form_sheet
from services.pep.domain.forms import Answers, Form
from services.pep.domain.imports import UnreadableFile
from services.pep.domain.plan import Plan
from shared.kernel.errors import NotFound

OWN = "own-"
KEPT_IN_PROCESS = 200
_read: OrderedDict[str, Form] = OrderedDict()
"""Own forms that this process has read; a version is made of what the form says, so it is the same everywhere."""


@dataclass(frozen=True, slots=True)
class OwnForm:
    """An authority's own form: `sheet` is the CSV as it was sent."""

    version: str
    authority: str
    phase: str
    title: str
    sheet: str
    file_name: str
    kept_at: datetime
    kept_by: str
    kept_by_name: str


@dataclass(frozen=True, slots=True)
class InForce:
    """From which day new plans of a phase are made with a form."""

    authority: str
    phase: str
    from_date: date
    version: str
    decided_at: datetime
    decided_by: str
    decided_by_name: str


def find_form(connection: Connection, phase: str, version: str) -> Form:
    """Return the form of a phase in a version; raises `NotFound`. An own form is read once in a process."""
    if not version.startswith(OWN):
        return form_of(phase, version)
    found = _read.get(version)
    if found is None:
        row = connection.execute(select(own_form).where(own_form.c.version == version)).mappings().first()
        if row is None:
            raise NotFound("form_not_found", f"There is no {phase} form of version {version}.")
        found = read_sheet(row["sheet"].encode(), row["file_name"], row["phase"], version, row["title"])
        _read[version] = found
        while len(_read) > KEPT_IN_PROCESS:
            _read.popitem(last=False)
    if found.phase != phase:
        raise NotFound("form_not_found", f"There is no {phase} form of version {version}.")
    return found


def form_of_plan(connection: Connection, plan: Plan, answers: Answers) -> Form:
    """Return a plan's form with the sections that it has by what applies to the child and what was answered."""
    return find_form(connection, plan.phase, plan.form_version).applying(plan.circumstances, answers)


def read_sheet(raw: bytes, name: str, phase: str, version: str, title: str) -> Form:
    """Read a form from the bytes of a CSV file; raises `FaultySheet` naming every line that is wrong."""
    try:
        rows, problems = rows_in(raw, name, COLUMNS, known=COLUMNS)
    except UnreadableFile as fault:
        raise FaultySheet([Fault(1, str(fault))]) from fault
    if problems:
        raise FaultySheet([Fault(one.line, one.what) for one in problems])
    plain = [SheetRow(row.line, {key: _plain(cell) for key, cell in row.cells.items()}) for row in rows]
    return read_form_sheet(plain, phase, version, title)


def version_of(authority: str, phase: str, title: str, sheet: str) -> str:
    """Return the version of an own form: made of all that it says, so that the same form has the same version."""
    return OWN + sha256("\x00".join((authority, phase, title, sheet)).encode()).hexdigest()[:16]


def keep(connection: Connection, new: OwnForm) -> None:
    """Keep an own form; one that is kept already stays."""
    if connection.execute(select(own_form.c.version).where(own_form.c.version == new.version)).first() is None:
        connection.execute(insert(own_form).values({name: getattr(new, name) for name in own_form.c.keys()}))  # noqa: SIM118


def own_forms(connection: Connection, authority: str, phase: str) -> list[OwnForm]:
    """Return an authority's own forms of a phase, the newest first."""
    query = select(own_form).where(own_form.c.authority == authority, own_form.c.phase == phase)
    rows = connection.execute(query.order_by(own_form.c.kept_at.desc(), own_form.c.version)).mappings()
    return [OwnForm(**row) for row in rows]


def find_own(connection: Connection, authority: str, version: str) -> OwnForm | None:
    """Return one of an authority's own forms, or None."""
    query = select(own_form).where(own_form.c.authority == authority, own_form.c.version == version)
    row = connection.execute(query).mappings().first()
    return OwnForm(**row) if row else None


def decide(connection: Connection, decision: InForce) -> None:
    """Keep from when a form is used, in the place of what was decided for the same day."""
    table = form_in_force.c
    same = (table.authority == decision.authority, table.phase == decision.phase, table.from_date == decision.from_date)
    connection.execute(delete(form_in_force).where(*same))
    connection.execute(insert(form_in_force).values({name: getattr(decision, name) for name in form_in_force.c.keys()}))  # noqa: SIM118


def decisions(connection: Connection, authorities: Iterable[str]) -> list[InForce]:
    """Return what authorities decided, the latest day first."""
    query = select(form_in_force).where(form_in_force.c.authority.in_(sorted(set(authorities))))
    rows: Any = connection.execute(query.order_by(form_in_force.c.from_date.desc())).mappings()
    return [InForce(**row) for row in rows]


def versions_on(connection: Connection, authorities: Iterable[str], day: date) -> dict[tuple[str, str], str]:
    """Return by authority and phase the version that new plans are made with on a day, where one was decided."""
    found: dict[tuple[str, str], str] = {}
    for one in decisions(connection, authorities):
        if one.from_date <= day:
            found.setdefault((one.authority, one.phase), one.version)
    return found


def version_for(found: dict[tuple[str, str], str], authority: str, phase: str) -> str:
    """Return the version of a new plan: the authority's decision, else the newest form that comes with the suite."""
    return found.get((authority, phase), current_version())


def _plain(cell: str) -> str:
    """Return a cell without the mark that keeps a spreadsheet from running it as a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in "=+-@" else cell
