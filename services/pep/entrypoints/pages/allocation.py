"""The page on which children without a social worker are given to one, many at a time: after an import, above all."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from services.pep.adapters.children_store import ChildFilter
from services.pep.application import children, team
from services.pep.domain.terms import year_group_words
from services.pep.entrypoints.child_schemas import AllocateSchema
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading, writing

pages = Blueprint("allocation", __name__)

AT_A_TIME = 50


@pages.get("/allocate")
@allowed("pep.team.allocate")
def show() -> Response:
    """Show the children without a social worker."""
    return _page(FormState.saved())


@pages.post("/allocate")
@allowed("pep.team.allocate")
def allocate() -> Response:
    """Give the children that were ticked to a social worker, from today."""
    values, errors = read_form(AllocateSchema())
    if not errors:
        try:
            with writing() as work:
                count = team.allocate(work, values["children"], values["person_id"], work.today)
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            errors = {"children": [f"{refusal.message} Nothing was saved; the list below is up to date."]}
        else:
            flash(f"{count} {'child has' if count == 1 else 'children have'} a social worker now.", "success")
            return redirect(url_for(".show"), 303)
    return _page(FormState.typed(errors), status=422)


def _page(form: FormState, status: int = 200) -> Response:
    with reading() as work:
        chosen = ChildFilter(without_social_worker_on=work.today)
        found, total = children.list_children(work, chosen, offset=0, limit=AT_A_TIME)
        people = team.people_for(work, Role.SOCIAL_WORKER)
    return render_page(
        "pep/allocation.html",
        title="Children without a social worker",
        status=status,
        form=form,
        total=total,
        shown=len(found),
        children=[
            {"value": child.id, "text": f"{child.shown_name}, {year_group_words(child.year_group)}"} for child in found
        ],
        people=[{"value": one.id, "text": one.name} for one in people],
    )
