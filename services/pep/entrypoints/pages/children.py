"""Pages of children: the list, and a child's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from services.pep.adapters.children_store import ChildFilter
from services.pep.application import children, plans, retention, schools, team
from services.pep.application.children_list import list_rows
from services.pep.application.worklist import missing_roles
from services.pep.domain.children import LEGAL_STATUSES, SEXES
from services.pep.domain.forms import VIEWS
from services.pep.domain.terms import Phase, year_group_words
from services.pep.entrypoints.child_schemas import ChildrenQuerySchema
from services.pep.entrypoints.pages.deadline_cards import deadline_cards
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading
from shared.platform.web.whose import authorities_shown

pages = Blueprint("children", __name__)

PAGE_SIZE = 50


@pages.get("/children")
@allowed("pep.children.list")
def index() -> Response:
    """List the children one works with, narrowed by what the address says."""
    asked = _asked()
    without = request.args.get("without", "") == "social_worker"
    with reading() as work:
        chosen = ChildFilter(
            search=asked["search"],
            phase=asked["phase"],
            year_group=asked["year_group"],
            in_care=asked["in_care"],
            without_social_worker_on=work.today if without else None,
        )
        rows, total = list_rows(work, chosen, offset=(asked["page"] - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        today = work.today
        whose = authorities_shown(work, [row.child.id for row in rows])
        may_add = may(work, "pep.child.enter_care")
        may_open = may(work, "pep.emergency.open")
        may_review = may(work, "pep.emergency.list")
    chips = _chips(without)
    return render_page(
        "pep/children.html",
        title="Children",
        wide=True,
        form=FormState.asked(),
        rows=rows,
        whose=whose,
        today=today,
        total=total,
        page=asked["page"],
        page_count=max(1, -(-total // PAGE_SIZE)),
        page_url=lambda number: _address({**request.args, "page": str(number)}),
        chips=chips,
        phases=[{"value": phase.value, "text": phase.words} for phase in Phase],
        year_groups=[{"value": group, "text": year_group_words(group)} for group in range(-1, 14)],
        may_add=may_add,
        may_open=may_open,
        may_review=may_review,
    )


@pages.get("/children/<child_id>")
@allowed("pep.child.read")
def show(child_id: str) -> Response:
    """Show one child: the clocks, the plans, the school, the team."""
    with reading() as work:
        child = children.child_record(work, child_id)
        found = plans.plans_of_child(work, child_id) if may(work, "pep.plan.read", child_id) else []
        newest = plans.current_plan(work, child_id)
        people = team.team_of(work, child_id)
        return render_page(
            "pep/child.html",
            title=child.shown_name,
            wide=True,
            child=child,
            age=child.age_on(work.today),
            today=work.today,
            school=schools.school_named(work, child.school_urn),
            cards=deadline_cards(children.deadlines_of(work, child), [newest] if newest else [], work.today),
            plans=found,
            newest=newest,
            approved=plans.approved_plan(work, child_id),
            team=people,
            missing=missing_roles(people) if child.in_care else [],
            kept=retention.keeping_of(work, child),
            holds=retention.holds_on(work, child_id) if may(work, "pep.record.hold", child_id) else [],
            reads_views=may(work, "pep.views.read", child_id, field=VIEWS),
            sees=lambda field: may(work, "pep.child.read", child_id, field=field),
            may=lambda action: may(work, action, child_id),
            legal_statuses=LEGAL_STATUSES,
            sexes=SEXES,
        )


def _asked() -> dict[str, Any]:
    """Return the filters of the address; what cannot be read counts as not given."""
    schema = ChildrenQuerySchema()
    given = {key: value for key, value in request.args.items() if value != "" and key in schema.fields}
    for name in schema.validate(given):
        given.pop(name, None)
    return dict(schema.load(given))


def _chips(without: bool) -> list[dict[str, str]]:
    asked = _asked()
    shown = {
        "search": f"Name or identifier: {asked['search']}" if asked["search"] else "",
        "phase": Phase(asked["phase"]).words if asked["phase"] else "",
        "year_group": year_group_words(asked["year_group"]) if asked["year_group"] is not None else "",
        "in_care": "" if asked["in_care"] else "Left care",
        "without": "Without a social worker" if without else "",
    }
    return [{"text": text, "href": _address_without(name)} for name, text in shown.items() if text]


def _address_without(name: str) -> str:
    return _address({key: value for key, value in request.args.items() if key not in (name, "page")})


def _address(arguments: dict[str, str]) -> str:
    return f"{url_for('.index')}?{urlencode(arguments)}" if arguments else url_for(".index")
