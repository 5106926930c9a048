"""The child's own page: what they think, in plain words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from services.pep.application import views
from services.pep.domain.views import QUESTIONS, WAYS_GATHERED
from services.pep.entrypoints.plan_schemas import VersionSchema, ViewsSchema, views_answers
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("views", __name__)


@pages.get("/plans/<plan_id>/views")
@allowed("pep.views.read")
def show(plan_id: str) -> Response:
    """Show the child's views, with the form for those who may write them."""
    return _page(plan_id, None)


@pages.post("/plans/<plan_id>/views")
@allowed("pep.views.read")
def save(plan_id: str) -> Response:
    """Save the child's views."""
    seen, wrong = read_form(VersionSchema())
    schema: Schema = ViewsSchema()
    values, errors = read_form(schema)
    if errors or wrong:
        return _page(plan_id, FormState.typed({**errors, **wrong}), 422)
    try:
        with writing() as work:
            said = views.save_views(work, plan_id, views_answers(values), seen["version"], values["how"])
    except InvalidInput as refusal:
        return _page(plan_id, FormState.typed(refusal.errors), 422)
    except Conflict as refusal:
        return _page(plan_id, FormState.typed({"": [refusal.message]}), 409)
    except Stale as refusal:
        return _page(plan_id, FormState.typed(), 412, refusal)
    flash("Thank you. What you said is saved." if said.in_own_words else "The child’s views are saved.", "success")
    return redirect(url_for(".show", plan_id=plan_id), 303)


def _page(plan_id: str, form: FormState | None, status: int = 200, stale: Stale | None = None) -> Response:
    with reading() as work:
        page = views.read_views(work, plan_id)
    title = "What you think" if page.as_the_child else f"What {page.short_name} thinks"
    return render_page(
        "pep/views.html",
        status=status,
        title=title,
        heading=title,
        page=page,
        plan=page.plan,
        form=form or FormState.saved({**page.views.answers, "how": page.views.how}),
        fields=[{"key": key, "label": question, "hint": hint, "type": "textarea"} for key, question, hint in QUESTIONS],
        ways={"key": "how", "label": "How did you find out?", "type": "radios",
              "options": [{"value": code, "text": words} for code, words in WAYS_GATHERED.items()]},
        ways_gathered=WAYS_GATHERED,
        differences=_differences(stale),
        editing=page.may_write and (form is not None or page.views.version == 0 or "edit" in request.args),
    )  # fmt: skip


def _differences(stale: Stale | None) -> list[dict[str, Any]]:
    if stale is None:
        return []
    yours, theirs = stale.facts["yours"], stale.facts["theirs"]
    assert isinstance(yours, dict)  # noqa: S101 - as the application states it
    assert isinstance(theirs, dict)  # noqa: S101 - as the application states it
    return [
        {"label": question, "yours": yours.get(key, ""), "theirs": theirs.get(key, "")}
        for key, question, _ in QUESTIONS
        if yours.get(key, "") != theirs.get(key, "")
    ]
