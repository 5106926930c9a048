"""The page on which a school is recorded by hand, where the register has not been imported."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application.schools import add_school
from services.pep.domain.schools import PHASES, School
from services.pep.entrypoints.people_schemas import NewSchoolSchema
from shared.kernel.errors import InvalidInput
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("new_school", __name__)


@pages.get("/schools/new")
@allowed("pep.school.record")
def new() -> Response:
    """Ask what is known of a school."""
    return _page(FormState.saved())


@pages.post("/schools/new")
@allowed("pep.school.record")
def record() -> Response:
    """Record a school."""
    values, errors = read_form(NewSchoolSchema())
    if not errors:
        try:
            with writing() as work:
                school = add_school(work, School(**values))
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            flash(f"{school.name} is recorded. Children and designated teachers can be put there now.", "success")
            return redirect(url_for(".new"), 303)
    return _page(FormState.typed(errors), status=422)


def _page(form: FormState, status: int = 200) -> Response:
    with reading() as work:
        may_read_people = may(work, "pep.people.read")
    return render_page(
        "pep/school_new.html",
        title="Record a school",
        status=status,
        phases=PHASES,
        form=form,
        may_read_people=may_read_people,
    )
