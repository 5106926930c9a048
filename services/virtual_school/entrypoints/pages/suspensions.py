"""Recording suspensions: a form for one child, and files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for

from services.virtual_school.application import suspensions
from services.virtual_school.application.suspensions import TEMPLATE, SuspensionsRead
from services.virtual_school.application.visibility import child_for
from services.virtual_school.domain.suspensions import REASONS
from services.virtual_school.entrypoints.schemas import SuspensionForm
from shared.kernel.errors import Conflict, DomainError, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing
from shared.platform.web.uploads import sent_file

pages = Blueprint("suspensions", __name__)


@pages.get("/children/<child_id>/suspensions/new")
@allowed("virtual_school.suspension.record")
def new(child_id: str) -> Any:
    """Show the form to record a suspension."""
    return _show(child_id, FormState.saved({"permanent": False}))


@pages.post("/children/<child_id>/suspensions")
@allowed("virtual_school.suspension.record")
def record(child_id: str) -> Any:
    """Record a suspension."""
    values, errors = read_form(SuspensionForm())
    if errors:
        return _show(child_id, FormState.typed(errors), status=422)
    try:
        with writing() as work:
            suspensions.record_suspension(
                work,
                child_id,
                starts_on=values["starts_on"],
                ends_on=values["ends_on"],
                sessions=values["sessions"],
                permanent=values["permanent"],
                reasons=tuple(values["reasons"]),
            )
    except InvalidInput as error:
        return _show(child_id, FormState.typed(error.errors), status=422)
    except Conflict as error:
        return _show(child_id, FormState.typed({"starts_on": [error.message]}), status=409)
    flash("Recorded. The child’s social worker is told now.", "success")
    return redirect(url_for("children.child", child_id=child_id), 303)


@pages.post("/suspensions/<suspension_id>/withdrawal")
@allowed("virtual_school.suspension.record")
def withdraw(suspension_id: str) -> Any:
    """Withdraw a suspension that was recorded by mistake."""
    with writing() as work:
        withdrawn = suspensions.withdraw_suspension(work, suspension_id)
    flash("Withdrawn. The concern it raised is closed.", "success")
    return redirect(url_for("children.child", child_id=withdrawn.child_id), 303)


@pages.get("/suspensions")
@allowed("virtual_school.suspension.record")
def files() -> Any:
    """Show the form to send a file of suspensions."""
    return _show_files(FormState.saved({}))


@pages.post("/suspensions")
@allowed("virtual_school.suspension.record")
def send_file() -> Any:
    """Record a file of suspensions and show what became of it."""
    try:
        sent = sent_file("file")
        if sent is None:
            return _show_files(FormState.typed({"file": ["Choose a CSV file"]}), status=422)
        with writing() as work:
            read = suspensions.import_suspensions(work, sent.content)
    except DomainError as error:
        return _show_files(FormState.typed({"file": [error.message]}), status=422)
    if read.problems:
        return _show_files(FormState.saved({}), read=read)
    flash(f"Recorded {read.added} of {read.rows} rows; {read.known} were recorded already", "success")
    return redirect(url_for(".files"), 303)


@pages.get("/suspensions/template.csv")
@allowed("virtual_school.suspension.record")
def template() -> Response:
    """Give an empty file with the right heading."""
    answer = Response(TEMPLATE, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="suspensions.csv"'
    return answer


def _show(child_id: str, form: FormState, *, status: int = 200) -> Any:
    with reading() as work:
        child = child_for(work, suspensions.ACTION, child_id)
    return render_page(
        "virtual_school/suspension.html",
        title=f"Record a suspension of {child.name}",
        status=status,
        form=form,
        child=child,
        reasons=[{"value": code, "text": f"{words} ({code})"} for code, words in REASONS.items()],
    )


def _show_files(form: FormState, *, status: int = 200, read: SuspensionsRead | None = None) -> Any:
    return render_page(
        "virtual_school/suspension_files.html",
        title="Suspension files",
        status=status,
        form=form,
        read=read,
        reasons=REASONS,
    )
