"""The approved plan as a parent reads it, for a parent who has an account and for the worker who sends it to one."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from services.pep.application import links, parent_plan
from services.pep.domain.links import Purpose
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading

pages = Blueprint("parent_plan", __name__)


@pages.get("/plans/<plan_id>/for-parents")
@allowed("pep.parent_plan.read")
def show(plan_id: str) -> Response:
    """Show what a parent reads of a plan, and to whom it can be sent."""
    with reading() as work:
        read = parent_plan.read_parent_plan(work, plan_id)
        sees_links = may(work, "pep.link.read", read.plan.child_id)
        candidates = links.links_of(work, plan_id).candidates if sees_links else ()
    return render_page(
        "pep/parent_plan.html",
        title=f"{read.short_name}’s education plan",
        read=read,
        plan=read.plan,
        candidates=[one for one in candidates if one.purpose is Purpose.PARENT_PLAN],
        sees_links=sees_links,
    )
