"""My work: the first page after signing in."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint
from werkzeug.wrappers import Response

from services.pep.application import worklist
from shared.contracts.permissions import VIRTUAL_SCHOOL
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.links import service_url
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading
from shared.platform.web.whose import authorities_shown

pages = Blueprint("worklist", __name__)

SOON = timedelta(days=7)


@pages.get("/")
@allowed("pep.worklist.read")
def show() -> Response:
    """Show what waits for the signed-in person, the most pressing first."""
    with reading() as work:
        found = worklist.my_work(work)
        today, name = work.today, work.actor.name
        may_add = may(work, "pep.child.enter_care")
        may_delegate = may(work, "pep.delegation.list")
        whose = authorities_shown(work, {item.child_id for item in found if item.child_id})
        may_see_virtual_school = bool(work.actor.kinds & VIRTUAL_SCHOOL)
    items = [
        {
            "what": item.what,
            "href": service_url(item.service, item.path),
            "child": item.child_name,
            "authority": whose.get(item.child_id, ""),
            "why": item.why,
            "due": item.by,
            "overdue": item.is_overdue(today),
            "soon": item.by is not None and today <= item.by <= today + SOON,
        }
        for item in found
    ]
    return render_page(
        "pep/worklist.html",
        title="My work",
        wide=True,
        name=name,
        overdue=[item for item in items if item["overdue"]],
        rest=[item for item in items if not item["overdue"]],
        may_add=may_add,
        may_delegate=may_delegate,
        may_see_virtual_school=may_see_virtual_school,
    )
