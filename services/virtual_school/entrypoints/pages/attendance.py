"""Recording attendance: a child's week, and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for

from services.virtual_school.adapters.attendance_files import TEMPLATE
from services.virtual_school.application import attendance
from services.virtual_school.application.attendance import Slot, Week
from services.virtual_school.domain.attendance import EARLIEST_MARK, monday_of
from services.virtual_school.domain.attendance_codes import CODES, CodeGroup, Session
from shared.kernel.errors import DomainError, InvalidInput, NotFound, Stale
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading, writing
from shared.platform.web.uploads import sent_file

pages = Blueprint("attendance", __name__)
FIELD = re.compile(r"^(\d{4}-\d\d-\d\d)-(AM|PM)$")
CODE_GROUPS = [(group, [code for code in CODES.values() if code.group is group]) for group in CodeGroup]


@pages.get("/children/<child_id>/attendance/<day>")
@allowed("virtual_school.child.read")
def week(child_id: str, day: str) -> Any:
    """Show a child's week of marks, as a form to those who may record."""
    view, today = _view_week(child_id, _day(day))
    return _show_week(view, FormState.saved(_saved(view)), today)


@pages.post("/children/<child_id>/attendance/<day>")
@allowed("virtual_school.attendance.record")
def record_week(child_id: str, day: str) -> Any:
    """Record the marks that were typed."""
    monday = monday_of(_day(day))
    typed = _typed()
    try:
        with writing() as work:
            upload = attendance.record_week(work, child_id, monday, typed, request.form.get("seen", ""))
    except InvalidInput as error:
        view, today = _view_week(child_id, monday)
        return _show_week(view, FormState.typed(error.errors), today, status=422)
    except Stale as error:
        view, today = _view_week(child_id, monday)
        form = FormState.typed({"": [error.message]})
        return _show_week(view, form, today, status=412, differences=_differences(view, typed))
    changed = upload.added + upload.replaced
    flash(f"Saved: {changed} {'mark' if changed == 1 else 'marks'} changed", "success")
    return redirect(url_for(".week", child_id=child_id, day=monday.isoformat()), 303)


@pages.get("/attendance")
@allowed("virtual_school.attendance.record")
def files() -> Any:
    """Show the form to send a file of marks, and what became of the latest ones."""
    return _show_files(FormState.saved({}))


@pages.post("/attendance")
@allowed("virtual_school.attendance.record")
def send_file() -> Any:
    """Record a file of marks."""
    try:
        sent = sent_file("file")
        if sent is None:
            return _show_files(FormState.typed({"file": ["Choose a CSV file"]}), status=422)
        with writing() as work:
            upload = attendance.import_attendance(
                work, sent.content, sent.name, replace_held=request.form.get("replace") == "yes"
            )
    except DomainError as error:
        return _show_files(FormState.typed({"file": [error.message]}), status=422)
    return redirect(url_for(".upload", upload_id=upload.id), 303)


@pages.get("/attendance/template.csv")
@allowed("virtual_school.attendance.record")
def template() -> Response:
    """Give an empty file with the right heading."""
    answer = Response(TEMPLATE, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="attendance.csv"'
    return answer


@pages.get("/attendance/codes")
@allowed("virtual_school.worklist.read")
def codes() -> Any:
    """List the attendance codes in force and what each counts as."""
    return render_page("virtual_school/codes.html", title="Attendance codes", groups=CODE_GROUPS)


@pages.get("/attendance/uploads/<upload_id>")
@allowed("virtual_school.attendance.record")
def upload(upload_id: str) -> Any:
    """Show what became of a file."""
    with reading() as work:
        found = attendance.view_upload(work, upload_id)
    return render_page("virtual_school/upload.html", title="What became of your file", upload=found)


@pages.get("/attendance/uploads/<upload_id>/problems.csv")
@allowed("virtual_school.attendance.record")
def problems(upload_id: str) -> Response:
    """Give the rows that could not be used, with why."""
    with reading() as work:
        found = attendance.view_upload(work, upload_id)
    rows = ((problem.line, problem.says) for problem in found.problems)
    return csv_answer("rows-to-mend.csv", ("Line", "What is wrong"), rows)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("week_not_found", "There is no such week. Dates look like 2026-11-16.") from None


def _typed() -> dict[Slot, str]:
    typed: dict[Slot, str] = {}
    for key, text in request.form.items():
        if (match := FIELD.match(key)) is not None:
            typed[(_day(match[1]), Session(match[2]))] = text[:10]
    return typed


def _view_week(child_id: str, day: date) -> tuple[Week, date]:
    with reading() as work:
        return attendance.view_week(work, child_id, day), work.today


def _saved(view: Week) -> dict[str, str]:
    return {f"{day.isoformat()}-{session}": code for (day, session), code in view.marks.items()}


def _differences(view: Week, typed: Mapping[Slot, str]) -> list[dict[str, str]]:
    return [
        {"label": f"{day:%A} {session.lower()}", "theirs": view.marks.get((day, session), ""), "yours": text.strip()}
        for (day, session), text in sorted(typed.items())
        if text.strip() and text.strip().upper() != view.marks.get((day, session), "")
    ]


def _show_week(
    view: Week, form: FormState, today: date, *, status: int = 200, differences: list[dict[str, str]] | None = None
) -> Any:
    before, after = view.monday - timedelta(days=7), view.monday + timedelta(days=7)
    return render_page(
        "virtual_school/week.html",
        title=f"Attendance of {view.child.name}",
        status=status,
        form=form,
        view=view,
        sessions=list(Session),
        groups=CODE_GROUPS,
        codes=CODES,
        today=today,
        before=before.isoformat() if before >= monday_of(EARLIEST_MARK) else "",
        after=after.isoformat() if after <= today else "",
        differences=differences or [],
    )


def _show_files(form: FormState, *, status: int = 200) -> Any:
    with reading() as work:
        uploads = attendance.my_uploads(work)
    return render_page(
        "virtual_school/attendance_files.html", title="Attendance files", status=status, form=form, uploads=uploads
    )
