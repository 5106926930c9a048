"""What applies to a child while a plan is written: it decides which sections the plan has."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.pep.application.circumstances import SAY, say_circumstances
from services.pep.application.plans import child_name, load_permitted
from services.pep.domain.circumstances import SAID, Circumstance
from services.pep.entrypoints.pages.posted import posted_version
from shared.kernel.errors import InvalidInput, Stale
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("circumstances", __name__, url_prefix="/plans/<plan_id>/circumstances")


@pages.get("")
@allowed(SAY)
def show(plan_id: str) -> Response:
    """Ask what applies to the child."""
    return _page(plan_id, None)


@pages.post("")
@allowed(SAY)
def save(plan_id: str) -> BaseResponse:
    """Keep what applies; the plan has the sections for it at once."""
    said = request.form.getlist("circumstances")
    try:
        with writing() as work:
            say_circumstances(work, plan_id, said, posted_version())
    except InvalidInput as refused:
        return _page(plan_id, FormState.typed(refused.errors), 422)
    except Stale as refused:
        return _page(plan_id, FormState.typed({"": [refused.message]}), 412)
    flash("What applies is saved, and the plan asks about it.", "success")
    return redirect(url_for("plans.show", plan_id=plan_id, _anchor="sections"), 303)


def _page(plan_id: str, form: FormState | None, status: int = 200) -> Response:
    with reading() as work:
        plan = load_permitted(work, plan_id, SAY)
        name = child_name(work, plan)
    saved = FormState.saved({"circumstances": [one for one in plan.circumstances if one in SAID]})
    return render_page(
        "pep/circumstances.html",
        title=f"What applies to {name}",
        status=status,
        form=form or saved,
        plan=plan,
        name=name,
        follows=[Circumstance(one).words for one in plan.circumstances if one not in SAID],
        options=[{"value": one.value, "text": one.words} for one in Circumstance if one in SAID],
    )
