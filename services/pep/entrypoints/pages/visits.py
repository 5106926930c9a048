"""Pages of the social worker's visits to a child."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.application import visits
from services.pep.application.visits import VisitWords
from services.pep.domain.visits import VisitPattern
from services.pep.entrypoints.review_schemas import PatternSchema, VisitSchema
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.access import permit
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("visits", __name__, url_prefix="/children/<child_id>/visits")


@pages.get("")
@allowed("pep.visit.read")
def show(child_id: str) -> Response:
    """Show the visits to a child, when the next is due and why."""
    return _page(child_id, FormState())


@pages.post("")
@allowed("pep.visit.record")
def record(child_id: str) -> Response:
    """Record a visit."""
    values, errors = read_form(VisitSchema())
    if errors:
        return _refused(child_id, errors, 422)
    try:
        with writing() as work:
            visits.record_visit(work, child_id, VisitWords(**values))
    except InvalidInput as refusal:
        return _refused(child_id, refusal.errors, 422)
    except Conflict as refusal:
        return _refused(child_id, {"": [refusal.message]}, refusal.status)
    flash("The visit is recorded.", "success")
    return redirect(url_for(".show", child_id=child_id), 303)


@pages.post("/pattern")
@allowed("pep.visit.record")
def set_pattern(child_id: str) -> Response:
    """Say how often visits are due."""
    values, errors = read_form(PatternSchema())
    if errors:
        return _refused(child_id, errors, 422)
    with writing() as work:
        visits.set_visit_pattern(work, child_id, VisitPattern(values["pattern"]))
    flash("It is recorded how often visits are due.", "success")
    return redirect(url_for(".show", child_id=child_id), 303)


def _refused(child_id: str, errors: dict[str, list[str]], status: int) -> Response:
    with reading() as work:
        permit(work, "pep.visit.record", child_id)
    return _page(child_id, FormState.typed(errors), status)


def _page(child_id: str, form: FormState, status: int = 200) -> Response:
    with reading() as work:
        page = visits.read_visits(work, child_id)
        today = work.today
    return render_page(
        "pep/visits.html",
        title=f"Visits to {page.child.shown_name}",
        status=status,
        page=page,
        child=page.child,
        form=form,
        pattern_form=FormState.saved({"pattern": page.pattern.value}),
        today=today,
        patterns=[{"value": pattern.value, "text": pattern.words} for pattern in VisitPattern],
    )
