"""One section of a plan: read it, write it, see every earlier version; a stale edit shows both texts."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from services.pep.application import sections
from services.pep.domain.form_reading import read_answers
from services.pep.domain.plan import PlanState
from services.pep.entrypoints.form_fields import definitions, differences, posted_answers, rows_of
from shared.contracts.roles import ROLE_TITLES
from shared.kernel.errors import InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text, Whole
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("sections", __name__)


class SectionSchema(Schema):
    """What comes with every section: the version that was seen, and the reason of an amendment."""

    version = Whole(required=True)
    reason = Text(load_default="", longest=1000, metadata={"label": "Reason for the change"})


@pages.get("/plans/<plan_id>/sections/<key>")
@allowed("pep.plan.read")
def edit(plan_id: str, key: str) -> Response:
    """Show a section, to be written by whoever it belongs to and read by the others."""
    return _page(plan_id, key, None)


@pages.post("/plans/<plan_id>/sections/<key>")
@allowed("pep.plan.read")
def save(plan_id: str, key: str) -> Response:
    """Save a section."""
    values, errors = read_form(SectionSchema())
    if errors:
        return _page(plan_id, key, FormState.typed(errors), 422)
    with reading() as work:
        section = sections.read_section(work, plan_id, key).section
    raw = posted_answers(section, request.form)
    try:
        with writing() as work:
            saved = sections.save_section(work, plan_id, key, raw, values["version"], values["reason"])
    except InvalidInput as refusal:
        return _page(plan_id, key, FormState.typed(refusal.errors), 422)
    except Stale:
        return _page(plan_id, key, FormState.typed(), 412, compare=True)
    flash(f"“{section.title}” is saved.", "success")
    if request.form.get("then") == "stay":
        return redirect(url_for(".edit", plan_id=plan_id, key=saved.key), 303)
    return redirect(url_for("plans.show", plan_id=plan_id, _anchor="sections"), 303)


def _page(plan_id: str, key: str, form: FormState | None, status: int = 200, *, compare: bool = False) -> Response:
    with reading() as work:
        page = sections.read_section(work, plan_id, key)
    yours, _ = read_answers(page.section, posted_answers(page.section, request.form)) if compare else ({}, {})
    superseded = page.plan.state is PlanState.SUPERSEDED
    return render_page(
        "pep/section.html" if page.may_edit and not superseded else "pep/section_read.html",
        status=status,
        title=f"{page.section.title}, {page.child_name}",
        page=page,
        plan=page.plan,
        section=page.section,
        form=form or FormState.saved(page.answers if page.version else page.suggested),
        definitions=definitions(page.section),
        rows=rows_of(page.section, page.answers),
        owner=ROLE_TITLES[page.section.owner],
        differences=differences(page.section, yours, page.answers) if compare else [],
        amends=page.plan.state is PlanState.APPROVED,
        versions=[(kept, rows_of(page.section, kept.body, unanswered="No answer")) for kept in page.versions],
    )
